/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "sdbg/base/strv.h"
#include "sdbg/text/utf8.h"

#include "mcp/core.h"
#include "mcp/catalog.h"

/* A batch of requests (JSON-RPC 2.0; taken out of MCP with 2025-06-18) is answered by one array. */
typedef struct Batch {
        Json *answers;
        size_t waiting; /* answers to come, and 1 while the batch is read */
} Batch;

typedef struct Call {
        uint64_t number;
        Json *id, *token; /* token: of progress notifications, or NULL */
        double progress;
        Batch *batch;
} Call;

struct Core {
        CoreHost host;
        Buf in, out;
        bool skipping; /* the rest of a message that is too long */
        const char *version;
        char *client;
        int level; /* of log messages that are sent */
        Call calls[CALLS_MAX];
        size_t n_calls;
        uint64_t numbers;
};

static const char *const versions[] = { "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25" };
static const char *const levels[] = { "debug",    "info",  "notice",    "warning", "error",
                                      "critical", "alert", "emergency", NULL };

int core_new(Core **ret, const CoreHost *host) {
        Core *c = calloc(1, sizeof(Core));

        if (!c)
                return -ENOMEM;
        c->host = *host;
        c->level = 3;
        *ret = c;
        return 0;
}

static void batch_done_one(Core *c, Batch *b);

static void forget_call(Core *c, Call *call) {
        json_free(call->id);
        json_free(call->token);
        *call = c->calls[--c->n_calls];
}

void core_free(Core *c) {
        while (c->n_calls > 0) {
                Batch *b = c->calls[0].batch;

                forget_call(c, &c->calls[0]);
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

size_t core_calls(const Core *c) {
        return c->n_calls;
}

/* ---- what goes out ---- */

static void send(Core *c, Json *message) {
        _cleanup_json_ Json *owned = message;
        _cleanup_free_ char *text = message ? json_to_string(message) : NULL;

        if (!text)
                return;
        buf_append_str(&c->out, text);
        buf_append_char(&c->out, '\n');
}

static void batch_done_one(Core *c, Batch *b) {
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
        return json_object("jsonrpc", json_new_string("2.0"), "id", json_copy(id), "result", result, NULL);
}

/* id: NULL where it could not be read. */
static Json *make_error(const Json *id, int code, const char *message) {
        return json_object(
                "jsonrpc", json_new_string("2.0"), "id", id ? json_copy(id) : json_new_string(NULL), "error",
                json_object("code", json_new_real(code), "message", json_new_string(message), NULL), NULL);
}

static Call *find_call(Core *c, uint64_t number) {
        for (size_t i = 0; i < c->n_calls; i++)
                if (c->calls[i].number == number)
                        return &c->calls[i];
        return NULL;
}

static void finish_call(Core *c, Call *call, Json *message) {
        Batch *b = call->batch;

        if (message)
                answer(c, b, message);
        forget_call(c, call);
        if (b)
                batch_done_one(c, b);
}

void core_result(Core *c, uint64_t number, Json *result) {
        Call *call = find_call(c, number);

        if (!call)
                json_free(result);
        else if (result)
                finish_call(c, call, make_result(call->id, result));
        else
                finish_call(c, call, make_error(call->id, RPC_INTERNAL_ERROR, "out of memory"));
}

void core_error(Core *c, uint64_t number, int code, const char *message) {
        Call *call = find_call(c, number);

        if (call)
                finish_call(c, call, make_error(call->id, code, message));
}

void core_notify(Core *c, const char *method, Json *params) {
        if (!c->version) {
                json_free(params);
                return;
        }
        send(c, json_object("jsonrpc", json_new_string("2.0"), "method", json_new_string(method), "params",
                            params, NULL));
}

void core_progress(Core *c, uint64_t number, double seconds, const char *message) {
        Call *call = find_call(c, number);

        /* It must increase with each notification. */
        if (!call || !call->token || seconds <= call->progress)
                return;
        call->progress = seconds;
        core_notify(c, "notifications/progress",
                    json_object("progressToken", json_copy(call->token), "progress", json_new_real(seconds),
                                "message", json_new_string(message), NULL));
}

static int level_of(const char *name) {
        for (int i = 0; name && levels[i]; i++)
                if (streq(levels[i], name))
                        return i;
        return -EINVAL;
}

void core_log(Core *c, const char *level, const char *text) {
        if (level_of(level) >= c->level)
                core_notify(c, "notifications/message",
                            json_object("level", json_new_string(level), "logger", json_new_string("sdbg"),
                                        "data", json_new_string(text), NULL));
}

/* ---- what comes in ---- */

/* One request as it is worked on. */
typedef struct Request {
        const Json *id, *params;
        Batch *batch;
} Request;

static void reply(Core *c, const Request *q, Json *result) {
        answer(c, q->batch,
               result ? make_result(q->id, result) : make_error(q->id, RPC_INTERNAL_ERROR, "out of memory"));
}

static void refuse(Core *c, const Request *q, int code, const char *message) {
        answer(c, q->batch, make_error(q->id, code, message));
}

static void do_initialize(Core *c, const Request *q) {
        const char *wanted = json_string(json_get(q->params, "protocolVersion"));
        const char *name = json_string(json_get(json_get(q->params, "clientInfo"), "name"));

        if (!wanted) {
                refuse(c, q, RPC_INVALID_PARAMS, "initialize: 'protocolVersion' is missing");
                return;
        }
        c->version = versions[ELEMENTSOF(versions) - 1];
        for (size_t i = 0; i < ELEMENTSOF(versions); i++)
                if (streq(versions[i], wanted))
                        c->version = versions[i];
        if (name) {
                free(c->client);
                c->client = strdup(name);
        }
        reply(c, q, catalog_greeting(c->version));
}

static void do_ping(Core *c, const Request *q) {
        reply(c, q, json_new_object());
}

static void do_discover(Core *c, const Request *q) {
        /* Clients of 2026-07-28 probe with it and fall back to initialize on an error. */
        refuse(c, q, RPC_METHOD_NOT_FOUND, "server/discover is not spoken here: use initialize");
}

static void do_set_level(Core *c, const Request *q) {
        int level = level_of(json_string(json_get(q->params, "level")));

        if (level < 0) {
                refuse(c, q, RPC_INVALID_PARAMS,
                       "logging/setLevel: 'level' must be debug, info, notice, warning, error, critical, "
                       "alert or emergency");
                return;
        }
        c->level = level;
        reply(c, q, json_new_object());
}

/* The lists all fit on one page; a cursor can only be one that was never given. */
static void reply_list(Core *c, const Request *q, Json *(*list)(void) ) {
        const Json *cursor = json_get(q->params, "cursor");

        if (json_kind(cursor) > JSON_NULL)
                refuse(c, q, RPC_INVALID_PARAMS, "unknown cursor");
        else
                reply(c, q, list());
}

static void do_tools_list(Core *c, const Request *q) {
        reply_list(c, q, catalog_tools);
}

static void do_prompts_list(Core *c, const Request *q) {
        reply_list(c, q, catalog_prompts);
}

static void do_templates_list(Core *c, const Request *q) {
        reply_list(c, q, catalog_templates);
}

static void subscribe(Core *c, const Request *q, bool on) {
        const char *uri = json_string(json_get(q->params, "uri"));

        if (!uri)
                refuse(c, q, RPC_INVALID_PARAMS, "'uri' is missing");
        else if (!c->host.subscribe(c->host.userdata, uri, on))
                refuse(c, q, RPC_NOT_FOUND, "no such resource, or too many subscriptions");
        else
                reply(c, q, json_new_object());
}

static void do_subscribe(Core *c, const Request *q) {
        subscribe(c, q, true);
}

static void do_unsubscribe(Core *c, const Request *q) {
        subscribe(c, q, false);
}

static const struct {
        const char *method;
        void (*run)(Core *c, const Request *q); /* NULL: the host's */
        bool early;                             /* also before initialize */
} methods[] = {
        { "initialize", do_initialize, true },
        { "ping", do_ping, true },
        { "server/discover", do_discover, true },
        { "logging/setLevel", do_set_level, false },
        { "tools/list", do_tools_list, false },
        { "tools/call", NULL, false },
        { "resources/list", NULL, false },
        { "resources/read", NULL, false },
        { "resources/templates/list", do_templates_list, false },
        { "resources/subscribe", do_subscribe, false },
        { "resources/unsubscribe", do_unsubscribe, false },
        { "prompts/list", do_prompts_list, false },
        { "prompts/get", NULL, false },
};

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

static void begin_call(Core *c, const Request *q, const char *method) {
        const Json *token = json_get(json_get(q->params, "_meta"), "progressToken");
        Call *call;

        if (c->n_calls == CALLS_MAX) {
                refuse(c, q, RPC_BUSY, "too many calls at once: wait for some of the answers");
                return;
        }
        call = &c->calls[c->n_calls];
        *call = (Call){ .number = ++c->numbers, .id = json_copy(q->id), .batch = q->batch };
        if (json_kind(token) == JSON_TEXT || json_kind(token) == JSON_NUMBER)
                call->token = json_copy(token);
        if (!call->id) {
                refuse(c, q, RPC_INTERNAL_ERROR, "out of memory");
                return;
        }
        c->n_calls++;
        if (q->batch)
                q->batch->waiting++;
        c->host.begin(c->host.userdata, c->numbers, method, q->params);
}

static void take_request(Core *c, const Request *q, const char *method) {
        if (find_id(c, q->id)) {
                refuse(c, q, RPC_INVALID_REQUEST, "a call with this id is not answered yet");
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                if (!streq(methods[i].method, method))
                        continue;
                if (!c->version && !methods[i].early)
                        refuse(c, q, RPC_NOT_FOUND, "not initialized: send 'initialize' first");
                else if (methods[i].run)
                        methods[i].run(c, q);
                else
                        begin_call(c, q, methods[i].method);
                return;
        }
        refuse(c, q, RPC_METHOD_NOT_FOUND, "unknown method");
}

/* A call that has been answered, or was never made, is nothing to cancel. */
static void do_cancelled(Core *c, const Json *params) {
        Call *call = find_id(c, json_get(params, "requestId"));
        uint64_t number;

        if (!call)
                return;
        number = call->number;
        finish_call(c, call, NULL);
        c->host.cancel(c->host.userdata, number);
}

static void take_notification(Core *c, const char *method, const Json *params) {
        if (streq(method, "notifications/cancelled"))
                do_cancelled(c, params);
}

static void take_message(Core *c, const Json *message, Batch *batch) {
        const Json *id = json_get(message, "id"), *params = json_get(message, "params");
        const char *method = json_string(json_get(message, "method"));
        JsonKind kind = json_kind(id), given = json_kind(params);
        Request q = { .id = id, .params = params, .batch = batch };

        if (kind == JSON_NUMBER && !isfinite(json_number(id)))
                kind = JSON_NULL;
        if (json_kind(message) == JSON_OBJECT && !method && json_get(message, "id") &&
            (json_get(message, "result") || json_get(message, "error")))
                return; /* an answer: nothing was asked */
        if (json_kind(message) != JSON_OBJECT || !method ||
            !streq_ptr(json_string(json_get(message, "jsonrpc")), "2.0") ||
            (kind != JSON_ABSENT && kind != JSON_TEXT && kind != JSON_NUMBER)) {
                q.id = kind == JSON_TEXT || kind == JSON_NUMBER ? id : NULL;
                refuse(c, &q, RPC_INVALID_REQUEST,
                       "not a JSON-RPC 2.0 request: 'jsonrpc', 'method' or 'id' is missing or wrong");
        } else if (kind == JSON_ABSENT)
                take_notification(c, method, params);
        else if (given != JSON_ABSENT && given != JSON_OBJECT)
                refuse(c, &q, RPC_INVALID_PARAMS, "'params' must be an object");
        else
                take_request(c, &q, method);
}

static void take_batch(Core *c, const Json *array) {
        Request nobody = {};
        Batch *b;

        if (!json_first(array) || (c->version && strcmp(c->version, "2025-03-26") > 0)) {
                refuse(c, &nobody, RPC_INVALID_REQUEST,
                       json_first(array) ? "batches are not part of this protocol version" : "empty batch");
                return;
        }
        b = calloc(1, sizeof(Batch));
        if (!b || !(b->answers = json_new_array())) {
                free(b);
                refuse(c, &nobody, RPC_INTERNAL_ERROR, "out of memory");
                return;
        }
        b->waiting = 1;
        for (const Json *i = json_first(array); i; i = json_next(i))
                take_message(c, i, b);
        batch_done_one(c, b);
}

static void take_line(Core *c, const char *line, size_t len) {
        _cleanup_json_ Json *message = NULL;
        Request nobody = {};

        while (len > 0 && memchr(" \t\r", line[len - 1], 3))
                len--;
        if (len == 0)
                return;
        if (!utf8_is_valid(line, len))
                refuse(c, &nobody, RPC_PARSE_ERROR, "the message is not valid UTF-8");
        else if (json_parse(line, len, &message) < 0)
                refuse(c, &nobody, RPC_PARSE_ERROR, "the message is not valid JSON");
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
                        refuse(c, &nobody, RPC_PARSE_ERROR, "the message is longer than 1 MiB");
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
