/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "mcp/subscriptions.h"
#include "mcp/tools.h"

typedef struct Host {
        Core *core;
        Subscriptions subscriptions;
} Host;

/* One call in four stays open. */
static void end_call(Core *c, uint64_t call, const char *text) {
        core_progress(c, call, call, text);
        core_log(c, call, "error", text);
        switch (call % 4) {
        case 1:
                core_result(c, call, json_new_object());
                break;
        case 2:
                core_not_found(c, call, text, text);
                break;
        case 3:
                (void) core_ask(c, call, text);
        }
}

static void begin(void *userdata, uint64_t call, const char *method, const Json *params) {
        const char *name = json_string(json_get(params, "name"));
        const Tool *t = name ? tool_find(name) : NULL;
        _cleanup_error_ Error e = {};
        void *request = NULL;
        Host *h = userdata;

        if (streq(method, "subscriptions/listen")) {
                subscriptions_listen(&h->subscriptions, h->core, call, params);
                return;
        }
        if (!t) {
                core_error(h->core, call, RPC_INVALID_PARAMS, method);
                return;
        }
        if (tool_parse(t, json_get(params, "arguments"), &request, &e) < 0)
                CHECK(e.message);
        tool_free_request(t, request);
        end_call(h->core, call, name);
}

static void cancel(void *userdata, uint64_t call) {
        Host *h = userdata;

        subscriptions_cancel(&h->subscriptions, call);
}

static void answered(void *userdata, uint64_t call, bool agreed) {
        Host *h = userdata;

        core_result(h->core, call, json_new_object());
}

static bool subscribe(void *userdata, const char *uri, bool on) {
        Host *h = userdata;

        if (on)
                return subscriptions_add(&h->subscriptions, 0, uri);
        subscriptions_remove(&h->subscriptions, 0, uri);
        return true;
}

static void tell_all(Host *h) {
        subscriptions_touch_list(&h->subscriptions);
        subscriptions_touch(&h->subscriptions, "a", true);
        subscriptions_tell(&h->subscriptions, h->core);
        core_end_listening(h->core);
}

/* Whatever comes, each line that goes out is one JSON document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Host h = {};
        CoreHost host = {
                .userdata = &h, .begin = begin, .cancel = cancel, .answered = answered, .subscribe = subscribe
        };
        size_t half = size / 2;
        Buf *out;

        CHECK(core_new(&h.core, &host) == 0);
        core_feed(h.core, (const char *) data, half);
        core_feed(h.core, (const char *) data + half, size - half);
        core_feed(h.core, "\n", 1);
        tell_all(&h);
        out = core_output(h.core);
        for (size_t at = 0; at < out->len;) {
                const char *line = out->data + at, *end = memchr(line, '\n', out->len - at);
                _cleanup_json_ Json *j = NULL;

                CHECK(end && json_parse(line, end - line, &j) == 0);
                at += end - line + 1;
        }
        subscriptions_done(&h.subscriptions);
        core_free(h.core);
        return 0;
}
