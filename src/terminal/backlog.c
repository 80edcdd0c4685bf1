/* SPDX-License-Identifier: MIT */
#include "sdbg/text/utf8.h"

#include "terminal/backlog.h"

#define DEL '\177'

/* The bytes of a character. */
#define UTF8_MAX 4

/* Return: whether it may wait, as far as it goes. */
static bool is_sgr(const Backlog *b) {
        return b->n < sizeof(b->held) && strspn(b->held, "0123456789;:") == b->n;
}

/* Return: whether the control sequence sets looks only. */
static bool end_control(Backlog *b, char final) {
        if (final == 'r' && is_sgr(b))
                b->has_region = b->n > 0;
        else if (final == 'h' && *b->held == '?') /* DECLRMM allows margins at the sides */
                b->has_margins |= strstr(b->held, "69") != NULL;
        return final == 'm' && is_sgr(b);
}

static bool take_control(Backlog *b, char c) {
        if (b->phase == ESCAPE_NONE)
                return end_control(b, c);
        if (b->n < sizeof(b->held) - 1)
                b->held[b->n] = c;
        b->n++;
        return is_sgr(b);
}

/* The byte behind ESC. */
static bool begin(Backlog *b, char c) {
        if (c == 'c')
                b->has_region = b->has_margins = false;
        b->n = 0;
        memset(b->held, 0, sizeof(b->held));
        return b->phase == ESCAPE_CONTROL;
}

/* Return: whether the byte may wait. */
static bool take(Backlog *b, char c) {
        EscapePhase before = b->phase;

        b->phase = escape_next(before, c);
        if (c == ESC)
                return before == ESCAPE_NONE;
        if (c == CAN || c == SUB)
                return false;
        switch (before) {
        case ESCAPE_NONE:
                return ((unsigned char) c >= ' ' && c != DEL) || c == '\r' || c == '\n' || c == '\t';
        case ESCAPE_BEGUN:
                return begin(b, c);
        case ESCAPE_CONTROL:
                return take_control(b, c);
        default:
                return false;
        }
}

bool backlog_take(Backlog *b, const char *data, size_t len) {
        /* What waits begins outside of any sequence. */
        bool waits = b->text.len > 0 || b->phase == ESCAPE_NONE;

        for (size_t i = 0; i < len; i++)
                waits &= take(b, data[i]);
        if (!waits)
                return false;
        buf_append(&b->text, data, len);
        waits = !b->text.oom;
        b->text.oom = false;
        return waits;
}

size_t backlog_whole(const Backlog *b, const char *data, size_t len) {
        for (size_t n = 1; b->phase == ESCAPE_NONE && n < UTF8_MAX && n <= len; n++)
                if (utf8_decode(data + len - n, n, NULL) == -EAGAIN)
                        return len - n;
        return len;
}

/* Where the last `lines` lines begin, at the left margin. Return: 0 where there is no such place. */
static size_t find_last_lines(const Buf *text, size_t lines) {
        size_t at = text->len;

        while (at > 0) {
                const char *newline = memrchr(text->data, '\n', at);

                if (!newline)
                        return 0;
                at = newline - text->data;
                if (lines > 0)
                        lines--;
                else if (at > 0 && newline[-1] == '\r')
                        return at + 1;
        }
        return 0;
}

/* "\033[m" and the like, which take back all that was set before. */
static bool is_reset(const char *sequence, size_t len) {
        return len == 3 || sequence[2] == ';' || (sequence[2] == '0' && strchr(";m", sequence[3]));
}

void backlog_shorten(Backlog *b, int rows) {
        /* Until the cursor is in the last row, and from there on until all rows are new ones. */
        size_t cut = b->has_region || b->has_margins ? 0 : find_last_lines(&b->text, 2 * (size_t) rows);
        const char *p, *end;
        Buf shorter = {};

        if (cut == 0)
                return;
        p = b->text.data;
        end = p + cut;
        while ((p = memchr(p, ESC, end - p))) {
                const char *behind = (const char *) memchr(p, 'm', end - p) + 1;

                if (is_reset(p, behind - p))
                        shorter.len = 0;
                buf_append(&shorter, p, behind - p);
                p = behind;
        }
        buf_append(&shorter, end, b->text.len - cut);
        if (shorter.oom) {
                buf_done(&shorter);
                return;
        }
        buf_done(&b->text);
        b->text = shorter;
}
