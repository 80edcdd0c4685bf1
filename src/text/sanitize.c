/* SPDX-License-Identifier: MIT */
#include "sdbg/text/sanitize.h"
#include "sdbg/text/utf8.h"

#define ESC '\033'
#define BEL '\a'
#define REPLACEMENT "\xEF\xBF\xBD"

/* No program writes longer ones in earnest; the bound keeps a stray ESC from swallowing text. */
#define ESCAPE_MAX 256

static bool is_printable(uint32_t c) {
        if (c < 0x20)
                return c == '\t' || c == '\n';
        if (c >= 0x7F && c < 0xA0)
                return false;
        return !(c >= 0xFDD0 && c <= 0xFDEF) && (c & 0xFFFE) != 0xFFFE;
}

/* Whether BLOCK bytes are plain ASCII text: without a branch in it, the loop is done for many at once. */
#define BLOCK 64

static bool is_plain_block(const char *p) {
        unsigned bad = 0;

        for (size_t i = 0; i < BLOCK; i++) {
                unsigned char c = p[i];

                bad |= ((unsigned char) (c - 0x20) > 0x7E - 0x20) & (c != '\n') & (c != '\t');
        }
        return !bad;
}

bool sanitize_is_clean(const char *data, size_t len) {
        const char *p = data, *end = data + len;

        while (p < end) {
                uint32_t c;
                int n;

                if (end - p >= BLOCK && is_plain_block(p)) {
                        p += BLOCK;
                        continue;
                }
                if (*p >= 0x20 && *p < 0x7F) {
                        p++;
                        continue;
                }
                n = utf8_decode(p, end - p, &c);
                if (n < 0 || !is_printable(c))
                        return false;
                p += n;
        }
        return true;
}

/* Length of the run of bytes from `low` to `high` at p. */
static size_t run_of(const char *p, const char *end, unsigned char low, unsigned char high) {
        const char *q = p;

        while (q < end && (unsigned char) *q >= low && (unsigned char) *q <= high)
                q++;
        return q - p;
}

/* Length of a control string (OSC, DCS, …) that begins at p, or 0 where its end is not there. */
static size_t control_string(const char *p, const char *end) {
        for (const char *q = p + 2; q < end && *q != '\n'; q++) {
                if (*q == BEL)
                        return q + 1 - p;
                if (*q == ESC)
                        return q + 1 < end ? (size_t) (q + (q[1] == '\\' ? 2 : 0) - p) : 0;
        }
        return 0;
}

/* Length of the escape sequence at p (*p is ESC), by the grammar of ECMA-48; 0 where the bytes end
 * inside it. What breaks the grammar ends the sequence. */
static size_t escape_length(const char *p, const char *end) {
        const char *q = p + 1;

        if (q >= end)
                return 0;
        if (strchr("]PX^_", *q) && *q)
                return control_string(p, end);

        if (*q == '[') {
                q++;
                q += run_of(q, end, 0x30, 0x3F);
        }
        q += run_of(q, end, 0x20, 0x2F);
        if (q >= end)
                return 0;
        return q - p + ((unsigned char) *q >= 0x30 && (unsigned char) *q < 0x7F);
}

static bool is_color(const char *p, size_t len) {
        return len >= 3 && p[1] == '[' && p[len - 1] == 'm' && run_of(p + 2, p + len, '0', ';') == len - 3;
}

/* The text made so far of the line that is being read. */
typedef struct Line {
        Buf *out;
        size_t start;
        size_t floor; /* the end of the last colour: \b takes back what comes behind it only */
        bool redraw;  /* a \r came: the next character begins the line anew */
        bool keep_color;
} Line;

static void put(Line *l, const char *p, size_t len) {
        if (l->redraw) {
                l->out->len = l->floor = l->start;
                l->redraw = false;
        }
        buf_append(l->out, p, len);
}

static void take_back(Line *l) {
        size_t floor = MAX(l->start, l->floor);
        Buf *b = l->out;

        while (!l->redraw && b->len > floor && ((unsigned char) b->data[--b->len] & 0xC0) == 0x80)
                ;
}

static size_t put_escape(Line *l, const char *p, const char *end) {
        size_t n = escape_length(p, end);

        if (n == 0 || n > ESCAPE_MAX)
                return 1; /* unfinished: the ESC goes, what follows it is text */
        if (l->keep_color && is_color(p, n)) {
                buf_append(l->out, p, n);
                l->floor = l->out->len;
        }
        return n;
}

static size_t put_next(Line *l, const char *p, const char *end) {
        uint32_t c;
        int n;

        switch (*p) {
        case '\n':
                buf_append_char(l->out, '\n');
                l->start = l->out->len;
                l->redraw = false;
                return 1;
        case '\r':
                l->redraw = true;
                return 1;
        case '\b':
                take_back(l);
                return 1;
        case ESC:
                return put_escape(l, p, end);
        default:
                n = utf8_decode(p, end - p, &c);
                if (n < 0) {
                        put(l, REPLACEMENT, strlen(REPLACEMENT));
                        return n == -EAGAIN ? (size_t) (end - p) : 1;
                }
                if (is_printable(c))
                        put(l, p, n);
                else if (c >= 0xFDD0)
                        put(l, REPLACEMENT, strlen(REPLACEMENT));
                return n;
        }
}

static void sanitize_full(Buf *out, const char *data, size_t len, bool keep_color) {
        const char *p = data, *end = data + len;
        Line l = { .out = out, .start = out->len, .keep_color = keep_color };

        while (p < end) {
                size_t n = run_of(p, end, 0x20, 0x7E);

                if (n > 0)
                        put(&l, p, n);
                else
                        n = put_next(&l, p, end);
                p += n;
        }
}

void sanitize(Buf *out, const char *data, size_t len) {
        sanitize_full(out, data, len, false);
}

void sanitize_keep_color(Buf *out, const char *data, size_t len) {
        sanitize_full(out, data, len, true);
}

size_t sanitize_cut(const char *data, size_t len) {
        const char *end = data + len;
        size_t cut = len;

        for (size_t back = 1; back <= MIN(len, (size_t) ESCAPE_MAX); back++) {
                if (end[-(ptrdiff_t) back] != ESC)
                        continue;
                if (back < len && escape_length(end - back, end) == 0)
                        cut = len - back;
                /* An ESC at the very end may be half of the ESC \ of a control string before it. */
                if (back > 1)
                        break;
        }
        if (cut < len)
                return cut;

        for (size_t back = 1; back <= MIN(len, (size_t) 3); back++) {
                if (((unsigned char) end[-(ptrdiff_t) back] & 0xC0) == 0x80)
                        continue;
                if (back < len && utf8_decode(end - back, back, NULL) == -EAGAIN)
                        return len - back;
                break;
        }
        return len;
}
