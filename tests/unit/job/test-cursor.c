/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/job/cursor.h"

#define START "s1:0a1b2c3d:0123456789abcdef0123456789abcdef:1700000000000000:"

static void test_there_and_back(void **state) {
        static const char *const texts[] = {
                START "0:web",
                START "42:web",
                START "42+7.12:a.b_c-d",
                START "42+7.12+9.0:web",
                START "18446744073709551614+1.18446744073709551615+2.3+4.5+6.7:web",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                char text[CURSOR_TEXT_MAX];
                Cursor c;

                assert_row(texts[i], cursor_from_string(&c, texts[i], NULL) == 0);
                assert_string_equal(cursor_to_string(&c, text, sizeof(text)), texts[i]);
        }
}

static void test_parts(void **state) {
        Cursor c;

        assert_int_equal(cursor_from_string(&c, START "42+7.12:web", NULL), 0);
        assert_string_equal(c.machine, "0a1b2c3d");
        assert_string_equal(c.run, "0123456789abcdef0123456789abcdef");
        assert_string_equal(c.job, "web");
        assert_int_equal(c.started, 1700000000000000);
        assert_int_equal(c.seq, 42);
        assert_int_equal(c.n_open, 1);
        assert_int_equal(c.open[0].seq, 7);
        assert_int_equal(c.open[0].bytes, 12);
}

static void test_what_is_none(void **state) {
        static const char *const texts[] = {
                "",
                "42",
                "s=1234;i=5;b=6;m=7;t=8;x=9",
                "s2:0a1b2c3d:0123456789abcdef0123456789abcdef:1:42:web",
                "s1:0a1b2c3:0123456789abcdef0123456789abcdef:1:42:web",
                "s1:0a1b2c3d:0123456789abcdef:1:42:web",
                "s1:0a1b2c3d:0123456789ABCDEF0123456789abcdef:1:42:web",
                START "42",
                START "42:",
                START "42:../web",
                START "x:web",
                START "-1:web",
                START "18446744073709551615:web",
                START "18446744073709551616:web",
                START "42+:web",
                START "42+7:web",
                START "42+7.:web",
                START "42+7.1+:web",
                START "42+0.1:web",
                START "42+43.1:web",
                START "42+1.1+2.1+3.1+4.1+5.1:web",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_error_ Error e = {};
                Cursor c;

                assert_row(texts[i], cursor_from_string(&c, texts[i], &e) == -EINVAL);
                assert_row(texts[i], streq(e.code, ERROR_USAGE) && e.hint);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_there_and_back),
                cmocka_unit_test(test_parts),
                cmocka_unit_test(test_what_is_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
