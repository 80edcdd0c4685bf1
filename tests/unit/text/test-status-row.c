/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/text/status-row.h"

#define REGION "\0337\033[1;23r\0338"

static StatusRow row_80x24(void) {
        _cleanup_buf_ Buf b = {};
        StatusRow s = {};

        status_row_resize(&s, 80, 24, &b);
        assert_int_equal(status_row_rows(&s), 23);
        assert_string_equal(strndupa(b.data, b.len), REGION);
        assert_true(s.is_damaged);
        s.is_damaged = false;
        return s;
}

/* In one piece, and byte by byte. */
static void check(const char *in, const char *expected, bool damaged) {
        for (int whole = 0; whole < 2; whole++) {
                _cleanup_buf_ Buf b = {};
                StatusRow s = row_80x24();
                size_t piece = whole ? strlen(in) : 1;

                for (const char *p = in; *p; p += piece)
                        status_row_pass(&s, p, piece, 1, &b);
                assert_string_equal(strndupa(b.data, b.len), expected);
                assert_int_equal(s.is_damaged, damaged);
        }
}

static void test_passed_as_it_is(void **state) {
        static const char *rows[] = {
                "text\r\n",
                "\033[1;31mred\033[m",
                "\033[10;20H\033[K\033[3L",
                "\033[?1h\033=\033[?2004h\033(B",
                "\033]0;title [2J\a\033]0;other\033\\",
                "\033P1$r0m\033\\",
                "\033[?1r",
                "gr\303\274n \342\202\254",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                check(rows[i], rows[i], false);
}

static void test_region_ends_above(void **state) {
        check("\033[r", "\033[1;23r", false);
        check("\033[5r", "\033[5;23r", false);
        check("\033[5;r", "\033[5;23r", false);
        check("\033[;10r", "\033[1;10r", false);
        check("\033[2;24r", "\033[2;23r", false);
        check("\033[2;99r", "\033[2;23r", false);
        check("\033[2;10r", "\033[2;10r", false);
}

static void test_screen_is_lost(void **state) {
        _cleanup_buf_ Buf b = {};
        StatusRow s = row_80x24();

        status_row_pass(&s, "\033[?1049h", 8, 1, &b);
        assert_false(s.is_lost);
        status_row_pass(&s, "\033[?1049l", 8, 1, &b);
        assert_true(s.is_lost);
}

static void test_position_above(void **state) {
        check("\033[23;5H\033[;5H\033[H\033[23d", "\033[23;5H\033[;5H\033[H\033[23d", false);
        check("\033[24;80H", "\033[23;80H", false);
        check("\033[999;999f", "\033[23;999f", false);
        check("\033[999H\033[24d", "\033[23H\033[23d", false);
        check("\033[e\033[99e", "\033[B\033[99B", false);
}

static void test_what_erases_it(void **state) {
        check("\033[J", "\033[J", true);
        check("\033[2J", "\033[2J", true);
        check("\033#8", "\033#8", true);
        check("\033c", "\033c" REGION, true);
        check("\033[!p", "\033[!p" REGION, true);
        check("\033[?1049h", "\033[?1049h" REGION, true);
        check("\033[?7;1049l", "\033[?7;1049l" REGION, true);
}

/* What breaks a sequence off ends it here too. */
static void test_broken_sequences(void **state) {
        check("\033[5\033[r", "\033[5\033[1;23r", false);
        check("\033[5\030\033[r", "\033[5\030\033[1;23r", false);
        check("\033]0;open\033[r", "\033]0;open\033[1;23r", false);
}

static void test_long_sequence(void **state) {
        char in[300] = "\033[";
        _cleanup_buf_ Buf b = {};
        StatusRow s = row_80x24();

        memset(in + 2, '1', 200);
        strcpy(in + 202, "mtext\033[r");
        status_row_pass(&s, in, strlen(in), 1, &b);
        assert_int_equal(b.len, strlen(in) + strlen("1;23"));
}

static void test_draw(void **state) {
        _cleanup_buf_ Buf b = {};
        StatusRow s = row_80x24();

        s.cols = 12;
        assert_true(status_row_draw(&s, " web", "key ", 1, &b));
        assert_non_null(strstr(strndupa(b.data, b.len), "\033[24;1H\033[0;7m web    key \033[m"));
        b.len = 0;
        assert_true(status_row_draw(&s, " much longer than that", "key ", 1, &b));
        assert_non_null(strstr(strndupa(b.data, b.len), "\033[0;7m much longer\033[m"));
}

static void test_when_it_is_not_drawn(void **state) {
        static const char *within[] = { "\033", "\033[", "\033[3", "\033]0;t", "\033(", "\303", "\342\202" };
        _cleanup_buf_ Buf b = {};
        StatusRow s;

        for (size_t i = 0; i < ELEMENTSOF(within); i++) {
                s = row_80x24();
                status_row_pass(&s, within[i], strlen(within[i]), 1, &b);
                assert_false(status_row_draw(&s, "", "", 1, &b));
        }
        for (const char *const *p = (const char *const[]){ "\0337", "\0338", "\033[s", "\033[u", NULL }; *p;
             p += 2) {
                s = row_80x24();
                status_row_pass(&s, p[0], strlen(p[0]), USEC_PER_SEC, &b);
                assert_false(status_row_draw(&s, "", "", USEC_PER_SEC, &b));
                assert_true(status_row_draw(&s, "", "", 2 * USEC_PER_SEC, &b));
                status_row_pass(&s, p[1], strlen(p[1]), USEC_PER_SEC, &b);
                assert_true(status_row_draw(&s, "", "", USEC_PER_SEC, &b));
        }
}

static void test_small_terminal(void **state) {
        _cleanup_buf_ Buf b = {};
        StatusRow s = {};

        status_row_resize(&s, 80, 2, &b);
        assert_int_equal(status_row_rows(&s), 2);
        assert_false(status_row_draw(&s, "", "", 1, &b));
        status_row_pass(&s, "\033[r", 3, 1, &b);
        status_row_leave(&s, &b);
        assert_string_equal(strndupa(b.data, b.len), "\033[r");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_passed_as_it_is),      cmocka_unit_test(test_region_ends_above),
                cmocka_unit_test(test_screen_is_lost),       cmocka_unit_test(test_position_above),
                cmocka_unit_test(test_what_erases_it),       cmocka_unit_test(test_broken_sequences),
                cmocka_unit_test(test_long_sequence),        cmocka_unit_test(test_draw),
                cmocka_unit_test(test_when_it_is_not_drawn), cmocka_unit_test(test_small_terminal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
