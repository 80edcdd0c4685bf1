/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"

typedef struct WaitRequest {
        JobSelection select;
        bool any;
        char *timeout; /* a duration; NULL: for ever */
} WaitRequest;

extern const Param wait_params[];

/* Waits until the selected jobs have ended (with `any`: one of them). A job counts as ended when its main
 * process has. *ret: the jobs as they are then.
 * Return: 0; -ETIMEDOUT with reterr said (timeout); negative errno with reterr said. */
int op_wait(Manager *m, const WaitRequest *q, JobList *ret, Error *reterr);
