/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "test.h"

#include "sdbg/terminal/terminal.h"

static char *screen_text(Terminal *t, bool color) {
        _cleanup_json_ Json *o = terminal_to_json(t, color);
        _cleanup_buf_ Buf b = {};

        for (const Json *l = json_first(json_get(o, "lines")); l; l = json_next(l)) {
                buf_append_str(&b, json_string(l));
                buf_append_char(&b, '\n');
        }
        buf_append_char(&b, '\0');
        return strdup(b.data);
}

static void assert_screen(Terminal *t, const char *expected) {
        _cleanup_free_ char *text = screen_text(t, false);

        assert_string_equal(text, expected);
}

static void print(Terminal *t, const char *text) {
        terminal_write(t, text, strlen(text), NULL);
}

static void test_text(void **state) {
        static const struct {
                const char *printed, *seen;
        } rows[] = {
                { "", "" },
                { "one\r\ntwo", "one\ntwo\n" },
                { "50%\r100%", "100%\n" },
                { "\r\n\r\nx   ", "\n\nx\n" },
                { "abcdefghijklmno", "abcdefghij\nklmno\n" },
                { "1\r\n2\r\n3\r\n4\r\n5", "2\n3\n4\n5\n" },
                { "\033[31mred\033[0m", "red\n" },
                { "\033[2;3Hx", "\n  x\n" },
                { "caf\xc3\xa9", "caf\xc3\xa9\n" },
                { "\xe6\xbc\xa2x", "\xe6\xbc\xa2x\n" },
                { "main\033[?1049h\033[Halt", "alt\n" },
                { "main\033[?1049halt\033[?1049l", "main\n" },
                { "\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_terminal_ Terminal *t = terminal_new(10, 4);

                print(t, rows[i].printed);
                assert_screen(t, rows[i].seen);
        }
}

/* What draws a screen makes the same screen again. */
static void test_draw(void **state) {
        static const char *const rows[] = {
                "plain",
                "\033[1;31mbold\033[0m \033[7mreverse\033[0m\r\n\033[38;5;200mindexed\033[48;2;1;2;3mrgb",
                "\033[3;4Hx\033[?25l",
                "\033[?1049h\033[Hvim\r\n~\r\n~\033[1;2H",
                "wide \xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81",
                "full line of twenty c",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_terminal_ Terminal *a = terminal_new(20, 5), *b = terminal_new(20, 5);
                _cleanup_json_ Json *x = NULL, *y = NULL;
                _cleanup_free_ char *first = NULL, *second = NULL;
                _cleanup_buf_ Buf drawn = {};

                print(a, rows[i]);
                print(b, "something else\r\nthat was there");
                terminal_draw(a, &drawn);
                terminal_write(b, drawn.data, drawn.len, NULL);
                x = terminal_to_json(a, true);
                y = terminal_to_json(b, true);
                first = json_to_string(x);
                second = json_to_string(y);
                assert_string_equal(first, second);
        }
}

static char *drawn(Terminal *t) {
        Buf b = {};

        terminal_draw(t, &b);
        return buf_take(&b);
}

/* Lines, colours, and now and then what else programs print, in pieces of any size. */
static char *make_output(unsigned seed) {
        static const char *const others[] = {
                "\033[2;3H",
                "\033[5;10r",
                "\033[r",
                "\033[?1049h",
                "\033[?1049l",
                "\033[H\033[2J",
                "\033]0;title\a",
                "\033[2S",
                "\b",
                "\033M",
                "\033c",
                "\033[?69h\033[3;8s",
                "\033[!p",
                "\033P$q\"p\033\\",
                "\033[4h",
                "\033(0q\033(B",
                "\017",
                "\033[3\030",
        };
        Buf b = {};

        srand(seed);
        for (int lines = rand() % (seed % 10 ? 3000 : 20000); lines > 0; lines--) {
                if (rand() % 3 == 0)
                        buf_printf(&b, rand() % 4 ? "\033[%dm" : "\033[1;%d;%dm",
                                   rand() % 2 ? 0 : 30 + rand() % 20, 40 + rand() % 10);
                for (int n = rand() % 8 ? rand() % 15 : rand() % 60; n > 0; n--)
                        buf_append_str(&b,
                                       rand() % 20 ? (char[]){ 'a' + rand() % 26, '\0' } : "\xe6\xbc\xa2\t");
                buf_append_str(&b, rand() % 30 ? "\r\n" : rand() % 2 ? "\n" : "\r");
                if (rand() % (1 + seed % 500) == 0)
                        buf_append_str(&b, others[(size_t) rand() % ELEMENTSOF(others)]);
        }
        return buf_take(&b);
}

static void test_character_in_pieces(void **state) {
        _cleanup_terminal_ Terminal *t = terminal_new(20, 5);

        print(t, "\033[Hcaf\xc3");
        assert_screen(t, "caf\n");
        print(t, "\xa9 \xe6");
        print(t, "\xbc");
        assert_screen(t, "caf\xc3\xa9\n");
        print(t, "\xa2\033[2H\xe6");
        print(t, "\033[3H.");
        assert_screen(t, "caf\xc3\xa9 \xe6\xbc\xa2\n\n.\n");
}

/* Each few bytes, so that nothing is unseen. */
static void look_on(Terminal *t, const char *data, size_t len) {
        for (size_t at = 0; at < len; at += 20) {
                terminal_write(t, data + at, MIN(len - at, (size_t) 20), NULL);
                free(terminal_line(t));
        }
}

/* What scrolls out of the screen before anybody looks makes no difference. */
static void test_unseen_text(void **state) {
        for (unsigned seed = 0; seed < 300; seed++) {
                _cleanup_terminal_ Terminal *seen = terminal_new(20, 12), *unseen = terminal_new(20, 12);
                _cleanup_free_ char *output = make_output(seed), *expected = NULL, *is = NULL;
                size_t len = strlen(strempty(output)), size;

                for (size_t at = 0; at < len; at += size) {
                        size = rand() % (rand() % 2 ? 100 : 4096) + 1;
                        size = MIN(size, len - at);
                        look_on(seen, output + at, size);
                        terminal_write(unseen, output + at, size, NULL);
                }
                expected = drawn(seen);
                is = drawn(unseen);
                assert_string_equal(is, expected);
        }
}

static void assert_keys(Terminal *t, const char *name, const char *expected) {
        _cleanup_buf_ Buf b = {};
        Key k;

        assert_int_equal(key_from_string(name, &k), 0);
        terminal_key(t, &k, &b);
        assert_int_equal(b.len, strlen(expected));
        assert_memory_equal(b.data, expected, b.len);
}

/* The bytes depend on what the program has switched on. */
/* Text, colours and blanks, as of no program, from nothing to full. */
static void print_noise(Terminal *t, unsigned amount) {
        srand(amount);
        for (unsigned i = 0; i < amount; i++) {
                char text[64];

                snprintf(text, sizeof(text), "\033[%d;%dH\033[%dm\303\244%c", rand() % 60, rand() % 130,
                         rand() % 2 ? 0 : 30 + rand() % 8, 'a' + rand() % 26);
                print(t, text);
        }
}

/* What is packed comes back as it was, whatever is done next. */
static void test_rest(void **state) {
        for (unsigned amount = 0; amount <= 100000; amount = amount * 10 + 10) {
                _cleanup_terminal_ Terminal *t = terminal_new(120, 40), *other = terminal_new(120, 40);

                for (int alternate = 0; alternate < 2; alternate++) {
                        _cleanup_free_ char *expected = NULL, *is = NULL, *resized = NULL,
                                            *other_resized = NULL;

                        print_noise(t, amount);
                        print_noise(other, amount);
                        terminal_rest(t);
                        terminal_rest(t);
                        expected = drawn(other);
                        is = drawn(t);
                        assert_string_equal(is, expected);
                        terminal_rest(t);
                        print(t, "more\r\n");
                        print(other, "more\r\n");
                        terminal_rest(t);
                        terminal_resize(t, 130, 30 + alternate);
                        terminal_resize(other, 130, 30 + alternate);
                        resized = drawn(t);
                        other_resized = drawn(other);
                        assert_string_equal(resized, other_resized);
                        terminal_rest(t);
                        print(t, "\033[?1049h");
                        print(other, "\033[?1049h");
                }
                terminal_rest(t);
        }
}

static void test_keys(void **state) {
        _cleanup_terminal_ Terminal *t = terminal_new(20, 5);

        assert_keys(t, "Up", "\033[A");
        assert_keys(t, "F1", "\033OP");
        assert_keys(t, "M-x", "\033x");
        assert_keys(t, "C-c", "\003");
        assert_keys(t, "Enter", "\r");
        print(t, "\033[?1h");
        assert_keys(t, "Up", "\033OA");
}

static void test_paste(void **state) {
        _cleanup_terminal_ Terminal *t = terminal_new(20, 5);
        _cleanup_buf_ Buf b = {};

        terminal_paste(t, true, &b);
        assert_int_equal(b.len, 0);
        print(t, "\033[?2004h");
        terminal_paste(t, true, &b);
        assert_int_equal(b.len, 6);
        assert_memory_equal(b.data, "\033[200~", 6);
}

static void test_line(void **state) {
        static const struct {
                const char *printed, *expected;
        } cases[] = {
                { "", "" },
                { "before\r\nPassword: ", "Password: " },
                { "Go \033[1;31mon\033[m? [y/N] ", "Go on? [y/N] " },
                { "12345\r> \033[K", "> " },
                { "\xe5\x95\x8f? ", "\xe5\x95\x8f? " }, /* of two columns */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_terminal_ Terminal *t = terminal_new(20, 5);
                _cleanup_free_ char *line = NULL;

                terminal_write(t, cases[i].printed, strlen(cases[i].printed), NULL);
                terminal_rest(t);
                line = terminal_line(t);
                assert_string_equal(line, cases[i].expected);
        }
}

static void test_answers(void **state) {
        _cleanup_terminal_ Terminal *t = terminal_new(20, 5);
        _cleanup_buf_ Buf b = {};

        terminal_write(t, "ab\033[6n", 6, &b);
        assert_int_equal(b.len, 6);
        assert_memory_equal(b.data, "\033[1;3R", 6);
        terminal_write(t, "\033[6n", 4, NULL);
}

static void test_state(void **state) {
        _cleanup_terminal_ Terminal *t = terminal_new(20, 5);
        _cleanup_json_ Json *o = NULL;
        _cleanup_free_ char *text = NULL;

        print(t, "\033]2;the title\007a\r\nb\033[?25l");
        terminal_resize(t, 30, 6);
        o = terminal_to_json(t, false);
        text = json_to_string(o);
        assert_string_equal(text, "{\"cols\":30,\"rows\":6,\"cursor\":{\"x\":1,\"y\":1,\"visible\":false},"
                                  "\"title\":\"the title\",\"alternate\":false,\"lines\":[\"a\",\"b\"]}");
}

static void assert_title(Terminal *t, const char *expected) {
        _cleanup_json_ Json *o = terminal_to_json(t, false);

        assert_string_equal(json_string(json_get(o, "title")) ?: "", expected);
}

/* A title can come in pieces, whatever is between them. */
static void test_title(void **state) {
        static const char *const titles[] = { "one", "", "caf\xc3\xa9 and more", "a;b" };
        static const char *const ends[] = { "\007", "\033\\" };

        for (size_t piece = 1; piece < 8; piece++) {
                _cleanup_terminal_ Terminal *t = terminal_new(20, 5);

                for (size_t i = 0; i < ELEMENTSOF(titles) * ELEMENTSOF(ends); i++) {
                        const char *title = titles[i % ELEMENTSOF(titles)];
                        char text[64];
                        size_t len;

                        len = (size_t) snprintf(text, sizeof(text), "\033]%zu;%s%sx", i % 2 * 2, title,
                                                ends[i / ELEMENTSOF(titles)]);
                        for (size_t at = 0; at < len; at += piece)
                                terminal_write(t, text + at, MIN(piece, len - at), NULL);
                        assert_title(t, title);
                }
                assert_screen(t, "xxxxxxxx\n");
        }
}

/* What looks like a title, and what breaks one off. */
static void test_no_title(void **state) {
        static const struct {
                const char *printed, *title;
        } rows[] = {
                { "\033]1;icon\007", "first" },    { "\033]20;x\007", "first" },
                { "\033]2x\007", "first" },        { "]2;x\007", "first" },
                { "\033]2;x\030y\007", "first" },  { "\033]2;x\033[m\007", "first" },
                { "\033\033]2;x\007", "x" },       { "\033]2;x\033]2;y\007", "y" },
                { "\033]2;a\nb\177c\007", "abc" }, { "\033]2;x\033\\y\007", "x" },
                { "\033Ptext\033]2;x\007", "x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_terminal_ Terminal *t = terminal_new(20, 5);

                print(t, "\033]2;first\007");
                print(t, rows[i].printed);
                assert_title(t, rows[i].title);
        }
}

static void test_long_title(void **state) {
        _cleanup_terminal_ Terminal *t = terminal_new(20, 5);
        char expected[256] = "x";

        print(t, "\033]2;x");
        for (int i = 0; i < 200; i++) {
                print(t, "\xc3\xa9\xe2\x82\xac");
                if (strlen(expected) + 5 < sizeof(expected))
                        strcat(expected, "\xc3\xa9\xe2\x82\xac");
        }
        strcat(expected, "\xc3\xa9");
        print(t, "\007");
        assert_title(t, expected);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text),        cmocka_unit_test(test_draw),
                cmocka_unit_test(test_rest),        cmocka_unit_test(test_character_in_pieces),
                cmocka_unit_test(test_unseen_text), cmocka_unit_test(test_keys),
                cmocka_unit_test(test_paste),       cmocka_unit_test(test_line),
                cmocka_unit_test(test_answers),     cmocka_unit_test(test_state),
                cmocka_unit_test(test_title),       cmocka_unit_test(test_no_title),
                cmocka_unit_test(test_long_title),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
