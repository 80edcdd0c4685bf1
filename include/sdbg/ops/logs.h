/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"
#include "sdbg/ops/runlog.h"

typedef struct LogsRequest {
        char **names;
        uint64_t lines; /* the last so many; UINT64_MAX: not given */
        uint64_t head;  /* the first so many; UINT64_MAX: all */
        bool all, follow, ignore_case, invert, timestamps, raw, collapse, errors, all_jobs, show_cursor,
                no_pager;
        char *grep, *stream, *run, *since, *until;
        char *cursor; /* what came after it */
        char *reader; /* --new: what came since this reader's last call; "" is the default one */
        char *color;  /* "auto", "always" or "never"; "" is "always" */
        uint64_t before, after, context; /* lines around those looked for; UINT64_MAX: not given */
        uint64_t max_bytes;              /* of what is shown; UINT64_MAX: any number */
        uint64_t lines_default;          /* where nothing says how many; UINT64_MAX: all */
        bool whole; /* a line is given once and whole: no unfinished one before the end */
} LogsRequest;

/* Nothing asked for. */
#define LOGS_REQUEST_INIT                                                                                    \
        (LogsRequest) {                                                                                      \
                .lines = UINT64_MAX, .head = UINT64_MAX, .lines_default = UINT64_MAX, .before = UINT64_MAX,  \
                .after = UINT64_MAX, .context = UINT64_MAX, .max_bytes = UINT64_MAX                          \
        }

extern const Param logs_params[];

/* Takes one line (or a gap). Return: 0; a negative errno ends the reading and is op_logs()'s answer. */
typedef int (*LogSink)(void *userdata, const LogLine *line);

/* Where a reading has come to: one cursor a job. */
typedef struct LogPlaces {
        Cursor *cursors;
        size_t n;
} LogPlaces;

/* Called when all there is has been given: at the end, and before a follower waits for more. What it stores as
 * read should have been written out. Return: as a LogSink. */
typedef int (*LogPause)(void *userdata, const LogPlaces *places);

/* Gives the lines asked for to `sink`, oldest first; several jobs' lines in the order of time. With
 * follow it returns when all of the runs have ended. pause may be NULL; so may m, and the manager is then
 * connected to where it is needed.
 * Return: 0; negative errno with reterr said (no-such-job, usage, …) or of the sink. */
int op_logs(Manager *m, const LogsRequest *q, LogSink sink, LogPause pause, void *userdata, Error *reterr);

/* Keeps for the request's reader that all up to `places` was read; nothing where it is no request for what is
 * new. Return: 0, negative errno with reterr said. */
int logs_remember(const LogsRequest *q, const LogPlaces *places, Error *reterr);

/* The last `max` lines of a run. Return: as op_logs(). */
int op_tail(const char *job, const char *run, uint64_t max, LogSink sink, void *userdata, Error *reterr);

/* The last `max` lines of a run that look like errors, with what belongs to them; looked for among its last
 * hundred thousand lines. Return: as op_logs(). */
int op_errors(const char *job, const char *run, uint64_t max, LogSink sink, void *userdata, Error *reterr);

/* Gives a run's lines as they come, from the first on, unfinished ones included, until its main process
 * has ended or `interrupted` is set. Return: 0, negative errno with reterr said or of the sink. */
int op_stream(const char *job, const char *run, const volatile int *interrupted, LogSink sink, void *userdata,
              Error *reterr);
