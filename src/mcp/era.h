/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/json/json.h"

/* The two eras of MCP, both of which are served at once. Up to 2025-11-25 client and server agree on a session
 * with initialize. From 2026-07-28 on there is none: each request says in its `_meta` what was said there
 * (specification/2026-07-28, basic/versioning and basic). */

#define STATELESS_VERSION "2026-07-28"

#define META_VERSION "io.modelcontextprotocol/protocolVersion"
#define META_CLIENT "io.modelcontextprotocol/clientInfo"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define META_LEVEL "io.modelcontextprotocol/logLevel"
#define META_SERVER "io.modelcontextprotocol/serverInfo"
#define META_SUBSCRIPTION "io.modelcontextprotocol/subscriptionId"

typedef enum Era {
        ERA_SESSION,
        ERA_STATELESS,
} Era;

/* On what terms a request is served. */
typedef struct Terms {
        Era era;
        bool can_ask; /* the client can ask its user */
        int level;    /* of the log messages that it wants */
} Terms;

/* Of a log message (RFC 5424's names). Return: a number that grows with its weight, -EINVAL. */
int level_from_string(const char *name);

#define LEVEL_DEFAULT 3 /* warning: where a session says nothing */
#define LEVEL_NONE 100  /* a request of 2026-07-28 that does not name a level wants none */

/* Return: whether a client of these capabilities can ask its user by a form. */
bool client_can_ask(const Json *capabilities);

/* Return: whether the request says that it stands for itself. */
bool terms_are_stated(const Json *params);

/* Return: the version that it names, borrowed; NULL where it names none. */
const Json *terms_version(const Json *params);

/* Reads what such a request says. *ret_mistake: what is wrong with it, static.
 * Return: 0; -EINVAL; -EPROTONOSUPPORT where the version is another one. */
int terms_read(Terms *ret, const Json *params, const char **ret_mistake);

/* How long clients may keep an answer (server/utilities/caching). */
typedef enum Lifetime {
        LIFETIME_NONE,   /* it is nothing to be kept */
        LIFETIME_MOMENT, /* it may have changed at once */
        LIFETIME_SERVER, /* it changes with the server's version */
} Lifetime;

/* Adds to a result what it carries in that era. subscription: the id of the subscriptions/listen that it ends, or
 * NULL. Return: the result, which is owned before and after; NULL without memory. */
Json *era_result(Era era, Lifetime lifetime, const Json *subscription, Json *result);

/* Return: the code under which that era knows an error. */
int era_error_code(Era era, int code);
