/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/logs.h"
#include "sdbg/ops/param.h"

/* What to type into a job. */
typedef struct SendRequest {
        char *name;
        char *text;   /* NULL: none */
        int input_fd; /* what can be read here goes into the job as it is; -1: nothing */
        char **keys;
        bool no_newline, end, paste;
        usec_t wait; /* how long to wait for what it answers; 0: not */
} SendRequest;

extern const Param send_params[];

/* Types text, a newline, keys and the end of input, in this order, and returns when the job's pipe or
 * terminal has taken it; with `wait`, gives what it prints then to `sink`, until it is silent.
 * Return: 0; negative errno with reterr said (no-such-job, job-not-running, usage) or of the sink. */
int op_send(const SendRequest *q, LogSink sink, void *userdata, Error *reterr);

typedef struct ScreenRequest {
        char *name;
        bool color; /* the lines hold SGR sequences */
} ScreenRequest;

/* The screen of a job's terminal as it is now: {job, cols, rows, cursor: {x, y, visible}, title, alternate,
 * lines: […]}. *ret is the caller's. Return: 0; negative errno with reterr said. */
int op_screen(const ScreenRequest *q, Json **ret, Error *reterr);

/* Says why a job cannot be talked to: there is none, it has ended, or it was started without a terminal.
 * want_pty: a terminal is needed, not only its stdin. ret: the job as it is, where it can.
 * Return: 0, negative errno. */
int control_check(const char *name, bool want_pty, Job *ret, Error *reterr);
