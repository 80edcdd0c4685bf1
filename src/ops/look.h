/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/probe/cgroup-resources.h"

/* A look at how jobs stand, one after the other. */
typedef struct Look {
        JobDetail detail;
        CgroupSiblings siblings; /* most jobs are in one slice */
} Look;

void look_done(Look *l);
#define _cleanup_look_ _cleanup_(look_done)

/* By the job's runtime files, without the manager. Return: as job_read_state(). */
int look_at_name(Look *l, const char *name, Job *ret);

/* The same for a job whose unit is active, as the manager says. jobs_fd: of jobs_open(). */
int look_at_active(Look *l, int jobs_fd, const char *name, Job *ret);

/* Moves the job into the list. Return: 0, -ENOMEM. */
int job_list_take(JobList *l, Job *j);

/* Adds the last run of each job that has ended and is not in the list, the newest first.
 * Return: 0, negative errno with reterr said. */
int jobs_add_ended(JobList *io, Error *reterr);
