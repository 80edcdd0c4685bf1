/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"

typedef struct PauseRequest {
        JobSelection select;
} PauseRequest;

extern const Param pause_params[];

/* Freezes all processes of the selected jobs, or lets them go on, and returns when they have done so; ret holds
 * the jobs. Return: 0; negative errno with reterr said. */
int op_pause(Manager *m, const PauseRequest *q, bool pause, JobList *ret, Error *reterr);
