/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/time.h"

/* Where output came from. The values are part of the ring file's format: never renumber. */
typedef enum Stream {
        STREAM_STDOUT,
        STREAM_STDERR,
        STREAM_PTY,
        STREAM_RECORD, /* not output: one of sdbg's own records */
        _STREAM_MAX,
        _STREAM_INVALID = -EINVAL,
} Stream;

/* Return: "stdout", …; NULL for a value that is none. */
const char *stream_to_string(Stream s);
/* Return: the stream, or _STREAM_INVALID. */
Stream stream_from_string(const char *s);

/* A piece of a run's output: whole lines of one stream, or a part of one line. It becomes one entry
 * of the journal. The bytes are borrowed. */
typedef struct Batch {
        Stream stream;
        uint64_t entry;  /* number of the entry in its run, from 1 */
        uint64_t seq;    /* number of its first line in the run, from 1, over all streams */
        uint64_t lines;  /* how many lines it holds; an unfinished one counts */
        uint64_t offset; /* of its first byte in what the stream has printed */
        usec_t time;     /* CLOCK_REALTIME at which its first byte was read */
        bool partial;    /* the last line is not finished: no newline yet */
        const char *data;
        size_t len; /* newlines included */
} Batch;
