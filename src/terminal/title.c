/* SPDX-License-Identifier: MIT */
#include "sdbg/text/utf8.h"

#include "terminal/title.h"

#define ESC '\033'
#define BEL '\a'
#define CAN '\030'
#define SUB '\032'
#define DEL '\177'

enum {
        GROUND,
        ESCAPE,    /* behind ESC */
        COMMAND,   /* behind OSC */
        SEPARATOR, /* behind its 0 or 2 */
        TEXT,
        TEXT_ESCAPE, /* behind an ESC, which ends the text or breaks it off */
};

static void set(Title *t) {
        size_t whole = 0;
        int k;

        while (whole < t->n && (k = utf8_decode(t->next + whole, t->n - whole, NULL)) != -EAGAIN)
                whole += MAX(k, 1);
        memcpy(t->text, t->next, whole);
        t->text[whole] = '\0';
}

static int take_text(Title *t, char c) {
        if (c == BEL) {
                set(t);
                return GROUND;
        }
        if (c == CAN || c == SUB)
                return GROUND;
        if ((unsigned char) c >= ' ' && c != DEL && t->n < sizeof(t->next) - 1)
                t->next[t->n++] = c;
        return TEXT;
}

static int take(Title *t, char c) {
        if (c == ESC)
                return t->phase == TEXT ? TEXT_ESCAPE : ESCAPE;
        switch (t->phase) {
        case TEXT_ESCAPE:
        case ESCAPE:
                if (c == '\\' && t->phase == TEXT_ESCAPE)
                        set(t);
                return c == ']' ? COMMAND : GROUND;
        case COMMAND:
                return c == '0' || c == '2' ? SEPARATOR : GROUND;
        case SEPARATOR:
                t->n = 0;
                return c == ';' ? TEXT : GROUND;
        case TEXT:
                return take_text(t, c);
        default:
                return GROUND;
        }
}

void title_take(Title *t, const char *data, size_t len) {
        const char *end = data + len;

        while (data < end) {
                if (t->phase == GROUND && !(data = memchr(data, ESC, (size_t) (end - data))))
                        return;
                t->phase = take(t, *data++);
        }
}
