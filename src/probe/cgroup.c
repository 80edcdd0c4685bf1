/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/cgroup.h"

#define PROC_CGROUP_MAX 65536

static const char *mount_point(void) {
        static const char *mount;
        struct statfs fs;

        if (mount)
                return mount;
        if (statfs("/sys/fs/cgroup", &fs) >= 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
                return mount = "/sys/fs/cgroup";
        return mount = "/sys/fs/cgroup/unified";
}

int cgroup_of(pid_t pid, char **ret) {
        _cleanup_free_ char *text = NULL;
        char path[64];
        int r;

        snprintf(path, sizeof(path), pid > 0 ? "/proc/%d/cgroup" : "/proc/self/cgroup", (int) pid);
        r = read_file_at(AT_FDCWD, path, PROC_CGROUP_MAX, &text, NULL);
        if (r < 0)
                return r;

        for (char *line = text; line && *line;) {
                char *end = strchrnul(line, '\n');
                const char *group = startswith(line, "0::");

                if (group) {
                        *ret = strndup(group, end - group);
                        return *ret ? 0 : -ENOMEM;
                }
                line = *end ? end + 1 : end;
        }
        return -ENODATA;
}

int cgroup_open(const char *path) {
        _cleanup_free_ char *full = NULL;
        int fd;

        if (asprintf(&full, "%s%s", mount_point(), path) < 0) {
                full = NULL;
                return -ENOMEM;
        }
        fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int cgroup_open_of_job(const Job *j) {
        _cleanup_free_ char *path = job_cgroup_path(j);

        return path ? cgroup_open(path) : -ENODATA;
}

int cgroup_make(int fd, const char *name) {
        int child;

        if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return child < 0 ? -errno : child;
}

int cgroup_open_events(int fd) {
        int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
        return events < 0 ? -errno : events;
}

static int write_attribute(int fd, const char *name, const char *value) {
        _cleanup_close_ int file = openat(fd, name, O_WRONLY | O_CLOEXEC);

        return file < 0 ? -errno : write_all(file, value, strlen(value));
}

int cgroup_freeze(int fd, bool freeze) {
        return write_attribute(fd, "cgroup.freeze", freeze ? "1" : "0");
}

int cgroup_limit_tasks(int fd, const char *own, int child_fd, uint64_t max) {
        _cleanup_close_ int own_fd = -EBADF;
        char text[32];
        int r;

        if (faccessat(fd, "pids.max", F_OK, 0) < 0)
                return -EOPNOTSUPP;
        own_fd = cgroup_make(fd, own);
        if (own_fd < 0)
                return own_fd;
        snprintf(text, sizeof(text), "%" PRIu64, max);
        if ((r = write_attribute(own_fd, "cgroup.procs", "0")) < 0 ||
            (r = write_attribute(fd, "cgroup.subtree_control", "+pids")) < 0)
                return r;
        return write_attribute(child_fd, "pids.max", text);
}

int cgroup_populated(int events_fd, bool *ret_frozen) {
        char text[256];
        ssize_t n = pread(events_fd, text, sizeof(text) - 1, 0);

        if (ret_frozen)
                *ret_frozen = false;
        if (n < 0)
                return errno == ENODEV ? 0 : -errno;
        text[n] = '\0';
        if (ret_frozen)
                *ret_frozen = strstr(text, "frozen 1") != NULL;
        return strstr(text, "populated 1") != NULL;
}

static void fclosep(FILE **f) {
        if (*f)
                fclose(*f);
}

typedef struct PidList {
        pid_t *pids;
        size_t n, max;
} PidList;

static int collect_own(int fd, PidList *l) {
        _cleanup_(fclosep) FILE *f = NULL;
        int procs = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC), pid;

        if (procs < 0)
                return -errno;
        f = fdopen(procs, "re");
        if (!f) {
                close_fd(procs);
                return -ENOMEM;
        }
        while (l->n < l->max && fscanf(f, "%d", &pid) == 1) {
                if (!GROW(l->pids, l->n))
                        return -ENOMEM;
                l->pids[l->n++] = pid;
        }
        return 0;
}

/* A cgroup that vanishes while it is looked at had no processes left. */
static bool is_gone(int r) {
        return r == -ENOENT || r == -ENODEV;
}

static int collect(int fd, PidList *l) {
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *de;
        int r = collect_own(fd, l);

        if (r >= 0)
                r = open_dir_at(fd, ".", &d);
        if (r < 0)
                return is_gone(r) ? 0 : r;
        while ((de = readdir(d))) {
                _cleanup_close_ int child = -EBADF;

                if (de->d_type != DT_DIR || de->d_name[0] == '.')
                        continue;
                child = openat(fd, de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (child < 0)
                        continue;
                r = collect(child, l);
                if (r < 0)
                        return r;
        }
        return 0;
}

int cgroup_remove(int fd, const char *name) {
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *de;
        int r = open_dir_at(fd, name, &d);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        while ((de = readdir(d)))
                if (de->d_type == DT_DIR && de->d_name[0] != '.')
                        (void) cgroup_remove(dirfd(d), de->d_name);
        return unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

ssize_t cgroup_pids(int fd, size_t max, pid_t **ret) {
        PidList l = { .max = max };
        int r;

        r = collect(fd, &l);
        if (r < 0) {
                free(l.pids);
                return r;
        }
        *ret = l.pids;
        return l.n;
}

ssize_t cgroup_signal(int fd, int signal) {
        _cleanup_free_ pid_t *pids = NULL;
        ssize_t n = cgroup_pids(fd, SIZE_MAX, &pids), sent = 0;

        for (ssize_t i = 0; i < n; i++)
                if (pids[i] > 0 && kill(pids[i], signal) >= 0)
                        sent++;
        return n < 0 ? n : sent;
}

int cgroup_kill(int fd) {
        _cleanup_close_ int file = openat(fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);

        if (file >= 0)
                return write_all(file, "1", 1);
        if (errno != ENOENT)
                return -errno;
        /* What forks faster than this loop is ended by systemd, which repeats it. */
        for (int i = 0; i < 100; i++) {
                ssize_t n = cgroup_signal(fd, SIGKILL);
                if (n <= 0)
                        return n;
        }
        return 0;
}
