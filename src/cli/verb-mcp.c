/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/mcp/mcp.h"

#include "cli/verbs.h"

static int run_mcp(Cli *cli, void *request, char **operands) {
        return mcp_serve(STDIN_FILENO, STDOUT_FILENO, &cli->error);
}

const Verb verb_mcp = {
        .name = "mcp",
        .usage = "",
        .summary = "serve agents: the Model Context Protocol on stdin and stdout",
        .run = run_mcp,
};
