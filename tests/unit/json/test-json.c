/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/json/json.h"

static void test_parse(void **state) {
        static const struct {
                const char *text;
                int r;
        } rows[] = {
                { "{}", 0 },
                { " [1, \"two\", null, true] \r\n\t", 0 },
                { "\"text\"", 0 },
                { "", -EBADMSG },
                { " ", -EBADMSG },
                { "{", -EBADMSG },
                { "{} {}", -EBADMSG },
                { "{}x", -EBADMSG },
                { "{'a':1}", -EBADMSG },
                { "{\"a\"}", -EBADMSG },
                { "[1,]", -EBADMSG },
                { "\"open", -EBADMSG },
                { "\"\\x\"", -EBADMSG },
                { "nul", -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_json_ Json *j = NULL;

                assert_row(rows[i].text, json_parse(rows[i].text, strlen(rows[i].text), &j) == rows[i].r);
                assert_row(rows[i].text, !j == (rows[i].r < 0));
        }
}

/* The length counts, not a NUL. */
static void test_parse_length(void **state) {
        _cleanup_json_ Json *j = NULL, *none = NULL;

        assert_int_equal(json_parse("12 and more", 2, &j), 0);
        assert_int_equal(json_parse(BYTES("{}\0"), &none), -EBADMSG);
        assert_int_equal(json_parse(BYTES("{}\0{}"), &none), -EBADMSG);
}

static void test_parse_depth(void **state) {
        static const struct {
                size_t depth;
                int r;
        } rows[] = {
                { 1000, 0 },
                { 1001, -EBADMSG },
                { 1000000, -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = malloc(2 * rows[i].depth);
                _cleanup_json_ Json *j = NULL;

                memset(text, '[', rows[i].depth);
                memset(text + rows[i].depth, ']', rows[i].depth);
                assert_int_equal(json_parse(text, 2 * rows[i].depth, &j), rows[i].r);
        }
}

static void test_build(void **state) {
        _cleanup_json_ Json *o = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *array = json_new_array();

        assert_int_equal(json_append(array, json_new_number(1)), 0);
        assert_int_equal(json_append(array, json_new_bool(true)), 0);
        assert_int_equal(json_append(array, NULL), -ENOMEM);
        assert_int_equal(json_set(o, "array", array), 0);
        assert_int_equal(json_set(o, "null", json_new_string(NULL)), 0);
        assert_int_equal(json_set(o, "text", json_new_string("a\n\"\033")), 0);
        assert_int_equal(json_set(o, "none", NULL), -ENOMEM);
        assert_int_equal(json_set(NULL, "none", json_new_object()), -ENOMEM);
        text = json_to_string(o);
        assert_string_equal(text, "{\"array\":[1,true],\"null\":null,\"text\":\"a\\n\\\"\\u001b\"}");
}

static void test_string_is_utf8(void **state) {
        _cleanup_json_ Json *j = json_new_string("caf\xE9");

        assert_string_equal(json_string(j), "caf\xEF\xBF\xBD");
}

static void test_strv(void **state) {
        char *v[] = { (char *) "a", (char *) "caf\xE9", NULL };
        _cleanup_json_ Json *j = json_new_strv(v), *none = json_new_strv(NULL);
        _cleanup_free_ char *text = json_to_string(j), *empty = json_to_string(none);

        assert_string_equal(text, "[\"a\",\"caf\xEF\xBF\xBD\"]");
        assert_string_equal(empty, "[]");
}

static void test_walk(void **state) {
        static const char *const keys[] = { "a", "b" };
        static const char text[] = "{\"a\":\"x\",\"b\":2}";
        _cleanup_json_ Json *o = NULL;
        size_t n = 0;

        assert_int_equal(json_parse(text, strlen(text), &o), 0);
        for (const Json *i = json_first(o); i; i = json_next(i))
                assert_string_equal(json_key(i), keys[n++]);
        assert_int_equal(n, 2);
        assert_string_equal(json_string(json_get(o, "a")), "x");
        assert_null(json_string(json_get(o, "b")));
        assert_null(json_get(o, "A"));
        assert_null(json_get(o, "c"));
        assert_null(json_first(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse),          cmocka_unit_test(test_parse_length),
                cmocka_unit_test(test_parse_depth),    cmocka_unit_test(test_build),
                cmocka_unit_test(test_string_is_utf8), cmocka_unit_test(test_strv),
                cmocka_unit_test(test_walk),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
