/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/log-text.h"

/* What the tools' answers are put together from. */

/* Puts the job into the facts, and what a person would read about it into the text. */
int answer_job(ToolAnswer *a, const Job *j);

/* What there is to say of a job that is over, but its last lines. Return: 0, -ENOMEM. */
int answer_post_mortem(ToolAnswer *a, const Job *j);

/* The same, in brief, for the jobs from `first` on that an answer can hold. Return: how many these are,
 * negative errno. */
ssize_t answer_jobs(ToolAnswer *a, const JobList *l, size_t first);

/* "web: exited with code 7 (ran 3.2s)". */
int answer_end(ToolAnswer *a, const Job *j);

/* The last line of an answer: "[web ready · 3min · :3000 · 14 new lines]". */
int answer_state(ToolAnswer *a, const Session *s, const Job *j);

/* An error as a model sees it: adds it to the text. Return: the same as facts, which the caller frees; NULL without
 * memory. */
Json *answer_error(const Error *e, Buf *text);
