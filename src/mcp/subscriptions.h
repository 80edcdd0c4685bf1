/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/core.h"

/* The resources that the client wants to hear of. */

typedef struct Subscription {
        char *uri;
        char *job; /* NULL: of all jobs */
        bool is_log, changed;
} Subscription;

typedef struct Subscriptions {
        Subscription *items;
        size_t n;
        bool list_changed;
} Subscriptions;

void subscriptions_done(Subscriptions *s);

/* Return: whether there is such a resource, and room for it. */
bool subscriptions_set(Subscriptions *s, const char *uri, bool on);

/* Return: the job whose log the client wants to hear of by this URI, borrowed; NULL for others. */
const char *subscriptions_job(const Subscriptions *s, const char *uri);

/* Something has changed about a job; output: it has printed something. */
void subscriptions_touch(Subscriptions *s, const char *job, bool output);

/* Whether there is something to tell. */
bool subscriptions_pending(const Subscriptions *s);
void subscriptions_tell(Subscriptions *s, Core *c);
