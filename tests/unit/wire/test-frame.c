/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/wire/frame.h"

static void test_roundtrip(void **state) {
        _cleanup_buf_ Buf b = {};
        Frame f;

        frame_append(&b, FRAME_INPUT, "hello", 5);
        frame_append(&b, FRAME_SYNC, NULL, 0);
        assert_int_equal(frame_parse(b.data, b.len, FRAME_MAX, &f), FRAME_HEADER + 5);
        assert_int_equal(f.type, FRAME_INPUT);
        assert_memory_equal(f.data, "hello", 5);
        assert_int_equal(f.len, 5);
        buf_consume(&b, FRAME_HEADER + 5);
        assert_int_equal(frame_parse(b.data, b.len, FRAME_MAX, &f), FRAME_HEADER);
        assert_int_equal(f.type, FRAME_SYNC);
        assert_int_equal(f.len, 0);
}

/* Whatever its beginning, half a frame is none yet. */
static void test_half(void **state) {
        _cleanup_buf_ Buf b = {};
        Frame f;

        frame_append(&b, FRAME_OUTPUT, "0123456789", 10);
        for (size_t n = 0; n < b.len; n++)
                assert_int_equal(frame_parse(b.data, n, FRAME_MAX, &f), 0);
}

static void test_too_large(void **state) {
        static const char header[FRAME_HEADER] = { 0, 0, 1, 0, FRAME_INPUT };
        static const char larger[FRAME_HEADER] = { 1, 0, 1, 0, FRAME_INPUT };
        Frame f;

        assert_int_equal(frame_parse(header, sizeof(header), FRAME_MAX, &f), 0);
        assert_int_equal(frame_parse(larger, sizeof(larger), FRAME_MAX, &f), -EMSGSIZE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_roundtrip),
                cmocka_unit_test(test_half),
                cmocka_unit_test(test_too_large),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
