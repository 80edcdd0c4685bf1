/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/process.h"
#include "sdbg/text/quote.h"

#define COMMAND_MAX 200

/* Of include/linux/sched.h: being shut down; killed by a signal. */
#define PF_EXITING 0x4U
#define PF_SIGNALED 0x400U

void process_list_done(ProcessList *l) {
        for (size_t i = 0; i < l->n; i++)
                free(l->processes[i].command);
        free(l->processes);
        *l = (ProcessList){};
}

static int read_proc(pid_t pid, const char *file, char **ret, size_t *ret_len) {
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, file);
        return read_file_at(AT_FDCWD, path, (size_t) 8 * 1024 * 1024, ret, ret_len);
}

int process_identify(pid_t pid, ProcessIdentity *ret) {
        _cleanup_free_ char *stat = NULL, *name = NULL;
        char *open, *close, path[64], state;
        struct stat st;
        int r, parent;

        snprintf(path, sizeof(path), "/proc/%d", (int) pid);
        r = read_proc(pid, "stat", &stat, NULL);
        if (r < 0 || lstat(path, &st) < 0)
                return r == -ENOENT || r >= 0 ? -ESRCH : r;
        /* "pid (name) state ppid … starttime", the 22nd; the name may hold anything. */
        *ret = (ProcessIdentity){ .uid = st.st_uid };
        open = strchr(stat, '(');
        close = strrchr(stat, ')');
        if (!open || !close ||
            sscanf(close + 1,
                   " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
                   &state, &parent, &ret->start) != 3)
                return -EBADMSG;
        ret->parent = parent;
        ret->is_zombie = state == 'Z' || state == 'X';
        name = printable_line(open + 1, close - open - 1, sizeof(ret->name) - 1);
        snprintf(ret->name, sizeof(ret->name), "%s", strempty(name));
        return 0;
}

static bool is_pending(const char *status, const char *field, int signal) {
        const char *p = strstr(status, field);
        uint64_t set;

        return p && sscanf(p + strlen(field), " %" SCNx64, &set) == 1 && (set >> (signal - 1)) & 1;
}

int process_open(pid_t pid) {
        char path[64];
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

bool process_is_halted(int fd) {
        char stat[128]; /* the name is of 15 bytes */
        ssize_t n = pread(fd, stat, sizeof(stat) - 1, 0);
        const char *close;

        stat[MAX(n, 0)] = '\0';
        close = strrchr(stat, ')');
        return !close || strchr("TZX", close[strlen(") ")]);
}

bool process_is_dying(pid_t pid) {
        _cleanup_free_ char *status = NULL, *stat = NULL;
        const char *close;
        unsigned flags;

        /* In the kernel's order, so that it is not missed in between. */
        if (read_proc(pid, "status", &status, NULL) < 0 || read_proc(pid, "stat", &stat, NULL) < 0)
                return true;
        if (is_pending(status, "\nSigPnd:", SIGKILL) || is_pending(status, "\nShdPnd:", SIGKILL))
                return true;
        close = strrchr(stat, ')');
        return close && sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
               (flags & (PF_EXITING | PF_SIGNALED));
}

usec_t process_started(pid_t pid) {
        usec_t up = now_usec(CLOCK_BOOTTIME), since;
        long ticks = sysconf(_SC_CLK_TCK);
        ProcessIdentity p;

        if (ticks <= 0 || process_identify(pid, &p) < 0)
                return 0;
        since = p.start * USEC_PER_SEC / ticks;
        return usec_sub(now_usec(CLOCK_REALTIME), usec_sub(up, since));
}

typedef struct Parentage {
        pid_t pid, parent;
} Parentage;

/* All processes with their parents. Return: how many, negative errno. */
static ssize_t read_parentage(Parentage **ret) {
        _cleanup_free_ Parentage *list = NULL;
        _cleanup_closedir_ DIR *d = opendir("/proc");
        struct dirent *de;
        size_t n = 0;

        if (!d)
                return -errno;
        while ((de = readdir(d))) {
                ProcessIdentity p;
                int pid;

                if (parse_int(de->d_name, &pid) < 0 || process_identify(pid, &p) < 0)
                        continue;
                if (!GROW(list, n))
                        return -ENOMEM;
                list[n++] = (Parentage){ pid, p.parent };
        }
        *ret = TAKE_PTR(list);
        return n;
}

ssize_t process_tree(pid_t root, pid_t **ret) {
        _cleanup_free_ Parentage *all = NULL;
        ssize_t n = read_parentage(&all);
        pid_t *tree;
        size_t found = 1;

        if (n < 0)
                return n;
        tree = calloc(n + 1, sizeof(pid_t));
        if (!tree)
                return -ENOMEM;
        tree[0] = root;
        for (size_t next = 0; next < found; next++)
                for (ssize_t i = 0; i < n; i++)
                        if (all[i].parent == tree[next] && found <= (size_t) n) {
                                tree[found++] = all[i].pid;
                                all[i].parent = -1;
                        }
        *ret = tree;
        return found;
}

static int read_process(pid_t pid, Process *ret) {
        _cleanup_free_ char *stat = NULL, *command = NULL;
        char *open, *close;
        int r, parent = 0;
        size_t len;

        r = read_proc(pid, "stat", &stat, NULL);
        if (r < 0)
                return r;
        /* "pid (name) state ppid …", and the name may hold anything. */
        open = strchr(stat, '(');
        close = strrchr(stat, ')');
        if (!open || !close || sscanf(close + 1, " %*c %d", &parent) != 1)
                return -EBADMSG;
        *ret = (Process){ .pid = pid, .parent = parent };

        r = read_proc(pid, "cmdline", &command, &len);
        if (r >= 0 && len > 0) {
                for (size_t i = 0; i + 1 < len; i++)
                        if (command[i] == '\0')
                                command[i] = ' ';
                ret->command = printable_line(command, len - 1, COMMAND_MAX);
        } else {
                close[0] = ']';
                close[1] = '\0';
                open[0] = '[';
                ret->command = printable_line(open, strlen(open), COMMAND_MAX);
        }
        return ret->command ? 0 : -ENOMEM;
}

int process_command(pid_t pid, char **ret) {
        Process p = {};
        int r = read_process(pid, &p);

        if (r >= 0)
                *ret = p.command;
        return r;
}

int process_list(const char *path, size_t max, ProcessList *ret) {
        _cleanup_close_ int fd = cgroup_open(path);
        _cleanup_free_ pid_t *pids = NULL;
        ssize_t n = fd < 0 ? fd : cgroup_pids(fd, max, &pids);

        if (n < 0)
                return n;
        ret->processes = calloc(n + 1, sizeof(Process));
        if (!ret->processes)
                return -ENOMEM;
        for (ssize_t i = 0; i < n; i++)
                if (pids[i] > 0 && read_process(pids[i], &ret->processes[ret->n]) >= 0)
                        ret->n++;
        return 0;
}
