/* SPDX-License-Identifier: MIT */
#pragma once

#include "ops/pick.h"

/* The runs that one request reads, merged in the order of time. A run's log is opened when its time comes and
 * closed at its end, so that there may be many of them. */

typedef enum SourceStage {
        SOURCE_WAITING, /* not opened yet */
        SOURCE_OPEN,
        SOURCE_CLOSED,
} SourceStage;

/* Of Source.begin: no line that there is now. */
#define BEGIN_AT_END UINT64_MAX

typedef struct Source {
        char *job, *run;
        usec_t started, ended; /* USEC_INFINITY: it has not ended */
        SourceStage stage;
        RunLog *log;

        bool from_clear; /* not what was cleared */
        bool has_from;
        Cursor from; /* only what came after it */
        uint64_t begin;

        LogLine line; /* was read and not given */
        bool has_line;
        usec_t dry_at; /* when it had no further line; 0: it had one */
        bool over;
        PickState picked;
        Cursor place;
        bool has_place; /* it was read from, and all before belongs to what was read */
} Source;

typedef struct Reading {
        Source *sources; /* oldest run first */
        size_t n;
        Pick pick;
        bool exact;  /* as LogsRequest.raw */
        bool follow; /* the logs stay open */
        int lock;    /* of the reader's bookmarks, until what is new has been stored as read; 0: none */
} Reading;

void reading_done(Reading *g);
#define _cleanup_reading_ _cleanup_(reading_done)

/* Adds a run; times as in Source. Return: 0, -ENOMEM. */
int reading_add(Reading *g, const char *job, const char *run, usec_t started, usec_t ended, Source **ret);

/* Puts the runs into the order of their starts; to be called when all are added. */
void reading_sort(Reading *g);

/* Opens the log where it is not, and places it. Return: 0, negative errno with reterr said. */
int source_open(Reading *g, Source *s, Error *reterr);

/* Places the log anew by begin and from. Return: 0, negative errno. */
int source_seek(Reading *g, Source *s);

/* Return: the first line that the source may give at all. */
uint64_t source_lowest(const Source *s);

/* Keeps where an open source has come to; the second closes it, too. */
void source_keep_place(Source *s);
void source_close(Source *s);

/* Says that a source could not be read, for a negative errno. Return: r. */
int reading_failed(const Source *s, int r, Error *reterr);

/* The source whose next line is the oldest, with that line at hand; NULL where there is none now.
 * Return: 0, negative errno with reterr said. */
int reading_next(Reading *g, Source **ret, Error *reterr);

/* Where each job's reading has come to. Return: 0 and cursors that the caller frees, -ENOMEM. */
int reading_places(Reading *g, LogPlaces *ret);

/* Makes the sources begin so that the last `max` hits follow, with their context.
 * Return: 0, negative errno with reterr said. */
int reading_skip_to_last(Reading *g, uint64_t max, Error *reterr);

/* The runs of the request's jobs. Return: 0, negative errno with reterr said. */
int reading_add_jobs(Reading *g, Manager *m, const LogsRequest *q, LogSink sink, void *userdata,
                     Error *reterr);
