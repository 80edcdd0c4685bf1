/* SPDX-License-Identifier: MIT */
#include "sdbg/journal/writer.h"

#include "ops/internal.h"

#define RECORD_TIMEOUT (200 * USEC_PER_MSEC)

void record_send(const Job *j, RecordKind kind, const char *message) {
        _cleanup_journal_writer_ JournalWriter w = JOURNAL_WRITER_INIT;
        EntryTag tag = { .job = j->name, .run = j->run, .labels = j->labels };
        _cleanup_free_ char *json = job_to_record(j);
        _cleanup_buf_ Buf entry = {}, fields = {};

        if (!json || !j->run)
                return;
        record_encode(&fields, &tag, kind, message, json);
        buf_append_str(&entry, "PRIORITY=5\n");
        buf_append(&entry, fields.data, fields.len);
        if (!entry.oom && !fields.oom && journal_send_wait(&w, entry.data, entry.len, RECORD_TIMEOUT) >= 0)
                (void) journal_barrier(&w, RECORD_TIMEOUT);
}
