/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/json/json.h"

/* A struct with one field of each type. */
typedef struct All {
        char *string, *bytes;
        char **vector, **map;
        bool flag;
        int number, choice;
        uint64_t u64;
        usec_t time, msec;
} All;

static const char *const choices[] = { "red", "green", NULL };

static const JsonField fields[] = {
        { "string", JSON_STRING, offsetof(All, string), NULL },
        { "bytes", JSON_BYTES, offsetof(All, bytes), NULL },
        { "vector", JSON_BYTES_V, offsetof(All, vector), NULL },
        { "map", JSON_MAP, offsetof(All, map), NULL },
        { "flag", JSON_BOOL, offsetof(All, flag), NULL },
        { "number", JSON_INT, offsetof(All, number), NULL },
        { "choice", JSON_ENUM, offsetof(All, choice), choices },
        { "u64", JSON_U64, offsetof(All, u64), NULL },
        { "time", JSON_TIME, offsetof(All, time), NULL },
        { "msec", JSON_MSEC, offsetof(All, msec), NULL },
};

#define UNKNOWN                                                                                              \
        (All) {                                                                                              \
                .number = -1, .choice = -1, .u64 = UINT64_MAX, .msec = USEC_INFINITY                         \
        }

static void all_done(All *a) {
        json_free_fields(fields, ELEMENTSOF(fields), a);
}
#define _cleanup_all_ _cleanup_(all_done)

static char *to_text(const All *a) {
        _cleanup_json_ Json *o = json_new_object();

        assert_int_equal(json_from_fields(o, fields, ELEMENTSOF(fields), a), 0);
        return json_to_string(o);
}

static int from_text(const char *text, All *a) {
        _cleanup_json_ Json *o = NULL;

        assert_row(text, json_parse(text, strlen(text), &o) == 0);
        return json_to_fields(o, fields, ELEMENTSOF(fields), a);
}

static void test_fields(void **state) {
        char *vector[] = { (char *) "plain", (char *) "\xFF\xFE", (char *) "", NULL };
        char *map[] = { (char *) "a=1", (char *) "b=x=y", (char *) "c=", NULL };
        const All a = {
                .string = (char *) "text",
                .bytes = (char *) "caf\xE9",
                .vector = vector,
                .map = map,
                .flag = true,
                .number = 42,
                .choice = 1,
                .u64 = 999999999999999,
                .time = 1795356245123456,
                .msec = 1500 * USEC_PER_MSEC,
        };
        _cleanup_free_ char *text = NULL, *again = NULL;
        _cleanup_all_ All b = UNKNOWN;

        assert_int_equal(setenv("TZ", "CET-1", 1), 0);
        tzset();
        text = to_text(&a);
        assert_string_equal(text, "{\"string\":\"text\",\"bytes\":{\"base64\":\"Y2Fm6Q==\"},"
                                  "\"vector\":[\"plain\",{\"base64\":\"//4=\"},\"\"],"
                                  "\"map\":{\"a\":\"1\",\"b\":\"x=y\",\"c\":\"\"},\"flag\":true,"
                                  "\"number\":42,\"choice\":\"green\",\"u64\":999999999999999,"
                                  "\"time\":\"2026-11-22T15:04:05.123456+01:00\",\"msec\":1500}");
        assert_int_equal(from_text(text, &b), 0);
        assert_string_equal(b.bytes, a.bytes);
        assert_int_equal(b.u64, a.u64);
        assert_int_equal(b.time, a.time);
        again = to_text(&b);
        assert_string_equal(again, text);
}

static void test_unknown_is_null(void **state) {
        _cleanup_free_ char *text = NULL, *again = NULL;
        _cleanup_all_ All b = UNKNOWN;
        const All a = UNKNOWN;

        text = to_text(&a);
        assert_string_equal(text, "{\"string\":null,\"bytes\":null,\"vector\":[],\"map\":{},"
                                  "\"flag\":false,\"number\":null,\"choice\":null,\"u64\":null,"
                                  "\"time\":null,\"msec\":null}");
        assert_int_equal(from_text(text, &b), 0);
        again = to_text(&b);
        assert_string_equal(again, text);
}

/* A newer writer may leave out and add. */
static void test_missing_and_unknown_keys(void **state) {
        _cleanup_all_ All a = UNKNOWN;

        a.string = strdup("stays");
        assert_int_equal(from_text("{\"number\":7,\"new\":[{}]}", &a), 0);
        assert_string_equal(a.string, "stays");
        assert_int_equal(a.number, 7);
}

static void test_bad_values(void **state) {
        static const char *const rows[] = {
                "[]",
                "1",
                "{\"string\":1}",
                "{\"string\":[]}",
                "{\"bytes\":{}}",
                "{\"bytes\":{\"base64\":1}}",
                "{\"bytes\":{\"base64\":\"x\"}}",
                "{\"vector\":\"x\"}",
                "{\"vector\":[1]}",
                "{\"vector\":[\"a\",null]}",
                "{\"map\":[]}",
                "{\"map\":{\"a\":1}}",
                "{\"flag\":1}",
                "{\"number\":\"1\"}",
                "{\"number\":-1}",
                "{\"number\":4294967297}",
                "{\"choice\":1}",
                "{\"choice\":\"blue\"}",
                "{\"u64\":-1}",
                "{\"u64\":1e300}",
                "{\"u64\":\"1\"}",
                "{\"time\":1}",
                "{\"time\":\"yesterday\"}",
                "{\"msec\":-1}",
                "{\"msec\":1e18}",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_all_ All a = UNKNOWN;

                assert_row(rows[i], from_text(rows[i], &a) == -EBADMSG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fields),
                cmocka_unit_test(test_unknown_is_null),
                cmocka_unit_test(test_missing_and_unknown_keys),
                cmocka_unit_test(test_bad_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
