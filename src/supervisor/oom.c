/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/cgroup-resources.h"
#include "sdbg/probe/process.h"

#include "supervisor/supervisor.h"

/* The kernel's count is there before the killed process is: this long, its end may still come. */
#define TELL_USEC (200 * USEC_PER_MSEC)

/* Cuts the last component off. Return: whether there is a parent below the root. */
static bool to_parent(char *path) {
        char *slash = strrchr(path, '/');

        if (!slash || slash == path)
                return false;
        *slash = '\0';
        return true;
}

static uint64_t own_count(const char *path) {
        _cleanup_close_ int fd = cgroup_open(path);

        return fd < 0 ? UINT64_MAX : cgroup_oom_count(fd, true);
}

void oom_init(Oom *o, int cgroup_fd, const char *cgroup) {
        _cleanup_free_ char *path = strdup(cgroup);

        *o = (Oom){ .events_fd = cgroup_open_memory_events(cgroup_fd),
                    .cgroup_fd = cgroup_fd,
                    .cgroup = cgroup };
        if (o->events_fd < 0)
                return;
        for (size_t i = 0; path && i < OOM_ANCESTORS && to_parent(path); i++)
                o->ancestors[i] = own_count(path);
}

bool oom_has_killed(const Oom *o) {
        uint64_t n = o->events_fd < 0 ? 0 : cgroup_oom_kills(o->cgroup_fd);

        return n != UINT64_MAX && n > o->seen;
}

void oom_settle(Oom *o) {
        uint64_t n = cgroup_oom_kills(o->cgroup_fd);

        if (!oom_has_killed(o))
                return;
        o->told += n - o->seen;
        o->seen = n;
}

void oom_forget(Oom *o) {
        oom_settle(o);
        o->look_at = o->told = 0;
}

void oom_look(Oom *o, usec_t now) {
        char drain[1024];

        (void) !pread(o->events_fd, drain, sizeof(drain), 0);
        if (o->look_at == 0 && oom_has_killed(o))
                o->look_at = now + TELL_USEC;
}

void oom_explain(const Oom *o, char *buf, size_t size) {
        _cleanup_free_ char *path = strdup(o->cgroup);
        CgroupStats stats;
        char peak[16], max[16];
        uint64_t own = cgroup_oom_count(o->cgroup_fd, false);

        cgroup_stats(o->cgroup_fd, &stats);
        format_size(peak, sizeof(peak), stats.memory_peak);
        if (own > 0 && own != UINT64_MAX) {
                snprintf(buf, size, "killed for using more memory than memory-max (peak %s, limit %s)",
                         stats.memory_peak == UINT64_MAX ? "unknown" : peak,
                         format_size(max, sizeof(max), stats.memory_max));
                return;
        }
        for (size_t i = 0; path && i < OOM_ANCESTORS && to_parent(path); i++) {
                uint64_t now = own_count(path);

                if (now != UINT64_MAX && o->ancestors[i] != UINT64_MAX && now > o->ancestors[i]) {
                        snprintf(buf, size,
                                 "killed by the kernel: %s has no more memory to give (peak of the job %s)",
                                 strrchr(path, '/') + 1, stats.memory_peak == UINT64_MAX ? "unknown" : peak);
                        return;
                }
        }
        snprintf(buf, size, "killed by the kernel: the machine was out of memory (peak of the job %s)",
                 stats.memory_peak == UINT64_MAX ? "unknown" : peak);
}

usec_t supervisor_note_oom(Supervisor *s, usec_t now) {
        Oom *o = &s->oom;
        char why[256], text[320];
        uint64_t n;

        if (o->look_at == 0)
                return USEC_INFINITY;
        if (now < o->look_at)
                return o->look_at;
        o->look_at = 0;
        if (s->main_ended == 0 && process_is_dying(s->job.pid))
                return o->look_at = now + TELL_USEC; /* it may be the one, and will tell */
        if (s->main_ended > 0 || !oom_has_killed(o))
                return USEC_INFINITY;
        n = o->told;
        oom_settle(o);
        n = o->told - n;
        oom_explain(o, why, sizeof(why));
        snprintf(text, sizeof(text), "%" PRIu64 " of its processes %s %s", n, n == 1 ? "was" : "were", why);
        supervisor_warn(s, text);
        supervisor_save(s);
        (void) supervisor_record(s, RECORD_OOM, "%s: %s; the job goes on", s->spec.name, text);
        return USEC_INFINITY;
}
