/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/base/buf.h"

static void test_append(void **state) {
        _cleanup_buf_ Buf b = {};

        buf_append_str(&b, "one");
        buf_append_char(&b, ' ');
        buf_append(&b, BYTES("t\0o"));
        buf_printf(&b, " %d", 3);
        assert_int_equal(b.len, 9);
        assert_memory_equal(b.data, "one t\0o 3", 9);
}

static void test_grow(void **state) {
        _cleanup_buf_ Buf b = {};

        for (size_t i = 0; i < 100000; i++)
                buf_append_char(&b, (char) i);
        assert_int_equal(b.len, 100000);
        for (size_t i = 0; i < b.len; i++)
                assert_int_equal(b.data[i], (char) i);
}

static void test_consume(void **state) {
        _cleanup_buf_ Buf b = {};

        buf_append_str(&b, "0123456789");
        buf_consume(&b, 0);
        buf_consume(&b, 4);
        assert_int_equal(b.len, 6);
        assert_memory_equal(b.data, "456789", 6);
        buf_consume(&b, 6);
        assert_int_equal(b.len, 0);
}

static void test_take(void **state) {
        _cleanup_free_ char *empty = NULL, *text = NULL;
        Buf b = {};

        empty = buf_take(&b);
        assert_string_equal(empty, "");

        buf_append_str(&b, "text");
        text = buf_take(&b);
        assert_string_equal(text, "text");
        assert_null(b.data);
        assert_int_equal(b.len, 0);
}

/* One check at the end of a row of appends is enough. */
static void test_out_of_memory_is_kept(void **state) {
        Buf b = {};

        buf_append_str(&b, "before");
        assert_null(buf_reserve(&b, SIZE_MAX));
        buf_append_str(&b, "after");
        assert_true(b.oom);
        assert_int_equal(b.len, strlen("before"));
        assert_null(buf_take(&b));
        assert_false(b.oom);
        assert_null(b.data);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_append),
                cmocka_unit_test(test_grow),
                cmocka_unit_test(test_consume),
                cmocka_unit_test(test_take),
                cmocka_unit_test(test_out_of_memory_is_kept),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
