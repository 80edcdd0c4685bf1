/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "sdbg/base/buf.h"

char *buf_reserve(Buf *b, size_t extra) {
        size_t cap;
        char *data;

        if (b->oom || extra > SIZE_MAX / 2 - b->len) {
                b->oom = true;
                return NULL;
        }
        if (b->data && b->cap - b->len >= extra)
                return b->data + b->len;

        cap = MAX(b->len + extra, MAX(b->cap * 2, (size_t) 64));
        data = realloc(b->data, cap);
        if (!data) {
                b->oom = true;
                return NULL;
        }

        b->data = data;
        b->cap = cap;
        return b->data + b->len;
}

void buf_append(Buf *b, const void *data, size_t len) {
        char *p = buf_reserve(b, len);

        if (!p || len == 0)
                return;
        memcpy(p, data, len);
        b->len += len;
}

void buf_append_str(Buf *b, const char *s) {
        buf_append(b, s, strlen(s));
}

void buf_append_char(Buf *b, char c) {
        buf_append(b, &c, 1);
}

void buf_printf(Buf *b, const char *format, ...) {
        _cleanup_free_ char *s = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&s, format, ap);
        va_end(ap);
        if (r < 0) {
                s = NULL;
                b->oom = true;
                return;
        }
        buf_append(b, s, r);
}

void buf_consume(Buf *b, size_t len) {
        b->len -= len;
        if (b->len > 0)
                memmove(b->data, b->data + len, b->len);
}

void buf_done(Buf *b) {
        free(b->data);
        *b = (Buf){};
}

char *buf_take(Buf *b) {
        char *s;

        buf_append_char(b, '\0');
        if (b->oom) {
                buf_done(b);
                return NULL;
        }
        s = TAKE_PTR(b->data);
        buf_done(b);
        return s;
}
