/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/job/name.h"
#include "sdbg/job/readiness.h"
#include "sdbg/runtime/installed.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"

void job_unit_done(JobUnit *u) {
        for (size_t i = 0; i < ELEMENTSOF(u->owned); i++)
                free(u->owned[i]);
        *u = (JobUnit){};
}

static uint64_t limit_of_unit(uint64_t limit) {
        return limit == UINT64_MAX ? 0 : limit;
}

int job_unit_make(const Spec *s, JobUnit *ret, Error *reterr) {
        char **own = ret->owned;
        int r;

        own[0] = unit_from_job(s->name);
        own[1] = slice_from_group(s->group);
        own[2] = installed_path("sdbg-supervisor");
        own[3] = installed_path("sdbg-audit");
        r = jobdir_path(s->name, &own[4], reterr);
        if (r < 0)
                return r;
        if (asprintf(&own[5], "Background job %s", s->name) < 0)
                own[5] = NULL;
        for (size_t i = 0; i < ELEMENTSOF(ret->owned); i++)
                if (!own[i])
                        return error_oom(reterr);
        ret->unit = (StartUnit){
                .unit = own[0],
                .slice = own[1],
                .supervisor = own[2],
                .auditor = own[3],
                .directory = own[4],
                .description = s->description ?: own[5],
                .start_timeout = spec_wants_ready(s) ? USEC_INFINITY : 0,
                .stop_timeout = s->stop_timeout,
                .properties = s->properties,
                .memory_max = limit_of_unit(s->memory_max),
                .memory_high = limit_of_unit(s->memory_high),
                .tasks_max = limit_of_unit(usec_add(s->tasks_max, SPEC_OWN_TASKS)),
                .cpu_max = limit_of_unit(s->cpu_max),
        };
        return 0;
}
