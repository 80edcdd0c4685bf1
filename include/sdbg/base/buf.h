/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* A growing run of bytes. Zero-initialised it is empty; `data` is not NUL-terminated. A failed
 * allocation is remembered in `oom` and makes every later append a no-op, so that a row of appends
 * needs one check at its end. */
typedef struct Buf {
        char *data;
        size_t len;
        size_t cap;
        bool oom;
} Buf;

/* Makes room for `extra` more bytes. Return: where they go, or NULL without memory. */
char *buf_reserve(Buf *b, size_t extra);

/* Append a copy of the bytes, of a string without its NUL, of one character, of what printf(3) makes of the format.
 * Without memory the buffer stays as it was but for `oom`, and takes nothing more. */
void buf_append(Buf *b, const void *data, size_t len);
void buf_append_str(Buf *b, const char *s);
void buf_append_char(Buf *b, char c);
void buf_printf(Buf *b, const char *format, ...) _printf_(2, 3);

/* Drops the first `len` bytes. */
void buf_consume(Buf *b, size_t len);

/* Frees the memory and makes the buffer empty. */
void buf_done(Buf *b);

/* Hands the bytes over as a NUL-terminated string that the caller frees, and empties the buffer.
 * Return: NULL without memory, now or at an earlier append. */
char *buf_take(Buf *b);

#define _cleanup_buf_ _cleanup_(buf_done)
