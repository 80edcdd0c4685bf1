/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"
#include "sdbg/manager/manager.h"
#include "sdbg/ops/param.h"

/* What to take in. All zero is the default. */
typedef struct AdoptRequest {
        char *pid;  /* a number */
        char *name; /* NULL: made from the command */
        char *group, *description;
        char **labels;
} AdoptRequest;

extern const Param adopt_params[];

/* Moves a process that runs already, with all its descendants, into a scope of its own, bgjob-NAME.scope, so that it
 * is a job: to list, limit, pause and stop. What it prints and how it ends cannot be had.
 * *ret_tree: how many processes were moved. Return: 0; negative errno with reterr said (usage, job-running, …). */
int op_adopt(Manager *m, const AdoptRequest *q, Job *ret, size_t *ret_tree, Error *reterr);
