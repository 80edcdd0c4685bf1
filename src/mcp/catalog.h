/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/json/json.h"
#include "sdbg/ops/param.h"

/* What the server offers, as the protocol describes it. */

/* The answer to initialize. */
Json *catalog_greeting(const char *version);

/* The answer to tools/list. */
Json *catalog_tools(void);
