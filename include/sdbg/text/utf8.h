/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, nothing above U+10FFFF. */

/* Decodes the code point at p (len > 0 bytes are there); `ret` may be NULL.
 * Return: its length in bytes; -EINVAL for a byte that begins no sequence or a broken one; -EAGAIN
 * where the bytes end inside a sequence that is good so far. */
int utf8_decode(const char *p, size_t len, uint32_t *ret);

/* Return: whether all `len` bytes are whole sequences; no bytes are valid. */
bool utf8_is_valid(const char *p, size_t len);

/* Columns that the code point takes on a terminal: 0 (combining), 1 or 2 (wide); wcwidth(3) under the
 * locale in force, 1 where it does not know. */
int utf8_columns(uint32_t c);
