/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"
#include "sdbg/ops/start.h"

typedef struct StopRequest {
        JobSelection select;
        char *timeout;      /* a duration; NULL: what the job was started with */
        const char *caller; /* who asks, borrowed; NULL: this process's parent */
} StopRequest;

extern const Param stop_params[];

/* Stops the selected jobs, all at once, and returns when none of their processes is left; ret holds each
 * job as it ended. Return: 0; negative errno with reterr said (no-such-job, job-not-running, …). */
int op_stop(Manager *m, const StopRequest *q, JobList *ret, Error *reterr);

/* Stops these jobs' units, all at once; each job is then how it ended. timeout: the grace time;
 * USEC_INFINITY: each job's own; caller: who asks. Return: 0, negative errno with reterr said. */
int op_stop_jobs(Manager *m, Job *jobs, size_t n, usec_t timeout, const char *caller, Error *reterr);

typedef struct KillRequest {
        JobSelection select;
        int signal; /* 0: SIGTERM */
        bool whole_tree;
} KillRequest;

extern const Param kill_params[];

/* Sends a signal to the selected jobs' main processes, or to all of their processes.
 * ret: the jobs; *ret_sent: how many processes got it. Return: 0, negative errno with reterr said. */
int op_kill(Manager *m, const KillRequest *q, JobList *ret, size_t *ret_sent, Error *reterr);

typedef struct RestartRequest {
        JobSelection select;
        char *settle;
        bool no_wait;         /* for the job to become ready */
        usec_t wait_max;      /* as of StartRequest */
        const char *caller;   /* as of StopRequest */
        bool outside_sandbox; /* as of StartRequest */
} RestartRequest;

extern const Param restart_params[];

/* Stops one job where it runs and starts the same command again, with what it was first started with.
 * Return: as op_start(). */
int op_restart(Manager *m, const char *name, const RestartRequest *q, StartResult *ret, Error *reterr);

/* Removes the runtime files of jobs that have ended (of the named ones, where names are given).
 * *ret: the names, which the caller frees. Return: 0, negative errno with reterr said. */
int op_clean(Manager *m, char *const *names, char ***ret, Error *reterr);
