/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/tools.h"

/* Whether its value is a number of seconds. */
bool tool_param_is_seconds(const ToolParam *p);

/* The parameter in the tool's tables. *ret_offset: of the struct that it belongs to, in the request. */
const Param *tool_param_of(const Tool *t, const ToolParam *p, size_t *ret_offset);
