/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/journal/reader.h"
#include "sdbg/ops/jobs.h"

#include "ops/event-mark.h"
#include "ops/ring-watch.h"
#include "ops/seen.h"

/* The records of all jobs: the journal's, and from the rings those that journald has not taken in yet. Where
 * both have one, it is given once. */
typedef struct EventLog {
        const JobSelection *select;
        char *project; /* where the selection is about it */
        JournalReader *journal, *finder;
        int journal_fd; /* borrowed; negative where nothing is to be followed, or it cannot be watched */
        RingWatch rings;
        Seen seen;

        EventMark *mark;   /* of a reader, or NULL; borrowed */
        usec_t ring_since; /* older records of the rings are not given */
        usec_t ring_held;  /* the mark was full: what came from then on was not given; else 0 */

        Entry *found; /* by event_log_read(), in the order of time */
        size_t n;
        Entry *in_rings; /* what was read from there and is not sorted out yet */
        size_t n_in_rings;
} EventLog;

/* follow: event_log_wait() is going to be called. Return: 0, negative errno with reterr said. */
int event_log_open(EventLog *l, const JobSelection *select, bool follow, Error *reterr);
void event_log_done(EventLog *l);

/* Where to begin: with records from `since` on; with what comes from now on; with what a mark leaves, which
 * is kept up to date from then on (where it is new: with `since`). Return: 0, negative errno. */
int event_log_seek_time(EventLog *l, usec_t since);
int event_log_seek_end(EventLog *l);
int event_log_seek_mark(EventLog *l, EventMark *mark, usec_t since);

/* Fills l->found with the last `max` records that there are, and goes on behind them.
 * Return: 0, negative errno. */
int event_log_read_last(EventLog *l, size_t max);

/* Fills l->found with what came since. Return: 0, negative errno. */
int event_log_read(EventLog *l);

/* Sleeps until there may be more. out_fd: see EventsRequest. Return: 0, -EPIPE where nobody reads that any more,
 * negative errno. */
int event_log_wait(EventLog *l, int out_fd);
