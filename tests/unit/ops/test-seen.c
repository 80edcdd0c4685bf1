/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "ops/seen.h"

static void test_once(void **state) {
        Seen s = {};

        assert_int_equal(seen_add(&s, 1), 1);
        assert_int_equal(seen_add(&s, 1), 0);
        assert_int_equal(seen_add(&s, 2), 1);
        seen_done(&s);
}

static void test_the_last_are_known(void **state) {
        Seen s = {};

        for (uint64_t i = 1; i <= 5 * SEEN_MAX; i++) {
                assert_int_equal(seen_add(&s, seen_key("run", i)), 1);
                if (i >= SEEN_MAX)
                        assert_int_equal(seen_add(&s, seen_key("run", i - SEEN_MAX + 1)), 0);
        }
        seen_done(&s);
}

static void test_keys(void **state) {
        assert_int_not_equal(seen_key("a", 1), seen_key("a", 2));
        assert_int_not_equal(seen_key("a", 1), seen_key("b", 1));
        assert_int_not_equal(seen_key("", 0), 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_once),
                cmocka_unit_test(test_the_last_are_known),
                cmocka_unit_test(test_keys),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
