/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"

/* Which neighbouring lines say the same: equal ones, and the states of one progress display, of which the
 * last is worth reading. */

/* Appends to `out` what a line has in common with those it may be folded with: of a progress display what
 * stays while it advances, else the line itself. Lines are folded where both the answer and what is appended
 * are the same. A line counts as progress when it has "3/400", "12%" or a bar like "[===>   ]" in it; one that
 * begins with "[3/400]", "(3/400)" or "[ 12%]" folds with its like whatever follows.
 * text: one printable line without newline. Out of memory shows in out->oom.
 * Return: whether the line is progress. */
bool collapse_key(Buf *out, const char *text, size_t len);
