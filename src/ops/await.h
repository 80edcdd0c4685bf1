/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/runlog.h"
#include "sdbg/ops/wait.h"
#include "sdbg/text/regex.h"

/* What is waited for. */
typedef struct Condition {
        WaitFor what;
        Regex *regex;
        usec_t idle;
        int port;
} Condition;

/* One job that is waited for. Zero-initialised but for `job`, it is WAITER_INIT. */
typedef struct Waiter {
        Job *job;          /* kept up to date */
        int pidfd;         /* of the supervisor */
        usec_t gone_since; /* the supervisor's end was seen; CLOCK_MONOTONIC */
        usec_t due;        /* to be looked at again then, if not before */
        usec_t pause;      /* WAIT_PORT: from one look to the next */
        bool over;         /* it has happened, or cannot any more */
        bool one_run;      /* of the run that the job is in now, whether or not another follows */
        WaitOutcome outcome;

        RunLog *log;             /* WAIT_LOG */
        Buf open[STREAM_RECORD]; /* what is known of lines without an end */
} Waiter;

#define WAITER_INIT(j)                                                                                       \
        (Waiter) {                                                                                           \
                .job = (j), .pidfd = -EBADF, .due = USEC_INFINITY                                            \
        }

void waiter_done(Waiter *w);

/* Another run has begun: what is known of the output of the one before is of no use. */
void waiter_forget_log(Waiter *w);

/* Looks whether it has happened by now. The job's state was read before; `ended`: it has ended, nothing
 * more will come. Return: 1 it has, 0 it has not (yet); negative errno. */
int condition_check(const Condition *c, Waiter *w, bool ended, usec_t now);

/* Waits until all of the waiters, or any, are over, or `timeout` has passed.
 * Return: 1; 0 the time is over; negative errno. */
int await_jobs(const Condition *c, Waiter *waiters, size_t n, bool any, usec_t timeout);
