/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/text/quote.h"

static void test_command(void **state) {
        static const struct {
                const char *argv[4];
                const char *expected;
        } rows[] = {
                { { NULL }, "" },
                { { "make" }, "make" },
                { { "npm", "run", "dev:web" }, "npm run dev:web" },
                { { "echo", "" }, "echo ''" },
                { { "sh", "-c", "a && b" }, "sh -c 'a && b'" },
                { { "echo", "it's" }, "echo 'it'\\''s'" },
                { { "echo", "$HOME", "*" }, "echo '$HOME' '*'" },
                { { "echo", "na\xC3\xAFve" }, "echo 'na\xC3\xAFve'" },
                { { "echo", "two\nlines" }, "echo 'two lines'" },
                { { "echo", "\033[31m\xE9" }, "echo '\xEF\xBF\xBD'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = quote_command((char *const *) rows[i].argv, 100);

                assert_string_equal(text, rows[i].expected);
        }
}

static void test_command_is_cut(void **state) {
        const char *argv[] = { "0123456789", "0123456789", NULL };
        _cleanup_free_ char *text = quote_command((char *const *) argv, 15);

        assert_string_equal(text, "0123456789 0123…");
}

static void test_line(void **state) {
        static const struct {
                const char *data;
                size_t len, max;
                const char *expected;
        } rows[] = {
                { BYTES(""), 10, "" },
                { BYTES("text"), 4, "text" },
                { BYTES("text"), 3, "tex…" },
                { BYTES("a\nb\tc"), 10, "a b c" },
                { BYTES("a\xC3\xA9"), 2, "a…" },
                { BYTES("a\0b\033[31m"), 10, "ab" },
                { BYTES("old\rnew"), 10, "new" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = printable_line(rows[i].data, rows[i].len, rows[i].max);

                assert_string_equal(text, rows[i].expected);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_command),
                cmocka_unit_test(test_command_is_cut),
                cmocka_unit_test(test_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
