/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/macro.h"

/* Who asks for a start or a stop, as the journal's records tell it. */

/* "PID 12 (bash)", "PID 12 (node) for claude-code, session 3f2e".
 * pid: the process that asks; agent: what it calls itself, NULL: nothing. The session is that of the agent
 * whose environment this is. Return: the caller frees it; NULL without memory. */
char *caller_describe(pid_t pid, const char *agent);

/* The session of the agent in whose environment this runs. Return: static; NULL where there is none. */
const char *caller_session(void);
