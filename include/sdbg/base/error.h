/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* What went wrong, as data: only the front ends print it. `code` is one of the stable strings that
 * scripts match on (static memory); `message` and `hint` are sentences without final stop, owned
 * here. An Error that is all zero means "nothing was said". */
typedef struct Error {
        const char *code;
        int errnum; /* positive errno value, or 0 */
        char *message;
        char *hint;
} Error;

/* The stable codes; the second half of each comment is the exit code of the front ends. */
#define ERROR_FAILED "failed"                           /* 1 */
#define ERROR_USAGE "usage"                             /* 2 */
#define ERROR_NO_SUCH_JOB "no-such-job"                 /* 3 */
#define ERROR_JOB_RUNNING "job-running"                 /* 4 */
#define ERROR_JOB_NOT_RUNNING "job-not-running"         /* 1 */
#define ERROR_ENDED_EARLY "ended-early"                 /* 5 */
#define ERROR_EXEC_FAILED "exec-failed"                 /* 5 */
#define ERROR_READY_TIMEOUT "ready-timeout"             /* 5 */
#define ERROR_PORT_IN_USE "port-in-use"                 /* 5 */
#define ERROR_MANAGER_UNREACHABLE "manager-unreachable" /* 6 */
#define ERROR_JOURNAL_UNREACHABLE "journal-unreachable" /* 6 */
#define ERROR_POLICY "refused-by-policy"                /* 7 */
#define ERROR_TIMEOUT "timeout"                         /* 124 */
#define ERROR_BAD_RUNTIME_DIR "bad-runtime-dir"         /* 6 */

/* Fills e (if it is not NULL and still empty; the first cause wins).
 * errnum: positive or negative errno value, or 0; where it is set, ": <its text>" is appended.
 * Return: -|errnum|, or -EINVAL where errnum is 0, so that callers can `return error_set(…)`. */
int error_set(Error *e, const char *code, int errnum, const char *format, ...) _printf_(4, 5);

/* Adds what the person can do about it; replaces an earlier hint. */
void error_hint(Error *e, const char *format, ...) _printf_(2, 3);

/* Puts "<prefix>: " before the message: says which step failed while the cause stays readable. */
void error_prefix(Error *e, const char *format, ...) _printf_(2, 3);

/* Frees what e holds and makes it empty again. */
void error_clear(Error *e);

/* Says that memory ran out. Return: -ENOMEM. */
int error_oom(Error *e);

#define _cleanup_error_ _cleanup_(error_clear)
