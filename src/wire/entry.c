/* SPDX-License-Identifier: MIT */
#include <endian.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/text/sanitize.h"
#include "sdbg/wire/entry.h"

static const struct {
        const char *name;
        const char *message_id;
} records[_RECORD_MAX] = {
        [RECORD_START] = { "start", "423fd780ecaf484f8709c9eb2ec14044" },
        [RECORD_READY] = { "ready", "080df9864a394611a747e3b860dd1717" },
        [RECORD_RESTART] = { "restart", "3f5e51e4ce9e4afc8c02f3223d7237c9" },
        [RECORD_EXIT] = { "exit", "144830341f2046e999db47099ca653ef" },
        [RECORD_INPUT] = { "input", "2900ef23dfad45a390e05fef7ba26773" },
        [RECORD_CAP] = { "cap", "a7dc5bdb5ab64ebbb7bca1cb4a68d331" },
        [RECORD_GAP] = { "gap", "65ec8371833d4e0cbbfd22abcfa8e36f" },
        [RECORD_CLEAR] = { "clear", "bb62120c1fef4848aad7de053fb38000" },
        [RECORD_OOM] = { "oom", "0a2cc8e9038047a48c90757309c8e447" },
        [RECORD_STOP] = { "stop", "1d8e8211523a41be96fc3db39ec03658" },
};

const char *record_kind_to_string(RecordKind k) {
        return k >= 0 && k < _RECORD_MAX ? records[k].name : NULL;
}

static void put_field(Buf *out, const char *name, const char *value) {
        buf_printf(out, "%s=%s\n", name, value);
}

static void put_number(Buf *out, const char *name, uint64_t value) {
        buf_printf(out, "%s=%" PRIu64 "\n", name, value);
}

/* The form that may hold any byte: name, newline, length as 64 bits little endian, value, newline. */
static size_t begin_binary(Buf *out, const char *name) {
        static const char no_length[8];

        buf_append_str(out, name);
        buf_append_char(out, '\n');
        buf_append(out, no_length, sizeof(no_length));
        return out->len;
}

static void end_binary(Buf *out, size_t start) {
        uint64_t le;

        if (out->oom)
                return;
        le = htole64(out->len - start);
        memcpy(out->data + start - sizeof(le), &le, sizeof(le));
        buf_append_char(out, '\n');
}

static void put_tag(Buf *out, const EntryTag *tag) {
        put_field(out, "SDBG", "1");
        put_field(out, "SDBG_JOB", tag->job);
        put_field(out, "SDBG_RUN", tag->run);
        put_field(out, "SYSLOG_IDENTIFIER", tag->job);
        STRV_FOREACH (label, tag->labels) {
                size_t start = begin_binary(out, "SDBG_LABEL");

                buf_append_str(out, *label);
                end_binary(out, start);
        }
}

static void put_sending(Buf *out, const Batch *b, Pool pool) {
        static const char priorities[_POOL_MAX] = {
                [POOL_OUTPUT] = '6', [POOL_DEBUG] = '7',    [POOL_WARNING] = '4',
                [POOL_ERROR] = '3',  [POOL_CRITICAL] = '2',
        };
        bool notice = b->stream == STREAM_STDERR || b->stream == STREAM_RECORD;

        buf_printf(out, "PRIORITY=%c\n", pool == POOL_OUTPUT && notice ? '5' : priorities[pool]);
        put_number(out, "SDBG_ENTRY", b->entry);
        /* journald's own time is that of the writing, some milliseconds to minutes later. */
        put_number(out, "SDBG_TIME", b->time);
        if (pool != POOL_OUTPUT)
                put_field(out, "SDBG_REPAIRED", "1");
}

static void put_message(Buf *out, const Batch *b) {
        size_t len = b->len - !b->partial, start = begin_binary(out, "MESSAGE");
        bool clean = sanitize_is_clean(b->data, len);

        if (clean)
                buf_append(out, b->data, len);
        else
                sanitize(out, b->data, len);
        end_binary(out, start);
        if (clean)
                return;

        start = begin_binary(out, "SDBG_RAW");
        buf_append(out, b->data, b->len);
        end_binary(out, start);
}

void entry_encode_batch(Buf *out, const EntryTag *tag, const Batch *b, Pool pool) {
        put_sending(out, b, pool);
        if (b->stream == STREAM_RECORD) {
                buf_append(out, b->data, b->len);
                return;
        }

        put_number(out, "SDBG_SEQ", b->seq);
        put_number(out, "SDBG_LINES", b->lines);
        put_number(out, "SDBG_OFFSET", b->offset);
        put_field(out, "SDBG_STREAM", stream_to_string(b->stream));
        if (b->partial)
                put_field(out, "SDBG_PARTIAL", "1");
        put_tag(out, tag);
        put_message(out, b);
}

void record_encode(Buf *out, const EntryTag *tag, RecordKind kind, const char *message, const char *json) {
        size_t start;

        put_tag(out, tag);
        put_field(out, "SDBG_EVENT", records[kind].name);
        put_field(out, "MESSAGE_ID", records[kind].message_id);
        start = begin_binary(out, "MESSAGE");
        sanitize(out, message, strlen(message));
        end_binary(out, start);
        start = begin_binary(out, "SDBG_RECORD");
        buf_append_str(out, json);
        end_binary(out, start);
}

void entry_done(Entry *e) {
        free(e->job);
        free(e->run);
        free(e->event);
        free(e->record);
        free(e->message);
        free(e->cursor);
        buf_done(&e->bytes);
        *e = (Entry){};
}

/* What the fields of an entry are stored in; the table makes decoding one loop. */
typedef enum FieldType { FIELD_STRING, FIELD_NUMBER, FIELD_FLAG, FIELD_STREAM, FIELD_BYTES } FieldType;

static const struct {
        const char *name;
        FieldType type;
        size_t offset;
} fields[] = {
        { "MESSAGE=", FIELD_STRING, offsetof(Entry, message) },
        { "SDBG_ENTRY=", FIELD_NUMBER, offsetof(Entry, entry) },
        { "SDBG_SEQ=", FIELD_NUMBER, offsetof(Entry, seq) },
        { "SDBG_LINES=", FIELD_NUMBER, offsetof(Entry, lines) },
        { "SDBG_OFFSET=", FIELD_NUMBER, offsetof(Entry, offset) },
        { "SDBG_STREAM=", FIELD_STREAM, offsetof(Entry, stream) },
        { "SDBG_JOB=", FIELD_STRING, offsetof(Entry, job) },
        { "SDBG_RUN=", FIELD_STRING, offsetof(Entry, run) },
        { "SDBG_RAW=", FIELD_BYTES, offsetof(Entry, bytes) },
        { "SDBG_PARTIAL=", FIELD_FLAG, offsetof(Entry, partial) },
        { "SDBG_REPAIRED=", FIELD_FLAG, offsetof(Entry, repaired) },
        { "SDBG_TIME=", FIELD_NUMBER, offsetof(Entry, time) },
        { "SDBG_EVENT=", FIELD_STRING, offsetof(Entry, event) },
        { "SDBG_RECORD=", FIELD_STRING, offsetof(Entry, record) },
};

static int store_string(char **slot, const char *value, size_t len) {
        char *s = malloc(len + 1);

        if (!s)
                return -ENOMEM;
        memcpy(s, value, len);
        s[len] = '\0';
        free(*slot);
        *slot = s;
        return 0;
}

static int store_field(Entry *e, FieldType type, void *slot, const char *value, size_t len) {
        char small[24] = "";

        switch (type) {
        case FIELD_STRING:
                return store_string(slot, value, len);
        case FIELD_BYTES:
                buf_append(slot, value, len);
                return e->bytes.oom ? -ENOMEM : 0;
        case FIELD_FLAG:
                *(bool *) slot = true;
                return 0;
        case FIELD_NUMBER:
        case FIELD_STREAM:
                memcpy(small, value, MIN(len, sizeof(small) - 1));
                if (type == FIELD_STREAM)
                        *(Stream *) slot = stream_from_string(small);
                else
                        (void) parse_u64(small, slot); /* another's entry: stays 0, which is no number */
                return 0;
        }
        return 0;
}

int entry_decode_field(Entry *e, const char *data, size_t len) {
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                size_t l = strlen(fields[i].name);

                if (len >= l && memcmp(data, fields[i].name, l) == 0)
                        return store_field(e, fields[i].type, (char *) e + fields[i].offset, data + l,
                                           len - l);
        }
        return 0;
}

int entry_decode_finish(Entry *e) {
        if (!e->job || !e->run)
                return 0;
        if (e->event) {
                e->stream = STREAM_RECORD;
                return 1;
        }
        if (e->seq == 0 || e->lines == 0 || e->stream < 0 || e->stream == STREAM_RECORD)
                return 0;

        if (e->bytes.len == 0 && e->message) {
                /* MESSAGE is the exact text; only the last newline was left out of it. */
                size_t len = strlen(e->message);

                e->bytes = (Buf){ .data = TAKE_PTR(e->message), .len = len, .cap = len + 1 };
                if (!e->partial)
                        buf_append_char(&e->bytes, '\n');
        }
        return e->bytes.oom ? -ENOMEM : 1;
}

/* The value of a field in a record's encoded fields, as a batch of the ring holds them. */
static int decode_record(Entry *e, const char *p, size_t len) {
        const char *end = p + len;

        while (p < end) {
                const char *newline = memchr(p, '\n', end - p);
                uint64_t l;

                if (!newline)
                        return -EBADMSG;
                if (memchr(p, '=', newline - p)) {
                        if (entry_decode_field(e, p, newline - p) < 0)
                                return -ENOMEM;
                        p = newline + 1;
                        continue;
                }

                _cleanup_buf_ Buf field = {};
                if ((size_t) (end - newline) < 1 + sizeof(l))
                        return -EBADMSG;
                memcpy(&l, newline + 1, sizeof(l));
                l = le64toh(l);
                if (l >= (size_t) (end - newline) - 1 - sizeof(l))
                        return -EBADMSG;
                buf_append(&field, p, newline - p);
                buf_append_char(&field, '=');
                buf_append(&field, newline + 1 + sizeof(l), l);
                if (field.oom || entry_decode_field(e, field.data, field.len) < 0)
                        return -ENOMEM;
                p = newline + 1 + sizeof(l) + l + 1;
        }
        return 0;
}

int entry_from_batch(Entry *e, const EntryTag *tag, const Batch *b) {
        e->stream = b->stream;
        e->entry = b->entry;
        e->seq = b->seq;
        e->lines = b->lines;
        e->offset = b->offset;
        e->time = b->time;
        e->partial = b->partial;
        if (b->stream == STREAM_RECORD)
                return decode_record(e, b->data, b->len);

        e->job = strdup(tag->job);
        e->run = strdup(tag->run);
        buf_append(&e->bytes, b->data, b->len);
        return e->job && e->run && !e->bytes.oom ? 0 : -ENOMEM;
}
