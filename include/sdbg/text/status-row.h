/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/base/time.h"
#include "sdbg/text/escape.h"

/* The last row of a terminal, kept out of what a program prints above it by the scrolling region (DECSTBM of
 * XTerm Control Sequences). What the program prints is passed on as it is, but that a region it sets ends
 * above the row, and that the region is set again behind what resets it. */
#define STATUS_ROW_HELD 64

typedef struct StatusRow {
        int cols, rows; /* of the terminal; with less than three rows all are the program's */
        EscapePhase phase;
        char held[STATUS_ROW_HELD]; /* a control sequence that is not whole yet */
        size_t n;
        unsigned lacking; /* bytes of a UTF-8 character that is not whole yet */
        usec_t saved_at; /* when the program saved the cursor, which only one can at a time; 0: it needs it not */
        /* Another screen was left, and the cursor is where it was saved: in some terminals by whom it may be,
         * so that the program's screen is to be drawn anew. */
        bool is_lost;
        bool is_damaged; /* the program has erased the row, or may have */
} StatusRow;

/* Return: how many rows are the program's. */
int status_row_rows(const StatusRow *s);

/* Sets the terminal's size, at first and after changes. */
void status_row_resize(StatusRow *s, int cols, int rows, Buf *out);

/* Passes on what the program prints. now: CLOCK_MONOTONIC. */
void status_row_pass(StatusRow *s, const char *data, size_t len, usec_t now, Buf *out);

/* Draws the row: two texts of ASCII, the second at the right edge where there is room for it.
 * Return: whether it did; not within a sequence of the program's, nor while it has the cursor saved. */
bool status_row_draw(StatusRow *s, const char *left, const char *right, usec_t now, Buf *out);

/* Gives the row back, empty. */
void status_row_leave(StatusRow *s, Buf *out);
