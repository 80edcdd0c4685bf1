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

static Subscription *find(const Subscriptions *s, uint64_t call, const char *uri) {
        for (size_t i = 0; i < s->n; i++)
                if (s->items[i].call == call && streq_ptr(s->items[i].uri, uri))
                        return &s->items[i];
        return NULL;
}

static int item_init(Subscription *i, uint64_t call, const char *uri) {
        ResourceKind kind = uri ? resource_parse(uri, &i->job) : RESOURCE_JOBS;

        if (kind < 0)
                return kind;
        i->call = call;
        i->is_log = kind == RESOURCE_LOG;
        i->uri = uri ? strdup(uri) : NULL;
        return uri && !i->uri ? -ENOMEM : 0;
}

bool subscriptions_add(Subscriptions *s, uint64_t call, const char *uri) {
        Subscription item = {};

        if (find(s, call, uri))
                return true;
        if (s->n == SUBSCRIPTIONS_MAX)
                return false;
        if (item_init(&item, call, uri) < 0 || !GROW(s->items, s->n)) {
                item_done(&item);
                return false;
        }
        s->items[s->n++] = item;
        return true;
}

static void remove_item(Subscriptions *s, Subscription *item) {
        item_done(item);
        *item = s->items[--s->n];
}

void subscriptions_remove(Subscriptions *s, uint64_t call, const char *uri) {
        Subscription *item = find(s, call, uri);

        if (item)
                remove_item(s, item);
}

void subscriptions_cancel(Subscriptions *s, uint64_t call) {
        for (size_t i = s->n; i-- > 0;)
                if (s->items[i].call == call)
                        remove_item(s, &s->items[i]);
}

void subscriptions_listen(Subscriptions *s, Core *c, uint64_t call, const Json *params) {
        const Json *wanted = json_get(params, "notifications");
        Json *honoured, *uris;

        if (json_kind(wanted) != JSON_OBJECT) {
                core_error(c, call, RPC_INVALID_PARAMS, "subscriptions/listen: 'notifications' is missing");
                return;
        }
        honoured = json_new_object();
        uris = json_new_array();
        if (json_kind(json_get(wanted, "resourcesListChanged")) == JSON_TRUE &&
            subscriptions_add(s, call, NULL))
                (void) json_set(honoured, "resourcesListChanged", json_new_bool(true));
        for (const Json *i = json_first(json_get(wanted, "resourceSubscriptions")); i; i = json_next(i)) {
                const char *uri = json_string(i);

                if (uri && subscriptions_add(s, call, uri))
                        (void) json_append(uris, json_new_string(uri));
        }
        if (json_first(uris))
                (void) json_set(honoured, "resourceSubscriptions", uris);
        else
                json_free(uris);
        core_notify(c, call, "notifications/subscriptions/acknowledged",
                    json_object("notifications", honoured, NULL));
}

void subscriptions_touch(Subscriptions *s, const char *job, bool output) {
        for (size_t i = 0; i < s->n; i++) {
                Subscription *item = &s->items[i];

                if (item->uri && (!item->job || streq(item->job, job)) && (!output || item->is_log))
                        item->changed = true;
        }
}

void subscriptions_touch_list(Subscriptions *s) {
        s->list_changed = true;
        for (size_t i = 0; i < s->n; i++)
                if (!s->items[i].uri)
                        s->items[i].changed = true;
}

bool subscriptions_pending(const Subscriptions *s) {
        for (size_t i = 0; i < s->n; i++)
                if (s->items[i].changed)
                        return true;
        return s->list_changed;
}

#define LIST_CHANGED "notifications/resources/list_changed"

void subscriptions_tell(Subscriptions *s, Core *c) {
        for (size_t i = 0; i < s->n; i++) {
                Subscription *item = &s->items[i];

                if (item->changed && item->uri)
                        core_notify(c, item->call, "notifications/resources/updated",
                                    json_object("uri", json_new_string(item->uri), NULL));
                else if (item->changed)
                        core_notify(c, item->call, LIST_CHANGED, json_new_object());
                item->changed = false;
        }
        if (s->list_changed)
                core_notify(c, 0, LIST_CHANGED, json_new_object());
        s->list_changed = false;
}
