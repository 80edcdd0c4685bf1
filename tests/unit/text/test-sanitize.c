/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/text/sanitize.h"

#define ESC "\033"
#define BAD "\xEF\xBF\xBD" /* U+FFFD, what stands for bytes that are no text */

typedef void (*Sanitizer)(Buf *out, const char *data, size_t len);

typedef struct Row {
        const char *data;
        size_t len;
        const char *expected;
} Row;

static void check(const Row *rows, size_t n, Sanitizer sanitizer) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *text = NULL;
                Buf out = {};

                sanitizer(&out, rows[i].data, rows[i].len);
                text = buf_take(&out);
                if (!streq(text, rows[i].expected))
                        fail_msg("row %zu: '%s' instead of '%s'", i, text, rows[i].expected);
        }
}

/* What journalctl prints as it is stays as it is. */
static void test_clean(void **state) {
        static const Row rows[] = {
                { BYTES(""), "" },
                { BYTES("plain text"), "plain text" },
                { BYTES("two\nlines\n"), "two\nlines\n" },
                { BYTES("\tindented"), "\tindented" },
                { BYTES("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80"),
                  "na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x98\x80" },
                { BYTES("\xC2\xA0"), "\xC2\xA0" }, /* U+00A0: the first after C1 */
                { BYTES("\xEF\xB7\x8F\xEF\xB7\xB0"), "\xEF\xB7\x8F\xEF\xB7\xB0" }, /* around U+FDD0… */
                { BYTES(BAD), BAD },
        };

        check(rows, ELEMENTSOF(rows), sanitize);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i].data, sanitize_is_clean(rows[i].data, rows[i].len));
}

/* What journalctl would show as "[N blob data]". */
static void test_blob_data(void **state) {
        static const Row rows[] = {
                { BYTES("a\0b"), "ab" },
                { BYTES("\x01\x02\x1F"), "" },
                { BYTES("a\177b"), "ab" },
                { BYTES("bell\a"), "bell" },
                { BYTES("\v\f"), "" },
                { BYTES("a\302\200b"), "ab" }, /* C1, as UTF-8 … */
                { BYTES("a\302\23331mb"), "a31mb" },
                { BYTES("a\233b"), "a" BAD "b" }, /* … and as a byte */
                { BYTES("caf\xE9"), "caf" BAD },
                { BYTES("caf\xE9!"), "caf" BAD "!" },
                { BYTES("\xFF\xFE"), BAD BAD },
                { BYTES("\xC0\x80"), BAD BAD },
                { BYTES("\xED\xA0\x80"), BAD BAD BAD },
                { BYTES("\xEF\xB7\x90"), BAD }, /* noncharacters */
                { BYTES("\xEF\xB7\xAF"), BAD },
                { BYTES("\xEF\xBF\xBE"), BAD },
                { BYTES("\xEF\xBF\xBF"), BAD },
                { BYTES("\xF0\x9F\xBF\xBE"), BAD },
                { BYTES("\xF4\x8F\xBF\xBF"), BAD },
        };

        check(rows, ELEMENTSOF(rows), sanitize);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i].expected, !sanitize_is_clean(rows[i].data, rows[i].len));
}

static void test_redraw(void **state) {
        static const Row rows[] = {
                { BYTES("10%\r50%\r100%\n"), "100%\n" },
                { BYTES("10%\r50%\r"), "50%" },
                { BYTES("dos\r\nlines\r\n"), "dos\nlines\n" },
                { BYTES("\r\r\rx"), "x" },
                { BYTES("first\nold\rnew\nlast"), "first\nnew\nlast" },
                { BYTES("long line\rx"), "x" },
                { BYTES("\r\n\r\n"), "\n\n" },
                { BYTES("old\r\xE9"), BAD },
                { BYTES("old\r\0new"), "new" },
        };

        check(rows, ELEMENTSOF(rows), sanitize);
}

static void test_backspace(void **state) {
        static const Row rows[] = {
                { BYTES("ab\bc"), "ac" },
                { BYTES("\b\bx"), "x" },
                { BYTES("line\n\b\bx"), "line\nx" },
                { BYTES("\xE2\x82\xAC\bx"), "x" },
                { BYTES("N\bNA\bAM\bME\bE"), "NAME" }, /* bold, as nroff(1) makes it */
                { BYTES("abc\r\b\n"), "abc\n" },       /* nothing stands left of the first column */
        };

        check(rows, ELEMENTSOF(rows), sanitize);
}

static void test_escape_sequences(void **state) {
        static const Row rows[] = {
                { BYTES(ESC "[31mred" ESC "[0m"), "red" },
                { BYTES(ESC "[1;38;5;196mred" ESC "[m"), "red" },
                { BYTES("a" ESC "[2Kb" ESC "[?25l" ESC "[10;20Hc"), "abc" },
                { BYTES("a" ESC "[1 qb"), "ab" }, /* intermediate byte */
                { BYTES("a" ESC "(Bb" ESC "=c" ESC "7d"), "abcd" },
                { BYTES(ESC "]0;title\atext"), "text" }, /* OSC */
                { BYTES(ESC "]0;title" ESC "\\text"), "text" },
                { BYTES(ESC "]8;;http://x/" ESC "\\link" ESC "]8;;" ESC "\\"), "link" },
                { BYTES(ESC "P1;2|abc" ESC "\\text"), "text" }, /* DCS */
                { BYTES(ESC "_apc" ESC "\\" ESC "^pm" ESC "\\" ESC "Xsos" ESC "\\text"), "text" },
                { BYTES(ESC "]0;title" ESC "[31mtext"), "text" }, /* one ends the other */
                { BYTES("a" ESC ESC "[31mb"), "ab" },
        };

        check(rows, ELEMENTSOF(rows), sanitize);
}

/* What ends before its end, or is no sequence, takes no text with it. */
static void test_half_sequences(void **state) {
        static const Row rows[] = {
                { BYTES("a" ESC), "a" },
                { BYTES("a" ESC "["), "a[" },
                { BYTES("a" ESC "[31"), "a[31" },
                { BYTES("a" ESC "]0;title"), "a]0;title" },
                { BYTES("a" ESC "]0;title\nb"), "a]0;title\nb" },
                { BYTES("a" ESC "\nb"), "a\nb" },
                { BYTES("a" ESC "[31\nb"), "a\nb" },
                { BYTES("a\xE2\x82"), "a" BAD },
                { BYTES("a\xE2"), "a" BAD },
                { BYTES("a\xF0\x9F\x98"), "a" BAD },
                { BYTES("a\xE2\nb"), "a" BAD "\nb" },
        };

        check(rows, ELEMENTSOF(rows), sanitize);
}

/* A stray ESC ] does not swallow a log. */
static void test_overlong_sequence(void **state) {
        _cleanup_buf_ Buf in = {}, out = {};

        buf_append_str(&in, ESC "]");
        for (size_t i = 0; i < 1000; i++)
                buf_append_char(&in, 'x');
        buf_append_char(&in, '\a');
        sanitize(&out, in.data, in.len);
        assert_int_equal(out.len, 1001);
        assert_int_equal(out.data[0], ']');
}

static void test_keep_color(void **state) {
        static const Row rows[] = {
                { BYTES(ESC "[31mred" ESC "[0m"), ESC "[31mred" ESC "[0m" },
                { BYTES(ESC "[mx"), ESC "[mx" },
                { BYTES(ESC "[38:2::1:2:3mx"), ESC "[38:2::1:2:3mx" },
                { BYTES(ESC "[2J" ESC "[31mx" ESC "]0;t\a"), ESC "[31mx" },
                { BYTES(ESC "[>4;2mx"), "x" }, /* modifyOtherKeys of xterm(1): no colour */
                { BYTES(ESC "[?4mx"), "x" },
                { BYTES("\xE9" ESC "[31m"), BAD ESC "[31m" },
        };

        check(rows, ELEMENTSOF(rows), sanitize_keep_color);
}

/* No way of writing a line makes another sequence than a colour of what is kept. */
static void test_keep_color_makes_no_sequence(void **state) {
        static const char *const rows[] = {
                ESC "[2m\bJ",
                ESC "[3m\b\b\b\b[2J",
                "x\r" ESC "[31m\b\bK",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = NULL;
                Buf out = {};

                sanitize_keep_color(&out, rows[i], strlen(rows[i]));
                text = buf_take(&out);
                for (const char *p = text; (p = strchr(p, '\033')); p++)
                        assert_row(rows[i] + 1, p[1] == '[' && p[2 + strspn(p + 2, "0123456789;:")] == 'm');
        }
}

static void test_appends(void **state) {
        _cleanup_free_ char *text = NULL;
        Buf out = {};

        buf_append_str(&out, "before ");
        sanitize(&out, BYTES("\b\b\bold\rnew"));
        text = buf_take(&out);
        assert_string_equal(text, "before new");
}

static void test_cut(void **state) {
        static const struct {
                const char *data;
                size_t len, cut;
        } rows[] = {
                { BYTES(""), 0 },
                { BYTES("plain"), 5 },
                { BYTES("a\xC3\xA9"), 3 },
                { BYTES("a\xC3"), 1 },
                { BYTES("a\xE2\x82"), 1 },
                { BYTES("a\xF0\x9F\x98"), 1 },
                { BYTES("a\xFF"), 2 },    /* nothing can mend it */
                { BYTES("\xE2\x82"), 2 }, /* a cut that leaves nothing is none */
                { BYTES(ESC "[31"), 4 },
                { BYTES("a" ESC), 1 },
                { BYTES("a" ESC "["), 1 },
                { BYTES("a" ESC "[31;1"), 1 },
                { BYTES("a" ESC "[31m"), 6 },
                { BYTES("a" ESC "[31mb"), 7 },
                { BYTES("a" ESC "]0;title"), 1 },
                { BYTES("a" ESC "]0;title\a"), 11 },
                { BYTES("a" ESC "]0;title" ESC), 1 },
                { BYTES("a" ESC "]0;title" ESC "\\"), 12 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i].data, sanitize_cut(rows[i].data, rows[i].len) == rows[i].cut);
}

static void test_cut_long_tail(void **state) {
        _cleanup_buf_ Buf b = {};

        buf_append_str(&b, "text" ESC "]");
        for (size_t i = 0; i < 1000; i++)
                buf_append_char(&b, 'x');
        assert_int_equal(sanitize_cut(b.data, b.len), b.len);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_clean),
                cmocka_unit_test(test_blob_data),
                cmocka_unit_test(test_redraw),
                cmocka_unit_test(test_backspace),
                cmocka_unit_test(test_escape_sequences),
                cmocka_unit_test(test_half_sequences),
                cmocka_unit_test(test_overlong_sequence),
                cmocka_unit_test(test_keep_color),
                cmocka_unit_test(test_keep_color_makes_no_sequence),
                cmocka_unit_test(test_appends),
                cmocka_unit_test(test_cut),
                cmocka_unit_test(test_cut_long_tail),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
