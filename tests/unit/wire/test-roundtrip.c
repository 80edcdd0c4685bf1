/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "pipeline.h"
#include "test.h"

/* Whatever a job prints, in whatever pieces and at whatever times: every byte comes out again, in
 * order, numbered without a gap, readable, and in few enough entries. See pipeline.h for the checks. */

#define SEEDS 20

typedef uint64_t Random;

/* xorshift64: the same on every machine. */
static uint64_t next(Random *r) {
        *r ^= *r << 13;
        *r ^= *r >> 7;
        *r ^= *r << 17;
        return *r;
}

static uint64_t below(Random *r, uint64_t n) {
        return next(r) % n;
}

/* Generators: each appends a piece of what such a job prints. */
typedef void (*Generator)(Random *r, Buf *out);

static void put_run(Random *r, Buf *out, size_t max) {
        for (size_t n = below(r, max); n > 0; n--)
                buf_append_char(out, ' ' + below(r, 95));
}

static void put_line(Random *r, Buf *out) {
        put_run(r, out, 120);
        buf_append_char(out, '\n');
}

static void put_binary(Random *r, Buf *out) {
        for (size_t n = below(r, 200); n > 0; n--)
                buf_append_char(out, (char) next(r));
}

static void put_progress(Random *r, Buf *out) {
        static const char *const ends[] = { "\r", "\r", "\r\n", "\n", "\b\b", "\r\033[K" };

        buf_printf(out, "%3d%% done", (int) below(r, 101));
        buf_append_str(out, ends[below(r, ELEMENTSOF(ends))]);
}

static void put_long_line(Random *r, Buf *out) {
        for (size_t n = below(r, 4); n > 0; n--)
                put_run(r, out, COALESCER_BATCH_MAX);
        buf_append_char(out, '\n');
}

static void put_no_newline(Random *r, Buf *out) {
        put_run(r, out, 2000);
}

static void put_text(Random *r, Buf *out) {
        static const char *const words[] = {
                "na\xC3\xAFve ",
                "\xE2\x82\xAC",
                "\xF0\x9F\x98\x80",
                "\033[1;31m",
                "\033[0m",
                "\033]0;title\a",
                "\033]8;;http://x/\033\\",
                "\t",
                "\n",
                "\r\n",
                "\n\n",
                "word ",
                "\xE2\x82",
                "\033[",
                "\033",
                "\xEF\xBF\xBE",
        };

        for (size_t n = below(r, 30); n > 0; n--)
                buf_append_str(out, words[below(r, ELEMENTSOF(words))]);
}

static const Generator generators[] = {
        put_line, put_binary, put_progress, put_long_line, put_no_newline, put_text,
};

/* Mostly short, seldom as long as a pipe is. */
static size_t read_length(Random *r) {
        return 1 + below(r, 1ULL << below(r, 18));
}

/* Mostly none, at times as long as the coalescer waits, seldom longer. */
static usec_t pause_length(Random *r) {
        return below(r, 3) == 0 ? below(r, 1ULL << below(r, 20)) : 0;
}

/* Prints all of the bytes, cut anywhere, over both streams. */
static void print_anyhow(Pipeline *p, Random *r, const Buf *bytes) {
        for (size_t i = 0, n; i < bytes->len; i += n) {
                n = read_length(r);
                n = MIN(n, bytes->len - i);
                pipeline_print(p, below(r, 4) == 0 ? STREAM_STDERR : STREAM_STDOUT, bytes->data + i, n);
                pipeline_wait(p, pause_length(r));
        }
}

static void run_job(Random seed, Generator generator, size_t size) {
        Random r = seed * 0x9E3779B97F4A7C15;
        _cleanup_free_ Pipeline *p = calloc(1, sizeof(Pipeline));
        _cleanup_buf_ Buf bytes = {};

        CHECK(p);
        while (bytes.len < size)
                (generator ?: generators[below(&r, ELEMENTSOF(generators))])(&r, &bytes);
        print_anyhow(p, &r, &bytes);
        pipeline_finish(p);
}

static void test_one_kind(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(generators); i++)
                for (Random seed = 1; seed <= SEEDS; seed++)
                        run_job(seed, generators[i], 100000);
}

static void test_all_kinds(void **state) {
        for (Random seed = 1; seed <= SEEDS; seed++)
                run_job(seed, NULL, 1000000);
}

/* Each byte by itself: all states of the machine at all places. */
static void test_byte_by_byte(void **state) {
        for (Random seed = 1; seed <= SEEDS; seed++) {
                Random r = seed * 0x9E3779B97F4A7C15;
                _cleanup_free_ Pipeline *p = calloc(1, sizeof(Pipeline));
                _cleanup_buf_ Buf bytes = {};

                CHECK(p);
                for (size_t i = 0; i < 20; i++)
                        put_text(&r, &bytes);
                for (size_t i = 0; i < bytes.len; i++) {
                        pipeline_print(p, STREAM_STDOUT, bytes.data + i, 1);
                        pipeline_wait(p, below(&r, 150) * USEC_PER_MSEC);
                }
                pipeline_finish(p);
        }
}

/* Two minutes at one rate over both streams; the pipeline counts entries. */
static void print_steadily(usec_t interval, const char *text, size_t times_each) {
        _cleanup_free_ Pipeline *p = calloc(1, sizeof(Pipeline));
        _cleanup_buf_ Buf bytes = {};

        CHECK(p);
        for (size_t i = 0; i < times_each; i++)
                buf_append_str(&bytes, text);
        for (usec_t t = 0; t < 120 * USEC_PER_SEC; t += interval) {
                pipeline_print(p, STREAM_STDOUT, bytes.data, bytes.len);
                pipeline_print(p, STREAM_STDERR, bytes.data, bytes.len);
                pipeline_wait(p, interval);
        }
        pipeline_finish(p);
}

static void test_rate(void **state) {
        static const struct {
                usec_t interval;
                const char *text;
                size_t times_each;
        } rows[] = {
                { USEC_PER_MSEC, "line\n", 1 },
                { 10 * USEC_PER_MSEC, "line\n", 1 },
                { 41 * USEC_PER_MSEC, "line\n", 1 },
                { 99 * USEC_PER_MSEC, "line\n", 100 },
                { 10 * USEC_PER_MSEC, "10%\r", 1 },
                { 101 * USEC_PER_MSEC, "10%\r", 1 },
                { 101 * USEC_PER_MSEC, "no end", 1 },
                { 101 * USEC_PER_MSEC, "one\ntwo\nno end\033[3\xE2\x82", 1 },
                { 50 * USEC_PER_MSEC, "a line that is forty bytes long, really\n", 1000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                print_steadily(rows[i].interval, rows[i].text, rows[i].times_each);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_kind),
                cmocka_unit_test(test_all_kinds),
                cmocka_unit_test(test_byte_by_byte),
                cmocka_unit_test(test_rate),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
