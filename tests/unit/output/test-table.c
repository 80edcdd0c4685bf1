/* SPDX-License-Identifier: MIT */
#include <locale.h>

#include "test.h"

#include "sdbg/output/table.h"

static const char *const titles[] = { "A", "B", "C", NULL };

/* A table of three columns as it is printed; the caller frees it. */
static char *print(const char *const *cells, const TableStyle *style) {
        _cleanup_table_ Table t = {};
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        assert_int_equal(table_init(&t, titles), 0);
        for (; *cells; cells++)
                assert_int_equal(table_add(&t, *cells, "31"), 0);
        assert_int_equal(table_print(&t, f, style), 0);
        fclose(f);
        return text;
}

static void assert_printed(const char *const *cells, TableStyle style, const char *wanted) {
        _cleanup_free_ char *text = print(cells, &style);

        assert_string_equal(text, wanted);
}

#define CELLS(...)                                                                                           \
        (const char *const[]) {                                                                              \
                __VA_ARGS__, NULL                                                                            \
        }

static void test_columns(void **state) {
        const char *const *cells = CELLS("one", "2", "three", "4", "", "six");

        assert_printed(cells, (TableStyle){ .utf8 = true },
                       "A    B  C\n"
                       "one  2  three\n"
                       "4    -  six\n");
        assert_printed(cells, (TableStyle){ .utf8 = true, .no_titles = true },
                       "one  2  three\n"
                       "4    -  six\n");
        assert_printed(CELLS("1", "2", "3"), (TableStyle){ .color = true, .no_titles = true },
                       "\033[31m1\033[0m  \033[31m2\033[0m  \033[31m3\033[0m\n");
}

static void test_narrow(void **state) {
        static const char *const wanted[] = {
                NULL, "A\n…\n", "A\no…\n", "A\none\n", "A\none\n", "A\none\n", "A    B\none  2\n",
        };

        for (size_t width = 1; width < ELEMENTSOF(wanted); width++)
                assert_printed(CELLS("one", "2", "three"), (TableStyle){ .width = width, .utf8 = true },
                               wanted[width]);
        assert_printed(CELLS("one", "2", "three"), (TableStyle){ .width = 11, .utf8 = true },
                       "A    B  C\none  2  th…\n");
        assert_printed(CELLS("one", "2", "three"), (TableStyle){ .width = 11 }, "A    B  C\none  2  th>\n");
}

static void test_wide_characters(void **state) {
        const char *const *cells = CELLS("日本", "x", "日本語", "a\xCC\x81", "y", "é");

        assert_printed(cells, (TableStyle){ .utf8 = true },
                       "A     B  C\n"
                       "日本  x  日本語\n"
                       "a\xCC\x81     y  é\n");
        /* Never half of a character. */
        assert_printed(CELLS("日本", "x", "y"), (TableStyle){ .utf8 = true, .no_titles = true, .width = 2 },
                       "…\n");
        assert_printed(CELLS("日本", "x", "y"), (TableStyle){ .utf8 = true, .no_titles = true, .width = 3 },
                       "日…\n");
        assert_printed(CELLS("日本", "é", "y"), (TableStyle){ .no_titles = true }, "??  ?  y\n");
}

static void test_direction(void **state) {
        assert_printed(CELLS("שלום", "x", "سلام"), (TableStyle){ .utf8 = true, .no_titles = true },
                       "שלום\u200E  x  سلام\u200E\n");
        /* What would turn the rest of the line around. */
        assert_printed(CELLS("a\u202Eb", "\u2066", "\u200F"), (TableStyle){ .utf8 = true, .no_titles = true },
                       "ab  -  -\n");
}

static void test_any_bytes(void **state) {
        assert_printed(CELLS("a\nb\tc", "\xFF", "\033[31mred\033[0m\a"),
                       (TableStyle){ .utf8 = true, .no_titles = true }, "a b c  \uFFFD  red\n");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_columns),         cmocka_unit_test(test_narrow),
                cmocka_unit_test(test_wide_characters), cmocka_unit_test(test_direction),
                cmocka_unit_test(test_any_bytes),
        };

        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
