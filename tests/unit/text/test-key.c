/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/text/key.h"

static void test_names(void **state) {
        static const struct {
                const char *name;
                Key key;
                int byte;
        } rows[] = {
                { "Enter", { .code = KEY_ENTER }, '\r' },
                { "enter", { .code = KEY_ENTER }, '\r' },
                { "Tab", { .code = KEY_TAB }, '\t' },
                { "S-Tab", { .code = KEY_TAB, .modifiers = KEY_SHIFT }, -EINVAL },
                { "Esc", { .code = KEY_ESCAPE }, 0x1b },
                { "BSpace", { .code = KEY_BACKSPACE }, 0x7f },
                { "Space", { .character = ' ' }, ' ' },
                { "C-Space", { .character = ' ', .modifiers = KEY_CONTROL }, 0 },
                { "C-a", { .character = 'a', .modifiers = KEY_CONTROL }, 1 },
                { "C-C", { .character = 'C', .modifiers = KEY_CONTROL }, 3 },
                { "^C", { .character = 'C', .modifiers = KEY_CONTROL }, 3 },
                { "ctrl-z", { .character = 'z', .modifiers = KEY_CONTROL }, 26 },
                { "C-_", { .character = '_', .modifiers = KEY_CONTROL }, 0x1f },
                { "C-1", { .character = '1', .modifiers = KEY_CONTROL }, -EINVAL },
                { "M-x", { .character = 'x', .modifiers = KEY_META }, -EINVAL },
                { "Up", { .code = KEY_UP }, -EINVAL },
                { "C-Left", { .code = KEY_LEFT, .modifiers = KEY_CONTROL }, -EINVAL },
                { "PPage", { .code = KEY_PAGE_UP }, -EINVAL },
                { "F1", { .code = KEY_FUNCTION, .number = 1 }, -EINVAL },
                { "f12", { .code = KEY_FUNCTION, .number = 12 }, -EINVAL },
                { "f", { .character = 'f' }, 'f' },
                { "^", { .character = '^' }, '^' },
                { "-", { .character = '-' }, '-' },
                { "C--", { .character = '-', .modifiers = KEY_CONTROL }, -EINVAL },
                { "é", { .character = 0xe9 }, -EINVAL },
                { "😀", { .character = 0x1f600 }, -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Key k = {};

                assert_row(rows[i].name, key_from_string(rows[i].name, &k) == 0);
                assert_row(rows[i].name, memcmp(&k, &rows[i].key, sizeof(k)) == 0);
                assert_row(rows[i].name, key_to_byte(&k) == rows[i].byte);
        }
}

static void test_no_names(void **state) {
        static const char *const rows[] = { "",     "Upp",  "F0",    "F99",  "ab",
                                            "\x01", "\xff", "C-Foo", "\xc3", "F1x" };
        Key k;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i], key_from_string(rows[i], &k) == -EINVAL);
        assert_string_equal(key_near("Upp"), "Up");
        assert_string_equal(key_near("C-entr"), "Enter");
        assert_string_equal(key_near("PgDwn"), "PgDn");
        assert_string_equal(key_near("Delte"), "Delete");
        assert_null(key_near("zz"));
        assert_null(key_near("C-cc"));
        assert_null(key_near("C-"));
}

static void test_detach_keys(void **state) {
        char keys[2];

        assert_int_equal(keys_to_bytes("C-b", keys, sizeof(keys)), 1);
        assert_int_equal(keys[0], 2);
        assert_int_equal(keys_to_bytes("ctrl-p,ctrl-q", keys, sizeof(keys)), 2);
        assert_int_equal(keys[1], 17);
        assert_int_equal(keys_to_bytes("C-a,C-b,C-c", keys, sizeof(keys)), -EINVAL);
        assert_int_equal(keys_to_bytes("Up", keys, sizeof(keys)), -EINVAL);
        assert_int_equal(keys_to_bytes("", keys, sizeof(keys)), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_no_names),
                cmocka_unit_test(test_detach_keys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
