/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "test.h"
#include "tmpdir.h"

#include "sdbg/runtime/ring.h"

#define RUN "0123456789abcdef0123456789abcdef"

/* A ring of the least size, so that tests come round it soon. */
static void make_ring(Ring *r, int dirfd) {
        assert_int_equal(ring_create(r, dirfd, RUN, RING_CAPACITY), 0);
        r->header.capacity = RING_CAPACITY_MIN;
        assert_int_equal(ring_store_header(r), 0);
}

/* The n-th batch of a test: length and bytes follow from n. */
static size_t length_of(uint64_t n) {
        return 1 + n * 7919 % 5000;
}

static void append(Ring *r, uint64_t n) {
        char data[5000];
        Batch b = {
                .stream = n % _STREAM_MAX,
                .entry = n,
                .seq = 10 * n,
                .lines = n + 1,
                .offset = 100 * n,
                .time = 1000 * n,
                .partial = n % 2,
                .data = data,
                .len = length_of(n),
        };

        memset(data, 'a' + n % 26, b.len);
        assert_int_equal(ring_append(r, &b, UINT64_MAX), 0);
}

/* Appends as the supervisor does: only where the ring has room up to `limit`. */
static bool try_append(Ring *r, uint64_t n, uint64_t limit) {
        if (!ring_has_room(r, length_of(n), limit, RING_CAPACITY))
                return false;
        append(r, n);
        return true;
}

static void assert_batch(const Batch *b, uint64_t n) {
        assert_int_equal(b->entry, n);
        assert_int_equal(b->stream, n % _STREAM_MAX);
        assert_int_equal(b->seq, 10 * n);
        assert_int_equal(b->lines, n + 1);
        assert_int_equal(b->offset, 100 * n);
        assert_int_equal(b->time, 1000 * n);
        assert_int_equal(b->partial, n % 2);
        assert_int_equal(b->len, length_of(n));
        for (size_t i = 0; i < b->len; i++)
                assert_int_equal(b->data[i], 'a' + n % 26);
}

/* One who reads, with a place in the ring and space of its own. */
typedef struct Reader {
        Ring ring;
        uint64_t pos;
        char *buf;
        size_t size;
        Batch batch;
} Reader;

static Reader reader_open(int dirfd) {
        Reader r = {};

        assert_int_equal(ring_open(&r.ring, dirfd, false), 0);
        return r;
}

static int reader_next(Reader *r) {
        return ring_read(&r->ring, &r->pos, &r->batch, &r->buf, &r->size);
}

static void reader_expect(Reader *r, uint64_t n) {
        assert_int_equal(reader_next(r), 1);
        assert_batch(&r->batch, n);
}

static void reader_done(Reader *r) {
        ring_done(&r->ring);
        free(r->buf);
}
#define _cleanup_reader_ _cleanup_(reader_done)

static void test_create(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT, r = RING_INIT;
        struct stat st;

        assert_int_equal(ring_open(&r, t.fd, false), -ENOENT);
        assert_int_equal(ring_create(&w, t.fd, RUN, RING_CAPACITY), 0);
        assert_true(w.header.capacity >= RING_CAPACITY_MIN && w.header.capacity <= RING_CAPACITY);
        assert_int_equal(fstatat(t.fd, "ring", &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(st.st_mode & 07777, 0600);

        assert_int_equal(ring_open(&r, t.fd, false), 0);
        assert_memory_equal(r.header.run, RUN, 32);
        assert_int_equal(r.header.head, 0);
        assert_int_equal(r.header.tail, 0);
}

static void test_append_and_read(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_reader_ Reader r = {};
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        for (uint64_t n = 0; n < 10; n++)
                append(&w, n);
        r = reader_open(t.fd);
        for (uint64_t n = 0; n < 10; n++)
                reader_expect(&r, n);
        assert_int_equal(reader_next(&r), 0);
        assert_int_equal(r.pos, r.ring.header.head);
}

static void test_empty_batch(void **state) {
        const Batch b = { .stream = STREAM_RECORD, .entry = 1 };
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_reader_ Reader r = {};
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        assert_int_equal(ring_append(&w, &b, UINT64_MAX), 0);
        r = reader_open(t.fd);
        assert_int_equal(reader_next(&r), 1);
        assert_int_equal(r.batch.len, 0);
        assert_int_equal(reader_next(&r), 0);
}

/* A reader that keeps up sees everything, over many laps. */
static void test_wrap_around(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_reader_ Reader r = {};
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        r = reader_open(t.fd);
        for (uint64_t n = 0; n < 1000; n++) {
                assert_true(try_append(&w, n, w.header.head));
                assert_true(w.header.head - w.header.tail <= w.header.capacity);
                assert_int_equal(ring_refresh(&r.ring), 0);
                reader_expect(&r, n);
                assert_int_equal(reader_next(&r), 0);
        }
        assert_true(w.header.head > 5 * w.header.capacity);
}

/* What has not been seen in the journal stays. */
static void test_evicts_only_up_to_limit(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_reader_ Reader r = {};
        _cleanup_ring_ Ring w = RING_INIT;
        uint64_t n = 0, limit;

        make_ring(&w, t.fd);
        while (try_append(&w, n, 0))
                n++;
        assert_int_equal(w.header.tail, 0);

        /* The journal has shown the first ten. */
        r = reader_open(t.fd);
        for (uint64_t i = 0; i < 10; i++)
                reader_expect(&r, i);
        limit = r.pos;
        while (try_append(&w, n, limit))
                n++;
        assert_true(w.header.tail <= limit);

        assert_int_equal(ring_refresh(&r.ring), 0);
        for (uint64_t i = 10; i < n; i++)
                reader_expect(&r, i);
        assert_int_equal(reader_next(&r), 0);
}

static void test_room(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        assert_true(ring_has_room(&w, RING_CAPACITY_MIN / 2, 0, RING_CAPACITY));
        assert_false(ring_has_room(&w, RING_CAPACITY_MIN, 0, RING_CAPACITY));
        assert_false(ring_has_room(&w, RING_CAPACITY_MIN, UINT64_MAX, RING_CAPACITY));
        append(&w, 4999);
        assert_false(ring_has_room(&w, RING_CAPACITY_MIN - 1000, 0, RING_CAPACITY));
        assert_true(ring_has_room(&w, RING_CAPACITY_MIN - 1000, w.header.head, RING_CAPACITY));
        assert_true(ring_has_room(&w, RING_CAPACITY_MIN - 1000, UINT64_MAX, RING_CAPACITY));
}

/* Bytes of memory, or of the disk, that the ring has. */
static uint64_t allocated(const Ring *r) {
        struct stat st;

        assert_int_equal(fstat(r->fd, &st), 0);
        return (uint64_t) st.st_blocks * 512;
}

static void append_large(Ring *r, uint64_t entry, uint64_t limit) {
        static char data[64 * 1024];
        const Batch b = { .entry = entry, .seq = entry, .lines = 1, .data = data, .len = sizeof(data) };

        memset(data, 'a' + entry % 26, sizeof(data));
        assert_true(ring_has_room(r, sizeof(data), limit, RING_CAPACITY));
        assert_int_equal(ring_append(r, &b, limit), 0);
}

/* Over some laps, while the journal falls behind and catches up: what it lacks stays, and the memory of the
 * rest is given back. */
static void test_grows_and_shrinks(void **state) {
        static const uint64_t pieces = 10 * 16, lag = 12 * 1024 * 1024;
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_reader_ Reader r = {};
        _cleanup_ring_ Ring w = RING_INIT;
        uint64_t entry = 0, verified = 0;

        assert_int_equal(ring_create(&w, t.fd, RUN, 2 * RING_KEPT), 0);
        r = reader_open(t.fd);
        for (int lap = 0; lap < 10; lap++) {
                for (uint64_t i = 0; i < pieces; i++) {
                        verified = MAX(verified, usec_sub(w.header.head, lag));
                        append_large(&w, entry, verified);
                        assert_true(w.header.tail <= verified);
                        assert_int_equal(ring_refresh(&r.ring), 0);
                        assert_int_equal(reader_next(&r), 1);
                        assert_int_equal(r.batch.entry, entry);
                        assert_int_equal(r.batch.data[r.batch.len - 1], 'a' + entry % 26);
                        entry++;
                }
                verified = w.header.head;
                assert_int_equal(ring_trim(&w, verified), 0);
                assert_true(w.header.head - w.header.tail <= RING_KEPT);
                assert_true(allocated(&w) <= RING_KEPT + 2 * 1024 * 1024);
        }
        assert_true(w.header.head > 5 * w.header.capacity);
}

/* A ring that is larger than what is copied at once is read piece by piece. */
static void test_pieces(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT;
        _cleanup_buf_ Buf piece = {};
        uint64_t from, pos = 0, entry = 0;
        Batch b;

        assert_int_equal(ring_create(&w, t.fd, RUN, 4 * RING_KEPT), 0);
        for (uint64_t i = 0; i < 300; i++)
                append_large(&w, i, 0);
        while (pos < w.header.head) {
                assert_int_equal(ring_snapshot(&w, pos, &piece, &from), 0);
                assert_int_equal(from, pos);
                assert_true(piece.len > 0 && piece.len <= RING_KEPT);
                for (size_t offset = 0; ring_parse(&piece, &offset, &b) == 1; entry++)
                        assert_int_equal(b.entry, entry);
                pos += piece.len;
        }
        assert_int_equal(entry, 300);
}

static void test_too_large(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_free_ char *data = calloc(1, 2 * 1024 * 1024);
        const Batch b = { .data = data, .len = 2 * 1024 * 1024 };
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        assert_int_equal(ring_append(&w, &b, UINT64_MAX), -EMSGSIZE);
        assert_int_equal(w.header.head, 0);
}

/* A slow reader is told, whether it has looked at the header meanwhile or not. */
static void test_stale(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_reader_ Reader r = {};
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        append(&w, 0);
        r = reader_open(t.fd);
        for (uint64_t n = 1; w.header.tail == 0 || n < 500; n++)
                assert_true(try_append(&w, n, w.header.head));

        assert_int_equal(reader_next(&r), -ESTALE);
        assert_int_equal(r.pos, 0);
        assert_int_equal(ring_refresh(&r.ring), 0);
        assert_int_equal(reader_next(&r), -ESTALE);

        r.pos = r.ring.header.tail;
        while (reader_next(&r) == 1)
                assert_batch(&r.batch, r.batch.entry);
        assert_int_equal(r.batch.entry, 499);
}

/* What a reader takes in one piece, over the end of the data area too. */
static void test_snapshot(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT, r = RING_INIT;
        _cleanup_buf_ Buf snapshot = {};
        uint64_t from, n;
        size_t offset;
        Batch b;

        make_ring(&w, t.fd);
        assert_int_equal(ring_open(&r, t.fd, false), 0);
        for (uint64_t newest = 0; newest < 500; newest++) {
                assert_true(try_append(&w, newest, w.header.head));
                assert_int_equal(ring_snapshot(&r, 0, &snapshot, &from), 0);
                assert_int_equal(from, w.header.tail);
                assert_int_equal(from + snapshot.len, w.header.head);

                offset = 0;
                for (n = UINT64_MAX; ring_parse(&snapshot, &offset, &b) == 1; n = b.entry)
                        assert_true(n == UINT64_MAX || b.entry == n + 1);
                assert_int_equal(offset, snapshot.len);
                assert_int_equal(n, newest);
                assert_batch(&b, newest);
        }

        assert_int_equal(ring_snapshot(&r, UINT64_MAX, &snapshot, &from), 0);
        assert_int_equal(snapshot.len, 0);
        assert_int_equal(from, w.header.head);
}

static void test_damaged_snapshot(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT;
        _cleanup_buf_ Buf snapshot = {};
        size_t offset, len;
        uint64_t from;
        Batch b;

        make_ring(&w, t.fd);
        append(&w, 1);
        assert_int_equal(ring_snapshot(&w, 0, &snapshot, &from), 0);
        len = snapshot.len;
        for (snapshot.len = 1; snapshot.len < len; snapshot.len++) {
                offset = 0;
                assert_int_equal(ring_parse(&snapshot, &offset, &b), -EBADMSG);
                assert_int_equal(offset, 0);
        }
}

static void test_last_line(void **state) {
        static const struct {
                Stream stream;
                const char *data, *expected;
        } rows[] = {
                { STREAM_STDOUT, "one\n", "one" },
                { STREAM_STDOUT, "two\nthree\n", "three" },
                { STREAM_RECORD, "A=b\n", "three" },
                { STREAM_STDERR, "four\nprompt> ", "prompt> " },
                { STREAM_STDOUT, "\033[31mred\033[0m\n", "red" },
                { STREAM_STDOUT, "a line that is too long\n", "a line tha…" },
                { STREAM_STDOUT, "\n", "" },
        };
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        assert_null(ring_last_line(&w, 10));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                size_t len = strlen(rows[i].data);
                const Batch b = { .stream = rows[i].stream,
                                  .seq = i + 1,
                                  .lines = 1,
                                  .data = rows[i].data,
                                  .len = len,
                                  .partial = rows[i].data[len - 1] != '\n' };
                _cleanup_free_ char *line = NULL;

                assert_int_equal(ring_append(&w, &b, UINT64_MAX), 0);
                line = ring_last_line(&w, 10);
                assert_row(rows[i].expected, streq_ptr(line, rows[i].expected));
        }
}

/* Readers come and go while the writer goes on; each goes on where the one before it stopped. */
static void test_reopen(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT;
        uint64_t pos = 0, read = 0;

        make_ring(&w, t.fd);
        for (uint64_t n = 0; n < 500; n++) {
                assert_true(try_append(&w, n, pos));
                if (n % 7 > 0)
                        continue;

                _cleanup_reader_ Reader r = reader_open(t.fd);
                r.pos = pos;
                while (read <= n)
                        reader_expect(&r, read++);
                assert_int_equal(reader_next(&r), 0);
                pos = r.pos;
        }
}

/* The next run has a ring of its own; who reads the old one is not disturbed. */
static void test_next_run(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring first = RING_INIT, second = RING_INIT;
        _cleanup_reader_ Reader r = {}, s = {};

        make_ring(&first, t.fd);
        append(&first, 1);
        r = reader_open(t.fd);
        make_ring(&second, t.fd);
        append(&second, 2);
        append(&first, 3);

        assert_int_equal(ring_refresh(&r.ring), 0);
        reader_expect(&r, 1);
        reader_expect(&r, 3);
        s = reader_open(t.fd);
        reader_expect(&s, 2);
        assert_int_equal(reader_next(&s), 0);
}

/* Writer and auditor each store what is theirs. */
static void test_audit(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring w = RING_INIT, auditor = RING_INIT;

        make_ring(&w, t.fd);
        append(&w, 1);
        assert_int_equal(ring_open(&auditor, t.fd, true), 0);
        append(&w, 2);
        auditor.audit.verified = auditor.header.head;
        assert_int_equal(ring_store_audit(&auditor), 0);
        append(&w, 3);

        assert_int_equal(w.audit.verified, 0);
        assert_int_equal(ring_refresh_audit(&w), 0);
        assert_int_equal(w.audit.verified, auditor.header.head);
        assert_int_equal(ring_refresh(&auditor), 0);
        assert_int_equal(auditor.header.head, w.header.head);
}

static void test_open_refuses(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_ring_ Ring r = RING_INIT;
        char zeros[RING_DATA] = "";

        assert_int_equal(write_file_at(t.fd, "ring", "", 0, 0600), 0);
        assert_int_equal(ring_open(&r, t.fd, false), -EBADMSG);
        assert_int_equal(write_file_at(t.fd, "ring", zeros, sizeof(zeros), 0600), 0);
        assert_int_equal(ring_open(&r, t.fd, false), -EBADMSG);
        memcpy(zeros, RING_MAGIC, 8); /* with a capacity of 0 */
        assert_int_equal(write_file_at(t.fd, "ring", zeros, sizeof(zeros), 0600), 0);
        assert_int_equal(ring_open(&r, t.fd, false), -EBADMSG);

        assert_int_equal(unlinkat(t.fd, "ring", 0), 0);
        assert_int_equal(symlinkat("/dev/null", t.fd, "ring"), 0);
        assert_int_equal(ring_open(&r, t.fd, false), -ELOOP);
}

static void test_damaged(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_reader_ Reader r = {};
        _cleanup_ring_ Ring w = RING_INIT;

        make_ring(&w, t.fd);
        append(&w, 1);
        append(&w, 2);
        r = reader_open(t.fd);
        assert_int_equal(pwrite(w.fd, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8, RING_DATA), 8);
        assert_int_equal(reader_next(&r), -EBADMSG);
        assert_int_equal(ftruncate(w.fd, RING_DATA), 0);
        assert_int_equal(reader_next(&r), -EBADMSG);
        assert_int_equal(r.pos, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_create),
                cmocka_unit_test(test_append_and_read),
                cmocka_unit_test(test_empty_batch),
                cmocka_unit_test(test_wrap_around),
                cmocka_unit_test(test_evicts_only_up_to_limit),
                cmocka_unit_test(test_room),
                cmocka_unit_test(test_grows_and_shrinks),
                cmocka_unit_test(test_pieces),
                cmocka_unit_test(test_too_large),
                cmocka_unit_test(test_stale),
                cmocka_unit_test(test_snapshot),
                cmocka_unit_test(test_damaged_snapshot),
                cmocka_unit_test(test_last_line),
                cmocka_unit_test(test_reopen),
                cmocka_unit_test(test_next_run),
                cmocka_unit_test(test_audit),
                cmocka_unit_test(test_open_refuses),
                cmocka_unit_test(test_damaged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
