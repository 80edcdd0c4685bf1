/* SPDX-License-Identifier: MIT */
#include <locale.h>

#include "test.h"

#include "sdbg/text/utf8.h"

static void test_decode(void **state) {
        static const struct {
                const char *data;
                size_t len;
                int r;
                uint32_t c;
        } rows[] = {
                { BYTES("\0"), 1, 0 },
                { BYTES("A"), 1, 'A' },
                { BYTES("A\xFF"), 1, 'A' },
                { BYTES("\x7F"), 1, 0x7F },
                { BYTES("\xC2\x80"), 2, 0x80 },
                { BYTES("\xDF\xBF"), 2, 0x7FF },
                { BYTES("\xE0\xA0\x80"), 3, 0x800 },
                { BYTES("\xED\x9F\xBF"), 3, 0xD7FF },
                { BYTES("\xEE\x80\x80"), 3, 0xE000 },
                { BYTES("\xEF\xBF\xBF"), 3, 0xFFFF },
                { BYTES("\xF0\x90\x80\x80"), 4, 0x10000 },
                { BYTES("\xF4\x8F\xBF\xBF"), 4, 0x10FFFF },

                { BYTES("\xC3"), -EAGAIN, 0 },
                { BYTES("\xE2\x82"), -EAGAIN, 0 },
                { BYTES("\xF0\x9F\x98"), -EAGAIN, 0 },

                { BYTES("\x80"), -EINVAL, 0 }, /* continuation without a beginning */
                { BYTES("\xFE"), -EINVAL, 0 },
                { BYTES("\xFF"), -EINVAL, 0 },
                { BYTES("\xC3("), -EINVAL, 0 },
                { BYTES("\xE2(\x82"), -EINVAL, 0 },
                { BYTES("\xC0\x80"), -EINVAL, 0 }, /* overlong */
                { BYTES("\xC1\xBF"), -EINVAL, 0 },
                { BYTES("\xE0\x9F\xBF"), -EINVAL, 0 },
                { BYTES("\xF0\x8F\xBF\xBF"), -EINVAL, 0 },
                { BYTES("\xED\xA0\x80"), -EINVAL, 0 }, /* surrogates */
                { BYTES("\xED\xBF\xBF"), -EINVAL, 0 },
                { BYTES("\xF4\x90\x80\x80"), -EINVAL, 0 }, /* above U+10FFFF */
                { BYTES("\xF5\x80\x80\x80"), -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint32_t c = 0;

                assert_row(rows[i].data, utf8_decode(rows[i].data, rows[i].len, &c) == rows[i].r);
                assert_row(rows[i].data, c == rows[i].c);
                assert_row(rows[i].data, utf8_decode(rows[i].data, rows[i].len, NULL) == rows[i].r);
        }
}

static void test_valid(void **state) {
        assert_true(utf8_is_valid("", 0));
        assert_true(utf8_is_valid(BYTES("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80\n\0\x1B")));
        assert_false(utf8_is_valid(BYTES("caf\xE9")));
        assert_false(utf8_is_valid(BYTES("half \xE2\x82")));
}

static void test_columns(void **state) {
        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                skip();
        assert_int_equal(utf8_columns('a'), 1);
        assert_int_equal(utf8_columns(0x4E2D), 2);
        assert_int_equal(utf8_columns(0x301), 0);
        assert_int_equal(utf8_columns(0x1), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_decode),
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_columns),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
