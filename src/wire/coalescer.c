/* SPDX-License-Identifier: MIT */
#include "sdbg/text/sanitize.h"
#include "sdbg/wire/coalescer.h"

#define SPACE_MIN ((size_t) 4096)
#define SPACE_MAX (2 * COALESCER_BATCH_MAX)
#define ENTRY_USEC (USEC_PER_SEC / COALESCER_ENTRIES_PER_SEC)

static size_t pending_len(const Pending *p) {
        return p->end - p->start;
}

void coalescer_done(Coalescer *c) {
        for (size_t i = 0; i < ELEMENTSOF(c->pending); i++)
                free(c->pending[i].data);
        *c = (Coalescer){};
}

char *coalescer_space(Coalescer *c, Stream s, size_t *ret_size) {
        Pending *p = &c->pending[s];
        bool filled = p->end == p->cap;
        size_t cap;
        char *data;

        if (p->start > 0) {
                memmove(p->data, p->data + p->start, pending_len(p));
                p->end -= p->start;
                p->start = 0;
        }

        /* A reader that filled the room gets more: a flood is read in large pieces, an idle job
         * holds one page. */
        if ((filled || p->cap - p->end < SPACE_MIN) && p->cap < SPACE_MAX) {
                cap = p->cap ? p->cap * 4 : SPACE_MIN;
                data = realloc(p->data, MIN(cap, SPACE_MAX));
                if (!data)
                        return NULL;
                p->data = data;
                p->cap = MIN(cap, SPACE_MAX);
        }

        *ret_size = p->cap - p->end;
        return *ret_size > 0 ? p->data + p->end : NULL;
}

void coalescer_commit(Coalescer *c, Stream s, size_t len, usec_t now, usec_t realtime) {
        Pending *p = &c->pending[s];
        const char *newline;

        if (len == 0)
                return;
        if (p->start == p->end) {
                p->oldest = now;
                p->time = realtime;
        }
        p->newest = now;
        p->newest_time = realtime;
        newline = memrchr(p->data + p->end, '\n', len);
        p->end += len;
        if (newline)
                p->complete = newline + 1 - (p->data + p->start);
}

/* How many entries are ahead of what the budget pays for. */
static usec_t entries_ahead(const Coalescer *c, usec_t now) {
        return usec_sub(c->budget, now) / ENTRY_USEC;
}

/* Whether the job had been printing fast for long when the oldest byte of p came. */
static bool is_fast(const Coalescer *c, const Pending *p) {
        return entries_ahead(c, p->oldest) >= COALESCER_BURST_SMALL;
}

/* Until when the whole lines of p may be held back. */
static usec_t hold_until(const Coalescer *c, const Pending *p) {
        return p->oldest + (is_fast(c, p) ? COALESCER_HOLD_FAST_USEC : COALESCER_HOLD_USEC);
}

/* The size up to which lines are packed into one entry now; 0: each line is one. */
static size_t pack_size(const Coalescer *c, const Pending *p, usec_t now) {
        if (is_fast(c, p) || p->complete >= COALESCER_BATCH_MAX / 2)
                return COALESCER_BATCH_MAX;
        if (entries_ahead(c, now) >= COALESCER_BURST_LINES || p->complete >= 4 * COALESCER_SMALL_MAX)
                return COALESCER_SMALL_MAX;
        return 0;
}

/* Length of the first line with its newline; all bytes where it is unfinished. */
static size_t first_line(const Pending *p) {
        const char *newline = memchr(p->data + p->start, '\n', pending_len(p));
        return newline ? (size_t) (newline + 1 - (p->data + p->start)) : pending_len(p);
}

/* Length of the whole lines that fit in `max` bytes, at least one line however long it is. */
static size_t whole_lines(const Pending *p, size_t max) {
        const char *newline;

        if (p->complete <= max)
                return p->complete;
        newline = memrchr(p->data + p->start, '\n', max);
        return newline ? (size_t) (newline + 1 - (p->data + p->start)) : first_line(p);
}

/* Length of what is due; 0: nothing yet. */
static size_t due_length(const Coalescer *c, const Pending *p, usec_t now, bool flush) {
        size_t max;

        if (p->complete == 0) {
                if (pending_len(p) < COALESCER_BATCH_MAX && !flush && now < p->newest + COALESCER_IDLE_USEC)
                        return 0;
                return pending_len(p);
        }

        max = pack_size(c, p, now);
        if (max == 0 || p->open_seq > 0)
                return first_line(p);
        if (pending_len(p) < max && !flush && now < hold_until(c, p))
                return 0;
        return whole_lines(p, max);
}

/* Small sums over blocks of a fixed length: the compiler counts many bytes at once then. */
#define BLOCK 128

static unsigned count_in_block(const char *p) {
        uint8_t n = 0;

        for (size_t i = 0; i < BLOCK; i++)
                n += p[i] == '\n';
        return n;
}

static uint64_t count_newlines(const char *data, size_t len) {
        uint64_t n = 0;

        for (; len >= BLOCK; data += BLOCK, len -= BLOCK)
                n += count_in_block(data);
        for (size_t i = 0; i < len; i++)
                n += data[i] == '\n';
        return n;
}

static void make_batch(const Coalescer *c, Stream s, size_t len, Batch *ret) {
        const Pending *p = &c->pending[s];
        const char *data = p->data + p->start;
        bool partial;

        if (len > COALESCER_BATCH_MAX || data[len - 1] != '\n') {
                len = MIN(len, COALESCER_BATCH_MAX);
                len = sanitize_cut(data, len);
        }
        partial = data[len - 1] != '\n';
        *ret = (Batch){
                .stream = s,
                .seq = p->open_seq ?: MAX(c->next_seq, (uint64_t) 1),
                .lines = count_newlines(data, len) + partial,
                .offset = p->offset,
                .time = p->time,
                .partial = partial,
                .data = data,
                .len = len,
        };
}

bool coalescer_peek(Coalescer *c, usec_t now, bool flush, Batch *ret) {
        size_t due = 0;
        Stream s = 0;

        for (size_t i = 0; i < ELEMENTSOF(c->pending); i++) {
                const Pending *p = &c->pending[i];
                size_t n = pending_len(p) > 0 ? due_length(c, p, now, flush) : 0;

                if (n > 0 && (due == 0 || p->oldest < c->pending[s].oldest)) {
                        due = n;
                        s = i;
                }
        }
        if (due == 0)
                return false;
        /* What another stream printed before goes before it: a flood does not overtake a quiet stream. */
        for (size_t i = 0; i < ELEMENTSOF(c->pending); i++) {
                const Pending *p = &c->pending[i];

                if (p->complete > 0 && p->oldest < c->pending[s].oldest) {
                        due = p->open_seq > 0 ? first_line(p) : whole_lines(p, COALESCER_BATCH_MAX);
                        s = i;
                }
        }
        make_batch(c, s, due, ret);
        return true;
}

/* At the rate that holding back makes, a fast job stays one, and for some seconds after. */
static void pay(Coalescer *c, const Pending *p, usec_t now) {
        usec_t price = ENTRY_USEC + (is_fast(c, p) ? COALESCER_HOLD_FAST_USEC : 0);

        c->budget = MIN(MAX(c->budget, now) + price, now + 2 * COALESCER_BURST_SMALL * ENTRY_USEC);
}

void coalescer_pop(Coalescer *c, const Batch *b, usec_t now) {
        Pending *p = &c->pending[b->stream];

        pay(c, p, now);
        if (p->open_seq == 0) {
                c->next_seq = b->seq + b->lines;
                p->lines += b->lines;
        }
        p->open_seq = b->partial ? b->seq + b->lines - 1 : 0;
        p->offset += b->len;
        p->start += b->len;
        p->complete = usec_sub(p->complete, b->len);
        p->oldest = p->newest;
        p->time = p->newest_time;

        if (p->start == p->end) {
                p->start = p->end = 0;
                if (p->cap > SPACE_MIN) {
                        free(p->data);
                        p->data = NULL;
                        p->cap = 0;
                }
        }
}

usec_t coalescer_held_until(const Coalescer *c) {
        usec_t until = USEC_INFINITY;

        for (size_t i = 0; i < ELEMENTSOF(c->pending); i++)
                if (c->pending[i].complete > 0)
                        until = MIN(until, hold_until(c, &c->pending[i]));
        return until;
}

usec_t coalescer_deadline(const Coalescer *c) {
        usec_t deadline = coalescer_held_until(c);

        for (size_t i = 0; i < ELEMENTSOF(c->pending); i++) {
                const Pending *p = &c->pending[i];

                if (p->complete == 0 && pending_len(p) > 0)
                        deadline = MIN(deadline, p->newest + COALESCER_IDLE_USEC);
        }
        return deadline;
}

uint64_t coalescer_lines(const Coalescer *c, Stream s) {
        const Pending *p = &c->pending[s];
        const char *data = p->data + p->start;
        uint64_t n;

        if (pending_len(p) == 0)
                return p->lines;
        n = count_newlines(data, pending_len(p)) + (data[pending_len(p) - 1] != '\n');
        return p->lines + n - (p->open_seq > 0);
}

uint64_t coalescer_bytes(const Coalescer *c, Stream s) {
        return c->pending[s].offset + pending_len(&c->pending[s]);
}

bool coalescer_is_unfinished(const Coalescer *c, Stream s) {
        const Pending *p = &c->pending[s];

        return pending_len(p) > p->complete || (p->open_seq > 0 && pending_len(p) == 0);
}
