/* SPDX-License-Identifier: MIT */
#include "mcp/resources.h"
#include "mcp/subscriptions.h"

#define SUBSCRIPTIONS_MAX 256

static void item_done(Subscription *i) {
        free(i->uri);
        free(i->job);
}

void subscriptions_done(Subscriptions *s) {
        for (size_t i = 0; i < s->n; i++)
                item_done(&s->items[i]);
        free(s->items);
        *s = (Subscriptions){};
}

static Subscription *find(const Subscriptions *s, const char *uri) {
        for (size_t i = 0; i < s->n; i++)
                if (streq(s->items[i].uri, uri))
                        return &s->items[i];
        return NULL;
}

static bool add(Subscriptions *s, const char *uri) {
        Subscription item = {}, *p;
        ResourceKind kind = resource_parse(uri, &item.job);

        if (kind < 0 || s->n == SUBSCRIPTIONS_MAX) {
                item_done(&item);
                return false;
        }
        item.is_log = kind == RESOURCE_LOG;
        item.uri = strdup(uri);
        p = item.uri ? reallocarray(s->items, s->n + 1, sizeof(Subscription)) : NULL;
        if (!p) {
                item_done(&item);
                return false;
        }
        s->items = p;
        s->items[s->n++] = item;
        return true;
}

bool subscriptions_set(Subscriptions *s, const char *uri, bool on) {
        Subscription *item = find(s, uri);

        if (on)
                return item || add(s, uri);
        if (item) {
                item_done(item);
                *item = s->items[--s->n];
        }
        return true;
}

const char *subscriptions_job(const Subscriptions *s, const char *uri) {
        const Subscription *item = find(s, uri);

        return item && item->is_log ? item->job : NULL;
}

void subscriptions_touch(Subscriptions *s, const char *job, bool output) {
        for (size_t i = 0; i < s->n; i++) {
                Subscription *item = &s->items[i];

                if ((!item->job || streq(item->job, job)) && (!output || item->is_log))
                        item->changed = true;
        }
}

bool subscriptions_pending(const Subscriptions *s) {
        for (size_t i = 0; i < s->n; i++)
                if (s->items[i].changed)
                        return true;
        return s->list_changed;
}

void subscriptions_tell(Subscriptions *s, Core *c) {
        for (size_t i = 0; i < s->n; i++) {
                if (!s->items[i].changed)
                        continue;
                s->items[i].changed = false;
                core_notify(c, "notifications/resources/updated",
                            json_object("uri", json_new_string(s->items[i].uri), NULL));
        }
        if (s->list_changed)
                core_notify(c, "notifications/resources/list_changed", json_new_object());
        s->list_changed = false;
}
