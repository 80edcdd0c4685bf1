/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/base/error.h"

static void test_set(void **state) {
        _cleanup_error_ Error e = {};

        assert_int_equal(error_set(&e, ERROR_FAILED, EACCES, "cannot open '%s'", "x"), -EACCES);
        assert_string_equal(e.code, "failed");
        assert_int_equal(e.errnum, EACCES);
        assert_string_equal(e.message, "cannot open 'x': Permission denied");
        assert_null(e.hint);
}

static void test_return_value(void **state) {
        static const struct {
                int errnum, expected;
        } rows[] = {
                { ENOENT, -ENOENT },
                { -ENOENT, -ENOENT },
                { 0, -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_error_ Error e = {};

                assert_int_equal(error_set(&e, ERROR_FAILED, rows[i].errnum, "x"), rows[i].expected);
                assert_int_equal(error_set(NULL, ERROR_FAILED, rows[i].errnum, "x"), rows[i].expected);
                assert_int_equal(e.errnum, abs(rows[i].errnum));
        }
}

static void test_first_cause_wins(void **state) {
        _cleanup_error_ Error e = {};

        error_set(&e, ERROR_USAGE, 0, "first");
        assert_int_equal(error_set(&e, ERROR_FAILED, EIO, "second"), -EIO);
        assert_string_equal(e.code, "usage");
        assert_string_equal(e.message, "first");
}

static void test_prefix_and_hint(void **state) {
        _cleanup_error_ Error e = {};

        error_set(&e, ERROR_FAILED, 0, "cause");
        error_prefix(&e, "cannot start job '%s'", "web");
        assert_string_equal(e.message, "cannot start job 'web': cause");
        error_hint(&e, "try %d", 1);
        error_hint(&e, "try %d", 2);
        assert_string_equal(e.hint, "try 2");
}

static void test_clear(void **state) {
        Error e = {};

        assert_int_equal(error_oom(&e), -ENOMEM);
        error_hint(&e, "buy some");
        error_clear(&e);
        assert_null(e.code);
        assert_null(e.message);
        assert_null(e.hint);
        assert_int_equal(e.errnum, 0);
}

static void test_nobody_listens(void **state) {
        assert_int_equal(error_oom(NULL), -ENOMEM);
        error_hint(NULL, "x");
        error_prefix(NULL, "x");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_set),
                cmocka_unit_test(test_return_value),
                cmocka_unit_test(test_first_cause_wins),
                cmocka_unit_test(test_prefix_and_hint),
                cmocka_unit_test(test_clear),
                cmocka_unit_test(test_nobody_listens),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
