/* SPDX-License-Identifier: MIT */
#include "native.h"
#include "test.h"

#include "sdbg/text/sanitize.h"
#include "sdbg/wire/entry.h"

#define RUN "0123456789abcdef0123456789abcdef"

static const EntryTag tag = { .job = "web", .run = RUN };

static Batch make_batch(Stream s, const char *data, size_t len) {
        return (Batch){
                .stream = s,
                .entry = 7,
                .seq = 40,
                .lines = 1,
                .offset = 1234,
                .time = 1795356245123456,
                .partial = len > 0 && data[len - 1] != '\n',
                .data = data,
                .len = len,
        };
}

static void assert_field(const Buf *entry, const char *name, const char *expected) {
        _cleanup_buf_ Buf value = {};

        if (!native_get(entry, name, &value)) {
                assert_row(name, !expected);
                return;
        }
        assert_row(name, expected);
        assert_row(name, value.len == strlen(expected) && memcmp(value.data, expected, value.len) == 0);
}

static void decode(Entry *e, const Buf *encoded) {
        const char *p = encoded->data;
        _cleanup_buf_ Buf field = {};

        while (native_next(&p, encoded->data + encoded->len, &field))
                assert_int_equal(entry_decode_field(e, field.data, field.len), 0);
        assert_int_equal(entry_decode_finish(e), 1);
}

static void assert_same_entry(const Entry *a, const Entry *b) {
        assert_string_equal(a->job, b->job);
        assert_string_equal(a->run, b->run);
        assert_int_equal(a->stream, b->stream);
        assert_int_equal(a->entry, b->entry);
        assert_int_equal(a->seq, b->seq);
        assert_int_equal(a->lines, b->lines);
        assert_int_equal(a->offset, b->offset);
        assert_int_equal(a->partial, b->partial);
        assert_int_equal(a->bytes.len, b->bytes.len);
        assert_memory_equal(a->bytes.data, b->bytes.data, a->bytes.len);
}

static void test_fields(void **state) {
        static const struct {
                const char *name, *value;
        } fields[] = {
                { "SDBG", "1" },
                { "SDBG_JOB", "web" },
                { "SDBG_RUN", RUN },
                { "SDBG_STREAM", "stdout" },
                { "SDBG_SEQ", "40" },
                { "SDBG_LINES", "1" },
                { "SDBG_OFFSET", "1234" },
                { "SDBG_ENTRY", "7" },
                { "SYSLOG_IDENTIFIER", "web" },
                { "PRIORITY", "6" },
                { "MESSAGE", "hello" },
                { "SDBG_RAW", NULL },
                { "SDBG_PARTIAL", NULL },
                { "SDBG_REPAIRED", NULL },
                { "SDBG_TIME", "1795356245123456" },
                { "SDBG_LABEL", NULL },
        };
        Batch b = make_batch(STREAM_STDOUT, BYTES("hello\n"));
        _cleanup_buf_ Buf out = {};

        entry_encode_batch(&out, &tag, &b, POOL_OUTPUT);
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                assert_field(&out, fields[i].name, fields[i].value);
}

static void test_priority(void **state) {
        static const struct {
                Stream stream;
                Pool pool;
                const char *priority;
        } rows[] = {
                { STREAM_STDOUT, POOL_OUTPUT, "6" }, { STREAM_PTY, POOL_OUTPUT, "6" },
                { STREAM_STDERR, POOL_OUTPUT, "5" }, { STREAM_RECORD, POOL_OUTPUT, "5" },
                { STREAM_STDOUT, POOL_DEBUG, "7" },  { STREAM_STDERR, POOL_WARNING, "4" },
                { STREAM_STDOUT, POOL_ERROR, "3" },  { STREAM_RECORD, POOL_CRITICAL, "2" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Batch b = make_batch(rows[i].stream, BYTES("A=b\n"));
                _cleanup_buf_ Buf out = {};

                entry_encode_batch(&out, &tag, &b, rows[i].pool);
                assert_field(&out, "PRIORITY", rows[i].priority);
        }
}

/* An entry that is sent again says so, and when its line was read. */
static void test_repaired(void **state) {
        Batch b = make_batch(STREAM_STDOUT, BYTES("hello\n"));
        _cleanup_entry_ Entry e = {};
        _cleanup_buf_ Buf out = {};

        entry_encode_batch(&out, &tag, &b, POOL_WARNING);
        decode(&e, &out);
        assert_true(e.repaired);
        assert_int_equal(e.time, b.time);
}

static void test_labels(void **state) {
        char *labels[] = { (char *) "a=1", (char *) "b=two\nlines\xE9", NULL };
        const EntryTag labelled = { .job = "web", .run = RUN, .labels = labels };
        Batch b = make_batch(STREAM_STDOUT, BYTES("x\n"));
        _cleanup_buf_ Buf out = {}, field = {};
        const char *p, *value;
        size_t n = 0;

        entry_encode_batch(&out, &labelled, &b, POOL_OUTPUT);
        p = out.data;
        while (native_next(&p, out.data + out.len, &field)) {
                buf_append_char(&field, '\0');
                value = startswith(field.data, "SDBG_LABEL=");
                if (value)
                        assert_string_equal(value, labels[n++]);
        }
        assert_int_equal(n, 2);
}

/* Bytes → entry → the same bytes; the exact ones stand in the entry only where MESSAGE is not them. */
static void test_round_trip(void **state) {
        static const struct {
                const char *data;
                size_t len;
                const char *message;
                bool raw;
        } rows[] = {
                { BYTES("hello\n"), "hello", false },
                { BYTES("hello"), "hello", false },
                { BYTES("\n"), "", false },
                { BYTES("one\n\nthree\n"), "one\n\nthree", false },
                { BYTES("one\n\n"), "one\n", false },
                { BYTES("tab\tna\xC3\xAFve\n"), "tab\tna\xC3\xAFve", false },
                { BYTES("=\n"), "=", false },
                { BYTES("dos\r\n"), "dos", true },
                { BYTES("\r\n"), "", true },
                { BYTES("\033[31mred\033[0m\n"), "red", true },
                { BYTES("10%\r20%"), "20%", true },
                { BYTES("\0\0\0"), "", true },
                { BYTES("a\0\n"), "a", true },
                { BYTES("caf\xE9\n"), "caf\xEF\xBF\xBD", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Batch b = make_batch(STREAM_STDERR, rows[i].data, rows[i].len);
                _cleanup_entry_ Entry e = {}, direct = {};
                _cleanup_buf_ Buf out = {}, raw = {};

                entry_encode_batch(&out, &tag, &b, POOL_OUTPUT);
                assert_field(&out, "MESSAGE", rows[i].message);
                assert_row(rows[i].message, native_get(&out, "SDBG_RAW", &raw) == rows[i].raw);

                decode(&e, &out);
                assert_int_equal(e.bytes.len, rows[i].len);
                assert_memory_equal(e.bytes.data, rows[i].data, rows[i].len);

                assert_int_equal(entry_from_batch(&direct, &tag, &b), 0);
                assert_same_entry(&e, &direct);
        }
}

static void test_record(void **state) {
        _cleanup_entry_ Entry e = {}, direct = {};
        _cleanup_buf_ Buf fields = {}, out = {}, message_id = {};
        Batch b;

        record_encode(&fields, &tag, RECORD_EXIT, "web failed:\033[31m signal\nKILL",
                      "{\"state\":\"failed\"}");
        b = make_batch(STREAM_RECORD, fields.data, fields.len);
        entry_encode_batch(&out, &tag, &b, POOL_OUTPUT);
        assert_field(&out, "SDBG_EVENT", "exit");
        assert_field(&out, "SDBG_JOB", "web");
        assert_field(&out, "MESSAGE", "web failed: signal\nKILL");
        assert_field(&out, "SDBG_RECORD", "{\"state\":\"failed\"}");
        assert_field(&out, "SDBG_STREAM", NULL);
        assert_true(native_get(&out, "MESSAGE_ID", &message_id));
        assert_int_equal(message_id.len, 32);

        decode(&e, &out);
        assert_int_equal(entry_from_batch(&direct, &tag, &b), 0);
        assert_int_equal(e.stream, STREAM_RECORD);
        assert_int_equal(e.entry, 7);
        assert_string_equal(e.event, "exit");
        assert_string_equal(direct.event, e.event);
        assert_string_equal(direct.record, e.record);
        assert_string_equal(direct.message, e.message);
        assert_string_equal(direct.job, e.job);
        assert_string_equal(direct.run, e.run);
}

static void test_broken_record(void **state) {
        static const struct {
                const char *data;
                size_t len;
        } rows[] = {
                { BYTES("NO_NEWLINE=1") },
                { BYTES("MESSAGE\n") },
                { BYTES("MESSAGE\n\1\0\0\0") },
                { BYTES("MESSAGE\n\5\0\0\0\0\0\0\0abc\n") },
                { BYTES("MESSAGE\n\377\377\377\377\377\377\377\377abc\n") },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Batch b = make_batch(STREAM_RECORD, rows[i].data, rows[i].len);
                _cleanup_entry_ Entry e = {};

                assert_row(rows[i].data, entry_from_batch(&e, &tag, &b) == -EBADMSG);
        }
}

/* Entries of others, and ones that somebody made up, are not taken for output. */
static void test_not_ours(void **state) {
        static const char *const rows[][6] = {
                { NULL },
                { "MESSAGE=hello", "SYSLOG_IDENTIFIER=web" },
                { "MESSAGE=hello", "SDBG_JOB=web" },
                { "MESSAGE=hello", "SDBG_JOB=web", "SDBG_RUN=" RUN },
                { "SDBG_JOB=web", "SDBG_RUN=" RUN, "SDBG_SEQ=1" },
                { "SDBG_JOB=web", "SDBG_RUN=" RUN, "SDBG_SEQ=x", "SDBG_LINES=1" },
                { "SDBG_JOB=web", "SDBG_RUN=" RUN, "SDBG_SEQ=99999999999999999999999999", "SDBG_LINES=1" },
                { "SDBG_JOB=web", "SDBG_RUN=" RUN, "SDBG_SEQ=1", "SDBG_LINES=1", "SDBG_STREAM=none" },
                { "SDBG_JOB=web", "SDBG_RUN=" RUN, "SDBG_SEQ=1", "SDBG_LINES=1", "SDBG_STREAM=record" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_entry_ Entry e = {};

                for (size_t j = 0; rows[i][j]; j++)
                        assert_int_equal(entry_decode_field(&e, rows[i][j], strlen(rows[i][j])), 0);
                if (entry_decode_finish(&e) != 0)
                        fail_msg("row %zu was taken", i);
        }
}

static void test_names(void **state) {
        for (Stream s = 0; s < _STREAM_MAX; s++)
                assert_int_equal(stream_from_string(stream_to_string(s)), s);
        for (RecordKind k = 0; k < _RECORD_MAX; k++)
                assert_non_null(record_kind_to_string(k));
        assert_int_equal(stream_from_string("x"), _STREAM_INVALID);
        assert_null(stream_to_string(_STREAM_MAX));
        assert_null(stream_to_string(_STREAM_INVALID));
        assert_null(record_kind_to_string(_RECORD_INVALID));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fields),        cmocka_unit_test(test_priority),
                cmocka_unit_test(test_repaired),      cmocka_unit_test(test_labels),
                cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_record),
                cmocka_unit_test(test_broken_record), cmocka_unit_test(test_not_ours),
                cmocka_unit_test(test_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
