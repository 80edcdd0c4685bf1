/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"
#include "sdbg/wire/batch.h"

/* What there is to say of a run that is over, beside the facts in its Job: how it compares with the runs
 * before it, what it printed that looks like the reason, and what may help. */

/* So many of the last runs of the same command are looked at, and so many lines and bytes are kept. */
#define POSTMORTEM_RUNS 20
#define POSTMORTEM_LINES 12
#define POSTMORTEM_BYTES 4000
#define POSTMORTEM_HINTS 3

typedef struct PostMortemLine {
        uint64_t seq;
        usec_t time;
        Stream stream;
        bool apart; /* it does not follow the one before */
        char *text; /* printable, on one line */
} PostMortemLine;

typedef struct PostMortem {
        char *summary; /* a sentence that says it all in short */

        size_t runs, successes;   /* earlier runs of this command that are known */
        usec_t usual_duration;    /* the median of those that succeeded; USEC_INFINITY where there is none */
        usec_t last_success;      /* when the last of them had ended, CLOCK_REALTIME; 0: none is known */
        uint64_t failed_in_a_row; /* this run included; 0: it has not failed */

        int memory_percent; /* of its limit, at the peak; negative: there is none, or it is not known */

        bool has_errors; /* the lines look like errors, with their context; else they are the last ones */
        PostMortemLine lines[POSTMORTEM_LINES];
        size_t n_lines;

        char **hints; /* what to try, one sentence each */
} PostMortem;

/* Frees what it holds; it is then empty. */
void post_mortem_done(PostMortem *p);
#define _cleanup_post_mortem_ _cleanup_(post_mortem_done)

/* For whoever shows the last lines anyway: leaves lines only where they look like errors. */
void post_mortem_drop_last_lines(PostMortem *p);

/* Looks into a run that has ended. What cannot be found out stays unknown. Return: 0, -ENOMEM. */
int op_post_mortem(const Job *j, PostMortem *ret);
