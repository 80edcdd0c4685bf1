/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"

/* Hears of every change to the jobs, from the state files that their supervisors replace (inotify(7)). */

typedef enum WatchKind {
        WATCH_STATE,  /* it stands otherwise now */
        WATCH_OUTPUT, /* it has printed something; only where asked for */
        WATCH_JOBS,   /* a job's files have come or gone */
} WatchKind;

/* job: as it stands now, borrowed; only its name is set but for WATCH_STATE. */
typedef void (*WatchSink)(void *userdata, WatchKind kind, const Job *job);

typedef struct Watch Watch;

/* Begins. Return: 0; negative errno, as where there is no runtime directory. */
int watch_open(Watch **ret);
void watch_free(Watch *w);
DEFINE_CLEANUP_FUNC(Watch *, watch_free);

/* Polls readable when there is something. */
int watch_fd(const Watch *w);

/* Also tells when that job prints something, or no longer. */
void watch_output(Watch *w, const char *job, bool on);

/* Tells what has happened, without waiting. Return: 0; -ENODEV the jobs' directory is gone: begin anew. */
int watch_read(Watch *w, WatchSink sink, void *userdata);
