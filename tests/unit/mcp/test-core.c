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
                { false, "\n \r\n", NULL },
                { false, CALL("1"), "-32002" },
                { false, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\"}\n", "-32601" },
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
        assert_non_null(strstr(out, "-32000"));
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
        assert_false(core_ask(d.core, d.begun[0], "may it?"));
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
                "\"2025-06-18\",\"capabilities\":{\"elicitation\":{}}}}\n");
        buf_done(core_output(d.core));
        assert_true(core_ask(d.core, d.begun[0], "may it?"));
        question = heard(&d);
        assert_non_null(strstr(question, "\"id\":\"ask-1\",\"method\":\"elicitation/create\""));
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-7\",\"result\":{\"action\":\"accept\"}}\n");
        assert_int_equal(d.answered, 0);
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-1\",\"result\":{\"action\":\"accept\"}}\n");
        assert_int_equal(d.answered, d.begun[0]);
        assert_true(d.agreed);
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":\"ask-1\",\"error\":{\"code\":-1,\"message\":\"no\"}}\n");
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
        core_log(d.core, "info", "quiet");
        say(&d, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/"
                "setLevel\",\"params\":{\"level\":\"info\"}}\n");
        core_log(d.core, "info", "loud");
        out = heard(&d);
        assert_null(strstr(out, "quiet"));
        assert_non_null(strstr(out, "\"data\":\"loud\""));
        core_free(d.core);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_messages),       cmocka_unit_test(test_calls_end_in_any_order),
                cmocka_unit_test(test_repeated_id),    cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_too_many_calls), cmocka_unit_test(test_progress),
                cmocka_unit_test(test_batch),          cmocka_unit_test(test_pieces),
                cmocka_unit_test(test_log_level),      cmocka_unit_test(test_ask),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
