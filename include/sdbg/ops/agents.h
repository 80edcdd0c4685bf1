/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/agents/agents.h"
#include "sdbg/ops/param.h"

/* Sets coding agents up to run `sdbg mcp`, or takes that back. */

typedef struct AgentsRequest {
        bool project; /* in the project's file, which all who work on it share; else in the user's */
        bool dry_run; /* change nothing, only find out what would be */
} AgentsRequest;

extern const Param agents_params[];

typedef struct AgentsResult {
        AgentConfig config; /* as it was */
        bool changed;
        char *after;        /* what it is now, where it was changed; NULL: it is gone */
        AgentConfig plugin; /* as it was; no path: there is none for this client */
        bool plugin_changed;
} AgentsResult;

/* Frees what it holds; it is then empty. */
void agents_result_done(AgentsResult *r);
#define _cleanup_agents_result_ _cleanup_(agents_result_done)

/* Return: 0, also where there was nothing to do; negative errno with reterr said: where it is not about writing,
 * nothing was changed. */
int op_agents(AgentClient client, bool install, const AgentsRequest *q, AgentsResult *ret, Error *reterr);
