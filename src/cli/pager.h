/* SPDX-License-Identifier: MIT */
#pragma once

#include "cli/cli.h"

/* Has what is printed to stdout shown by a pager: $SDBG_PAGER, $PAGER, or less(1). Where either is "cat" or
 * empty, stdout is no terminal, or the terminal is dumb, there is none.
 * Return: whether there is one; a write then fails with EPIPE when it is left. */
bool pager_open(void);

/* Waits until the pager is left. */
void pager_close(void);
