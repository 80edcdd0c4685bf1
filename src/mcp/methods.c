/* SPDX-License-Identifier: MIT */
#include "mcp/catalog.h"
#include "mcp/core-internal.h"

/* What is answered at once, without the host. */

static const char *const versions[] = { "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25" };
static const char *const levels[] = { "debug",    "info",  "notice",    "warning", "error",
                                      "critical", "alert", "emergency", NULL };

int level_from_string(const char *name) {
        for (int i = 0; name && levels[i]; i++)
                if (streq(levels[i], name))
                        return i;
        return -EINVAL;
}

static void do_initialize(Core *c, const Request *q) {
        const char *wanted = json_string(json_get(q->params, "protocolVersion"));
        const char *name = json_string(json_get(json_get(q->params, "clientInfo"), "name"));

        if (!wanted) {
                core_refuse(c, q, RPC_INVALID_PARAMS, "initialize: 'protocolVersion' is missing");
                return;
        }
        c->version = versions[ELEMENTSOF(versions) - 1];
        for (size_t i = 0; i < ELEMENTSOF(versions); i++)
                if (streq(versions[i], wanted))
                        c->version = versions[i];
        c->can_ask = json_get(json_get(q->params, "capabilities"), "elicitation");
        if (name) {
                free(c->client);
                c->client = strdup(name);
        }
        core_reply(c, q, catalog_greeting(c->version));
}

static void do_ping(Core *c, const Request *q) {
        core_reply(c, q, json_new_object());
}

static void do_discover(Core *c, const Request *q) {
        /* Clients of 2026-07-28 probe with it and fall back to initialize on an error. */
        core_refuse(c, q, RPC_METHOD_NOT_FOUND, "server/discover is not spoken here: use initialize");
}

static void do_set_level(Core *c, const Request *q) {
        int level = level_from_string(json_string(json_get(q->params, "level")));

        if (level < 0) {
                core_refuse(
                        c, q, RPC_INVALID_PARAMS,
                        "logging/setLevel: 'level' must be debug, info, notice, warning, error, critical, "
                        "alert or emergency");
                return;
        }
        c->level = level;
        core_reply(c, q, json_new_object());
}

/* The lists all fit on one page; a cursor can only be one that was never given. */
static void reply_list(Core *c, const Request *q, Json *(*list)(void) ) {
        const Json *cursor = json_get(q->params, "cursor");

        if (json_kind(cursor) > JSON_NULL)
                core_refuse(c, q, RPC_INVALID_PARAMS, "unknown cursor");
        else
                core_reply(c, q, list());
}

static void do_tools_list(Core *c, const Request *q) {
        reply_list(c, q, catalog_tools);
}

static void do_prompts_list(Core *c, const Request *q) {
        reply_list(c, q, catalog_prompts);
}

static void do_templates_list(Core *c, const Request *q) {
        reply_list(c, q, catalog_templates);
}

static void subscribe(Core *c, const Request *q, bool on) {
        const char *uri = json_string(json_get(q->params, "uri"));

        if (!uri)
                core_refuse(c, q, RPC_INVALID_PARAMS, "'uri' is missing");
        else if (!c->host.subscribe(c->host.userdata, uri, on))
                core_refuse(c, q, RPC_NOT_FOUND, "no such resource, or too many subscriptions");
        else
                core_reply(c, q, json_new_object());
}

static void do_subscribe(Core *c, const Request *q) {
        subscribe(c, q, true);
}

static void do_unsubscribe(Core *c, const Request *q) {
        subscribe(c, q, false);
}

static const Method methods[] = {
        { "initialize", do_initialize, true },
        { "ping", do_ping, true },
        { "server/discover", do_discover, true },
        { "logging/setLevel", do_set_level, false },
        { "tools/list", do_tools_list, false },
        { "tools/call", NULL, false },
        { "resources/list", NULL, false },
        { "resources/read", NULL, false },
        { "resources/templates/list", do_templates_list, false },
        { "resources/subscribe", do_subscribe, false },
        { "resources/unsubscribe", do_unsubscribe, false },
        { "prompts/list", do_prompts_list, false },
        { "prompts/get", NULL, false },
};

const Method *method_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (streq(methods[i].name, name))
                        return &methods[i];
        return NULL;
}
