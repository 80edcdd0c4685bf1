/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* The argument vector as a POSIX shell would take it back, on one line of valid UTF-8 that is cut
 * with "…" after about `max` bytes: for showing, not for running.
 * Return: a string that the caller frees, or NULL without memory. */
char *quote_command(char *const *argv, size_t max);

/* Any bytes as one line of printable UTF-8 of about `max` bytes at most.
 * Return: a string that the caller frees, or NULL without memory. */
char *printable_line(const char *data, size_t len, size_t max);
