/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/job/cursor.h"
#include "sdbg/wire/entry.h"

/* The output of one run, line by line, from wherever it is: what has left the ring comes from the
 * journal, the newest from the ring, and what a full bucket or a dying journald had cost from where it
 * was written again. Lines come in their order, each once; what is missing is said in its place. */

typedef struct RunLog RunLog;

typedef struct LogLine {
        const char *job, *run;
        uint64_t seq;
        usec_t time;
        Stream stream;
        const char *data; /* exact bytes without the newline; borrowed until the next call */
        size_t len;
        bool clean;     /* the bytes are printable text as they are */
        bool partial;   /* no newline has come (yet) */
        bool continued; /* the rest of a line whose beginning was given before as partial */

        uint64_t missing;   /* not a line: so many are missing here */
        const char *reason; /* "cap", "vacuumed", "lost" */

        /* Set by op_logs() only. */
        uint64_t count; /* so many lines were folded into this one; 0: it is itself */
        bool context;   /* near to a line that was looked for, but none itself */
        bool apart;     /* lines were passed over before it, where context was asked for */
} LogLine;

/* Of LogLine.missing: that there were lines is known, their number is not. */
#define LINES_UNKNOWN UINT64_MAX

/* Opens the log of a run; nothing is read yet. Return: 0, negative errno with reterr said. */
int run_log_open(RunLog **ret, const char *job, const char *run, Error *reterr);
void run_log_free(RunLog *l);
DEFINE_CLEANUP_FUNC(RunLog *, run_log_free);
#define _cleanup_run_log_ _cleanup_(run_log_freep)

/* Return: how many lines the run has printed so far; 0 where that is not known. */
uint64_t run_log_lines(RunLog *l);

/* Begins (anew) with line `seq` (1 is the first), or with the first after it that there is.
 * Return: 0, negative errno. */
int run_log_seek(RunLog *l, uint64_t seq);

/* Goes on from a cursor of this run. Of a line that was unfinished there, what has come since is given: all of
 * the line, or with `exact` only the bytes behind those that were given. Return: 0, negative errno. */
int run_log_resume(RunLog *l, const Cursor *from, bool exact);

/* Fills seq and open of the cursor: behind all that was given so far. */
void run_log_position(const RunLog *l, Cursor *ret);

/* Return: after which line the log was cleared; 0: it was not. To be asked for before the first seek. */
uint64_t run_log_cleared(RunLog *l);

/* Return: 1 and the next line; 0 where there is none now; negative errno. */
int run_log_next(RunLog *l, LogLine *ret);

/* The beginning of a line whose end has not come: a prompt. What follows of it is `continued`.
 * Return: 1, or 0 where there is none. */
int run_log_partial(RunLog *l, LogLine *ret);

/* Return: whether the run is over and all its lines have been given. */
bool run_log_ended(const RunLog *l);

/* The last record of the run's end that passed by, as JSON; NULL where none did. Borrowed. */
const char *run_log_exit_record(const RunLog *l);

/* A descriptor that polls readable (POLLIN) when there may be more; run_log_next() takes it back.
 * Return: a borrowed descriptor, negative errno. */
int run_log_fd(RunLog *l);
