/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/wire/batch.h"

/* Bytes to lines, lines to batches: the state machine between a job's pipes and the journal. It does
 * no I/O and has no clock; `now` is CLOCK_MONOTONIC of the caller.
 *
 * journald keeps about 10,000 to 40,000 entries in 30 s for all services of a user together
 * (RateLimitBurst= of journald.conf(5), scaled by free disk space). At the rate at which a person reads,
 * each line is an entry of its own; a job that prints faster gets more lines an entry, so that it stays
 * near COALESCER_ENTRIES_PER_SEC however fast it prints. */
#define COALESCER_ENTRIES_PER_SEC 20
/* A burst that is let through line by line, and one let through in small entries. */
#define COALESCER_BURST_LINES 100
#define COALESCER_BURST_SMALL 150
/* `journalctl -o json` shows null for fields of 4096 bytes and more. */
#define COALESCER_SMALL_MAX 4000
/* The largest batch, and so the longest piece of one line. */
#define COALESCER_BATCH_MAX ((size_t) 64 * 1024)
/* Whole lines wait this long for company, those of a job that prints fast for long a little longer; an unfinished
 * line this long for its end. */
#define COALESCER_HOLD_USEC (40 * USEC_PER_MSEC)
#define COALESCER_HOLD_FAST_USEC (100 * USEC_PER_MSEC)
#define COALESCER_IDLE_USEC (100 * USEC_PER_MSEC)

/* What one stream has printed that is in no batch yet. */
typedef struct Pending {
        char *data;
        size_t start, end, cap;   /* the bytes are data[start..end) */
        size_t complete;          /* bytes from start to the last newline, that included */
        uint64_t offset;          /* of data[start] in the stream */
        uint64_t lines;           /* lines begun so far: for the record of the run */
        uint64_t open_seq;        /* number of the line that data[start] goes on with; 0: a new line */
        usec_t oldest, newest;    /* when the first and the last byte came, CLOCK_MONOTONIC */
        usec_t time, newest_time; /* the same two on CLOCK_REALTIME */
} Pending;

typedef struct Coalescer {
        Pending pending[STREAM_RECORD];
        uint64_t next_seq; /* number of the next new line; 0 stands for 1 */
        usec_t budget;     /* the time up to which the entries made so far are paid for */
} Coalescer;

/* Frees what it holds, given out or not. */
void coalescer_done(Coalescer *c);

/* Where the next bytes of stream s may be read to; *ret_size bytes of room, at least 4096 unless
 * batches must be taken first.
 * Return: the place, valid until the next call; NULL without memory or room. */
char *coalescer_space(Coalescer *c, Stream s, size_t *ret_size);

/* Says that `len` bytes were put there. */
void coalescer_commit(Coalescer *c, Stream s, size_t len, usec_t now, usec_t realtime);

/* The batch that is due, if any; its data stay valid until coalescer_pop(). Batch.entry is not set.
 * flush: everything is due (end of the stream, stop).
 * Return: whether there is one. */
bool coalescer_peek(Coalescer *c, usec_t now, bool flush, Batch *ret);

/* Takes the batch that coalescer_peek() gave out of the buffer. */
void coalescer_pop(Coalescer *c, const Batch *b, usec_t now);

/* Return: until when whole lines are held back; USEC_INFINITY: there are none. */
usec_t coalescer_held_until(const Coalescer *c);

/* Return: when coalescer_peek() must be asked again though nothing new came; USEC_INFINITY: never. */
usec_t coalescer_deadline(const Coalescer *c);

/* Return: how many lines have been given out or are waiting, an unfinished one included. */
uint64_t coalescer_lines(const Coalescer *c, Stream s);
/* Return: how many bytes the stream has printed. */
uint64_t coalescer_bytes(const Coalescer *c, Stream s);

/* Return: whether the stream's last line has no newline yet, given out or not. */
bool coalescer_is_unfinished(const Coalescer *c, Stream s);
