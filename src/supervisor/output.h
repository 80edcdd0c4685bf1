/* SPDX-License-Identifier: MIT */
#pragma once

#include <poll.h>

#include "sdbg/job/spec.h"
#include "sdbg/journal/writer.h"
#include "sdbg/runtime/ring.h"
#include "sdbg/wire/coalescer.h"
#include "sdbg/wire/entry.h"

#include "supervisor/pace.h"
#include "supervisor/tap.h"

/* From the job's pipes to the journal: read → coalescer → ring → journald. Nothing here waits. Where the
 * journal does not keep up, the ring grows and fills, then reading stops and the job's writes block (or, with
 * --overflow drop, its lines are dropped and counted). */
typedef struct Output {
        EntryTag tag;
        const char *directory; /* the job's runtime directory, for the auditor */
        uint64_t output_max;
        Overflow overflow;
        bool small_ring; /* the job's memory is limited, and the ring's counts as the job's */

        int fds[STREAM_RECORD]; /* read ends; -EBADF once at their end */
        Tap taps[STREAM_RECORD];
        Coalescer coalescer;
        Ring ring;
        JournalWriter writer;
        uint64_t next_entry;

        usec_t retry_at;     /* no journald: when to try again; 0: not waiting */
        bool wants_writable; /* journald's queue is full */
        bool closing;        /* the job is gone: what is in the pipes now is all */
        bool blocked;        /* the ring is full */
        usec_t blocked_since;
        uint64_t give_up; /* ring position up to which batches may go unverified */

        uint64_t accepted; /* bytes given to the journal, for the cap */
        bool capped;
        uint64_t cap_pos;       /* ring position at which the cap was reached */
        uint64_t cap_seq;       /* number of the first line beyond it */
        uint64_t dropped_lines; /* by --overflow drop; to be told */
        Pace pace;
        bool large[STREAM_RECORD]; /* pipes that were enlarged */
        bool held_return;          /* a carriage return of the terminal that may belong to a newline */

        /* Takes what the terminal printed, as it is. */
        void (*on_terminal)(void *userdata, const char *data, size_t len);
        void *userdata;

        pid_t auditor;       /* 0: none is running */
        uint64_t audit_from; /* what was verified when it was started */
        usec_t audit_at;     /* not before this is the next one started */
} Output;

/* Return: 0, negative errno. */
int output_init(Output *o, const Spec *spec, const char *run, const char *directory, int dir_fd);
void output_done(Output *o);

/* Reads what stream s has, up to a bound, so that both streams get their turn. */
void output_read(Output *o, Stream s, usec_t now);

/* Return: what to poll for before output_read() is called again for stream s. */
struct pollfd output_poll(const Output *o, Stream s, bool nap);

/* Puts a record behind the output so far. Return: whether there was room for it. */
bool output_record(Output *o, RecordKind kind, const char *message, const char *json, usec_t now);

/* Moves what is due into the ring and on to journald. flush: all of it. */
void output_pump(Output *o, usec_t now, bool flush);

/* Return: whether the pipes are not to be read now: the ring is full, and the job shall wait. */
bool output_is_held(const Output *o);

/* Return: until when the pipes need not be looked at: lines that come fast and are held for a batch anyway
 * are not worth a wake-up each. 0: not now. */
usec_t output_nap(const Output *o, usec_t now);

/* Return: when output_pump() must be called though nothing happened; USEC_INFINITY: never. */
usec_t output_deadline(const Output *o, usec_t now);

/* Says that the auditor has ended. */
void output_audited(Output *o);

/* Says that the job is gone, so that the pipes end where they are empty; to be called until
 * output_is_read() says that all is in the ring. */
void output_close(Output *o, usec_t now);
/* For another run: there will be new pipes. */
void output_reopen(Output *o);
bool output_is_read(const Output *o);
/* Return: whether journald's socket has taken all that is in the ring. */
bool output_is_sent(const Output *o);

/* Where the output cap was reached, sends the kept end of the output.
 * Return: how many lines between were left out. */
uint64_t output_uncap(Output *o, usec_t now);
