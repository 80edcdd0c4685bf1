/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/json/json.h"
#include "sdbg/ops/param.h"

/* What the server offers, as the protocol describes it. */

/* The answer to initialize. */
Json *catalog_greeting(const char *version);

/* The answer to tools/list. */
Json *catalog_tools(void);

/* The answers to prompts/list and resources/templates/list. */
Json *catalog_prompts(void);
Json *catalog_templates(void);
