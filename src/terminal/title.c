/* SPDX-License-Identifier: MIT */
#include "sdbg/text/utf8.h"

#include "terminal/title.h"

#define DEL '\177'

/* The control string that has come is whole. */
static void end(Title *t) {
        size_t whole = 2;
        int k;

        if (t->n < 2 || (*t->next != '0' && *t->next != '2') || t->next[1] != ';')
                return;
        while (whole < t->n && (k = utf8_decode(t->next + whole, t->n - whole, NULL)) != -EAGAIN)
                whole += MAX(k, 1);
        memcpy(t->text, t->next + 2, whole - 2);
        t->text[whole - 2] = '\0';
}

static void take(Title *t, char c) {
        EscapePhase before = t->phase;

        t->phase = escape_next(before, c);
        if (before == ESCAPE_BEGUN) {
                if (c == '\\' && t->is_open)
                        end(t);
                t->is_open = c == ']';
                t->n = 0;
        } else if (before == ESCAPE_STRING && t->is_open) {
                if (c == BEL)
                        end(t);
                else if ((unsigned char) c >= ' ' && c != DEL && t->n < sizeof(t->next) - 1)
                        t->next[t->n++] = c;
        }
        if (t->phase == ESCAPE_NONE)
                t->is_open = false;
}

void title_take(Title *t, const char *data, size_t len) {
        const char *end = data + len;

        while (data < end) {
                if (t->phase == ESCAPE_NONE && !(data = memchr(data, ESC, (size_t) (end - data))))
                        return;
                take(t, *data++);
        }
}
