/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* Where each reader has stopped reading: one small file (0600) a reader and thing read, below
 * $XDG_STATE_HOME/sdbg/readers (~/.local/state where that is not set), which outlives logouts and reboots.
 * What was read longest ago is forgotten when there are more than BOOKMARKS_MAX. */

#define READER_NAME_MAX 128
#define BOOKMARK_CURSOR_MAX 4096
#define BOOKMARKS_MAX 4096

/* Whether `name` is [A-Za-z0-9._:-]{1,128}. Return: 0, -EINVAL with reterr said (usage). */
int reader_check(const char *name, Error *reterr);

/* The reader that runs this process: the agent's session where the environment names one
 * (CLAUDE_CODE_SESSION_ID, CODEX_SESSION_ID, CODEX_THREAD_ID, OPENCODE_SESSION_ID, OPENCODE_PID), else the
 * terminal of stderr, stdin or stdout ("pts-3"), else "default".
 * Return: a valid name that the caller frees, NULL without memory. */
char *reader_default(void);

/* The cursor that was stored last by this reader for `key`: "log.JOB" or "events".
 * Return: 1 and a string that the caller frees; 0 where there is none; negative errno with reterr said. */
int bookmark_load(const char *reader, const char *key, char **ret, Error *reterr);

/* Replaces it; of two at once, one is kept whole. To be called when what it stands for has been written out.
 * Return: 0, negative errno with reterr said. */
int bookmark_store(const char *reader, const char *key, const char *cursor, Error *reterr);

/* Waits until no other process holds this lock; for whoever prints between loading and storing. It is given back
 * by closing the descriptor, and by the process's end. Return: a descriptor; negative errno with reterr said. */
int bookmark_lock(const char *reader, const char *key, Error *reterr);
