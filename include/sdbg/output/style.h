/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "sdbg/base/macro.h"

/* What the place where output goes can show. */

/* Return: the width of the terminal on f, at least 1; 0 where it is none. */
size_t terminal_width(FILE *f);

/* Whether f is a terminal with colours and nobody refused them: neither `refused` nor $NO_COLOR
 * (https://no-color.org: set and not empty) nor TERM=dumb. */
bool wants_color(FILE *f, bool refused);

/* Whether the locale's characters are UTF-8 (nl_langinfo(3)). */
bool locale_is_utf8(void);

/* Prints words of sdbg's own, with "..." for each "…" where the locale has no such character. */
void put_words(FILE *f, const char *words);
