/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "mcp/core-internal.h"

/* What goes out: answers, notifications and questions. */

void core_forget(Core *c, Call *call) {
        json_free(call->id);
        json_free(call->token);
        *call = c->calls[--c->n_calls];
}

static void send(Core *c, Json *message) {
        _cleanup_json_ Json *owned = message;
        _cleanup_free_ char *text = message ? json_to_string(message) : NULL;

        if (!text)
                return;
        buf_append_str(&c->out, text);
        buf_append_char(&c->out, '\n');
}

void batch_done_one(Core *c, Batch *b) {
        if (--b->waiting > 0)
                return;
        if (json_first(b->answers))
                send(c, TAKE_PTR(b->answers));
        json_free(b->answers);
        free(b);
}

/* Sends an answer, or keeps it for its batch. */
static void answer(Core *c, Batch *b, Json *message) {
        if (!b)
                send(c, message);
        else
                (void) json_append(b->answers, message);
}

static Json *make_result(const Json *id, Json *result) {
        return json_object("jsonrpc", json_new_string("2.0"), "id", json_echo(id), "result", result, NULL);
}

/* id: NULL where it could not be read; data: owned, or NULL. */
static Json *make_error(const Json *id, int code, const char *message, Json *data) {
        Json *error = json_object("code", json_new_real(code), "message", json_new_string(message), NULL);

        if (data)
                (void) json_set(error, "data", data);
        return json_object("jsonrpc", json_new_string("2.0"), "id",
                           id ? json_echo(id) : json_new_string(NULL), "error", error, NULL);
}

Call *core_find(Core *c, uint64_t number) {
        for (size_t i = 0; i < c->n_calls; i++)
                if (c->calls[i].number == number)
                        return &c->calls[i];
        return NULL;
}

void core_finish(Core *c, Call *call, Json *message) {
        Batch *b = call->batch;

        if (message)
                answer(c, b, message);
        core_forget(c, call);
        if (b)
                batch_done_one(c, b);
}

static void fail_call(Core *c, Call *call, int code, const char *message, Json *data) {
        core_finish(c, call, make_error(call->id, era_error_code(call->terms.era, code), message, data));
}

void core_result(Core *c, uint64_t number, Json *result) {
        Call *call = core_find(c, number);

        if (!call) {
                json_free(result);
                return;
        }
        result = era_result(call->terms.era, call->method->lifetime, call->method->listens ? call->id : NULL,
                            result);
        if (result)
                core_finish(c, call, make_result(call->id, result));
        else
                fail_call(c, call, RPC_INTERNAL_ERROR, "out of memory", NULL);
}

void core_error(Core *c, uint64_t number, int code, const char *message) {
        Call *call = core_find(c, number);

        if (call)
                fail_call(c, call, code, message, NULL);
}

void core_not_found(Core *c, uint64_t number, const char *uri, const char *message) {
        Call *call = core_find(c, number);

        if (call)
                fail_call(c, call, RPC_NOT_FOUND, message, json_object("uri", json_new_string(uri), NULL));
}

static void notify(Core *c, const char *method, Json *params) {
        send(c, json_object("jsonrpc", json_new_string("2.0"), "method", json_new_string(method), "params",
                            params, NULL));
}

void core_notify(Core *c, uint64_t number, const char *method, Json *params) {
        _cleanup_json_ Json *owned = params;
        const Call *call = core_find(c, number);
        Json *meta = call ? json_object(META_SUBSCRIPTION, json_echo(call->id), NULL) : NULL;

        if (call ? json_set(params, "_meta", meta) >= 0 : number == 0 && c->version)
                notify(c, method, TAKE_PTR(owned));
}

void core_end_listening(Core *c) {
        for (size_t i = c->n_calls; i-- > 0;)
                if (c->calls[i].method->listens)
                        core_result(c, c->calls[i].number, json_new_object());
}

void core_progress(Core *c, uint64_t number, double seconds, const char *message) {
        Call *call = core_find(c, number);

        /* It must increase with each notification. */
        if (!call || !call->token || seconds <= call->progress)
                return;
        call->progress = seconds;
        notify(c, "notifications/progress",
               json_object("progressToken", json_echo(call->token), "progress", json_new_real(seconds),
                           "message", json_new_string(message), NULL));
}

void core_log(Core *c, uint64_t number, const char *level, const char *text) {
        const Call *call = core_find(c, number);
        bool stateless = call && call->terms.era == ERA_STATELESS;

        if ((stateless || c->version) &&
            level_from_string(level) >= (stateless ? call->terms.level : c->session.level))
                notify(c, "notifications/message",
                       json_object("level", json_new_string(level), "logger", json_new_string("sdbg"), "data",
                                   json_new_string(text), NULL));
}

static Json *make_question(const char *question) {
        return json_object(
                "message", json_new_string(question), "requestedSchema",
                json_object("type", json_new_string("object"), "properties", json_new_object(), NULL), NULL);
}

/* In a session the server asks by a request of its own. */
static void ask_by_request(Core *c, const Call *call, const char *question) {
        char id[32];

        snprintf(id, sizeof(id), ASK_PREFIX "%" PRIu64, call->number);
        send(c, json_object("jsonrpc", json_new_string("2.0"), "id", json_new_string(id), "method",
                            json_new_string("elicitation/create"), "params", make_question(question), NULL));
}

/* Since 2026-07-28 by its answer (basic/patterns/mrtr). */
static void ask_by_result(Core *c, const Call *call, const char *question) {
        Json *ask = json_object("method", json_new_string("elicitation/create"), "params",
                                make_question(question), NULL);

        core_result(c, call->number,
                    json_object("resultType", json_new_string("input_required"), "inputRequests",
                                json_object(ASK_KEY, ask, NULL), NULL));
}

Consent core_ask(Core *c, uint64_t number, const char *question) {
        const Call *call = core_find(c, number);

        if (!call || !call->terms.can_ask)
                return CONSENT_IMPOSSIBLE;
        if (call->terms.era == ERA_SESSION) {
                ask_by_request(c, call, question);
                return CONSENT_LATER;
        }
        if (call->consent == CONSENT_AGAIN)
                ask_by_result(c, call, question);
        return call->consent;
}

void core_reply(Core *c, const Request *q, Json *result) {
        result = era_result(q->terms.era, q->method->lifetime, NULL, result);
        if (result)
                answer(c, q->batch, make_result(q->id, result));
        else
                core_refuse(c, q, RPC_INTERNAL_ERROR, "out of memory");
}

void core_refuse(Core *c, const Request *q, int code, const char *message) {
        answer(c, q->batch, make_error(q->id, era_error_code(q->terms.era, code), message, NULL));
}

void core_refuse_version(Core *c, const Request *q, const char *message) {
        Json *data = json_object("supported", stateless_versions(), "requested",
                                 json_copy(terms_version(q->params)), NULL);

        answer(c, q->batch, make_error(q->id, RPC_UNSUPPORTED_VERSION, message, data));
}
