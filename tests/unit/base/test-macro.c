/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/base/macro.h"

static void test_grow(void **state) {
        _cleanup_free_ int *numbers = NULL;
        size_t n = 0;

        for (int i = 0; i < 100; i++) {
                assert_true(GROW(numbers, n));
                numbers[n++] = i;
                if (i % 7 == 6) /* an array may also shrink */
                        n -= 3;
        }
        assert_int_equal(n, 58);
        assert_int_equal(numbers[0], 0);
        assert_int_equal(numbers[4], 7);
        assert_int_equal(numbers[57], 99);
}

static void test_grow_without_memory(void **state) {
        _cleanup_free_ int *numbers = NULL;
        volatile size_t n = (size_t) 1 << 62; /* the compiler would see it */
        const int *before;

        assert_true(GROW(numbers, 0));
        before = numbers;
        assert_false(GROW(numbers, n));
        assert_ptr_equal(numbers, before);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_grow),
                cmocka_unit_test(test_grow_without_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
