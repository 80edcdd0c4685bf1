/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/wire/entry.h"

/* The records in the rings of all jobs, as they come. Nothing is held open for a job but its watch. */
typedef struct RingView {
        char *name;
        char run[32];
        uint64_t pos; /* records before it were given */
        int wd;
        bool changed;
} RingView;

typedef struct RingWatch {
        int jobs_fd,
                inotify_fd; /* inotify_fd -EMFILE: the user has no instance left, all is read each time */
        int jobs_wd;
        RingView *views;
        size_t n;
        bool jobs_changed;
} RingWatch;

/* Return: 0, negative errno with reterr said. */
int ring_watch_open(RingWatch *w, Error *reterr);
void ring_watch_done(RingWatch *w);

/* Takes a record, or leaves it. Return: 0; a negative errno ends the reading. */
typedef int (*RecordSink)(void *userdata, Entry *e);

/* Gives all records that came since the last call, at first all that there are; a run's in their order.
 * Return: 0, negative errno. */
int ring_watch_read(RingWatch *w, RecordSink sink, void *userdata);
