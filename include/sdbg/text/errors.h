/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* Which lines look like errors: of compilers, linkers, test runners, build tools, interpreters, shells, and of
 * programs' own logs. What is looked for is data, see errors.c. */

typedef struct ErrorPatterns ErrorPatterns;

/* How an error is shown where nothing else is asked for: so many lines before and after it, and what belongs to
 * it (a traceback, the source that a compiler quotes), up to ERROR_BLOCK_MAX lines. */
#define ERROR_LINES_BEFORE 1
#define ERROR_LINES_AFTER 2
#define ERROR_BLOCK_MAX 40

/* Return: 0, negative errno with reterr said. */
int error_patterns_new(ErrorPatterns **ret, Error *reterr);
void error_patterns_free(ErrorPatterns *p);
DEFINE_CLEANUP_FUNC(ErrorPatterns *, error_patterns_free);
#define _cleanup_error_patterns_ _cleanup_(error_patterns_freep)

/* text: one printable line without newline.
 * Return: which pattern it fits, >= 0; -ENOENT: it looks like no error. */
int error_patterns_match(const ErrorPatterns *p, const char *text, size_t len);

/* Return: whether a line that follows belongs to an error of that pattern. */
bool error_patterns_goes_on(const ErrorPatterns *p, int pattern, const char *text, size_t len);

/* Return: the pattern's name ("compiler"), in static memory. */
const char *error_patterns_name(int pattern);
