/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/text/collapse.h"

static bool key_of(const char *text, Buf *key) {
        bool progress = collapse_key(key, text, strlen(text));

        buf_append_char(key, '\0');
        assert_false(key->oom);
        return progress;
}

static bool folds(const char *a, const char *b) {
        _cleanup_buf_ Buf x = {}, y = {};

        return key_of(a, &x) == key_of(b, &y) && streq(x.data, y.data);
}

static const struct {
        const char *a, *b;
        bool wanted;
} rows[] = {
        /* equal */
        { "waiting for server", "waiting for server", true },
        { "", "", true },
        { "a", "b", false },
        { "", " ", false },
        /* progress */
        { "Compiling 3/400", "Compiling 4/400", true },
        { "Compiling 9/400 units", "Compiling 10/400 units", true },
        { "  9% done", " 10% done", true },
        { "Progress: 12.5%", "Progress: 100%", true },
        { "[3/400] Building C object a.o", "[4/400] Linking target b", true },
        { "(3/400) one", "( 10/400) other", true },
        { "[ 12%] Building CXX object a.o", "[100%] Linking CXX executable b", true },
        { "[ 12%] Building", "[3/4] Building", false },
        { "    Building [=====>           ] 3/400: serde", "    Building [======>          ] 4/400: serde",
          true },
        { "━━━━━━━━━━╸         1.2/9.9 MB", "━━━━━━━━━━━━━━━━━ 3.4/9.9 MB", true },
        { "⠋ Installing", "⠙ Installing", false },
        /* no progress */
        { "GET /health 200 in 3 ms", "GET /health 200 in 4 ms", false },
        { "2026/11/22 a", "2026/11/23 a", false },
        { "src/1/2.c", "src/1/3.c", false },
        { "step 1", "step 2", false },
        { "[1] a", "[2] a", false },
        { "see a1/2b", "see a1/3b", false },
        { "10.0.0.0/8 up", "10.1.0.0/8 up", false },
        { "Copying a 3/400", "Copying b 3/400", false },
};

static void test_pairs(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i].a, folds(rows[i].a, rows[i].b) == rows[i].wanted);
}

static void test_bytes_of_a_longer_text_are_not_read(void **state) {
        _cleanup_buf_ Buf key = {};

        assert_false(collapse_key(&key, "12% of it", 2));
        assert_int_equal(key.len, 2);
        assert_memory_equal(key.data, "12", 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pairs),
                cmocka_unit_test(test_bytes_of_a_longer_text_are_not_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
