/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "audit/audit.h"

/* Clocks are set back now and then; entries are looked for from this long before. */
#define TIME_MARGIN (10 * USEC_PER_SEC)
/* journald has this long to work off its queue before something counts as missing. */
#define BARRIER_USEC (5 * USEC_PER_SEC)
#define PAUSE_USEC (200 * USEC_PER_MSEC)

/* A batch in the ring that must be in the journal. */
typedef struct Item {
        uint64_t entry, pos, end;
        usec_t time;
        bool seen;
} Item;

typedef struct Items {
        Item *items;
        size_t n;
} Items;

static void items_done(Items *l) {
        free(l->items);
}

/* What was in the ring when its header was read, and is not verified. */
static int collect(Audit *a, Items *ret) {
        uint64_t pos, end;
        Batch b;
        int r;

        a->ring.audit.verified = MAX(a->ring.audit.verified, a->ring.header.tail);
        pos = a->ring.audit.verified;
        end = a->final ? a->ring.header.head : a->ring.header.sent;
        while (pos < end) {
                Item i = { .pos = pos };

                r = ring_read(&a->ring, &pos, &b, NULL, NULL);
                if (r <= 0)
                        return r;
                i.entry = b.entry;
                i.end = pos;
                i.time = b.time;
                i.seen = i.pos >= a->ring.header.skip_from && i.pos < a->ring.header.skip_to;
                if (!GROW(ret->items, ret->n))
                        return -ENOMEM;
                ret->items[ret->n++] = i;
        }
        return 0;
}

static void mark(Items *l, uint64_t entry) {
        size_t low = 0, high = l->n;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (l->items[middle].entry < entry)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low < l->n && l->items[low].entry == entry)
                l->items[low].seen = true;
}

/* Places the reader behind the last entry that was verified, or, where that was written again out of
 * its place or is the first, where the missing ones can be at the earliest. */
static int seek(Audit *a, const Item *first) {
        _cleanup_entry_ Entry e = {};
        char number[24];
        int r;

        snprintf(number, sizeof(number), "%" PRIu64, first->entry - 1);
        r = journal_reader_match(a->reader, "SDBG_ENTRY", number);
        if (r >= 0)
                r = journal_reader_seek_head(a->reader);
        if (r >= 0)
                r = journal_reader_next(a->reader, &e);
        (void) journal_reader_match(a->reader, NULL, NULL);
        if (r >= 0 && journal_reader_match(a->reader, "SDBG_RUN", a->tag.run) < 0)
                return -ENOMEM;
        if (r > 0 && !e.repaired)
                return journal_reader_seek_cursor(a->reader, e.cursor);
        return r < 0 ? r : journal_reader_seek_time(a->reader, usec_sub(first->time, TIME_MARGIN));
}

static int look_for(Audit *a, Items *l) {
        uint64_t entry;
        int r;

        r = seek(a, &l->items[0]);
        if (r < 0)
                return r;
        while ((r = journal_reader_next_number(a->reader, &entry)) > 0)
                mark(l, entry);
        return r;
}

static size_t first_missing(const Items *l) {
        size_t i = 0;

        while (i < l->n && l->items[i].seen)
                i++;
        return i;
}

static int send_again(Audit *a, const Item *i, Pool pool) {
        _cleanup_free_ char *data = NULL;
        _cleanup_buf_ Buf encoded = {};
        uint64_t pos = i->pos;
        size_t size = 0;
        Batch b;
        int r;

        r = ring_read(&a->ring, &pos, &b, &data, &size);
        if (r <= 0)
                return r;
        entry_encode_batch(&encoded, &a->tag, &b, pool);
        return encoded.oom ? -ENOMEM : journal_send_wait(&a->writer, encoded.data, encoded.len, BARRIER_USEC);
}

/* One comparison. Return: 1 all is there; 0 something is missing and was sent again. */
static int verify_once(Audit *a, Pool pool) {
        _cleanup_(items_done) Items l = {};
        size_t i;
        int r;

        r = collect(a, &l);
        if (r < 0 || l.n == 0)
                return r < 0 ? r : 1;
        r = look_for(a, &l);
        if (r < 0)
                return r;

        i = first_missing(&l);
        if (i > 0) {
                a->ring.audit.verified = l.items[i - 1].end;
                r = ring_store_audit(&a->ring);
                if (r < 0)
                        return r;
        }
        if (i == l.n)
                return 1;
        for (; i < l.n; i++)
                if (!l.items[i].seen) {
                        r = send_again(a, &l.items[i], pool);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* Waits until what was sent so far, by the supervisor too, has been worked off. */
static int catch_up(Audit *a) {
        static const char comment[] = "#\n";
        int r;

        r = journal_send_wait(&a->writer, comment, strlen(comment), BARRIER_USEC);
        return r < 0 ? r : journal_barrier(&a->writer, BARRIER_USEC);
}

int audit_ring(Audit *a, usec_t patience) {
        usec_t deadline = now_usec(CLOCK_MONOTONIC) + patience;
        Pool pool = POOL_OUTPUT;
        int r;

        do {
                /* In this order: only what was sent before journald caught up can be missing. */
                r = ring_refresh(&a->ring);
                if (r >= 0)
                        r = catch_up(a);
                if (r >= 0 && !journal_reader_is_readable(a->reader))
                        return -ENODATA;
                pool = pool + 1 < _POOL_MAX ? pool + 1 : POOL_DEBUG;
                if (r >= 0)
                        r = verify_once(a, pool);
                if (r > 0)
                        return 1;
                if (r < 0 || pool == POOL_CRITICAL)
                        (void) journal_reader_wait(a->reader, PAUSE_USEC);
        } while (now_usec(CLOCK_MONOTONIC) < deadline);
        return r;
}
