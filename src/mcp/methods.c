/* SPDX-License-Identifier: MIT */
#include "mcp/catalog.h"
#include "mcp/core-internal.h"

/* What is answered at once, without the host. */

static const char *const versions[] = { "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25" };

static void do_initialize(Core *c, const Request *q) {
        const char *wanted = json_string(json_get(q->params, "protocolVersion"));

        if (!wanted) {
                core_refuse(c, q, RPC_INVALID_PARAMS, "initialize: 'protocolVersion' is missing");
                return;
        }
        c->version = versions[ELEMENTSOF(versions) - 1];
        for (size_t i = 0; i < ELEMENTSOF(versions); i++)
                if (streq(versions[i], wanted))
                        c->version = versions[i];
        c->session.can_ask = client_can_ask(json_get(q->params, "capabilities"));
        core_meet(c, json_get(q->params, "clientInfo"));
        core_reply(c, q, catalog_greeting(c->version));
}

static void do_ping(Core *c, const Request *q) {
        core_reply(c, q, json_new_object());
}

Json *stateless_versions(void) {
        Json *array = json_new_array();

        (void) json_append(array, json_new_string(STATELESS_VERSION));
        return array;
}

static void do_discover(Core *c, const Request *q) {
        core_reply(c, q, catalog_discovery(stateless_versions()));
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
        c->session.level = level;
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

#define ALWAYS (WHEN_EARLY | WHEN_SESSION)
#define BOTH (WHEN_SESSION | WHEN_STATELESS)

static const Method methods[] = {
        { "initialize", do_initialize, ALWAYS, LIFETIME_NONE },
        { "ping", do_ping, ALWAYS, LIFETIME_NONE },
        { "server/discover", do_discover, WHEN_STATELESS, LIFETIME_SERVER },
        { "logging/setLevel", do_set_level, WHEN_SESSION, LIFETIME_NONE },
        { "tools/list", do_tools_list, BOTH, LIFETIME_SERVER },
        { "tools/call", NULL, BOTH, LIFETIME_NONE },
        { "resources/list", NULL, BOTH, LIFETIME_MOMENT },
        { "resources/read", NULL, BOTH, LIFETIME_MOMENT },
        { "resources/templates/list", do_templates_list, BOTH, LIFETIME_SERVER },
        { "resources/subscribe", do_subscribe, WHEN_SESSION, LIFETIME_NONE },
        { "resources/unsubscribe", do_unsubscribe, WHEN_SESSION, LIFETIME_NONE },
        { "subscriptions/listen", NULL, WHEN_STATELESS, LIFETIME_NONE, .listens = true },
        { "prompts/list", do_prompts_list, BOTH, LIFETIME_SERVER },
        { "prompts/get", NULL, BOTH, LIFETIME_NONE },
};

const Method *method_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (streq(methods[i].name, name))
                        return &methods[i];
        return NULL;
}
