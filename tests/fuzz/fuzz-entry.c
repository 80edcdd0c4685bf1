/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/wire/entry.h"

static const EntryTag tag = { .job = "web", .run = "0123456789abcdef0123456789abcdef" };

/* What every reader of an entry relies on. */
static void check_entry(const Entry *e) {
        CHECK(e->job && e->run);
        if (e->stream == STREAM_RECORD) {
                CHECK(e->event);
                return;
        }
        CHECK(stream_to_string(e->stream));
        CHECK(e->seq > 0 && e->lines > 0);
}

/* The input as the fields of an entry that anybody wrote to the journal, one a line. */
static void decode_fields(const char *p, size_t size) {
        const char *end = p + size;
        _cleanup_entry_ Entry e = {};

        while (p < end) {
                const char *newline = memchr(p, '\n', end - p) ?: end;

                CHECK(entry_decode_field(&e, p, newline - p) == 0);
                p = newline + 1;
        }
        if (entry_decode_finish(&e) > 0)
                check_entry(&e);
}

/* The input as a record that was read from a ring. */
static void decode_record(const char *data, size_t size) {
        const Batch b = { .stream = STREAM_RECORD, .entry = 1, .data = data, .len = size };
        _cleanup_entry_ Entry e = {};

        (void) entry_from_batch(&e, &tag, &b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        decode_fields((const char *) data, size);
        decode_record((const char *) data, size);
        return 0;
}
