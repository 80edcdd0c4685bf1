/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "sdbg/text/status-row.h"

#define ROWS_MIN 3

/* A cursor that is saved for longer is not about to be restored. */
#define SAVED_USEC USEC_PER_SEC

static bool has_row(const StatusRow *s) {
        return s->rows >= ROWS_MIN;
}

int status_row_rows(const StatusRow *s) {
        return has_row(s) ? s->rows - 1 : s->rows;
}

/* Setting the region moves the cursor. */
static void set_region(StatusRow *s, Buf *out) {
        if (has_row(s))
                buf_printf(out, "\0337\033[1;%dr\0338", s->rows - 1);
        s->is_damaged = true;
}

void status_row_resize(StatusRow *s, int cols, int rows, Buf *out) {
        s->cols = cols;
        s->rows = rows;
        set_region(s, out);
}

static void limit_region(const StatusRow *s, Buf *out) {
        int top = 0, bottom = 0;

        if (sscanf(s->held + 2, "%d;%d", &top, &bottom) == 0)
                (void) sscanf(s->held + 2, ";%d", &bottom);
        if (bottom <= 0 || bottom >= s->rows)
                bottom = s->rows - 1;
        buf_printf(out, "\033[%d;%dr", MAX(top, 1), bottom);
}

/* A program may go to the last row by one far below it. */
static void limit_position(const StatusRow *s, Buf *out) {
        char *rest;
        long row = strtol(s->held + 2, &rest, 10);

        buf_printf(out, "\033[%ld%s", MIN(row, s->rows - 1L), rest);
}

/* Whether a private mode is among those set that empty the screen or switch to another. */
static bool switches_screen(const char *parameters) {
        static const int modes[] = { 3, 47, 1047, 1049 };

        for (const char *p = parameters; *p; p += strcspn(p, ";") + (strchr(p, ';') ? 1 : 0)) {
                int mode = atoi(p);

                for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                        if (mode == modes[i])
                                return true;
        }
        return false;
}

/* Return: whether the sequence that is held was passed on so that it means nothing below the program's rows. */
static bool keep_above(const StatusRow *s, char final, Buf *out) {
        const char *parameters = s->held + 2;

        if (!has_row(s) || strspn(parameters, "0123456789;") != s->n - 3)
                return false;
        if (final == 'r')
                limit_region(s, out);
        else if (strchr("Hfd", final) && atoi(parameters) >= s->rows)
                limit_position(s, out);
        else if (final == 'e') /* VPR goes beyond the region, CUD does not */
                buf_printf(out, "\033[%.*sB", (int) s->n - 3, parameters);
        else
                return false;
        return true;
}

/* A whole control sequence is held. */
static void end_control(StatusRow *s, usec_t now, Buf *out) {
        const char *parameters = s->held + 2;
        char final = s->held[s->n - 1];

        s->held[s->n] = '\0';
        if (keep_above(s, final, out))
                return;
        buf_append(out, s->held, s->n);
        if (final == 'J')
                s->is_damaged = true;
        else if ((final == 'h' || final == 'l') && *parameters == '?' && switches_screen(parameters + 1)) {
                s->is_lost |= final == 'l';
                set_region(s, out);
        } else if (final == 'p' && *parameters == '!')
                set_region(s, out);
        else if (final == 's' && s->n == 3)
                s->saved_at = now;
        else if (final == 'u' && s->n == 3)
                s->saved_at = 0;
}

static void take_control(StatusRow *s, char c, usec_t now, Buf *out) {
        s->held[s->n++] = c;
        if (s->phase == ESCAPE_NONE)
                end_control(s, now, out);
        else if (s->n < sizeof(s->held) - 1)
                return;
        else /* too long to be looked at */
                buf_append(out, s->held, s->n);
        s->n = 0;
}

/* The byte behind ESC; ESC itself is held. */
static void take_escape(StatusRow *s, char c, usec_t now, Buf *out) {
        s->held[s->n++] = c;
        if (s->phase == ESCAPE_CONTROL)
                return;
        buf_append(out, s->held, s->n);
        s->n = 0;
        if (c == '7')
                s->saved_at = now;
        else if (c == '8')
                s->saved_at = 0;
        else if (c == 'c')
                set_region(s, out);
        else if (c == '#') /* DECALN fills the screen */
                s->is_damaged = true;
}

static void count_lacking(StatusRow *s, unsigned char c) {
        if (c >= 0xc0)
                s->lacking = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        else if (c >= 0x80 && s->lacking > 0)
                s->lacking--;
        else
                s->lacking = 0;
}

static void take(StatusRow *s, char c, usec_t now, Buf *out) {
        EscapePhase before = s->phase;

        s->phase = escape_next(before, c);
        if (c == ESC || c == CAN || c == SUB) { /* they end whatever there was */
                buf_append(out, s->held, s->n);
                s->held[0] = c;
                s->n = c == ESC;
                s->lacking = 0;
                if (c != ESC)
                        buf_append_char(out, c);
        } else if (before == ESCAPE_BEGUN)
                take_escape(s, c, now, out);
        else if (before == ESCAPE_CONTROL && s->n > 0)
                take_control(s, c, now, out);
        else {
                buf_append_char(out, c);
                if (before == ESCAPE_NONE)
                        count_lacking(s, c);
        }
}

void status_row_pass(StatusRow *s, const char *data, size_t len, usec_t now, Buf *out) {
        for (size_t i = 0; i < len; i++)
                take(s, data[i], now, out);
}

bool status_row_draw(StatusRow *s, const char *left, const char *right, usec_t now, Buf *out) {
        /* The cursor is saved with its looks, its character set and its origin mode. */
        int room = s->cols - (int) strlen(left);

        if (!has_row(s) || s->phase != ESCAPE_NONE || s->lacking > 0 ||
            (s->saved_at > 0 && now < s->saved_at + SAVED_USEC))
                return false;
        buf_printf(out, "\0337\033[?6l\017\033(B\033[%d;1H\033[0;7m%.*s", s->rows, s->cols, left);
        if (room > (int) strlen(right))
                buf_printf(out, "%*s", room, right);
        else if (room > 0)
                buf_printf(out, "%*s", room, "");
        buf_append_str(out, "\033[m\0338");
        s->is_damaged = false;
        return true;
}

void status_row_leave(StatusRow *s, Buf *out) {
        if (has_row(s))
                buf_printf(out, "\0337\033[r\033[%d;1H\033[2K\0338", s->rows);
}
