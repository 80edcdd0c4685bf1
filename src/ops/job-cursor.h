/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/cursor.h"
#include "sdbg/job/job.h"
#include "sdbg/runtime/ring.h"

/* A cursor at the very beginning of a run. started: 0 where it is not known. */
void cursor_of_run(Cursor *ret, const char *job, const char *run, usec_t started);

/* Fills in the job's cursor, behind what it has printed so far. ring: of the run, or NULL when it is over.
 * Where that is not known, there is none. Return: 0, -ENOMEM. */
int job_add_cursor(Job *j, const Ring *ring);
