/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"

typedef struct ClearRequest {
        JobSelection select;
} ClearRequest;

extern const Param clear_params[];

/* Has later readings of the selected jobs' present runs begin behind what has been printed by now; nothing is
 * deleted. It is a record in the journal, which therefore must be readable. ret: the jobs.
 * Return: 0, negative errno with reterr said. */
int op_clear(Manager *m, const ClearRequest *q, JobList *ret, Error *reterr);
