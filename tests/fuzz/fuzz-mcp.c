/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "mcp/core.h"
#include "mcp/tools.h"

static void begin(void *userdata, uint64_t call, const char *method, const Json *params) {
        const char *name = json_string(json_get(params, "name"));
        const Tool *t = name ? tool_find(name) : NULL;
        Core **core = userdata;
        _cleanup_error_ Error e = {};
        void *request = NULL;

        if (!t) {
                core_error(*core, call, RPC_INVALID_PARAMS, method);
                return;
        }
        if (tool_parse(t, json_get(params, "arguments"), &request, &e) < 0)
                CHECK(e.message);
        tool_free_request(t, request);
        if (call % 2)
                core_result(*core, call, json_new_object());
}

static void cancel(void *userdata, uint64_t call) {
}

static void answered(void *userdata, uint64_t call, bool agreed) {
}

static bool subscribe(void *userdata, const char *uri, bool on) {
        return strlen(uri) % 2;
}

/* Whatever comes, each line that goes out is one JSON document. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_core_ Core *c = NULL;
        CoreHost host = {
                .userdata = &c, .begin = begin, .cancel = cancel, .answered = answered, .subscribe = subscribe
        };
        size_t half = size / 2;
        Buf *out;

        CHECK(core_new(&c, &host) == 0);
        core_feed(c, (const char *) data, half);
        core_feed(c, (const char *) data + half, size - half);
        core_feed(c, "\n", 1);
        out = core_output(c);
        for (size_t at = 0; at < out->len;) {
                const char *line = out->data + at, *end = memchr(line, '\n', out->len - at);
                _cleanup_json_ Json *j = NULL;

                CHECK(end && json_parse(line, end - line, &j) == 0);
                at += end - line + 1;
        }
        return 0;
}
