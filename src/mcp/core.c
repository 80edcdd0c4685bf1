/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "sdbg/base/parse.h"
#include "sdbg/text/utf8.h"

#include "mcp/core-internal.h"

int core_new(Core **ret, const CoreHost *host) {
        Core *c = calloc(1, sizeof(Core));

        if (!c)
                return -ENOMEM;
        c->host = *host;
        c->session = (Terms){ .era = ERA_SESSION, .level = LEVEL_DEFAULT };
        *ret = c;
        return 0;
}

void core_free(Core *c) {
        while (c->n_calls > 0) {
                Batch *b = c->calls[0].batch;

                core_forget(c, &c->calls[0]);
                if (b && --b->waiting == 0) {
                        json_free(b->answers);
                        free(b);
                }
        }
        buf_done(&c->in);
        buf_done(&c->out);
        free(c->client);
        free(c);
}

Buf *core_output(Core *c) {
        return &c->out;
}

const char *core_client(const Core *c) {
        return c->client;
}

/* ---- what comes in ---- */

void core_meet(Core *c, const Json *info) {
        const char *name = json_string(json_get(info, "name"));

        if (!name || streq_ptr(name, c->client))
                return;
        free(c->client);
        c->client = strdup(name);
}

static bool is_same_id(const Json *a, const Json *b) {
        return json_kind(a) == json_kind(b) &&
               (json_kind(a) == JSON_TEXT ? streq(json_string(a), json_string(b))
                                          : json_number(a) == json_number(b));
}

static Call *find_id(Core *c, const Json *id) {
        for (size_t i = 0; i < c->n_calls; i++)
                if (is_same_id(c->calls[i].id, id))
                        return &c->calls[i];
        return NULL;
}

static bool says_accept(const Json *elicited) {
        return streq_ptr(json_string(json_get(elicited, "action")), "accept");
}

/* What the user has said to the question that an earlier call like this was answered with. */
static Consent read_consent(const Json *params) {
        const Json *said = json_get(json_get(params, "inputResponses"), ASK_KEY);

        return !said ? CONSENT_AGAIN : says_accept(said) ? CONSENT_GIVEN : CONSENT_REFUSED;
}

static size_t count_listening(const Core *c) {
        size_t n = 0;

        for (size_t i = 0; i < c->n_calls; i++)
                n += c->calls[i].method->listens;
        return n;
}

static void begin_call(Core *c, const Request *q) {
        const Json *token = json_get(json_get(q->params, "_meta"), "progressToken");
        Call *call;

        if (c->n_calls == CALLS_MAX || (q->method->listens && count_listening(c) == LISTENING_MAX)) {
                core_refuse(c, q, RPC_INTERNAL_ERROR, "too many calls at once: wait for some of the answers");
                return;
        }
        call = &c->calls[c->n_calls];
        *call = (Call){
                .number = ++c->numbers,
                .id = json_copy(q->id),
                .batch = q->batch,
                .method = q->method,
                .terms = q->terms,
                .consent = read_consent(q->params),
        };
        if (json_kind(token) == JSON_TEXT || json_kind(token) == JSON_NUMBER)
                call->token = json_copy(token);
        if (!call->id) {
                core_refuse(c, q, RPC_INTERNAL_ERROR, "out of memory");
                return;
        }
        c->n_calls++;
        if (q->batch)
                q->batch->waiting++;
        c->host.begin(c->host.userdata, c->numbers, q->method->name, q->params);
}

/* Finds out on what terms a request is made. Return: whether it can be served. */
static bool agree(Core *c, Request *q) {
        const char *mistake = NULL;
        int r;

        q->terms = c->session;
        if (!terms_are_stated(q->params) && !(q->method && q->method->when == WHEN_STATELESS))
                return true;
        r = terms_read(&q->terms, q->params, &mistake);
        if (r == -EPROTONOSUPPORT)
                core_refuse_version(c, q, mistake);
        else if (r < 0)
                core_refuse(c, q, RPC_INVALID_PARAMS, mistake);
        else if (q->batch)
                core_refuse(c, q, RPC_INVALID_REQUEST, "batches are not part of this protocol version");
        else
                core_meet(c, json_get(json_get(q->params, "_meta"), META_CLIENT));
        return r >= 0 && !q->batch;
}

static void take_request(Core *c, Request *q, const char *method) {
        When now;

        if (find_id(c, q->id)) {
                core_refuse(c, q, RPC_INVALID_REQUEST, "a call with this id is not answered yet");
                return;
        }
        q->method = method_find(method);
        if (!agree(c, q))
                return;
        now = q->terms.era == ERA_STATELESS ? WHEN_STATELESS : c->version ? WHEN_SESSION : WHEN_EARLY;
        if (!q->method)
                core_refuse(c, q, RPC_METHOD_NOT_FOUND, "unknown method");
        else if (!(q->method->when & now) && now == WHEN_STATELESS)
                core_refuse(c, q, RPC_METHOD_NOT_FOUND, "not a method of this protocol version");
        else if (!(q->method->when & now))
                core_refuse(c, q, RPC_INVALID_PARAMS,
                            "not initialized: send 'initialize' first, or the protocol version in '_meta'");
        else if (q->method->run)
                q->method->run(c, q);
        else
                begin_call(c, q);
}

/* A call that has been answered, or was never made, is nothing to cancel. */
static void do_cancelled(Core *c, const Json *params) {
        Call *call = find_id(c, json_get(params, "requestId"));
        uint64_t number;

        if (!call)
                return;
        number = call->number;
        core_finish(c, call, NULL);
        c->host.cancel(c->host.userdata, number);
}

static void take_notification(Core *c, const char *method, const Json *params) {
        if (streq(method, "notifications/cancelled"))
                do_cancelled(c, params);
}

/* An answer of the client's: only questions are asked. */
static void take_answer(Core *c, const Json *message) {
        const char *id = json_string(json_get(message, "id"));
        const char *number = id ? startswith(id, ASK_PREFIX) : NULL;
        uint64_t call;

        if (number && parse_u64(number, &call) >= 0 && core_find(c, call))
                c->host.answered(c->host.userdata, call, says_accept(json_get(message, "result")));
}

static void take_message(Core *c, const Json *message, Batch *batch) {
        const Json *id = json_get(message, "id"), *params = json_get(message, "params");
        const char *method = json_string(json_get(message, "method"));
        JsonKind kind = json_kind(id), given = json_kind(params);
        Request q = { .id = id, .params = params, .batch = batch };

        if (kind == JSON_NUMBER && !isfinite(json_number(id)))
                kind = JSON_NULL;
        if (json_kind(message) == JSON_OBJECT && !method && json_get(message, "id") &&
            (json_get(message, "result") || json_get(message, "error"))) {
                take_answer(c, message);
                return;
        }
        if (json_kind(message) != JSON_OBJECT || !method ||
            !streq_ptr(json_string(json_get(message, "jsonrpc")), "2.0") ||
            (kind != JSON_ABSENT && kind != JSON_TEXT && kind != JSON_NUMBER)) {
                q.id = kind == JSON_TEXT || kind == JSON_NUMBER ? id : NULL;
                core_refuse(c, &q, RPC_INVALID_REQUEST,
                            "not a JSON-RPC 2.0 request: 'jsonrpc', 'method' or 'id' is missing or wrong");
        } else if (kind == JSON_ABSENT)
                take_notification(c, method, params);
        else if (given != JSON_ABSENT && given != JSON_OBJECT)
                core_refuse(c, &q, RPC_INVALID_PARAMS, "'params' must be an object");
        else
                take_request(c, &q, method);
}

static void take_batch(Core *c, const Json *array) {
        Request nobody = {};
        Batch *b;

        if (!json_first(array) || (c->version && strcmp(c->version, "2025-03-26") > 0)) {
                core_refuse(c, &nobody, RPC_INVALID_REQUEST,
                            json_first(array) ? "batches are not part of this protocol version"
                                              : "empty batch");
                return;
        }
        b = calloc(1, sizeof(Batch));
        if (!b || !(b->answers = json_new_array())) {
                free(b);
                core_refuse(c, &nobody, RPC_INTERNAL_ERROR, "out of memory");
                return;
        }
        b->waiting = 1;
        for (const Json *i = json_first(array); i; i = json_next(i))
                take_message(c, i, b);
        batch_done_one(c, b);
}

/* Whether a string holds U+0000, at which it would be cut off. */
static bool holds_nul(const char *line, size_t len) {
        const char *p = line, *end = line + len;

        while ((p = memchr(p, '\\', end - p)) && end - p > 1) {
                if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
                        return true;
                p += 2;
        }
        return false;
}

static void refuse_nul(Core *c, const Json *message) {
        const Json *id = json_get(message, "id");
        bool known = json_kind(id) == JSON_TEXT || json_kind(id) == JSON_NUMBER;
        Request q = { .id = known ? id : NULL };

        core_refuse(c, &q, RPC_INVALID_PARAMS, "a string in the message holds a NUL character");
}

static void take_line(Core *c, const char *line, size_t len) {
        _cleanup_json_ Json *message = NULL;
        Request nobody = {};

        while (len > 0 && memchr(" \t\r", line[len - 1], 3))
                len--;
        if (len == 0)
                return;
        if (!utf8_is_valid(line, len))
                core_refuse(c, &nobody, RPC_PARSE_ERROR, "the message is not valid UTF-8");
        else if (json_parse(line, len, &message) < 0)
                core_refuse(c, &nobody, RPC_PARSE_ERROR, "the message is not valid JSON");
        else if (holds_nul(line, len))
                refuse_nul(c, message);
        else if (json_kind(message) == JSON_ARRAY)
                take_batch(c, message);
        else
                take_message(c, message, NULL);
}

void core_feed(Core *c, const char *data, size_t len) {
        Request nobody = {};

        while (len > 0) {
                const char *end = memchr(data, '\n', len);
                size_t n = end ? (size_t) (end - data) : len;

                if (!c->skipping && c->in.len + n > MESSAGE_MAX) {
                        c->skipping = true;
                        core_refuse(c, &nobody, RPC_PARSE_ERROR, "the message is longer than 1 MiB");
                }
                if (!c->skipping)
                        buf_append(&c->in, data, n);
                if (end) {
                        if (!c->skipping && !c->in.oom)
                                take_line(c, strempty(c->in.data), c->in.len);
                        c->skipping = false;
                        buf_done(&c->in);
                        n++;
                } else if (c->skipping)
                        buf_done(&c->in);
                data += n;
                len -= n;
        }
}
