/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/time.h"

/* Text cut down to a size on the borders of lines: its beginning is printed at once, its end is kept, and what
 * was between is counted in its place. */

#define EXCERPT_MIN 200

typedef struct Excerpt {
        FILE *f;
        size_t max;     /* bytes, at least EXCERPT_MIN */
        bool json;      /* lines are documents, which are not cut */
        size_t printed; /* of the beginning */
        bool head_done;
        Buf tail;
        size_t tail_at;   /* where in it the oldest line begins */
        uint64_t lines;   /* in the tail */
        uint64_t missing; /* lines left out */
} Excerpt;

/* Takes one line, newline included. A line that would take more than a quarter of the room is cut.
 * Return: 0, -ENOMEM, negative errno of writing. */
int excerpt_add(Excerpt *e, const char *text, size_t len);

/* Prints the rest. Return: as excerpt_add(). */
int excerpt_end(Excerpt *e);

/* Frees what it holds. */
void excerpt_done(Excerpt *e);
