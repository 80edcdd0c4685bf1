/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/text/status-row.h"

/* The status line of an attached terminal: the job's name, its state, for how long it has run, and the keys
 * that leave it. */
typedef struct StatusLine {
        const char *job;
        StatusRow row;
        char left[160], right[48];
        usec_t next; /* when to look at the job again, CLOCK_MONOTONIC; USEC_INFINITY: there is no status line */
        bool is_shown;
        Buf out;
} StatusLine;

#define STATUS_LINE_NONE                                                                                     \
        (StatusLine) {                                                                                       \
                .next = USEC_INFINITY                                                                        \
        }

/* Begins one on stdout. keys: that leave the job; "": none do. */
void status_line_begin(StatusLine *l, const char *job, const char *keys, bool read_only);
bool status_line_is_on(const StatusLine *l);
/* Takes the terminal's new size. Return: how many rows are the job's. */
int status_line_resize(StatusLine *l, int cols, int rows);
/* Prints what the job does, with or without a status line. Return: 0; negative errno of write(2). */
int status_line_pass(StatusLine *l, const char *data, size_t len, usec_t now);
/* Return: whether the job's screen is to be drawn anew; asked once. */
bool status_line_wants_screen(StatusLine *l);
/* To be called at `next`. */
void status_line_tick(StatusLine *l, usec_t now);
/* Gives the row back, and the memory; the second time it does nothing. */
void status_line_end(StatusLine *l);
