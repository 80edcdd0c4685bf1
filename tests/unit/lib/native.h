/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"

/* A reader of the native journal protocol, as journald is one. */

/* Reads the field at *p and moves *p behind it. `field` becomes "NAME=value", as
 * sd_journal_enumerate_data(3) gives it. Aborts where the bytes are no such field.
 * Return: false at the end. */
bool native_next(const char **p, const char *end, Buf *field);

/* The value of a field that stands in the entry once at most. Return: false where it does not stand
 * there. */
bool native_get(const Buf *entry, const char *name, Buf *value);
