/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* The front end for agents: the Model Context Protocol (modelcontextprotocol.io, 2024-11-05 to
 * 2025-11-25) on two descriptors, one JSON-RPC message a line. */

/* Serves until `in_fd` ends or SIGTERM or SIGINT comes. What waits is given up then; what starts, stops
 * or sends is carried to its end. Jobs go on.
 * Return: 0; negative errno with reterr said. */
int mcp_serve(int in_fd, int out_fd, Error *reterr);
