/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/wire/batch.h"

/* Entries of the journal: how a batch or a record becomes fields, and how fields become them again.
 * Encoding follows the native journal protocol (systemd's docs/JOURNAL_NATIVE_PROTOCOL.md). */

/* What is the same in every entry of a run. Borrowed. */
typedef struct EntryTag {
        const char *job;
        const char *run; /* 32 hex digits */
        char *const *labels;
} EntryTag;

/* The kinds of record, each with a MESSAGE_ID of its own. */
typedef enum RecordKind {
        RECORD_START,
        RECORD_READY,
        RECORD_RESTART,
        RECORD_EXIT,
        RECORD_INPUT,
        RECORD_CAP,
        RECORD_GAP,
        RECORD_CLEAR,
        RECORD_STOP,
        RECORD_OOM, /* the kernel killed some of its processes, and it goes on */
        _RECORD_MAX,
        _RECORD_INVALID = -EINVAL,
} RecordKind;

/* Return: "start", …, as SDBG_EVENT has it; NULL for a value that is none. */
const char *record_kind_to_string(RecordKind k);

/* journald counts what it takes in for each of these pools by itself (five pools a user, found by
 * PRIORITY; systemd v252 to v261, journald-rate-limit.c). What one pool refused, another takes. */
typedef enum Pool {
        POOL_OUTPUT,   /* PRIORITY 6, and 5 for stderr and records */
        POOL_DEBUG,    /* 7 */
        POOL_WARNING,  /* 4 */
        POOL_ERROR,    /* 3 */
        POOL_CRITICAL, /* 2 */
        _POOL_MAX,
} Pool;

/* Appends the entry of one batch to `out`, with the time at which its first line was read (SDBG_TIME=).
 * pool: POOL_OUTPUT at first; another one marks the entry as sent again (SDBG_REPAIRED=1).
 * Out of memory shows in out->oom. */
void entry_encode_batch(Buf *out, const EntryTag *tag, const Batch *b, Pool pool);

/* Appends the fields of a record, all but its number and PRIORITY, which depend on when it is sent:
 * `out` is then the data of a Batch whose stream is STREAM_RECORD.
 * message: a sentence. json: one JSON object. */
void record_encode(Buf *out, const EntryTag *tag, RecordKind kind, const char *message, const char *json);

/* One entry, read back. Zero-initialised it is empty. */
typedef struct Entry {
        char *job, *run;
        Stream stream; /* STREAM_RECORD: see event, record and message */
        uint64_t entry, seq, lines, offset;
        usec_t time;
        bool partial, repaired;
        Buf bytes; /* output: exactly what was printed, newlines included */
        char *event, *record, *message;
        char *cursor; /* of the journal; NULL where it came from elsewhere */
} Entry;

/* Frees what it owns; it is then as new. */
void entry_done(Entry *e);
#define _cleanup_entry_ _cleanup_(entry_done)

/* Takes in one field as sd_journal_enumerate_data(3) gives it, "NAME=value". Call for all fields of an
 * entry, then entry_decode_finish(). Unknown fields are passed over.
 * Return: 0, -ENOMEM. */
int entry_decode_field(Entry *e, const char *data, size_t len);

/* Return: 1 where the fields made an entry of sdbg's, 0 where they did not, -ENOMEM. */
int entry_decode_finish(Entry *e);

/* The same entry from a batch, as for a reader of the ring. Return: 0, -ENOMEM. */
int entry_from_batch(Entry *e, const EntryTag *tag, const Batch *b);
