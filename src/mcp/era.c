/* SPDX-License-Identifier: MIT */
#include "mcp/catalog.h"
#include "mcp/core.h"
#include "mcp/era.h"

/* An answer that changes with the server's version is old after five minutes all the same: the client may start
 * a newer server in between. */
#define LIFETIME_SERVER_MSEC (5 * 60 * 1000)

int level_from_string(const char *name) {
        static const char *const levels[] = { "debug",    "info",  "notice",    "warning", "error",
                                              "critical", "alert", "emergency", NULL };

        for (int i = 0; name && levels[i]; i++)
                if (streq(levels[i], name))
                        return i;
        return -EINVAL;
}

bool client_can_ask(const Json *capabilities) {
        const Json *ask = json_get(capabilities, "elicitation");

        /* Since 2025-06-18; since 2025-11-25 it can be for URLs alone. */
        return ask && (json_get(ask, "form") || !json_get(ask, "url"));
}

bool terms_are_stated(const Json *params) {
        const Json *meta = json_get(params, "_meta");

        return json_get(meta, META_VERSION) || json_get(meta, META_CAPABILITIES) ||
               json_get(meta, META_CLIENT);
}

const Json *terms_version(const Json *params) {
        return json_get(json_get(params, "_meta"), META_VERSION);
}

int terms_read(Terms *ret, const Json *params, const char **ret_mistake) {
        const Json *meta = json_get(params, "_meta"), *capabilities = json_get(meta, META_CAPABILITIES);
        const Json *level = json_get(meta, META_LEVEL);
        const char *version = json_string(terms_version(params));

        *ret = (Terms){ .era = ERA_STATELESS, .level = LEVEL_NONE };
        if (!version) {
                *ret_mistake = "'" META_VERSION "' is missing in '_meta'";
                return -EINVAL;
        }
        if (!streq(version, STATELESS_VERSION)) {
                *ret_mistake = "Unsupported protocol version";
                return -EPROTONOSUPPORT;
        }
        if (json_kind(capabilities) != JSON_OBJECT) {
                *ret_mistake = "'" META_CAPABILITIES "' is missing in '_meta'";
                return -EINVAL;
        }
        ret->can_ask = client_can_ask(capabilities);
        if (level && (ret->level = level_from_string(json_string(level))) < 0) {
                *ret_mistake = "'" META_LEVEL "' in '_meta' is no level";
                return -EINVAL;
        }
        return 0;
}

Json *era_result(Era era, Lifetime lifetime, const Json *subscription, Json *result) {
        Json *meta;
        bool ok;

        if (era == ERA_SESSION || !result)
                return result;
        meta = json_object(META_SERVER, catalog_server(), NULL);
        ok = !subscription || json_set(meta, META_SUBSCRIPTION, json_echo(subscription)) >= 0;
        ok = json_set(result, "_meta", meta) >= 0 && ok;
        if (!json_get(result, "resultType"))
                ok = json_set(result, "resultType", json_new_string("complete")) >= 0 && ok;
        if (lifetime != LIFETIME_NONE) {
                uint64_t msec = lifetime == LIFETIME_SERVER ? LIFETIME_SERVER_MSEC : 0;

                ok = json_set(result, "ttlMs", json_new_number(msec)) >= 0 && ok;
                ok = json_set(result, "cacheScope", json_new_string("private")) >= 0 && ok;
        }
        if (ok)
                return result;
        json_free(result);
        return NULL;
}

int era_error_code(Era era, int code) {
        return era == ERA_STATELESS && code == RPC_NOT_FOUND ? RPC_INVALID_PARAMS : code;
}
