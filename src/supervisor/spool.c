/* SPDX-License-Identifier: MIT */
#include <spawn.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/installed.h"

#include "supervisor/spool.h"

/* No journald: how long until the next try. */
#define RETRY_USEC (250 * USEC_PER_MSEC)
/* journald takes entries but they never show, as on a full disk: after this the job goes on, and the
 * gap is shown by the readers. */
#define GIVE_UP_USEC (60 * USEC_PER_SEC)

int spool_init(Spool *s, const Spec *spec, const char *run, const char *directory, int dir_fd,
               const Pace *pace) {
        *s = (Spool){
                .tag = { .job = spec->name, .run = run, .labels = spec->labels },
                .directory = directory,
                .pace = pace,
                .output_max = spec->output_max,
                .small_ring = spec->memory_max != UINT64_MAX || spec->memory_high != UINT64_MAX,
                .writer = JOURNAL_WRITER_INIT,
                .next_entry = 1,
        };
        return ring_create(&s->ring, dir_fd, run, RING_CAPACITY);
}

/* Up to which position batches may leave the ring. */
static uint64_t evictable(const Spool *s) {
        const RingAudit *a = &s->ring.audit;

        if (a->unreadable || (s->capped && a->verified >= s->cap_pos))
                return s->ring.header.head;
        return MAX(a->verified, s->give_up);
}

static void start_auditor(Spool *s, usec_t now) {
        _cleanup_free_ char *path = NULL;
        pid_t pid;

        if (s->auditor > 0 || now < s->audit_at || s->ring.header.sent <= s->ring.audit.verified)
                return;
        path = installed_path("sdbg-audit");
        if (!path)
                return;
        s->audit_at = now + SPOOL_AGAIN_USEC;
        s->audit_from = s->ring.audit.verified;
        if (posix_spawn(&pid, path, NULL, NULL, (char *[]){ path, (char *) s->directory, NULL }, environ) ==
            0)
                s->auditor = pid;
}

void spool_audited(Spool *s) {
        s->auditor = 0;
        (void) ring_refresh_audit(&s->ring);
        if (s->ring.audit.verified > s->audit_from)
                s->audit_at = 0;
        (void) ring_trim(&s->ring, evictable(s));
}

/* What the ring may hold. What is beyond the cap is not waiting for the journal, only for what is before it. */
static uint64_t ring_most(const Spool *s) {
        return MIN(s->capped || s->small_ring ? RING_KEPT : RING_CAPACITY, s->ring.header.capacity);
}

/* Whether the ring holds more that nobody has looked for in the journal than shall be. */
static bool audit_is_due(const Spool *s, usec_t now) {
        uint64_t most = pace_is_flood(s->pace, now) ? ring_most(s) : MIN(RING_KEPT, s->ring.header.capacity);

        return s->auditor <= 0 && !s->ring.audit.unreadable && !s->capped &&
               s->ring.header.sent > s->ring.audit.verified &&
               s->ring.header.head - s->ring.audit.verified > most / 2;
}

static void set_blocked(Spool *s, bool blocked, usec_t now) {
        if (blocked && !s->blocked)
                s->blocked_since = now;
        s->blocked = blocked;
        if (!blocked)
                return;

        start_auditor(s, now);
        if (now - s->blocked_since >= GIVE_UP_USEC && s->ring.audit.verified >= s->give_up)
                s->give_up = s->ring.header.sent;
}

static bool has_room(const Spool *s, size_t len) {
        return ring_has_room(&s->ring, len, evictable(s), ring_most(s));
}

static bool make_room(Spool *s, size_t len, usec_t now) {
        bool room = has_room(s, len);

        if (!room) {
                (void) ring_refresh_audit(&s->ring);
                room = has_room(s, len);
        }
        set_blocked(s, !room, now);
        return room;
}

static void reach_cap(Spool *s, const Batch *b) {
        if (s->capped || b->stream == STREAM_RECORD || s->accepted + b->len <= s->output_max)
                return;
        s->capped = true;
        s->ring.header.capped = 1;
        s->cap_pos = s->ring.header.head;
        s->cap_seq = b->seq;
}

/* encoded: room to work in. Return: as journal_send(). */
static int send_batch(Spool *s, const Batch *b, Buf *encoded) {
        encoded->len = 0;
        entry_encode_batch(encoded, &s->tag, b, POOL_OUTPUT);
        return encoded->oom ? -ENOMEM : journal_send(&s->writer, encoded->data, encoded->len);
}

/* The runtime directory is full: the batch goes straight to journald, behind what the ring holds. Beyond
 * the output cap there is no place for it. Return: 0, negative errno. */
static int pass_by(Spool *s, const Batch *b, usec_t now) {
        _cleanup_buf_ Buf encoded = {};
        int r;

        if (s->capped && b->stream != STREAM_RECORD)
                return 0;
        if (!s->capped && !spool_is_sent(s))
                return -EAGAIN;
        r = send_batch(s, b, &encoded);
        if (r == -EAGAIN)
                s->wants_writable = true;
        else if (r < 0)
                s->retry_at = now + RETRY_USEC;
        return r;
}

/* Beyond the output cap the ring lets go of what is in it, and only the end of it is sent. */
static void save_record(Spool *s, const Batch *b) {
        _cleanup_buf_ Buf encoded = {};

        if (s->capped && b->stream == STREAM_RECORD)
                (void) send_batch(s, b, &encoded);
}

bool spool_put(Spool *s, Batch *b, usec_t now) {
        int r;

        reach_cap(s, b);
        if (!make_room(s, b->len, now))
                return false;
        b->entry = s->next_entry;
        s->newest_pos = s->ring.header.head;
        r = ring_append(&s->ring, b, evictable(s));
        if (r == -ENOSPC)
                r = pass_by(s, b, now);
        if (r < 0) {
                set_blocked(s, true, now);
                return false;
        }
        save_record(s, b);
        if (b->stream != STREAM_RECORD)
                s->accepted += b->len;
        s->next_entry++;
        return true;
}

/* Sends one batch of the ring; moves header.sent. Return: as journal_send(). */
static int send_next(Spool *s, char **data, size_t *size, Buf *encoded) {
        const RingHeader *h = &s->ring.header;
        uint64_t pos = h->sent >= h->skip_from && h->sent < h->skip_to ? h->skip_to : h->sent;
        Batch b;
        int r;

        r = ring_read(&s->ring, &pos, &b, data, size);
        if (r >= 0)
                r = send_batch(s, &b, encoded);
        if (r >= 0)
                s->ring.header.sent = pos;
        return r;
}

/* Where sending is to end for now. */
static uint64_t send_end(const Spool *s) {
        return s->capped ? s->cap_pos : s->ring.header.head;
}

/* In a flood reading goes before sending, while the ring has room. */
static bool sending_waits(const Spool *s, usec_t now) {
        return pace_is_flood(s->pace, now) &&
               s->ring.header.head - s->ring.header.sent < ring_most(s) / 8 * 7;
}

void spool_send(Spool *s, const Batch *newest, usec_t now) {
        uint64_t before = s->ring.header.sent, end = send_end(s);
        _cleanup_free_ char *data = NULL;
        _cleanup_buf_ Buf encoded = {};
        size_t size = 0;
        int r = 0;

        if (now < s->retry_at || sending_waits(s, now))
                return;
        s->retry_at = 0;
        while (r >= 0 && s->ring.header.sent < end) {
                if (newest && s->ring.header.sent == s->newest_pos) {
                        r = send_batch(s, newest, &encoded);
                        if (r >= 0)
                                s->ring.header.sent = s->ring.header.head;
                } else
                        r = send_next(s, &data, &size, &encoded);
        }
        s->wants_writable = r == -EAGAIN;
        if (r < 0 && r != -EAGAIN)
                s->retry_at = now + RETRY_USEC;

        if (s->ring.header.sent != before)
                (void) ring_store_header(&s->ring);
        if (audit_is_due(s, now))
                start_auditor(s, now);
}

usec_t spool_deadline(const Spool *s, usec_t now) {
        usec_t deadline = s->retry_at > 0 ? s->retry_at : USEC_INFINITY;

        if (audit_is_due(s, now))
                deadline = MIN(deadline, MAX(s->audit_at, now));
        if (sending_waits(s, now) && s->ring.header.sent < send_end(s))
                deadline = MIN(deadline, s->pace->flood_until);
        return deadline;
}

bool spool_is_sent(const Spool *s) {
        return s->ring.header.sent == s->ring.header.head;
}

/* What of the output beyond the cap is kept: an eighth of the cap, at least 1 MiB with what describes it. */
#define KEPT_MIN ((uint64_t) 1152 * 1024)

/* Goes from *pos over whole batches until at most `max` bytes are left.
 * Return: the number of the first line from there on. */
static uint64_t skip_until(const Spool *s, uint64_t *pos, uint64_t max, uint64_t next_seq) {
        Batch b = { .seq = next_seq };
        uint64_t next = *pos;

        while (ring_read(&s->ring, &next, &b, NULL, NULL) > 0) {
                if (b.stream != STREAM_RECORD && s->ring.header.head - *pos <= max)
                        break;
                *pos = next;
        }
        return b.seq ?: s->cap_seq;
}

uint64_t spool_uncap(Spool *s, uint64_t next_seq, usec_t now) {
        RingHeader *h = &s->ring.header;
        uint64_t first;

        if (!s->capped)
                return 0;
        h->skip_from = MAX(s->cap_pos, h->tail);
        h->skip_to = h->skip_from;
        first = skip_until(s, &h->skip_to, MAX(KEPT_MIN, s->output_max / 8), next_seq);
        s->capped = false;
        s->output_max = UINT64_MAX;
        spool_send(s, NULL, now);
        return usec_sub(first, s->cap_seq);
}
