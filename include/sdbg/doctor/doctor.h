/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* Checks everything that sdbg needs, without changing anything but one line in the journal. */

typedef enum CheckStatus { CHECK_OK, CHECK_WARN, CHECK_FAIL } CheckStatus;

typedef struct Check {
        const char *name; /* "bus", "linger", …; static */
        CheckStatus status;
        char *message; /* a sentence */
        char *remedy;  /* a command, or what to do; NULL where nothing is to be done */
} Check;

typedef struct CheckList {
        Check *checks;
        size_t n;
} CheckList;

/* Frees what it holds; it is then empty. */
void check_list_done(CheckList *l);
#define _cleanup_check_list_ _cleanup_(check_list_done)

/* Return: "ok", "warn" or "fail". */
const char *check_status_to_string(CheckStatus s);

/* Runs all checks. Return: 0, -ENOMEM. */
int doctor_run(CheckList *ret);

/* The first time after the user's login that it is asked: whether the user can read the journal.
 * Return: a warning with its remedy that the caller frees; NULL where all is well, or it was said. */
char *doctor_journal_warning(void);

/* Whether the user manager, and with it the jobs, stays when the user has logged out. */
bool doctor_is_lingering(void);

/* Return: a warning with its remedy that the caller frees, where jobs end with this remote login; else NULL. */
char *doctor_linger_warning(void);

/* Does what can be done about what doctor_run() warns of, and adds what was done or failed.
 * Return: 0, -ENOMEM. */
int doctor_fix(CheckList *ret);

/* Return: the worst status in the list. */
CheckStatus doctor_worst(const CheckList *l);
