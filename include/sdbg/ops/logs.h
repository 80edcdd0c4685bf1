/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"
#include "sdbg/ops/runlog.h"

typedef struct LogsRequest {
        char **names;
        uint64_t lines; /* the last so many; UINT64_MAX: not given */
        uint64_t head;  /* the first so many; UINT64_MAX: all */
        bool all, follow, ignore_case, invert, timestamps, raw;
        char *grep, *stream, *run;
        uint64_t lines_default; /* where neither lines nor head nor all is given; UINT64_MAX: all */
} LogsRequest;

/* Nothing asked for. */
#define LOGS_REQUEST_INIT                                                                                    \
        (LogsRequest) {                                                                                      \
                .lines = UINT64_MAX, .head = UINT64_MAX, .lines_default = UINT64_MAX                         \
        }

extern const Param logs_params[];

/* Takes one line (or a gap). Return: 0; a negative errno ends the reading and is op_logs()'s answer. */
typedef int (*LogSink)(void *userdata, const LogLine *line);

/* Gives the lines asked for to `sink`, oldest first; several jobs' lines in the order of time. With
 * follow it returns when all of the runs have ended.
 * Return: 0; negative errno with reterr said (no-such-job, usage, …) or of the sink. */
int op_logs(Manager *m, const LogsRequest *q, LogSink sink, void *userdata, Error *reterr);

/* The last `max` lines of a run. Return: as op_logs(). */
int op_tail(const char *job, const char *run, uint64_t max, LogSink sink, void *userdata, Error *reterr);

/* Gives a run's lines as they come, from the first on, unfinished ones included, until its main process
 * has ended or `interrupted` is set. Return: 0, negative errno with reterr said or of the sink. */
int op_stream(const char *job, const char *run, const volatile int *interrupted, LogSink sink, void *userdata,
              Error *reterr);
