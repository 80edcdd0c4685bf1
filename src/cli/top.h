/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/output/top.h"

typedef struct TopRequest {
        JobSelection select;
        usec_t delay;
} TopRequest;

/* Looks at the selected jobs anew. Return: 0, negative errno with reterr said. */
int top_sample(Manager *m, const JobSelection *s, const char *project, Top *io, Error *reterr);

/* Shows the table on the terminal until it is left. `top` holds the first sample.
 * Return: the exit code, 128+n for signal n; negative errno with reterr said. */
int top_screen(Manager *m, const TopRequest *q, const char *project, const TableStyle *style, Top *top,
               Error *reterr);
