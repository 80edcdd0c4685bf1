/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/core.h"

/* What the client wants to hear of: resources, and the list of them. In a session it says so for each resource,
 * and always hears of the list; since 2026-07-28 it holds calls of subscriptions/listen open for it. */

typedef struct Subscription {
        uint64_t call; /* of subscriptions/listen; 0: of the session */
        char *uri;     /* NULL: the list */
        char *job;     /* NULL: of all jobs */
        bool is_log, changed;
} Subscription;

typedef struct Subscriptions {
        Subscription *items;
        size_t n;
        bool list_changed;
} Subscriptions;

void subscriptions_done(Subscriptions *s);

/* uri: NULL: the list. Return: whether there is such a resource, and room for it. */
bool subscriptions_add(Subscriptions *s, uint64_t call, const char *uri);
void subscriptions_remove(Subscriptions *s, uint64_t call, const char *uri);

/* Begins what a call of subscriptions/listen asks for, and acknowledges what of it will be told. A wrong call is
 * answered. */
void subscriptions_listen(Subscriptions *s, Core *c, uint64_t call, const Json *params);

/* Forgets what that call asked for. */
void subscriptions_cancel(Subscriptions *s, uint64_t call);

/* Something has changed about a job; output: it has printed something. */
void subscriptions_touch(Subscriptions *s, const char *job, bool output);

/* Jobs have come or gone. */
void subscriptions_touch_list(Subscriptions *s);

/* Whether there is something to tell. */
bool subscriptions_pending(const Subscriptions *s);
void subscriptions_tell(Subscriptions *s, Core *c);
