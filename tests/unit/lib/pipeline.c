/* SPDX-License-Identifier: MIT */
#include "sdbg/text/sanitize.h"
#include "sdbg/wire/entry.h"

#include "check.h"
#include "native.h"
#include "pipeline.h"

#define REALTIME_OFFSET (1000000 * USEC_PER_SEC)

static const EntryTag tag = { .job = "web", .run = "0123456789abcdef0123456789abcdef" };

static void check_rate(Pipeline *p) {
        usec_t *slot = &p->times[p->n_entries % PIPELINE_WINDOW_ENTRIES];

        CHECK(p->n_entries < PIPELINE_WINDOW_ENTRIES || p->now - *slot >= PIPELINE_WINDOW);
        *slot = p->now;
        p->n_entries++;
}

/* Numbers and offsets go on without a gap, whatever the streams do between each other. */
static void check_continuity(Pipeline *p, const Entry *e) {
        uint64_t *open_seq = &p->open_seq[e->stream];

        CHECK(e->offset == p->decoded[e->stream].len);
        CHECK(e->lines > 0);
        if (*open_seq > 0)
                CHECK(e->seq == *open_seq && e->lines == 1);
        else {
                CHECK(e->seq == p->next_seq + 1);
                p->next_seq += e->lines;
                p->lines[e->stream] += e->lines;
        }
        *open_seq = e->partial ? e->seq + e->lines - 1 : 0;
}

/* MESSAGE is printable; the exact bytes stand beside it only where it is not the same. */
static void check_message(const Buf *encoded, const Entry *e) {
        _cleanup_buf_ Buf message = {}, raw = {};
        size_t len = e->bytes.len - !e->partial;

        CHECK(native_get(encoded, "MESSAGE", &message));
        CHECK(sanitize_is_clean(message.data, message.len));
        if (native_get(encoded, "SDBG_RAW", &raw))
                CHECK(message.len != len || memcmp(message.data, e->bytes.data, len) != 0);
        else
                CHECK(message.len == len && memcmp(message.data, e->bytes.data, len) == 0);
}

static void check_shape(const Entry *e) {
        uint64_t newlines = 0;

        CHECK(e->bytes.len > 0 && e->bytes.len <= COALESCER_BATCH_MAX);
        for (size_t i = 0; i < e->bytes.len; i++)
                newlines += e->bytes.data[i] == '\n';
        CHECK(e->lines == newlines + e->partial);
        CHECK(e->partial == (e->bytes.data[e->bytes.len - 1] != '\n'));
}

static void decode(Entry *e, const Buf *encoded) {
        const char *p = encoded->data;
        _cleanup_buf_ Buf field = {};

        while (native_next(&p, encoded->data + encoded->len, &field))
                CHECK(entry_decode_field(e, field.data, field.len) == 0);
        CHECK(entry_decode_finish(e) == 1);
}

static void take(Pipeline *p, Batch *b) {
        _cleanup_buf_ Buf encoded = {};
        _cleanup_entry_ Entry e = {};

        b->entry = p->n_entries + 1;
        entry_encode_batch(&encoded, &tag, b, POOL_OUTPUT);
        CHECK(!encoded.oom);
        decode(&e, &encoded);

        CHECK(e.entry == b->entry && e.stream == b->stream);
        CHECK(b->time <= p->now + REALTIME_OFFSET);
        check_rate(p);
        check_continuity(p, &e);
        check_message(&encoded, &e);
        check_shape(&e);
        buf_append(&p->decoded[e.stream], e.bytes.data, e.bytes.len);
}

static void pump(Pipeline *p, bool flush) {
        Batch b;

        while (coalescer_peek(&p->coalescer, p->now, flush, &b)) {
                take(p, &b);
                coalescer_pop(&p->coalescer, &b, p->now);
        }
        CHECK(coalescer_deadline(&p->coalescer) > p->now);
}

void pipeline_print(Pipeline *p, Stream s, const char *data, size_t len) {
        buf_append(&p->printed[s], data, len);
        while (len > 0) {
                size_t room, n;
                char *space = coalescer_space(&p->coalescer, s, &room);

                CHECK(space && room > 0);
                n = MIN(room, len);
                memcpy(space, data, n);
                coalescer_commit(&p->coalescer, s, n, p->now, p->now + REALTIME_OFFSET);
                data += n;
                len -= n;
                pump(p, false);
        }
        CHECK(coalescer_bytes(&p->coalescer, s) == p->printed[s].len);
}

void pipeline_wait(Pipeline *p, usec_t usec) {
        usec_t end = p->now + usec, deadline;

        while ((deadline = coalescer_deadline(&p->coalescer)) <= end) {
                p->now = deadline;
                pump(p, false);
        }
        p->now = end;
        pump(p, false);
}

void pipeline_finish(Pipeline *p) {
        pump(p, true);
        CHECK(coalescer_deadline(&p->coalescer) == USEC_INFINITY);
        for (Stream s = 0; s < STREAM_RECORD; s++) {
                const Buf *in = &p->printed[s], *out = &p->decoded[s];

                CHECK(in->len == out->len);
                CHECK(in->len == 0 || memcmp(in->data, out->data, in->len) == 0);
                CHECK(coalescer_lines(&p->coalescer, s) == p->lines[s]);
                buf_done(&p->printed[s]);
                buf_done(&p->decoded[s]);
        }
        coalescer_done(&p->coalescer);
}
