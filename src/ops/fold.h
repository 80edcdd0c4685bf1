/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/ops/logs.h"
#include "sdbg/text/errors.h"

/* Folds neighbouring lines that say the same into one with a count. */
typedef struct Fold {
        LogSink sink;
        void *userdata;
        ErrorPatterns *errors; /* an error in a progress display is shown in any case */
        LogLine line;          /* what is held back, as an own copy */
        bool has_line, progress;
        Buf key;
        LogLine *last; /* of the folded lines, as own copies, in a circle */
        uint64_t last_max, last_n;
} Fold;

/* last: only so many of the folded lines are given, by fold_give_last(); UINT64_MAX: all, at once.
 * Return: 0, negative errno with reterr said. */
int fold_prepare(Fold *f, uint64_t last, LogSink sink, void *userdata, Error *reterr);
void fold_done(Fold *f);

/* A LogSink: userdata is the Fold. */
int fold_take(void *userdata, const LogLine *line);

/* Gives out what is held back. Return: 0, negative errno of the sink. */
int fold_flush(Fold *f);

/* Gives out the last lines, where only these are wanted; what comes after is given at once.
 * Return: as fold_flush(). */
int fold_give_last(Fold *f);
