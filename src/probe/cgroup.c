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
#include "sdbg/base/parse.h"
#include "sdbg/probe/cgroup.h"

/* Larger than any of the files read here but cgroup.procs, which is read as a stream. */
#define ATTRIBUTE_MAX 65536

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
        r = read_file_at(AT_FDCWD, path, ATTRIBUTE_MAX, &text, NULL);
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

static void closedirp(DIR **d) {
        if (*d)
                closedir(*d);
}

static void fclosep(FILE **f) {
        if (*f)
                fclose(*f);
}

typedef struct PidList {
        pid_t *pids;
        size_t n, cap, max;
} PidList;

static int add_pid(PidList *l, pid_t pid) {
        if (l->n == l->cap) {
                size_t cap = l->cap ? l->cap * 2 : 16;
                pid_t *p = reallocarray(l->pids, cap, sizeof(pid_t));

                if (!p)
                        return -ENOMEM;
                l->pids = p;
                l->cap = cap;
        }
        l->pids[l->n++] = pid;
        return 0;
}

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
                int r = add_pid(l, pid);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A cgroup that vanishes while it is looked at had no processes left. */
static bool is_gone(int r) {
        return r == -ENOENT || r == -ENODEV;
}

static int collect(int fd, PidList *l) {
        _cleanup_(closedirp) DIR *d = NULL;
        struct dirent *de;
        int copy, r;

        r = collect_own(fd, l);
        if (r < 0)
                return is_gone(r) ? 0 : r;
        copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (copy < 0)
                return is_gone(-errno) ? 0 : -errno;
        d = fdopendir(copy);
        if (!d) {
                close_fd(copy);
                return -ENOMEM;
        }
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
        _cleanup_(closedirp) DIR *d = NULL;
        struct dirent *de;
        int child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

        if (child < 0)
                return errno == ENOENT ? 0 : -errno;
        d = fdopendir(child);
        if (!d) {
                close_fd(child);
                return -ENOMEM;
        }
        while ((de = readdir(d)))
                if (de->d_type == DT_DIR && de->d_name[0] != '.')
                        (void) cgroup_remove(child, de->d_name);
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

/* A file with one number, or "max". */
static uint64_t read_number(int fd, const char *name) {
        char text[64];
        uint64_t v;
        _cleanup_close_ int file = openat(fd, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

        if (n <= 0)
                return UINT64_MAX;
        text[n - (text[n - 1] == '\n')] = '\0';
        return parse_u64(text, &v) < 0 ? UINT64_MAX : v;
}

/* The number after `key` in a file of "key value" lines. */
static uint64_t read_keyed(int fd, const char *name, const char *key) {
        char text[1024];
        const char *p;
        _cleanup_close_ int file = openat(fd, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = file < 0 ? -1 : read(file, text, sizeof(text) - 1);

        if (n <= 0)
                return UINT64_MAX;
        text[n] = '\0';
        p = strstr(text, key);
        return p ? strtoull(p + strlen(key), NULL, 10) : UINT64_MAX;
}

/* "150000 100000", or "max 100000". */
static uint64_t read_cpu_max(int fd) {
        _cleanup_free_ char *text = NULL;
        uint64_t quota, period;

        if (read_file_at(fd, "cpu.max", ATTRIBUTE_MAX, &text, NULL) < 0 ||
            sscanf(text, "%" SCNu64 " %" SCNu64, &quota, &period) != 2 || period == 0)
                return UINT64_MAX;
        return quota * 100 / period;
}

static bool has_file(int fd, const char *name) {
        return faccessat(fd, name, F_OK, 0) >= 0;
}

int cgroup_limit_tasks(int fd, const char *own, int child_fd, uint64_t max) {
        _cleanup_close_ int own_fd = has_file(fd, "pids.max") ? cgroup_make(fd, own) : -EOPNOTSUPP;
        char text[32];
        int r;

        if (own_fd < 0)
                return own_fd;
        snprintf(text, sizeof(text), "%" PRIu64, max);
        if ((r = write_attribute(own_fd, "cgroup.procs", "0")) < 0 ||
            (r = write_attribute(fd, "cgroup.subtree_control", "+pids")) < 0)
                return r;
        return write_attribute(child_fd, "pids.max", text);
}

void cgroup_limits(int fd, CgroupLimits *ret) {
        *ret = (CgroupLimits){
                .memory_max = read_number(fd, "memory.max"),
                .memory_high = read_number(fd, "memory.high"),
                .tasks_max = read_number(fd, "pids.max"),
                .cpu_max = read_cpu_max(fd),
                .has_memory = has_file(fd, "memory.max"),
                .has_tasks = has_file(fd, "pids.max"),
                .has_cpu = has_file(fd, "cpu.max"),
        };
}

uint64_t cgroup_oom_count(int fd, bool local) {
        return read_keyed(fd, local ? "memory.events.local" : "memory.events", "oom ");
}

uint64_t cgroup_oom_kills(int fd) {
        return read_keyed(fd, "memory.events", "oom_kill ");
}

int cgroup_open_memory_events(int fd) {
        int events = openat(fd, "memory.events", O_RDONLY | O_CLOEXEC);

        return events < 0 ? -errno : events;
}

/* Adds up io.stat: "259:0 rbytes=1 wbytes=2 …", a line a device. */
static void read_io(int fd, uint64_t *ret_read, uint64_t *ret_write) {
        _cleanup_free_ char *text = NULL;

        *ret_read = *ret_write = UINT64_MAX;
        if (read_file_at(fd, "io.stat", ATTRIBUTE_MAX, &text, NULL) < 0)
                return;
        *ret_read = *ret_write = 0;
        for (const char *p = text; (p = strstr(p, "bytes=")); p += strlen("bytes=")) {
                uint64_t v = strtoull(p + strlen("bytes="), NULL, 10);

                if (p > text && p[-1] == 'r')
                        *ret_read += v;
                else if (p > text && p[-1] == 'w')
                        *ret_write += v;
        }
}

static const CgroupStats no_stats = {
        .cpu = UINT64_MAX,
        .memory = UINT64_MAX,
        .memory_peak = UINT64_MAX,
        .memory_max = UINT64_MAX,
        .oom_kills = UINT64_MAX,
        .io_read = UINT64_MAX,
        .io_write = UINT64_MAX,
        .cpu_stall = USEC_INFINITY,
        .memory_stall = USEC_INFINITY,
        .io_stall = USEC_INFINITY,
};

void cgroup_siblings_done(CgroupSiblings *s) {
        close_fd(s->parent_fd);
        free(s->parent);
        *s = CGROUP_SIBLINGS_INIT;
}

static bool gives_memory_to_children(int fd) {
        _cleanup_free_ char *controllers = NULL;

        return read_file_at(fd, "cgroup.subtree_control", ATTRIBUTE_MAX, &controllers, NULL) >= 0 &&
               strstr(controllers, "memory");
}

/* Opens the parent of the cgroup, unless it is the one that is open. */
static int open_parent(CgroupSiblings *s, const char *path, size_t len) {
        if (s->parent && strlen(s->parent) == len && memcmp(s->parent, path, len) == 0)
                return s->parent_fd;
        cgroup_siblings_done(s);
        s->parent = strndup(path, len);
        if (!s->parent)
                return -ENOMEM;
        s->parent_fd = cgroup_open(s->parent);
        s->has_memory = s->parent_fd >= 0 && gives_memory_to_children(s->parent_fd);
        return s->parent_fd;
}

void cgroup_stats_brief(CgroupSiblings *s, const char *path, CgroupStats *ret) {
        const char *name = strrchr(path, '/');
        char file[NAME_MAX + sizeof("/memory.current")];
        int fd = name ? open_parent(s, path, name - path) : -ENOENT;

        *ret = no_stats;
        if (fd < 0)
                return;
        snprintf(file, sizeof(file), "%s/cpu.stat", name + 1);
        ret->cpu = read_keyed(fd, file, "usage_usec ");
        snprintf(file, sizeof(file), "%s/memory.current", name + 1);
        if (s->has_memory)
                ret->memory = read_number(fd, file);
}

void cgroup_stats(int fd, CgroupStats *ret) {
        *ret = no_stats;
        ret->cpu = read_keyed(fd, "cpu.stat", "usage_usec ");
        ret->memory = read_number(fd, "memory.current");
        /* The first line is "some avg10=0.00 avg60=0.00 avg300=0.00 total=0". */
        ret->cpu_stall = read_keyed(fd, "cpu.pressure", "total=");
        ret->memory_stall = read_keyed(fd, "memory.pressure", "total=");
        ret->io_stall = read_keyed(fd, "io.pressure", "total=");
        read_io(fd, &ret->io_read, &ret->io_write);
        /* Without the controller there is none of its files. */
        if (ret->memory == UINT64_MAX)
                return;
        ret->memory_peak = read_number(fd, "memory.peak");
        ret->memory_max = read_number(fd, "memory.max");
        ret->oom_kills = read_keyed(fd, "memory.events", "oom_kill ");
}

void cgroup_stats_to_job(const CgroupStats *s, Job *j) {
        j->cpu = s->cpu;
        j->memory = s->memory;
        j->memory_peak = s->memory_peak;
        j->memory_max = s->memory_max;
        j->io_read = s->io_read;
        j->io_write = s->io_write;
        j->cpu_stall = s->cpu_stall;
        j->memory_stall = s->memory_stall;
        j->io_stall = s->io_stall;
}
