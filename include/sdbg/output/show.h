/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdio.h>

#include "sdbg/base/error.h"
#include "sdbg/doctor/doctor.h"
#include "sdbg/ops/events.h"
#include "sdbg/ops/jobs.h"
#include "sdbg/ops/logs.h"
#include "sdbg/ops/postmortem.h"
#include "sdbg/ops/wait.h"

/* Results as people and programs read them. */

/* Prints a JSON document on a line of its own and frees it. Return: 0, -ENOMEM. */
int show_json(FILE *f, Json *j);

/* An array of jobs. Return: 0, -ENOMEM. */
int show_jobs_json(FILE *f, const JobList *l);

/* All about one job, but its last lines. */
void show_job_status(FILE *f, const Job *j);

/* What there is to say of a run that is over, behind that; its lines last. */
void show_post_mortem(FILE *f, const Job *j, const PostMortem *p);

/* The same as the JSON object `post_mortem`. Return: an object that the caller frees, NULL without memory. */
Json *post_mortem_to_json(const PostMortem *p);

/* "web: ready after 1.2s, PID 4123, listens on 127.0.0.1:3000". reused: it was running already. */
void show_job_start(FILE *f, const Job *j, bool reused);

/* "web: exited with code 7 (ran 3.2s)". */
void show_job_end(FILE *f, const Job *j);

/* What came of the i-th job that was waited for, where something did: "web: is ready (after 1.2s)". */
void show_wait_outcome(FILE *f, const WaitResult *w, size_t i);

/* An array of jobs; where not their ends were waited for, each with `happened`, and for a line of the log
 * with `line` and `seq`. Return: 0, -ENOMEM. */
int show_wait_json(FILE *f, const WaitResult *w);

/* One event on a line of its own. Return: 0, -ENOMEM, negative errno of writing. */
int show_event(FILE *f, const Entry *e);
int show_event_json(FILE *f, const Entry *e);

/* One line or gap of a log. */
typedef struct LogStyle {
        bool json, raw, timestamps, color;
        bool prefix;    /* the job's name first */
        bool open_line; /* state: what was printed last has no newline yet */
} LogStyle;

/* "… 1,204 lines left out (cap) …", without a newline. */
void show_gap(FILE *f, uint64_t missing, const char *reason);

/* Prints one line, or gap, in that style. Return: 0, -ENOMEM, negative errno of writing. */
int show_log_line(FILE *f, LogStyle *style, const LogLine *line);

/* Ends a line that is still open. */
void show_log_end(FILE *f, LogStyle *style);

/* A file's change, as diff -u shows it, with its lines in one place. before, after: NULL where there is no file. */
void show_change(FILE *f, const char *path, const char *before, const char *after);

/* The checks of `sdbg doctor`. Return: 0, -ENOMEM. */
int show_checks(FILE *f, const CheckList *l);
int show_checks_json(FILE *f, const CheckList *l);

/* An error, with its hint: as text to stderr, or as JSON to stdout. */
void show_error(const Error *e, bool json);
