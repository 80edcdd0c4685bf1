/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"
#include "sdbg/job/spec.h"
#include "sdbg/manager/manager.h"
#include "sdbg/ops/param.h"

typedef enum IfRunning { IF_RUNNING_FAIL, IF_RUNNING_REUSE, IF_RUNNING_REPLACE } IfRunning;

/* What to start. All zero is the default. */
typedef struct StartRequest {
        char **command; /* argv */
        char *name, *shell, *cwd, *env_file, *group, *description;
        char **env, **labels, **properties;
        bool clean_env, no_wait;
        int if_running; /* IfRunning */
        char *settle;   /* a duration; NULL: 200 ms */
        int stop_signal;
        usec_t stop_timeout; /* 0: 10 s */
        int leftovers;       /* Leftovers */
        uint64_t output_max; /* 0: 256M */
        int overflow;        /* Overflow */

        char **ready_log, **ready_port, **ready_http, **ready_exec;
        usec_t ready_timeout; /* 0: 60 s */
        bool ready_anywhere;
        usec_t wait_max;                  /* for it to become ready; 0: as long as that takes */
        usec_t timeout, idle_timeout;     /* 0: none */
        uint64_t memory_max, memory_high; /* bytes; 0: none */
        char *cpu, *tasks_max, *nice;     /* "150%", a number, 0 to 19 */
        char *lifetime;                   /* "user" (also NULL), "login", "PID:N" */
        int restart;                      /* Restart */
        usec_t restart_delay;             /* 0: 1 s */
        char *restart_max;                /* a number; NULL: no end */

        bool pty, input;
        char *size; /* "COLSxROWS" of the terminal */
        char *detach_keys;
        usec_t detach_after;
        const char *caller;   /* who asks, borrowed; NULL: this process's parent */
        bool outside_sandbox; /* also from within other namespaces than the manager's */
        bool keep_term;       /* the caller's terminal will show it: $TERM stays */
} StartRequest;

/* Of `run`; those that only it has stand first, and all others are of `start`, too. */
extern const Param run_params[];
#define RUN_ONLY_PARAMS 2
#define start_params (&run_params[RUN_ONLY_PARAMS])

typedef struct StartResult {
        Job job;
        bool reused; /* it was running already */
} StartResult;

/* Starts a job in the background and waits until its command runs, and then for the settling time, in
 * case it fails at once.
 * Return: 0; negative errno with reterr said: job-running, exec-failed, ended-early (with ret->job filled
 * for both of these), usage, manager-unreachable, … */
int op_start(Manager *m, const StartRequest *q, StartResult *ret, Error *reterr);

/* Starts the command of a spec that was kept, again. no_wait, wait_max: as of StartRequest. Return: as op_start(). */
int op_start_spec(Manager *m, const Spec *spec, usec_t settle, bool no_wait, usec_t wait_max,
                  StartResult *ret, Error *reterr);
