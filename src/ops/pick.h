/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/logs.h"
#include "sdbg/text/errors.h"
#include "sdbg/text/regex.h"

/* Which lines are given out, and which of their neighbours with them. */

typedef struct Pick {
        Stream stream; /* _STREAM_INVALID: all */
        usec_t since, until;
        Regex *grep;
        bool invert;
        ErrorPatterns *errors;
        uint64_t before, after; /* lines of context */
} Pick;

#define PICK_ALL                                                                                             \
        (Pick) {                                                                                             \
                .stream = _STREAM_INVALID, .until = USEC_INFINITY                                            \
        }

/* What is known of one source while its lines pass by. */
typedef struct PickState {
        uint64_t counts_from; /* lines before it are context at most */
        LogLine *held;        /* the last lines that were not given, as own copies, in a circle */
        uint64_t n_held, next_held;
        uint64_t after_left;
        int pattern;    /* of the error that is going on; negative: none */
        unsigned block; /* lines of it so far */
        bool given;     /* some line was */
        bool passed;    /* others were passed over since */
} PickState;

#define PICK_STATE_INIT                                                                                      \
        (PickState) {                                                                                        \
                .pattern = -1                                                                                \
        }

void pick_done(Pick *p);
void pick_state_done(PickState *s);

/* Fills *ret from the request. Return: 0, negative errno with reterr said. */
int pick_prepare(Pick *ret, const LogsRequest *q, Error *reterr);

/* Return: whether any line may be left out. */
bool pick_is_choosy(const Pick *p);

/* Return: whether lines are looked for, beside which context may be given. */
bool pick_is_search(const Pick *p);

/* Whether the line itself is asked for. Return: 1, 0, negative errno (-E2BIG: the expression explodes). */
int pick_is_hit(const Pick *p, const LogLine *line);

/* Gives the line to `sink` where it is asked for or near to one that is. only_after: no more hits are wanted,
 * but what follows the last one.
 * Return: 1 it was asked for and is given; 0 not; -ECANCELED the context is at its end (only_after: the line
 * was not taken); negative errno, also the sink's. */
int pick_take(const Pick *p, PickState *s, const LogLine *line, bool only_after, LogSink sink,
              void *userdata);

/* A copy with bytes of its own, to be freed by the caller. Return: 0, -ENOMEM. */
int log_line_copy(LogLine *ret, const LogLine *line);
void log_line_free(LogLine *line);
