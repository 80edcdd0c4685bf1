/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/config/config.h"

#include "mcp/tools.h"

/* What sdbg.conf lets agents do. Not a sandbox: a job may do all that the user may. It keeps an agent that
 * means well from what its user does not want. */

typedef enum Verdict {
        VERDICT_REFUSED, /* reterr says why */
        VERDICT_ASK,     /* the user is to be asked first */
        VERDICT_ALLOWED,
} Verdict;

/* Judges a call, whose request is filled in, and gives a start the defaults that it does not set itself. */
Verdict policy_judge(const Config *c, const Tool *t, void *request, Error *reterr);

/* The command line of a call that starts something, for the user to read. Return: the caller frees it; NULL
 * where there is none. */
char *policy_command(const Tool *t, const void *request);
