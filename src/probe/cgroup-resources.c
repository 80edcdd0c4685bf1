/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/cgroup-resources.h"

/* Larger than any of the files read here. */
#define ATTRIBUTE_MAX 65536

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
