/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/runtime/bookmark.h"

#include "ops/event-mark.h"

static void assert_kept(const EventMark *m) {
        _cleanup_free_ char *text = event_mark_to_string(m), *again = NULL;
        EventMark copy;

        assert_non_null(text);
        assert_int_equal(event_mark_from_string(&copy, text), 0);
        again = event_mark_to_string(&copy);
        assert_string_equal(again, text);
        assert_true(streq_ptr(copy.cursor, m->cursor));
        assert_int_equal(copy.n, m->n);
        event_mark_done(&copy);
}

static void test_round_trip(void **state) {
        EventMark m = {};

        assert_kept(&m);
        m.time = 1395716396000000;
        assert_kept(&m);
        m.cursor = strdup("s=0639;i=99;b=4;m=1;t=4f;x=5");
        assert_int_equal(event_mark_add(&m, UINT64_MAX, 7), 0);
        assert_kept(&m);
        event_mark_done(&m);
}

static void test_fits_into_a_bookmark(void **state) {
        _cleanup_free_ char *text = NULL;
        EventMark m = { .time = UINT64_MAX, .cursor = malloc(256) };

        memset(m.cursor, 'x', 255);
        m.cursor[255] = '\0';
        for (size_t i = 0; i < EVENT_MARK_MAX; i++)
                assert_int_equal(event_mark_add(&m, UINT64_MAX - i, UINT64_MAX), 0);
        assert_int_equal(event_mark_add(&m, 1, 1), -ENOSPC);
        text = event_mark_to_string(&m);
        assert_true(strlen(text) < BOOKMARK_CURSOR_MAX);
        assert_kept(&m);
        event_mark_done(&m);
}

static void test_malformed(void **state) {
        static const char *const texts[] = {
                "",          "1",          "2 0 -\n",    "1 0",        "1 0 -",          "1 x -\n",
                "1 0 \n",    "1 0 -\nx\n", "1 0 -\n1\n", "1 0 -\n1 2", "1 0 -\n1 2 3\n", "s=1;i=2;b=3\n",
                "1 0 -\n\n",
        };
        EventMark m;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_int_equal(event_mark_from_string(&m, texts[i]), -EBADMSG);
                assert_null(m.cursor);
                assert_int_equal(m.n, 0);
        }
}

static void test_drop(void **state) {
        EventMark m = {};

        for (uint64_t key = 1; key <= 3; key++)
                assert_int_equal(event_mark_add(&m, key, key), 0);
        assert_true(event_mark_has(&m, 1));
        assert_true(event_mark_drop(&m, 1));
        assert_false(event_mark_drop(&m, 1));
        assert_false(event_mark_has(&m, 1));
        assert_true(event_mark_has(&m, 2));
        assert_true(event_mark_has(&m, 3));
}

static void test_prune(void **state) {
        usec_t now = 10 * EVENT_MARK_LOST;
        EventMark m = {};

        assert_int_equal(event_mark_add(&m, 1, now - EVENT_MARK_LOST - 1), 0);
        assert_int_equal(event_mark_add(&m, 2, now - EVENT_MARK_MARGIN - 1), 0);
        assert_int_equal(event_mark_add(&m, 3, now - EVENT_MARK_MARGIN), 0);
        event_mark_prune(&m, now, true);
        assert_int_equal(m.time, now);
        assert_int_equal(m.n, 2);
        event_mark_prune(&m, now, false);
        assert_int_equal(m.n, 1);
        assert_true(event_mark_has(&m, 3));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip), cmocka_unit_test(test_fits_into_a_bookmark),
                cmocka_unit_test(test_malformed),  cmocka_unit_test(test_drop),
                cmocka_unit_test(test_prune),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
