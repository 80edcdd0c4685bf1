/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* Regular expressions in Perl's syntax (pcre2pattern(3)), over UTF-8. */

typedef struct Regex Regex;

/* Return: 0; -EINVAL with reterr telling what is wrong and where. */
int regex_compile(const char *pattern, bool ignore_case, Regex **ret, Error *reterr);
void regex_free(Regex *r);
DEFINE_CLEANUP_FUNC(Regex *, regex_free);
#define _cleanup_regex_ _cleanup_(regex_freep)

/* Return: 1 it matches somewhere; 0 it does not; -E2BIG the search was given up, since the expression
 * explodes on this text. */
int regex_match(const Regex *r, const char *text, size_t len);

/* Says that a search was given up, and why that may be. Return: -E2BIG. */
int regex_given_up(Error *reterr);

/* The name of the (*MARK:NAME) that the last successful match has passed. Return: borrowed; NULL: none. */
const char *regex_mark(const Regex *r);
