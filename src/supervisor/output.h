/* SPDX-License-Identifier: MIT */
#pragma once

#include <poll.h>

#include "sdbg/job/spec.h"
#include "sdbg/wire/coalescer.h"

#include "supervisor/pace.h"
#include "supervisor/spool.h"
#include "supervisor/tap.h"

/* From the job's pipes to batches: read → coalescer → spool. Nothing here waits. Where the spool is full, reading
 * stops and the job's writes block (or, with --overflow drop, its lines are dropped and counted). */
typedef struct Output {
        int fds[STREAM_RECORD]; /* read ends; -EBADF once at their end */
        Tap taps[STREAM_RECORD];
        Pace pace;
        bool large[STREAM_RECORD]; /* pipes that were enlarged */
        bool held_return;          /* a carriage return of the terminal that may belong to a newline */
        bool closing;              /* the job is gone: what is in the pipes now is all */

        /* Takes what the terminal printed, as it is. */
        void (*on_terminal)(void *userdata, const char *data, size_t len);
        void *userdata;

        Coalescer coalescer;
        Spool spool;
        Overflow overflow;
        uint64_t dropped_lines; /* by --overflow drop; to be told */
} Output;

/* `o` stays where it is from then on; all that is given is borrowed. Return: 0, negative errno. */
int output_init(Output *o, const Spec *spec, const char *run, const char *directory, int dir_fd);

/* Reads what stream s has, up to a bound, so that both streams get their turn. */
void output_read(Output *o, Stream s, usec_t now);

/* Return: what to poll for before output_read() is called again for stream s. */
struct pollfd output_poll(const Output *o, Stream s, bool nap);

/* Puts a record behind the output so far. Return: whether there was room for it. */
bool output_record(Output *o, RecordKind kind, const char *message, const char *json, usec_t now);

/* Moves what is due into the spool and on to journald. flush: all of it. */
void output_pump(Output *o, usec_t now, bool flush);

/* Return: whether the pipes are not to be read now: the spool is full, and the job shall wait. */
bool output_is_held(const Output *o);

/* Return: until when the pipes need not be looked at: lines that come fast and are held for a batch anyway
 * are not worth a wake-up each. 0: not now. */
usec_t output_nap(const Output *o, usec_t now);

/* Return: when output_pump() must be called though nothing happened; USEC_INFINITY: never. */
usec_t output_deadline(const Output *o, usec_t now);

/* Says that the job is gone, so that the pipes end where they are empty; to be called until
 * output_is_read() says so. */
void output_close(Output *o, usec_t now);

/* For another run: there will be new pipes. */
void output_reopen(Output *o);

/* Return: whether the pipes were read to their end, and all of it is in the spool. */
bool output_is_read(const Output *o);
