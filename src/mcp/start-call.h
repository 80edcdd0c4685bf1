/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/tools.h"

/* The request of job_start. */
typedef struct StartCall {
        StartRequest start;
        char *command;
        char **args;
        bool background;   /* what other tools ask for stands here anyway */
        uint64_t max_jobs; /* of agents, at the same time */
} StartCall;

extern const Tool tool_start;
