/* SPDX-License-Identifier: MIT */
#include <sys/sysinfo.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"

#include "ops/internal.h"

/* The supervisor and the newest output, in a file in memory, count as the job's. */
#define MEMORY_MIN ((uint64_t) 16 * 1024 * 1024)
/* The most that Linux has for PIDs (include/linux/threads.h). */
#define TASKS_LIMIT ((uint64_t) 4 * 1024 * 1024)

static int check_memory(const char *option, uint64_t bytes, Error *reterr) {
        char asked[16], bound[16];
        struct sysinfo i;
        uint64_t total;

        if (bytes == 0 || bytes == UINT64_MAX)
                return 0;
        format_size(asked, sizeof(asked), bytes);
        total = sysinfo(&i) < 0 ? UINT64_MAX : (uint64_t) i.totalram * i.mem_unit;
        if (bytes > total)
                return error_set(reterr, ERROR_USAGE, 0, "--%s %s is more memory than this machine has (%s)",
                                 option, asked, format_size(bound, sizeof(bound), total));
        if (bytes < MEMORY_MIN)
                return error_set(reterr, ERROR_USAGE, 0, "--%s %s is too little: at least %s is wanted",
                                 option, asked, format_size(bound, sizeof(bound), MEMORY_MIN));
        return 0;
}

static int set_memory(const StartRequest *q, Spec *s, Error *reterr) {
        int r = check_memory("memory-max", q->memory_max, reterr);

        if (r >= 0)
                r = check_memory("memory-high", q->memory_high, reterr);
        if (r < 0)
                return r;
        s->memory_max = q->memory_max ?: UINT64_MAX;
        s->memory_high = q->memory_high ?: UINT64_MAX;
        if (s->memory_high != UINT64_MAX && s->memory_high > s->memory_max)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "--memory-high is above --memory-max and would mean nothing");
        return 0;
}

static int set_cpu(const StartRequest *q, Spec *s, Error *reterr) {
        _cleanup_free_ char *number = NULL;
        size_t len = q->cpu ? strlen(q->cpu) : 0;
        uint64_t most = (uint64_t) get_nprocs() * 100;

        if (!q->cpu)
                return 0;
        number = strndup(q->cpu, len > 0 ? len - 1 : 0);
        if (!number)
                return error_oom(reterr);
        if (len < 2 || q->cpu[len - 1] != '%' || parse_u64(number, &s->cpu_max) < 0 || s->cpu_max == 0)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "'%s' is not a value for --cpu: a percentage like 50%% or 150%% is wanted",
                                 q->cpu);
        if (s->cpu_max > most)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "--cpu %s is more than this machine has (%" PRIu64 "%%)", q->cpu, most);
        return 0;
}

static int set_tasks(const StartRequest *q, Spec *s, Error *reterr) {
        if (!q->tasks_max)
                return 0;
        if (parse_u64(q->tasks_max, &s->tasks_max) < 0 || s->tasks_max == 0)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "'%s' is not a value for --tasks-max: a number from 1 on is wanted",
                                 q->tasks_max);
        if (s->tasks_max > TASKS_LIMIT)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "--tasks-max %s is more than Linux can have (%" PRIu64 ")", q->tasks_max,
                                 TASKS_LIMIT);
        return 0;
}

static int set_nice(const StartRequest *q, Spec *s, Error *reterr) {
        if (q->nice && (parse_int(q->nice, &s->nice) < 0 || s->nice < 0 || s->nice > 19))
                return error_set(reterr, ERROR_USAGE, 0,
                                 "'%s' is not a value for --nice: a number from 0 to 19 is wanted", q->nice);
        return 0;
}

/* Properties that say the same as an option that was given. */
static int check_twice(const StartRequest *q, Error *reterr) {
        const struct {
                const char *property, *option;
                bool given;
        } options[] = {
                { "MemoryMax=", "memory-max", q->memory_max > 0 },
                { "MemoryHigh=", "memory-high", q->memory_high > 0 },
                { "CPUQuota=", "cpu", q->cpu },
                { "TasksMax=", "tasks-max", q->tasks_max },
                { "Nice=", "nice", q->nice },
        };

        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                STRV_FOREACH (p, q->properties)
                        if (options[i].given && startswith(*p, options[i].property))
                                return error_set(reterr, ERROR_USAGE, 0,
                                                 "--%s and -p %s contradict each other", options[i].option,
                                                 *p);
        return 0;
}

int limits_set(const StartRequest *q, Spec *s, Error *reterr) {
        int r;

        s->memory_max = s->memory_high = s->tasks_max = s->cpu_max = UINT64_MAX;
        r = check_twice(q, reterr);
        if (r >= 0)
                r = set_memory(q, s, reterr);
        if (r >= 0)
                r = set_cpu(q, s, reterr);
        if (r >= 0)
                r = set_tasks(q, s, reterr);
        return r < 0 ? r : set_nice(q, s, reterr);
}
