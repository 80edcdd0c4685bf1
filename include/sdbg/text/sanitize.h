/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"

/* Makes text that journalctl prints as it is. journalctl (systemd 252 to 261, logs-show.c) shows
 * "[N blob data]" for a message with invalid UTF-8, a control byte other than \n and \t, U+007F to
 * U+009F, a noncharacter, or an escape sequence that is not a colour. */

/* Return: whether the bytes are printable text already, so that sanitize() would not change them. */
bool sanitize_is_clean(const char *data, size_t len);

/* Appends the printable form of `data` (any number of lines) to `out`: escape sequences and control
 * bytes are left out, invalid UTF-8 becomes U+FFFD, a line redrawn with \r keeps its last state, \b
 * takes back a character. Newlines stay where they are. Out of memory shows in out->oom. */
void sanitize(Buf *out, const char *data, size_t len);

/* As sanitize(), but colours (SGR sequences, ECMA-48) stay. */
void sanitize_keep_color(Buf *out, const char *data, size_t len);

/* Where a line must be cut before its newline has come: the largest length <= len at which neither a
 * UTF-8 sequence nor an escape sequence is cut in two, or len where the tail is too long to be one. */
size_t sanitize_cut(const char *data, size_t len);
