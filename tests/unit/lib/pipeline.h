/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/wire/coalescer.h"

/* All that output passes through on its way to a reader, without I/O and with a clock of its own:
 * coalescer, encoding, the native protocol, decoding. Every step is checked; what breaks a promise
 * aborts. Zero-initialised, no time has passed yet. */

/* The rate that no job may exceed, however it prints. */
#define PIPELINE_WINDOW (30 * USEC_PER_SEC)
#define PIPELINE_WINDOW_ENTRIES 3000

typedef struct Pipeline {
        Coalescer coalescer;
        usec_t now;
        Buf printed[STREAM_RECORD], decoded[STREAM_RECORD];
        uint64_t next_seq;                /* less one */
        uint64_t open_seq[STREAM_RECORD]; /* the line that goes on; 0: none */
        uint64_t lines[STREAM_RECORD];
        size_t n_entries;
        usec_t times[PIPELINE_WINDOW_ENTRIES]; /* when the last ones were made */
} Pipeline;

/* The job prints, and the supervisor reads it at once. */
void pipeline_print(Pipeline *p, Stream s, const char *data, size_t len);

/* Time passes; what becomes due in it is taken when it does. */
void pipeline_wait(Pipeline *p, usec_t usec);

/* The job ends: checks that what came out is what went in, and frees all. */
void pipeline_finish(Pipeline *p);
