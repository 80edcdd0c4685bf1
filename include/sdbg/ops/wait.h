/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"

typedef struct WaitRequest {
        JobSelection select;
        bool any;
        char *what;    /* "exit" (also where it is NULL), "ready", "log=RE", "input", "idle=TIME", "port=N" */
        char *timeout; /* a duration; NULL: for ever */
} WaitRequest;

extern const Param wait_params[];

typedef enum WaitFor {
        WAIT_EXIT,  /* its main process has ended */
        WAIT_READY, /* it is ready; where no readiness was asked for, it runs */
        WAIT_LOG,   /* the run has printed a line that matches, no matter when; an unfinished line counts */
        WAIT_INPUT, /* it waits for somebody to type */
        WAIT_IDLE,  /* it has printed nothing for so long, the time before the call included */
        WAIT_PORT,  /* one of its processes listens on this TCP port */
} WaitFor;

/* What came of one job. */
typedef struct WaitOutcome {
        bool happened;
        char *line; /* WAIT_LOG: the line, printable */
        uint64_t seq;
} WaitOutcome;

typedef struct WaitResult {
        WaitFor what;
        int port;              /* WAIT_PORT */
        JobList jobs;          /* as they are now */
        WaitOutcome *outcomes; /* one for each of them */
} WaitResult;

/* Frees what it holds; it is then empty. */
void wait_result_done(WaitResult *r);
#define _cleanup_wait_result_ _cleanup_(wait_result_done)

/* Waits until it has happened to the selected jobs, with `any` to one of them. Jobs that were over before,
 * and what happened before, count. *ret is filled in any case, for wait_result_done().
 * Return: 0; -ETIMEDOUT (timeout) and -ECHILD (ended-early: a job, with `any` each of them, has ended before it
 * happened) with reterr said; other negative errno with reterr said. */
int op_wait(Manager *m, const WaitRequest *q, WaitResult *ret, Error *reterr);
