/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/json/json.h"
#include "sdbg/ops/param.h"

/* What the server offers, as the protocol describes it. */

/* What the server says of itself. */
Json *catalog_server(void);

/* The answers to initialize and to server/discover; versions: owned from then on. */
Json *catalog_greeting(const char *version);
Json *catalog_discovery(Json *versions);

/* The answer to tools/list. */
Json *catalog_tools(void);

/* The answers to prompts/list and resources/templates/list. */
Json *catalog_prompts(void);
Json *catalog_templates(void);
