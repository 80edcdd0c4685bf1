/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "test.h"

#include "mcp/core.h"

/* A host that keeps every call open until it is told to answer. */
typedef struct Desk {
        Core *core;
        uint64_t begun[8], cancelled[8];
        size_t n_begun, n_cancelled;
        uint64_t answered;
        bool agreed;
} Desk;

static void begin(void *userdata, uint64_t call, const char *method, const Json *params) {
        Desk *d = userdata;

        if (d->n_begun < ELEMENTSOF(d->begun))
                d->begun[d->n_begun] = call;
        d->n_begun++;
}

static void cancel(void *userdata, uint64_t call) {
        Desk *d = userdata;

        d->cancelled[d->n_cancelled++] = call;
}

static void answered(void *userdata, uint64_t call, bool agreed) {
        Desk *d = userdata;

        d->answered = call;
        d->agreed = agreed;
}

static void say(Desk *d, const char *text) {
        core_feed(d->core, text, strlen(text));
}

static void open_desk(Desk *d, bool initialized) {
        CoreHost host = { .userdata = d, .begin = begin, .cancel = cancel, .answered = answered };

        *d = (Desk){};
        assert_int_equal(core_new(&d->core, &host), 0);
        if (!initialized)
                return;
        say(d, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{"
               "\"protocolVersion\":\"2025-03-26\",\"clientInfo\":{\"name\":\"me\"}}}\n");
        buf_done(core_output(d->core));
}

/* What was sent since the last look. */
static char *heard(Desk *d) {
        return buf_take(core_output(d->core));
}

#define CALL(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":\"x\"}}\n"
#define CANCEL(id)                                                                                           \
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" id "}}\n"

/* Each message, and what its answer holds; NULL: nothing is answered. */
static void test_messages(void **state) {
        static const struct {
                bool initialized;
                const char *message, *answer;
        } rows[] = {
                { false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n", "\"id\":1,\"result\":{}" },
                { false, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"ping\"}\n", "\"id\":\"a\"" },
                { false, "{\"jsonrpc\":\"2.0\",\"id\":9007199254740991,\"method\":\"ping\"}\n",
                  "\"id\":9007199254740991," },
                { false, "{\"jsonrpc\":\"2.0\",\"id\":-1.5,\"method\":\"ping\"}\n", "\"id\":-1.5," },
                { false, "\n \r\n", NULL },
                { false, CALL("1"), "-32602" },
                { false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}\n", "-32602" },
                { false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}\n", "-32602" },
                { false,
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                  "\"2024-11-05\"}}\n",
                  "\"protocolVersion\":\"2024-11-05\"" },
                { false,
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                  "\"1999-01-01\"}}\n",
                  "\"protocolVersion\":\"2025-11-25\"" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}\n", "job_start" },
                { true,
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":\"x\"}}\n",
                  "-32602" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/run\"}\n", "-32601" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":[]}\n",
                  "-32602" },
                { true, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nothing\"}\n", NULL },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n", NULL },
                { true,
                  "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/setLevel\",\"params\":{\"level\":"
                  "\"loud\"}}\n",
                  "-32602" },
                { true, "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}\n", "-32600" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}\n", "\"id\":null" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"ping\"}\n", "-32600" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":1e999,\"method\":\"ping\"}\n", "-32600" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":1}\n", "-32600" },
                { true, "7\n", "-32600" },
                { true, "{]\n", "-32700" },
                { true, "{} {}\n", "-32700" },
                { true, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}\n", "UTF-8" },
                { true,
                  "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\",\"params\":{\"x\":\"a\\u0000b\"}}\n",
                  "\"id\":7,\"error\":{\"code\":-32602" },
                { true,
                  "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\",\"params\":{\"x\":\"a\\\\u0000\"}}\n",
                  "\"result\":{}" },
                { true, "[]\n", "-32600" },
                { true, "[1,2]\n", "[{\"jsonrpc\":\"2.0\",\"id\":null,\"error\"" },
                { true, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/nothing\"}]\n", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *answer = NULL;
                Desk d;

                open_desk(&d, rows[i].initialized);
                say(&d, rows[i].message);
                answer = heard(&d);
                if (rows[i].answer)
                        assert_row(rows[i].message, strstr(answer, rows[i].answer));
                else
                        assert_row(rows[i].message, !*answer);
                core_free(d.core);
        }
}

static void test_calls_end_in_any_order(void **state) {
        _cleanup_free_ char *first = NULL, *second = NULL;
        Desk d;

        open_desk(&d, true);
        say(&d, CALL("1") CALL("\"two\""));
        assert_int_equal(d.n_begun, 2);
        core_result(d.core, d.begun[1], json_new_object());
        first = heard(&d);
        assert_string_equal(first, "{\"jsonrpc\":\"2.0\",\"id\":\"two\",\"result\":{}}\n");
        core_error(d.core, d.begun[0], -1, "no");
        second = heard(&d);
        assert_non_null(strstr(second, "\"id\":1,\"error\":{\"code\":-1"));
        core_free(d.core);
}

static void test_repeated_id(void **state) {
        _cleanup_free_ char *refused = NULL, *taken = NULL;
        Desk d;

        open_desk(&d, true);
        say(&d, CALL("1") CALL("1"));
        refused = heard(&d);
        assert_non_null(strstr(refused, "-32600"));
        core_result(d.core, d.begun[0], json_new_object());
        say(&d, CALL("1"));
        assert_int_equal(d.n_begun, 2);
        taken = heard(&d);
        assert_null(strstr(taken, "error"));
        core_free(d.core);
}

/* A cancelled call gets no answer, also where it comes late; a second time, or for what has ended, nothing
 * happens. */
static void test_cancel(void **state) {
        _cleanup_free_ char *out = NULL;
        Desk d;

        open_desk(&d, true);
        say(&d, CALL("1") CANCEL("1") CANCEL("1") CANCEL("7") CANCEL("null"));
        assert_int_equal(d.n_cancelled, 1);
        assert_int_equal(d.cancelled[0], d.begun[0]);
        core_result(d.core, d.begun[0], json_new_object());
        out = heard(&d);
        assert_string_equal(out, "");
        core_free(d.core);
}

static void test_too_many_calls(void **state) {
        _cleanup_free_ char *out = NULL;
        char text[200];
        Desk d;

        open_desk(&d, true);
        for (int i = 0; i <= CALLS_MAX; i++) {
                snprintf(text, sizeof(text), CALL("%d"), i);
                say(&d, text);
        }
        assert_int_equal(d.n_begun, CALLS_MAX);
        out = heard(&d);
        assert_non_null(strstr(out, "too many calls"));
        core_free(d.core);
}

static void test_progress(void **state) {
        _cleanup_free_ char *out = NULL;
        Desk d;

        open_desk(&d, true);
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"_meta\":"
                "{\"progressToken\":\"t\"}}}\n" CALL("2"));
        core_progress(d.core, d.begun[0], 1, "first");
        core_progress(d.core, d.begun[0], 1, "again");
        core_progress(d.core, d.begun[1], 1, "not asked for");
        out = heard(&d);
        assert_non_null(strstr(out, "\"progressToken\":\"t\",\"progress\":1,\"message\":\"first\""));
        assert_null(strstr(out, "again"));
        assert_null(strstr(out, "not asked"));
        core_free(d.core);
}

/* The user is asked by way of a client that can; what is answered to nothing is passed over. */
static void test_ask(void **state) {
        _cleanup_free_ char *question = NULL;
        Desk d;

        open_desk(&d, true);
        say(&d, CALL("1"));
        assert_int_equal(core_ask(d.core, d.begun[0], "may it?"), CONSENT_IMPOSSIBLE);
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                "\"2025-06-18\",\"capabilities\":{\"elicitation\":{}}}}\n");
        buf_done(core_output(d.core));
        say(&d, CALL("2"));
        assert_int_equal(core_ask(d.core, d.begun[1], "may it?"), CONSENT_LATER);
        question = heard(&d);
        assert_non_null(strstr(question, "\"id\":\"ask-2\",\"method\":\"elicitation/create\""));
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-7\",\"result\":{\"action\":\"accept\"}}\n");
        assert_int_equal(d.answered, 0);
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-2\",\"result\":{\"action\":\"accept\"}}\n");
        assert_int_equal(d.answered, d.begun[1]);
        assert_true(d.agreed);
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-2\",\"error\":{\"code\":-1,\"message\":\"no\"}}\n");
        assert_false(d.agreed);
        core_free(d.core);
}

/* A batch is answered when its last call is. */
static void test_batch(void **state) {
        _cleanup_free_ char *none = NULL, *all = NULL;
        Desk d;

        open_desk(&d, true);
        say(&d, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},"
                "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"x\"}},"
                "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"x\"}}]\n");
        none = heard(&d);
        assert_string_equal(none, "");
        say(&d, CANCEL("3"));
        core_result(d.core, d.begun[0], json_new_object());
        all = heard(&d);
        assert_string_equal(all, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}},"
                                 "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}]\n");
        core_free(d.core);
}

/* Bytes come in pieces of any size; a message that is too long is told of once and passed over. */
static void test_pieces(void **state) {
        static const char message[] = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}\n";
        _cleanup_free_ char *out = NULL, *after = NULL, *flood = malloc(MESSAGE_MAX);
        Desk d;

        open_desk(&d, true);
        for (size_t i = 0; message[i]; i++)
                core_feed(d.core, &message[i], 1);
        out = heard(&d);
        assert_string_equal(out, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}\n");
        memset(flood, 'x', MESSAGE_MAX);
        for (int i = 0; i < 3; i++)
                core_feed(d.core, flood, MESSAGE_MAX);
        core_feed(d.core, "\n", 1);
        say(&d, message);
        after = heard(&d);
        assert_non_null(strstr(after, "-32700"));
        assert_null(strstr(strstr(after, "-32700") + 1, "-32700"));
        assert_non_null(strstr(after, "\"id\":5,\"result\":{}"));
        core_free(d.core);
}

static void test_log_level(void **state) {
        _cleanup_free_ char *out = NULL;
        Desk d;

        open_desk(&d, true);
        core_log(d.core, 0, "info", "quiet");
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/"
                "setLevel\",\"params\":{\"level\":\"info\"}}\n");
        core_log(d.core, 0, "info", "loud");
        out = heard(&d);
        assert_null(strstr(out, "quiet"));
        assert_non_null(strstr(out, "\"data\":\"loud\""));
        core_free(d.core);
}

#define META(more)                                                                                           \
        "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                             \
        "\"io.modelcontextprotocol/clientCapabilities\":{\"elicitation\":{}}" more "}"
#define STATELESS(id, method, params)                                                                        \
        "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":{" META("") params "}}\n"

/* Requests that stand for themselves (2026-07-28), beside a session and without one. */
static void test_stateless_messages(void **state) {
        static const struct {
                const char *message, *answer;
        } rows[] = {
                { STATELESS("1", "server/discover", ""), "\"supportedVersions\":[\"2026-07-28\"]" },
                { STATELESS("1", "server/discover", ""), "\"instructions\":\"" },
                { STATELESS("1", "server/discover", ""), "\"resultType\":\"complete\"" },
                { STATELESS("1", "server/discover", ""), "io.modelcontextprotocol/serverInfo\":{\"name\":" },
                { STATELESS("\"a\"", "tools/list", ""), "\"ttlMs\":300000,\"cacheScope\":\"private\"" },
                { STATELESS("1", "ping", ""), "-32601" },
                { STATELESS("1", "initialize", ",\"protocolVersion\":\"2025-11-25\""), "-32601" },
                { STATELESS("1", "logging/setLevel", ",\"level\":\"info\""), "-32601" },
                { STATELESS("1", "resources/subscribe", ",\"uri\":\"sdbg://jobs\""), "-32601" },
                { STATELESS("1", "tools/run", ""), "-32601" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
                  "{\"io.modelcontextprotocol/protocolVersion\":\"2031-01-01\"}}}\n",
                  "{\"code\":-32022,\"message\":\"Unsupported protocol version\",\"data\":{\"supported\":"
                  "[\"2026-07-28\"],\"requested\":\"2031-01-01\"}}" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
                  "{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}}}\n",
                  "clientCapabilities' is missing" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
                  "{\"io.modelcontextprotocol/clientCapabilities\":{}}}}\n",
                  "-32602" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":"
                  "{\"io.modelcontextprotocol/protocolVersion\":7}}}\n",
                  "-32602" },
                { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" META(
                          ",\"io.modelcontextprotocol/logLevel\":\"loud\"") "}}\n",
                  "-32602" },
                { "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" META("") "}}]\n",
                  "-32600" },
        };

        for (size_t i = 0; i < 2 * ELEMENTSOF(rows); i++) {
                const char *message = rows[i / 2].message;
                _cleanup_free_ char *answer = NULL;
                Desk d;

                open_desk(&d, i % 2);
                say(&d, message);
                answer = heard(&d);
                assert_row(message, strstr(answer, rows[i / 2].answer));
                core_free(d.core);
        }
}

/* What a request of 2026-07-28 is answered by; the same session's own requests stay as they are. */
static void test_stateless_calls(void **state) {
        _cleanup_free_ char *complete = NULL, *plain = NULL, *missing = NULL;
        Desk d;

        open_desk(&d, true);
        say(&d, STATELESS("1", "tools/call", ",\"name\":\"x\"") CALL("2")
                        STATELESS("3", "resources/read", ",\"uri\":\"x\""));
        core_result(d.core, d.begun[0], json_new_object());
        complete = heard(&d);
        assert_non_null(strstr(complete, "\"resultType\":\"complete\""));
        assert_null(strstr(complete, "ttlMs"));
        core_result(d.core, d.begun[1], json_new_object());
        plain = heard(&d);
        assert_string_equal(plain, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n");
        core_not_found(d.core, d.begun[2], "x", "no such resource");
        missing = heard(&d);
        assert_non_null(strstr(missing, "\"code\":-32602"));
        assert_non_null(strstr(missing, "\"data\":{\"uri\":\"x\"}"));
        core_free(d.core);
}

/* The question is the answer of a first call, and the user's answer comes with a second one. */
static void test_stateless_ask(void **state) {
        static const struct {
                const char *given;
                Consent consent;
        } rows[] = {
                { "", CONSENT_AGAIN },
                { ",\"inputResponses\":{\"other\":{}}", CONSENT_AGAIN },
                { ",\"inputResponses\":{\"consent\":{\"action\":\"accept\"}}", CONSENT_GIVEN },
                { ",\"inputResponses\":{\"consent\":{\"action\":\"decline\"}}", CONSENT_REFUSED },
                { ",\"inputResponses\":{\"consent\":7}", CONSENT_REFUSED },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *out = NULL, *text = NULL;
                Desk d;

                open_desk(&d, false);
                assert_true(asprintf(&text,
                                     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
                                     "call\",\"params\":{%s%s}}\n",
                                     META(""), rows[i].given) > 0);
                say(&d, text);
                assert_int_equal(core_ask(d.core, d.begun[0], "may it?"), rows[i].consent);
                out = heard(&d);
                if (rows[i].consent == CONSENT_AGAIN) {
                        assert_non_null(strstr(out, "\"resultType\":\"input_required\""));
                        assert_non_null(strstr(out, "{\"consent\":{\"method\":\"elicitation/create\""));
                } else
                        assert_string_equal(out, "");
                core_free(d.core);
        }
}

/* What a subscription hears carries its id; what is told to sessions does not reach it. */
static void test_listen(void **state) {
        _cleanup_free_ char *told = NULL, *none = NULL, *end = NULL;
        Desk d;

        open_desk(&d, false);
        say(&d, STATELESS("\"s\"", "subscriptions/listen", ",\"notifications\":{}")
                        STATELESS("2", "subscriptions/listen", ",\"notifications\":{}"));
        core_notify(d.core, d.begun[0], "notifications/x", json_new_object());
        told = heard(&d);
        assert_string_equal(told, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{\"_meta\":"
                                  "{\"io.modelcontextprotocol/subscriptionId\":\"s\"}}}\n");
        core_notify(d.core, 0, "notifications/x", json_new_object());
        say(&d, CANCEL("\"s\""));
        assert_int_equal(d.cancelled[0], d.begun[0]);
        core_notify(d.core, d.begun[0], "notifications/x", json_new_object());
        none = heard(&d);
        assert_string_equal(none, "");
        core_end_listening(d.core);
        end = heard(&d);
        assert_non_null(strstr(end, "\"id\":2,\"result\":{"));
        assert_non_null(strstr(end, "io.modelcontextprotocol/subscriptionId\":2"));
        core_free(d.core);
}

/* They do not take the places of all other calls. */
static void test_listens_are_bounded(void **state) {
        _cleanup_free_ char *out = NULL;
        char text[400];
        Desk d;

        open_desk(&d, false);
        for (int i = 0; i <= LISTENING_MAX; i++) {
                snprintf(text, sizeof(text), STATELESS("%d", "subscriptions/listen", ""), i);
                say(&d, text);
        }
        assert_int_equal(d.n_begun, LISTENING_MAX);
        out = heard(&d);
        assert_non_null(strstr(out, "too many calls"));
        say(&d, STATELESS("\"x\"", "tools/call", ""));
        assert_int_equal(d.n_begun, LISTENING_MAX + 1);
        core_free(d.core);
}

/* A request of 2026-07-28 gets the messages about itself, from its level on. */
static void test_stateless_log_level(void **state) {
        _cleanup_free_ char *out = NULL;
        Desk d;

        open_desk(&d, false);
        say(&d, STATELESS("1", "tools/call", "") "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/"
                                                 "call\",\"params\":{" META(",\"io.modelcontextprotocol/"
                                                                            "logLevel\":\"warning\"") "}}\n");
        core_log(d.core, 0, "error", "for sessions");
        core_log(d.core, d.begun[0], "error", "not asked for");
        core_log(d.core, d.begun[1], "info", "too light");
        core_log(d.core, d.begun[1], "warning", "loud");
        out = heard(&d);
        assert_string_equal(out,
                            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":"
                            "\"warning\",\"logger\":\"sdbg\",\"data\":\"loud\"}}\n");
        core_free(d.core);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_messages),
                cmocka_unit_test(test_calls_end_in_any_order),
                cmocka_unit_test(test_repeated_id),
                cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_too_many_calls),
                cmocka_unit_test(test_progress),
                cmocka_unit_test(test_batch),
                cmocka_unit_test(test_pieces),
                cmocka_unit_test(test_log_level),
                cmocka_unit_test(test_ask),
                cmocka_unit_test(test_stateless_messages),
                cmocka_unit_test(test_stateless_calls),
                cmocka_unit_test(test_stateless_ask),
                cmocka_unit_test(test_listen),
                cmocka_unit_test(test_listens_are_bounded),
                cmocka_unit_test(test_stateless_log_level),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
