/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/resource.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/probe/cgroup-resources.h"

#include "supervisor/supervisor.h"

#define WARNINGS_MAX 20

void supervisor_warn(Supervisor *s, const char *text) {
        if (strv_length(s->job.warnings) < WARNINGS_MAX && !strv_contains(s->job.warnings, text))
                (void) strv_extend(&s->job.warnings, text);
}

/* One limit: what was asked for, and what the kernel has. */
typedef struct Limit {
        const char *option, *controller;
        bool is_there;
        uint64_t asked, enforced;
        uint64_t step; /* the kernel rounds to it */
        bool is_size;
} Limit;

static void format_limit(const Limit *l, uint64_t value, char *buf, size_t size) {
        if (value == UINT64_MAX)
                snprintf(buf, size, "unlimited");
        else if (l->is_size)
                format_size(buf, size, value);
        else
                snprintf(buf, size, "%" PRIu64, value);
}

static void check_limit(Supervisor *s, const Limit *l) {
        char asked[32], enforced[32], text[256];

        if (l->asked == UINT64_MAX)
                return;
        format_limit(l, l->asked, asked, sizeof(asked));
        format_limit(l, l->enforced, enforced, sizeof(enforced));
        if (!l->is_there)
                snprintf(text, sizeof(text),
                         "%s %s has no effect here: the user manager has not been given the %s controller "
                         "('sdbg doctor' tells more)",
                         l->option, asked, l->controller);
        else if (l->enforced > l->asked || l->asked - l->enforced >= l->step)
                snprintf(text, sizeof(text),
                         "%s is %s, not the %s that was asked for: a drop-in of the unit sets it", l->option,
                         enforced, asked);
        else
                return;
        supervisor_warn(s, text);
}

static void check_nice(Supervisor *s) {
        char text[128];

        if (s->spec.nice == 0 || getpriority(PRIO_PROCESS, s->job.pid) == s->spec.nice)
                return;
        snprintf(text, sizeof(text), "nice %d has no effect: this user may not raise priorities so far",
                 s->spec.nice);
        supervisor_warn(s, text);
}

void supervisor_read_limits(Supervisor *s) {
        const Spec *spec = &s->spec;
        Job *j = &s->job;
        CgroupLimits k, below;

        cgroup_limits(s->cgroup_fd, &k);
        cgroup_limits(s->job_fd, &below);
        j->memory_max = k.memory_max;
        j->memory_high = k.memory_high;
        if (k.memory_max != UINT64_MAX || k.memory_high != UINT64_MAX)
                s->output.spool.small_ring = true; /* by -p, or a drop-in of the user's */
        j->cpu_max = k.cpu_max;
        /* The default is the slice's to tell; here it stands for what was asked for. */
        j->tasks_max = spec->tasks_max == UINT64_MAX ? UINT64_MAX : MIN(k.tasks_max, below.tasks_max);

        const Limit limits[] = {
                { "memory-max", "memory", k.has_memory, spec->memory_max, k.memory_max, 65536, true },
                { "memory-high", "memory", k.has_memory, spec->memory_high, k.memory_high, 65536, true },
                { "cpu", "cpu", k.has_cpu, spec->cpu_max, k.cpu_max, 1, false },
                { "tasks-max", "pids", k.has_tasks, spec->tasks_max, j->tasks_max, 1, false },
        };
        for (size_t i = 0; i < ELEMENTSOF(limits); i++)
                check_limit(s, &limits[i]);
        check_nice(s);
}
