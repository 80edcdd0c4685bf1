/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/base/time.h"

typedef struct AttachOptions {
        const char *detach_keys; /* NULL: Ctrl+B */
        bool read_only;
        bool status_line;    /* in the last row */
        bool from_start;     /* all that the job has printed, not its present screen */
        usec_t detach_after; /* 0: never */
} AttachOptions;

typedef enum AttachEnd {
        ATTACH_DETACHED, /* by its keys, or a signal: the job goes on */
        ATTACH_ENDED,    /* the job is over, and all its output was shown */
        ATTACH_LOST,     /* the supervisor is gone without a word */
} AttachEnd;

/* Makes the caller's terminal the job's until one of them ends it; the terminal is then as it was before.
 * Return: an AttachEnd; negative errno with reterr said (usage; job-not-running where the job is over
 * already). */
int attach_terminal(const char *job, const AttachOptions *o, Error *reterr);

/* Says how to come back. */
void attach_say_detached(const char *job);
