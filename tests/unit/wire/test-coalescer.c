/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/base/buf.h"
#include "sdbg/text/utf8.h"
#include "sdbg/wire/coalescer.h"

#define MSEC USEC_PER_MSEC
#define REALTIME (1000 * USEC_PER_SEC)

static void print_bytes(Coalescer *c, Stream s, const char *data, size_t len, usec_t now) {
        size_t room;
        char *space = coalescer_space(c, s, &room);

        assert_non_null(space);
        assert_true(room >= len);
        memcpy(space, data, len);
        coalescer_commit(c, s, len, now, REALTIME + now);
}

static void print(Coalescer *c, Stream s, const char *text, usec_t now) {
        print_bytes(c, s, text, strlen(text), now);
}

/* Takes the batch that is due, and checks its bytes. */
static Batch expect(Coalescer *c, usec_t now, const char *text) {
        Batch b = {};

        assert_true(coalescer_peek(c, now, false, &b));
        if (b.len != strlen(text) || memcmp(b.data, text, b.len) != 0)
                fail_msg("'%.*s' instead of '%s'", (int) b.len, b.data, text);
        coalescer_pop(c, &b, now);
        return b;
}

static void expect_nothing(Coalescer *c, usec_t now) {
        Batch b;

        assert_false(coalescer_peek(c, now, false, &b));
        assert_true(coalescer_deadline(c) > now);
}

/* Takes all that is due. Return: how many batches. */
static size_t drain(Coalescer *c, usec_t now) {
        size_t n = 0;
        Batch b;

        for (; coalescer_peek(c, now, false, &b); n++)
                coalescer_pop(c, &b, now);
        return n;
}

/* Makes the coalescer pack for the next seconds, by more lines at once than are let through one by one.
 * Return: how many lines. */
static size_t spend_burst(Coalescer *c, usec_t now) {
        const size_t n = 20 * COALESCER_SMALL_MAX / 2;
        Batch b;

        for (size_t i = 0; i < n; i++) {
                print(c, STREAM_STDERR, "x\n", now);
                drain(c, now);
        }
        while (coalescer_peek(c, now, true, &b))
                coalescer_pop(c, &b, now);
        return n;
}

static void test_one_line_an_entry(void **state) {
        Coalescer c = {};
        Batch b;

        print(&c, STREAM_STDOUT, "one\ntwo\n", 5);
        b = expect(&c, 5, "one\n");
        assert_int_equal(b.stream, STREAM_STDOUT);
        assert_int_equal(b.seq, 1);
        assert_int_equal(b.lines, 1);
        assert_int_equal(b.offset, 0);
        assert_int_equal(b.time, REALTIME + 5);
        assert_false(b.partial);

        b = expect(&c, 5, "two\n");
        assert_int_equal(b.seq, 2);
        assert_int_equal(b.offset, 4);
        expect_nothing(&c, 5);
        assert_int_equal(coalescer_deadline(&c), USEC_INFINITY);
        coalescer_done(&c);
}

/* However long a job prints at the rate at which a person reads. */
static void test_human_rate(void **state) {
        Coalescer c = {};

        for (usec_t t = 0; t < 3600 * USEC_PER_SEC; t += 60 * MSEC) {
                print(&c, STREAM_STDOUT, "tick\n", t);
                expect(&c, t, "tick\n");
                expect_nothing(&c, t);
        }
        coalescer_done(&c);
}

static void test_burst_is_packed(void **state) {
        Coalescer c = {};
        uint64_t lines;
        Batch b;

        lines = spend_burst(&c, 0);
        print(&c, STREAM_STDOUT, "one\n", 0);
        print(&c, STREAM_STDOUT, "two\n", 10 * MSEC);
        expect_nothing(&c, 10 * MSEC);
        assert_int_equal(coalescer_deadline(&c), COALESCER_HOLD_USEC);
        expect_nothing(&c, COALESCER_HOLD_USEC - 1);
        b = expect(&c, COALESCER_HOLD_USEC, "one\ntwo\n");
        assert_int_equal(b.seq, lines + 1);
        assert_int_equal(b.lines, 2);

        /* After a rest, lines are entries again. */
        print(&c, STREAM_STDOUT, "one\ntwo\n", 60 * USEC_PER_SEC);
        b = expect(&c, 60 * USEC_PER_SEC, "one\n");
        assert_int_equal(b.seq, lines + 3);
        expect(&c, 60 * USEC_PER_SEC, "two\n");
        coalescer_done(&c);
}

/* Ten million lines are few entries, each of whole lines. */
static void test_flood(void **state) {
        char lines[40 * 100 + 1] = "";
        size_t n = 0, n_lines = 0;
        Coalescer c = {};
        Batch b;

        for (size_t i = 0; i < 100; i++)
                memcpy(lines + 40 * i, "a line that is forty bytes long, really\n", 40);
        for (usec_t t = 0; n_lines < 1000000; t += 100) {
                print(&c, STREAM_STDOUT, lines, t);
                n_lines += 100;
                while (coalescer_peek(&c, t, false, &b)) {
                        assert_true(b.len <= COALESCER_BATCH_MAX);
                        assert_int_equal(b.len, 40 * b.lines);
                        coalescer_pop(&c, &b, t);
                        n++;
                }
        }
        assert_true(n < COALESCER_BURST_SMALL + 2 * 40 * n_lines / COALESCER_BATCH_MAX);
        coalescer_done(&c);
}

static void test_idle_partial_line(void **state) {
        const usec_t idle = COALESCER_IDLE_USEC;
        Coalescer c = {};
        Batch b;

        print(&c, STREAM_STDOUT, "pass", 0);
        print(&c, STREAM_STDOUT, "word: ", 10 * MSEC);
        expect_nothing(&c, idle);
        assert_int_equal(coalescer_deadline(&c), 10 * MSEC + idle);
        b = expect(&c, 10 * MSEC + idle, "password: ");
        assert_true(b.partial);
        assert_int_equal(b.seq, 1);
        assert_int_equal(b.lines, 1);
        assert_int_equal(coalescer_deadline(&c), USEC_INFINITY);

        /* The line goes on under its number; it was counted when it began. */
        print(&c, STREAM_STDOUT, "ok\nnext\n", USEC_PER_SEC);
        assert_int_equal(coalescer_lines(&c, STREAM_STDOUT), 2);
        b = expect(&c, USEC_PER_SEC, "ok\n");
        assert_false(b.partial);
        assert_int_equal(b.seq, 1);
        assert_int_equal(b.lines, 1);
        assert_int_equal(b.offset, strlen("password: "));
        assert_int_equal(expect(&c, USEC_PER_SEC, "next\n").seq, 2);
        assert_int_equal(coalescer_lines(&c, STREAM_STDOUT), 2);
        coalescer_done(&c);
}

static void test_flush(void **state) {
        Coalescer c = {};
        Batch b;

        print(&c, STREAM_STDOUT, "end", 0);
        expect_nothing(&c, 0);
        assert_true(coalescer_peek(&c, 0, true, &b));
        assert_true(b.partial);
        assert_int_equal(b.len, 3);
        coalescer_pop(&c, &b, 0);
        assert_false(coalescer_peek(&c, 0, true, &b));
        coalescer_done(&c);
}

static void test_streams_interleaved(void **state) {
        Coalescer c = {};
        Batch b;

        print(&c, STREAM_STDOUT, "out ", 0);
        assert_int_equal(expect(&c, COALESCER_IDLE_USEC, "out ").seq, 1);
        print(&c, STREAM_STDERR, "error\n", USEC_PER_SEC);
        b = expect(&c, USEC_PER_SEC, "error\n");
        assert_int_equal(b.stream, STREAM_STDERR);
        assert_int_equal(b.seq, 2);
        assert_int_equal(b.offset, 0);

        print(&c, STREAM_STDOUT, "again\nmore\n", 2 * USEC_PER_SEC);
        b = expect(&c, 2 * USEC_PER_SEC, "again\n");
        assert_int_equal(b.seq, 1);
        assert_int_equal(b.offset, 4);
        assert_int_equal(expect(&c, 2 * USEC_PER_SEC, "more\n").seq, 3);

        assert_int_equal(coalescer_lines(&c, STREAM_STDOUT), 2);
        assert_int_equal(coalescer_lines(&c, STREAM_STDERR), 1);
        assert_int_equal(coalescer_bytes(&c, STREAM_STDOUT), 15);
        assert_int_equal(coalescer_bytes(&c, STREAM_STDERR), 6);
        assert_int_equal(coalescer_bytes(&c, STREAM_PTY), 0);
        coalescer_done(&c);
}

/* What was printed first comes out first. */
static void test_oldest_stream_first(void **state) {
        Coalescer c = {};

        print(&c, STREAM_STDERR, "first\n", 0);
        print(&c, STREAM_STDOUT, "second\n", 1);
        print(&c, STREAM_PTY, "third\n", 2);
        assert_int_equal(expect(&c, 2, "first\n").seq, 1);
        assert_int_equal(expect(&c, 2, "second\n").seq, 2);
        assert_int_equal(expect(&c, 2, "third\n").seq, 3);
        coalescer_done(&c);
}

static void test_megabyte_line(void **state) {
        uint64_t offset = 0, printed = 0;
        size_t pieces = 0;
        Coalescer c = {};
        Batch b;

        while (printed < 1024 * 1024) {
                size_t room;
                char *space = coalescer_space(&c, STREAM_STDOUT, &room);

                assert_non_null(space);
                memset(space, 'x', room);
                coalescer_commit(&c, STREAM_STDOUT, room, 0, 0);
                printed += room;
                for (; coalescer_peek(&c, 0, false, &b); pieces++) {
                        assert_true(b.partial);
                        assert_int_equal(b.seq, 1);
                        assert_int_equal(b.lines, 1);
                        assert_int_equal(b.offset, offset);
                        assert_int_equal(b.len, COALESCER_BATCH_MAX);
                        coalescer_pop(&c, &b, 0);
                        offset += b.len;
                }
        }
        assert_int_equal(pieces, printed / COALESCER_BATCH_MAX);
        assert_int_equal(coalescer_lines(&c, STREAM_STDOUT), 1);
        assert_int_equal(coalescer_bytes(&c, STREAM_STDOUT), printed);

        print(&c, STREAM_STDOUT, "end\nnext\n", 0);
        assert_true(coalescer_peek(&c, 0, false, &b));
        assert_int_equal(b.seq, 1);
        assert_false(b.partial);
        coalescer_pop(&c, &b, 0);
        assert_int_equal(expect(&c, 0, "next\n").seq, 2);
        coalescer_done(&c);
}

/* A piece ends where a character or an escape sequence does. */
static void test_pieces_are_whole(void **state) {
        _cleanup_buf_ Buf line = {};
        size_t room, taken = 0;
        Coalescer c = {};
        Batch b;

        buf_append_char(&line, 'x');
        while (line.len < 100000)
                buf_append_str(&line, "\xE2\x82\xAC");
        buf_append_char(&line, '\n');
        for (size_t i = 0; i < line.len; i += room) {
                char *space = coalescer_space(&c, STREAM_STDOUT, &room);

                room = MIN(room, line.len - i);
                memcpy(space, line.data + i, room);
                coalescer_commit(&c, STREAM_STDOUT, room, 0, 0);
                while (coalescer_peek(&c, 0, false, &b)) {
                        assert_true(utf8_is_valid(b.data, b.len));
                        taken += b.len;
                        coalescer_pop(&c, &b, 0);
                }
        }
        assert_int_equal(taken, line.len);

        print(&c, STREAM_STDOUT, "text\033[3", 0);
        expect(&c, COALESCER_IDLE_USEC, "text");
        coalescer_done(&c);
}

/* NULs and bytes that are no text are bytes like others. */
static void test_binary(void **state) {
        Coalescer c = {};
        Batch b;

        print_bytes(&c, STREAM_STDOUT, BYTES("a\0b\n\xFF\n"), 0);
        assert_true(coalescer_peek(&c, 0, false, &b));
        assert_int_equal(b.len, 4);
        assert_memory_equal(b.data, "a\0b\n", 4);
        coalescer_pop(&c, &b, 0);
        expect(&c, 0, "\xFF\n");
        coalescer_done(&c);
}

static void test_nothing_printed(void **state) {
        Coalescer c = {};
        size_t room;
        Batch b;

        assert_int_equal(coalescer_deadline(&c), USEC_INFINITY);
        assert_false(coalescer_peek(&c, 0, true, &b));
        assert_non_null(coalescer_space(&c, STREAM_STDOUT, &room));
        coalescer_commit(&c, STREAM_STDOUT, 0, 0, 0);
        assert_false(coalescer_peek(&c, 0, true, &b));
        assert_int_equal(coalescer_lines(&c, STREAM_STDOUT), 0);
        coalescer_done(&c);
}

/* A full buffer always has something due: the reader never has to wait with its pipe readable. */
static void test_no_room_means_due(void **state) {
        Coalescer c = {};
        size_t room;
        char *space;

        spend_burst(&c, 0);
        print(&c, STREAM_STDOUT, "held\n", 0);
        expect_nothing(&c, 0);
        for (size_t i = 0; i < 100; i++) {
                space = coalescer_space(&c, STREAM_STDOUT, &room);
                assert_non_null(space);
                memset(space, 'x', room);
                coalescer_commit(&c, STREAM_STDOUT, room, 0, 0);
                drain(&c, 0);
        }
        coalescer_done(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_one_line_an_entry),
                cmocka_unit_test(test_human_rate),
                cmocka_unit_test(test_burst_is_packed),
                cmocka_unit_test(test_flood),
                cmocka_unit_test(test_idle_partial_line),
                cmocka_unit_test(test_flush),
                cmocka_unit_test(test_streams_interleaved),
                cmocka_unit_test(test_oldest_stream_first),
                cmocka_unit_test(test_megabyte_line),
                cmocka_unit_test(test_pieces_are_whole),
                cmocka_unit_test(test_binary),
                cmocka_unit_test(test_nothing_printed),
                cmocka_unit_test(test_no_room_means_due),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
