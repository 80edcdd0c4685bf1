/* SPDX-License-Identifier: MIT */
#include "fake.h"

/* Whatever comes instead of an answer, the call fails and says something; nothing crashes. */

static int start(Manager *m, Error *reterr) {
        static const StartUnit unit = { UNIT, "bgjob.slice", "", "/s", "/a", "/d", USEC_INFINITY, NULL };
        StartOutcome outcome;

        return manager_start(m, &unit, &outcome, reterr);
}

static int start_with_property(Manager *m, Error *reterr) {
        static const char *const properties[] = { "Nice=5", NULL };
        StartUnit unit = {
                UNIT, "bgjob.slice", "", "/s", "/a", "/d", USEC_INFINITY, (char *const *) properties
        };
        StartOutcome outcome;

        return manager_start(m, &unit, &outcome, reterr);
}

static int do_stop(Manager *m, Error *reterr) {
        static const char *const units[] = { UNIT, NULL };

        return manager_stop(m, (char *const *) units, USEC_INFINITY, reterr);
}

static int query(Manager *m, Error *reterr) {
        _cleanup_unit_status_ UnitStatus status = {};

        return manager_query(m, UNIT, &status, reterr);
}

static int await_gone(Manager *m, Error *reterr) {
        return manager_await_gone(m, UNIT, USEC_INFINITY, reterr);
}

static int list(Manager *m, Error *reterr) {
        _cleanup_unit_list_ UnitList units = {};

        return manager_list(m, &units, reterr);
}

static int version(Manager *m, Error *reterr) {
        _cleanup_free_ char *text = NULL;

        return manager_version(m, &text, reterr);
}

static const struct {
        const char *name, *member;
        int (*run)(Manager *m, Error *reterr);
} operations[] = {
        { "start", "StartTransientUnit", start }, { "start with a property", "GetAll", start_with_property },
        { "stop", "StopUnit", do_stop },          { "query", "GetAll", query },
        { "await gone", "GetAll", await_gone },   { "list", "ListUnitsByPatterns", list },
        { "version", "Version", version },
};

static void assert_all_fail(FakeStep answer) {
        for (size_t i = 0; i < ELEMENTSOF(operations); i++) {
                FakeStep script[] = { answer, {} };
                _cleanup_manager_ Manager *m = NULL;
                _cleanup_error_ Error e = {};

                script[0].member = operations[i].member;
                script[0].always = true; /* types of properties are asked for twice */
                m = fake_connect(script);
                assert_row(operations[i].name, operations[i].run(m, &e) < 0);
                assert_row(operations[i].name, e.code && e.message);
                fake_end(FAKE_ENVIRONMENT);
        }
}

/* ---- replies that are well-formed, but not what was asked for ---- */

#define FILL(name, ...)                                                                                      \
        static int name(sd_bus_message *reply, const void *userdata) {                                       \
                return sd_bus_message_append(reply, __VA_ARGS__);                                            \
        }

FILL(fill_strings, "as", 2, "a", "b")
FILL(fill_no_strings, "as", 0)
FILL(fill_bytes, "ay", 3, 1, 2, 3)
FILL(fill_struct, "(o)", JOB)
FILL(fill_number_variant, "v", "u", 7)
FILL(fill_nested_variant, "v", "v", "v", "s", "252")
FILL(fill_string_dictionary, "a{ss}", 1, "LoadState", "loaded")
FILL(fill_number_dictionary, "a{uv}", 1, 1, "s", "loaded")
FILL(fill_short_rows, "a(ss)", 1, UNIT, "loaded")
FILL(fill_typed_rows, "a(ssssssouss)", 1, UNIT, "", "", "", "", "", "/", 0, "", "/")
FILL(fill_long_rows, "a(ssssssousos)", 1, UNIT, "", "", "", "", "", "/", 0, "", "/", "")
FILL(fill_number_for_string, "a{sv}", 1, "LoadState", "u", 1)
FILL(fill_string_for_number, "a{sv}", 1, "MainPID", "s", "1")
FILL(fill_narrow_number, "a{sv}", 1, "MemoryMax", "u", 1)
FILL(fill_wide_number, "a{sv}", 1, "NRestarts", "t", (uint64_t) 1)
FILL(fill_string_for_bytes, "a{sv}", 1, "InvocationID", "s", "00")
FILL(fill_strings_for_bytes, "a{sv}", 1, "InvocationID", "as", 1, "00")
FILL(fill_late_mistake, "a{sv}", 3, "LoadState", "s", "loaded", "InvocationID", "ay", 1, 7, "SubState", "i",
     1)

static void test_wrong_signature(void **state) {
        static const FakeStep rows[] = {
                {},
                { .reply = { "s", { "" } } },
                { .reply = { "s", { JOB } } },
                { .reply = { "u" } },
                { .reply = { "uo", { JOB } } },
                { .reply = { "uoss", { JOB, UNIT, "done" } } },
                { .fill = fill_strings },
                { .fill = fill_no_strings },
                { .fill = fill_bytes },
                { .fill = fill_struct },
                { .fill = fill_number_variant },
                { .fill = fill_nested_variant },
                { .fill = fill_string_dictionary },
                { .fill = fill_number_dictionary },
                { .fill = fill_short_rows },
                { .fill = fill_typed_rows },
                { .fill = fill_long_rows },
                { .fill = fill_number_for_string },
                { .fill = fill_string_for_number },
                { .fill = fill_narrow_number },
                { .fill = fill_wide_number },
                { .fill = fill_string_for_bytes },
                { .fill = fill_strings_for_bytes },
                { .fill = fill_late_mistake },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_all_fail(rows[i]);
}

/* ---- bytes that are no message ---- */

#define RAW(bytes)                                                                                           \
        { .silent = true, .gone = true, .raw = (bytes), .raw_len = sizeof(bytes) - 1 }

static void test_no_message(void **state) {
        static const FakeStep rows[] = {
                RAW(""),
                RAW("l"),
                RAW("l\2\1\1\0\0\0\0"),
                RAW("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                RAW("HTTP/1.1 400 Bad Request\r\n\r\n"),
                /* Of no known byte order, kind or version. */
                RAW("x\2\1\1\0\0\0\0\1\0\0\0\0\0\0\0"),
                RAW("l\0\1\1\0\0\0\0\1\0\0\0\0\0\0\0"),
                RAW("l\2\1\377\0\0\0\0\1\0\0\0\0\0\0\0"),
                /* Without a serial number; without the fields that a reply has. */
                RAW("l\2\1\1\0\0\0\0\0\0\0\0\0\0\0\0"),
                RAW("l\2\1\1\0\0\0\0\1\0\0\0\0\0\0\0"),
                /* Body and fields longer than allowed, and longer than what comes. */
                RAW("l\2\1\1\377\377\377\377\1\0\0\0\0\0\0\0"),
                RAW("l\2\1\1\0\0\0\0\1\0\0\0\377\377\377\377"),
                RAW("B\2\1\1\0\0\1\0\0\0\0\1\0\0\0\10\5\1u\0\0\0\0\1"),
                /* A field of a type that it cannot have. */
                RAW("l\2\1\1\0\0\0\0\1\0\0\0\10\0\0\0\5\1g\0\1u\0\0"),
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_all_fail(rows[i]);
}

/* ---- signals ---- */

#define NOT_JOB_REMOVED .before = { { "JobRemoved", {} }, { "JobRemoved", { "s", { JOB } } } }

static void test_job_removed(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .reply = { "o", { JOB } }, NOT_JOB_REMOVED,
                  .after = { { "JobRemoved", { "usss", { JOB, UNIT, "done" } } },
                             JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};

        assert_int_equal(do_stop(m, &e), 0);
}

static void test_job_removed_is_all_wrong(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .reply = { "o", { JOB } }, NOT_JOB_REMOVED, .gone = true },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};

        assert_true(do_stop(m, &e) < 0);
        assert_string_equal(e.code, ERROR_MANAGER_UNREACHABLE);
}

/* Only that there is no such job says that it is over. */
static void test_look_is_all_wrong(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .reply = { "o", { JOB } } },
                { LOOK },
                { LOOK, .reply = { "u" } },
                { LOOK, .fill = fill_number_variant },
                { LOOK, .error = SD_BUS_ERROR_ACCESS_DENIED, .message = "not for you" },
                { LOOK, .error = "com.example.NeverHeardOf", .message = "What is this?" },
                { JOB_GONE },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};

        assert_int_equal(do_stop(m, &e), 0);
}

static void test_unit_removed(void **state) {
        static const FakeProperty running[] = {
                { "LoadState", "s", "loaded" },
                { "ActiveState", "s", "active" },
                {},
        };
        static const FakeStep script[] = {
                { "GetAll", .fill = fake_fill_properties, .userdata = running,
                  .before = { { "UnitRemoved", {} }, { "UnitRemoved", { "u" } } },
                  .after = { { "UnitRemoved", { "ss", { UNIT, UNIT_PATH } } }, UNIT_REMOVED(UNIT) } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(await_gone(m, NULL), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                fake_test(test_wrong_signature),   fake_test(test_no_message),
                fake_test(test_job_removed),       fake_test(test_job_removed_is_all_wrong),
                fake_test(test_look_is_all_wrong), fake_test(test_unit_removed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
