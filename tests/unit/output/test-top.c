/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/output/top.h"

#define SECOND USEC_PER_SEC

/* A sample of jobs "job0", "job1", …, the first of which has used `cpu`, the next twice that, …. */
static void take(Top *t, size_t n, usec_t cpu, usec_t now) {
        JobList l = { calloc(n ?: 1, sizeof(Job)), n };

        for (size_t i = 0; i < n; i++) {
                Job *j = &l.jobs[i];

                *j = JOB_INIT;
                assert_true(asprintf(&j->name, "job%zu", i) > 0);
                j->run = strdup("run");
                j->state = JOB_RUNNING;
                j->cpu = cpu * (i + 1);
                j->memory = (n - i) * 1024 * 1024;
        }
        assert_int_equal(top_take(t, &l, now), 0);
        assert_null(l.jobs);
}

static void press(Top *t, const char *typed, TopAction expected) {
        size_t len = strlen(typed);
        TopAction action = TOP_NOTHING;

        for (size_t at = 0; at < len;) {
                int key;

                at += top_decode_key(typed + at, len - at, &key);
                action = top_key(t, key);
        }
        assert_int_equal(action, expected);
}

static const char *marked(const Top *t) {
        return top_selected(t)->name;
}

static void test_decode_key(void **state) {
        static const struct {
                const char *typed;
                size_t len;
                int key;
        } rows[] = {
                { "qs", 1, 'q' },
                { "\003", 1, 3 },
                { "\033[Ax", 3, TOP_KEY_UP },
                { "\033OB", 3, TOP_KEY_DOWN },
                { "\033[5~", 4, TOP_KEY_PAGE_UP },
                { "\033[1;5Aq", 6, TOP_KEY_NONE },
                { "\033[200~q", 6, TOP_KEY_NONE },
                { "\033", 1, TOP_KEY_NONE },
                { "\033x", 2, TOP_KEY_NONE },
                { "\033[", 2, TOP_KEY_NONE },
                { "\033[12", 4, TOP_KEY_NONE },
                { "\xC3\xA9", 1, 0xC3 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int key = 0;

                assert_row(rows[i].typed,
                           top_decode_key(rows[i].typed, strlen(rows[i].typed), &key) == rows[i].len);
                assert_row(rows[i].typed, key == rows[i].key);
        }
}

static void test_cpu_is_of_two_samples(void **state) {
        _cleanup_top_ Top t = {};

        take(&t, 2, 100, SECOND);
        assert_true(top_cpu(&t, &t.jobs.jobs[0]) == UINT64_MAX);
        take(&t, 3, 100 + SECOND / 2, 3 * SECOND);
        assert_int_equal(top_cpu(&t, &t.jobs.jobs[0]), 250);
        assert_int_equal(top_cpu(&t, &t.jobs.jobs[1]), 500);
        assert_true(top_cpu(&t, &t.jobs.jobs[2]) == UINT64_MAX);

        /* Another run begins anew. */
        free(t.jobs.jobs[0].run);
        t.jobs.jobs[0].run = strdup("other");
        assert_true(top_cpu(&t, &t.jobs.jobs[0]) == UINT64_MAX);

        /* At the same time, and backwards. */
        take(&t, 1, 50, 3 * SECOND);
        assert_true(top_cpu(&t, &t.jobs.jobs[0]) == UINT64_MAX);
        take(&t, 1, 40, 4 * SECOND);
        assert_int_equal(top_cpu(&t, &t.jobs.jobs[0]), 0);
}

static void test_sorted(void **state) {
        _cleanup_top_ Top t = {};

        take(&t, 3, 0, SECOND);
        take(&t, 3, 1000, 2 * SECOND);
        assert_string_equal(t.jobs.jobs[0].name, "job0");
        press(&t, "c", TOP_NOTHING);
        assert_string_equal(t.jobs.jobs[0].name, "job2");
        press(&t, "m", TOP_NOTHING);
        assert_string_equal(t.jobs.jobs[0].name, "job0");
        press(&t, "cn", TOP_NOTHING);
        assert_string_equal(t.jobs.jobs[2].name, "job2");
}

static void test_mark(void **state) {
        _cleanup_top_ Top t = {};
        size_t n;

        take(&t, 20, 0, SECOND);
        assert_int_equal(top_scroll(&t, 13, &n) - t.jobs.jobs, 0);
        assert_int_equal(n, 10);
        assert_string_equal(marked(&t), "job0");
        press(&t, "\033[Bjj\033[Ak", TOP_NOTHING);
        assert_string_equal(marked(&t), "job1");
        press(&t, "kkkk", TOP_NOTHING);
        assert_string_equal(marked(&t), "job0");
        press(&t, "\033[6~", TOP_NOTHING);
        assert_int_equal(top_scroll(&t, 13, &n) - t.jobs.jobs, 1);
        press(&t, "\033[F", TOP_NOTHING);
        assert_int_equal(top_scroll(&t, 13, &n) - t.jobs.jobs, 10);
        assert_string_equal(marked(&t), "job9");
        press(&t, "\033[5~\033[5~\033[5~", TOP_NOTHING);
        assert_string_equal(marked(&t), "job0");

        /* It stays with its job, and where that was when it is gone. */
        press(&t, "jj", TOP_NOTHING);
        press(&t, "c", TOP_NOTHING);
        assert_string_equal(marked(&t), "job10");
        press(&t, "n\033[F", TOP_NOTHING);
        top_scroll(&t, 13, &n);
        take(&t, 5, 0, 2 * SECOND);
        top_scroll(&t, 13, &n);
        assert_int_equal(n, 5);
        assert_string_equal(marked(&t), "job4");
        take(&t, 0, 0, 3 * SECOND);
        top_scroll(&t, 13, &n);
        assert_int_equal(n, 0);
        assert_null(top_selected(&t));
        press(&t, "jk\033[F", TOP_NOTHING);
}

static void test_keys_of_jobs(void **state) {
        _cleanup_top_ Top t = {};

        press(&t, "fasrp", TOP_NOTHING);
        press(&t, "q", TOP_QUIT);
        press(&t, "\003", TOP_QUIT);
        take(&t, 2, 0, SECOND);
        press(&t, "f", TOP_FOLLOW);
        press(&t, "\r", TOP_FOLLOW);
        press(&t, "a", TOP_ATTACH);
        press(&t, "r", TOP_RESTART);
        press(&t, "p", TOP_PAUSE);
        t.jobs.jobs[0].state = JOB_PAUSED;
        press(&t, "p", TOP_RESUME);
        press(&t, "s", TOP_NOTHING);
        press(&t, "n", TOP_NOTHING);
        press(&t, "s", TOP_NOTHING);
        press(&t, "y", TOP_STOP);
        press(&t, "y", TOP_NOTHING);
        press(&t, "hs", TOP_NOTHING);
        press(&t, "y", TOP_NOTHING);
        press(&t, "?q", TOP_QUIT);
        press(&t, "X[~é", TOP_NOTHING);
}

/* What is drawn, without escape sequences. Return: the caller frees it. */
static char *drawn(Top *t, unsigned columns, unsigned rows) {
        const TableStyle style = { .width = columns, .utf8 = true };
        _cleanup_buf_ Buf out = {};
        size_t n;
        char *text, *to;

        top_scroll(t, rows, &n);
        assert_int_equal(top_draw(t, rows, &style, &out), 0);
        text = to = buf_take(&out);
        for (const char *from = text; *from;) {
                if (*from == '\033')
                        from += strcspn(from, "HKJm") + 1;
                else if (*from == '\r')
                        from++;
                else
                        *to++ = *from++;
        }
        *to = '\0';
        return text;
}

static void test_draw(void **state) {
        _cleanup_top_ Top t = {};
        _cleanup_free_ char *text = NULL, *question = NULL, *said = NULL, *helping = NULL;

        take(&t, 2, 0, SECOND);
        take(&t, 2, SECOND / 2, 2 * SECOND);
        t.jobs.jobs[0].tasks = 3;
        t.jobs.jobs[0].last_line = strdup("ready");
        t.jobs.jobs[1].waiting_for_input = true;
        t.jobs.jobs[1].prompt = strdup("Password:");
        text = drawn(&t, 80, 6);
        assert_non_null(strstr(text, "2 jobs, CPU 150.0%, memory 3.0M, 1 waiting for input\n"));
        assert_non_null(strstr(text, "NAME  STATE     CPU%  MEMORY  TASKS  PORTS  LAST LINE"));
        assert_non_null(strstr(text, "job0  running   50.0    2.0M      3  -      ready"));
        assert_non_null(
                strstr(text, "job1  running  100.0    1.0M      -  -      waits for input: Password:"));

        press(&t, "s", TOP_NOTHING);
        question = drawn(&t, 80, 6);
        assert_non_null(strstr(question, "Stop job0? [y/n]"));
        press(&t, "n", TOP_NOTHING);
        top_say(&t, "%s: %s", "job0", "stopped");
        said = drawn(&t, 80, 6);
        assert_non_null(strstr(said, "job0: stopped"));
        press(&t, "h", TOP_NOTHING);
        helping = drawn(&t, 80, 24);
        assert_non_null(strstr(helping, "quit"));
        assert_null(strstr(helping, "job0: stopped"));
}

static size_t characters(const char *s) {
        size_t n = 0;

        for (; *s; s++)
                n += (*s & 0xC0) != 0x80;
        return n;
}

/* Whatever the size, no line is wider and none is one too many. */
static void test_draw_fits(void **state) {
        _cleanup_top_ Top t = {};

        take(&t, 30, 0, SECOND);
        t.jobs.jobs[0].last_line =
                strdup("\xE6\xBC\xA2\xE5\xAD\x97 and a line that is longer than the terminal is wide");
        for (unsigned columns = 1; columns < 100; columns += 7)
                for (unsigned rows = 1; rows < 40; rows += 3) {
                        _cleanup_free_ char *text = drawn(&t, columns, rows);
                        char *state_of_lines = NULL;
                        unsigned lines = 0;

                        for (char *line = strtok_r(text, "\n", &state_of_lines); line;
                             line = strtok_r(NULL, "\n", &state_of_lines), lines++)
                                assert_true(characters(line) <= columns);
                        assert_true(lines <= MAX(rows, 1U));
                }
}

static void test_draw_nothing(void **state) {
        _cleanup_top_ Top t = {};
        _cleanup_free_ char *text = drawn(&t, 80, 24);

        assert_non_null(strstr(text, "0 jobs, CPU 0.0%\n"));
        assert_non_null(strstr(text, "No jobs are running."));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_decode_key),   cmocka_unit_test(test_cpu_is_of_two_samples),
                cmocka_unit_test(test_sorted),       cmocka_unit_test(test_mark),
                cmocka_unit_test(test_keys_of_jobs), cmocka_unit_test(test_draw),
                cmocka_unit_test(test_draw_fits),    cmocka_unit_test(test_draw_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
