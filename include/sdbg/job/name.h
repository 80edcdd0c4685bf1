/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* Names of jobs, groups and units. */

#define JOB_NAME_MAX 64
#define UNIT_PREFIX "bgjob-"
#define JOB_SLICE "bgjob.slice"

/* Whether `s` is [a-z0-9][a-z0-9._-]{0,63}. reterr says what is wrong with it, and offers the nearest
 * name that would do. Return: 0, -EINVAL. */
int job_name_check(const char *s, Error *reterr);

/* As a job's name, but without '-', which systemd.slice(5) reads as nesting. Return: 0, -EINVAL. */
int group_name_check(const char *s, Error *reterr);

/* A name made from the command: "npm-run-dev", "make"; "job" where nothing of it is left.
 * Return: a valid name that the caller frees, NULL without memory. */
char *job_name_from_command(char *const *argv);

/* Any text made into a valid name. Return: as job_name_from_command(). */
char *job_name_from_text(const char *s);

/* How many names job_name_numbered() is to be asked for before one gives up. */
#define JOB_NAMES_TRIED 1000

/* The n-th name to try, from 1 to JOB_NAMES_TRIED, where one made from a command may be taken: "web", "web-2",
 * "web-3", … Return: a valid name that the caller frees, NULL without memory. */
char *job_name_numbered(const char *base, unsigned n);

/* "web" → "bgjob-web.service". Return: a string that the caller frees, NULL without memory. */
char *unit_from_job(const char *name);

/* The reverse, for services and scopes. Return: the job's name that the caller frees; NULL for a unit
 * that is no job's. */
char *job_from_unit(const char *unit);

/* The slice of a group's jobs; of all jobs where group is NULL. Return: the caller frees it. */
char *slice_from_group(const char *group);

/* Whether two names are so near that one may be a typing error of the other. */
bool name_is_near(const char *a, const char *b);
