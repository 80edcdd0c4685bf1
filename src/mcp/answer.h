/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/tools.h"

/* What the tools' answers are put together from. */

/* How much of a job's output an answer holds, in bytes, unless more was asked for. */
#define OUTPUT_DEFAULT 8000

/* Puts the job into the facts, and what a person would read about it into the text. */
int answer_job(ToolAnswer *a, const Job *j);

/* What there is to say of a job that is over, but its last lines. Return: 0, -ENOMEM. */
int answer_post_mortem(ToolAnswer *a, const Job *j);

/* The same, in brief, for the jobs from `first` on that an answer can hold. Return: how many these are,
 * negative errno. */
ssize_t answer_jobs(ToolAnswer *a, const JobList *l, size_t first);

/* "web: exited with code 7 (ran 3.2s)". */
int answer_end(ToolAnswer *a, const Job *j);

/* The newest lines that fit into `max` bytes of JSON. */
typedef struct OutputText {
        Buf text;
        size_t max;
        uint64_t left_out, last_seq;
} OutputText;

/* A LogSink; userdata: an OutputText. */
int output_take(void *userdata, const LogLine *line);

void output_done(OutputText *o);

/* Ends the collecting and puts it into the answer. */
int answer_output(ToolAnswer *a, OutputText *o);

/* The last lines of the job's run; the client has read them then. Return: 0, negative errno. */
int answer_tail(ToolAnswer *a, Session *s, const Job *j, uint64_t lines, size_t max);

/* The last line of an answer: "[web ready · 3min · :3000 · 14 new lines]". */
int answer_state(ToolAnswer *a, const Session *s, const Job *j);
