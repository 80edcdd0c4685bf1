/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/installed.h"

#include "supervisor/output.h"

#define READS_A_TURN 4

/* No journald: how long until the next try. */
#define RETRY_USEC (250 * USEC_PER_MSEC)
/* An auditor that got nowhere is started again after this. */
#define AUDIT_AGAIN_USEC USEC_PER_SEC
/* journald takes entries but they never show, as on a full disk: after this the job goes on, and the
 * gap is shown by the readers. */
#define GIVE_UP_USEC (60 * USEC_PER_SEC)

int output_init(Output *o, const Spec *spec, const char *run, const char *directory, int dir_fd) {
        *o = (Output){
                .tag = { .job = spec->name, .run = run, .labels = spec->labels },
                .directory = directory,
                .output_max = spec->output_max,
                .overflow = spec->overflow,
                .small_ring = spec->memory_max != UINT64_MAX || spec->memory_high != UINT64_MAX,
                .writer = JOURNAL_WRITER_INIT,
                .next_entry = 1,
        };
        for (size_t i = 0; i < ELEMENTSOF(o->fds); i++)
                o->fds[i] = -EBADF;
        for (size_t i = 0; i < ELEMENTSOF(o->taps); i++)
                o->taps[i] = TAP_INIT;
        return ring_create(&o->ring, dir_fd, run, RING_CAPACITY);
}

void output_done(Output *o) {
        for (size_t i = 0; i < ELEMENTSOF(o->fds); i++)
                o->fds[i] = close_fd(o->fds[i]);
        coalescer_done(&o->coalescer);
        journal_writer_done(&o->writer);
        ring_done(&o->ring);
}

/* Up to which position batches may leave the ring. */
static uint64_t evictable(const Output *o) {
        const RingAudit *a = &o->ring.audit;

        if (a->unreadable || (o->capped && a->verified >= o->cap_pos))
                return o->ring.header.head;
        return MAX(a->verified, o->give_up);
}

static void start_auditor(Output *o, usec_t now) {
        _cleanup_free_ char *path = NULL;
        pid_t pid;

        if (o->auditor > 0 || now < o->audit_at || o->ring.header.sent <= o->ring.audit.verified)
                return;
        path = installed_path("sdbg-audit");
        if (!path)
                return;
        o->audit_at = now + AUDIT_AGAIN_USEC;
        o->audit_from = o->ring.audit.verified;
        if (posix_spawn(&pid, path, NULL, NULL, (char *[]){ path, (char *) o->directory, NULL }, environ) ==
            0)
                o->auditor = pid;
}

void output_audited(Output *o) {
        o->auditor = 0;
        (void) ring_refresh_audit(&o->ring);
        if (o->ring.audit.verified > o->audit_from)
                o->audit_at = 0;
        (void) ring_trim(&o->ring, evictable(o));
}

/* What the ring may hold. What is beyond the cap is not waiting for the journal, only for what is before it. */
static uint64_t ring_most(const Output *o) {
        return MIN(o->capped || o->small_ring ? RING_KEPT : RING_CAPACITY, o->ring.header.capacity);
}

/* Whether the ring holds more that nobody has looked for in the journal than shall be. */
static bool audit_is_due(const Output *o, usec_t now) {
        uint64_t most = pace_is_flood(&o->pace, now) ? ring_most(o) : MIN(RING_KEPT, o->ring.header.capacity);

        return o->auditor <= 0 && !o->ring.audit.unreadable && !o->capped &&
               o->ring.header.sent > o->ring.audit.verified &&
               o->ring.header.head - o->ring.audit.verified > most / 2;
}

static void set_blocked(Output *o, bool blocked, usec_t now) {
        if (blocked && !o->blocked)
                o->blocked_since = now;
        o->blocked = blocked;
        if (!blocked)
                return;

        start_auditor(o, now);
        if (now - o->blocked_since >= GIVE_UP_USEC && o->ring.audit.verified >= o->give_up)
                o->give_up = o->ring.header.sent;
}

static bool has_room(const Output *o, size_t len) {
        return ring_has_room(&o->ring, len, evictable(o), ring_most(o));
}

static bool make_room(Output *o, size_t len, usec_t now) {
        bool room = has_room(o, len);

        if (!room) {
                (void) ring_refresh_audit(&o->ring);
                room = has_room(o, len);
        }
        set_blocked(o, !room, now);
        return room;
}

static void reach_cap(Output *o, const Batch *b) {
        if (o->capped || b->stream == STREAM_RECORD || o->accepted + b->len <= o->output_max)
                return;
        o->capped = true;
        o->ring.header.capped = 1;
        o->cap_pos = o->ring.header.head;
        o->cap_seq = b->seq;
}

/* The runtime directory is full: the batch goes straight to journald, behind what the ring holds. Beyond
 * the output cap there is no place for it. Return: 0, negative errno. */
static int pass_by(Output *o, const Batch *b, usec_t now) {
        _cleanup_buf_ Buf encoded = {};
        int r;

        if (o->capped && b->stream != STREAM_RECORD)
                return 0;
        if (!o->capped && !output_is_sent(o))
                return -EAGAIN;
        entry_encode_batch(&encoded, &o->tag, b, POOL_OUTPUT);
        r = encoded.oom ? -ENOMEM : journal_send(&o->writer, encoded.data, encoded.len);
        if (r == -EAGAIN)
                o->wants_writable = true;
        else if (r < 0)
                o->retry_at = now + RETRY_USEC;
        return r;
}

/* Puts one batch into the ring, at *ret_pos. Return: whether it is there, or on its way. */
static bool keep(Output *o, Batch *b, usec_t now, uint64_t *ret_pos) {
        int r;

        reach_cap(o, b);
        if (!make_room(o, b->len, now))
                return false;
        b->entry = o->next_entry;
        *ret_pos = o->ring.header.head;
        r = ring_append(&o->ring, b, evictable(o));
        if (r == -ENOSPC)
                r = pass_by(o, b, now);
        if (r < 0) {
                set_blocked(o, true, now);
                return false;
        }
        if (b->stream != STREAM_RECORD)
                o->accepted += b->len;
        o->next_entry++;
        return true;
}

static int send_batch(Output *o, const Batch *b, Buf *encoded) {
        encoded->len = 0;
        entry_encode_batch(encoded, &o->tag, b, POOL_OUTPUT);
        return encoded->oom ? -ENOMEM : journal_send(&o->writer, encoded->data, encoded->len);
}

/* Sends one batch of the ring; moves header.sent. Return: as journal_send(). */
static int send_next(Output *o, char **data, size_t *size, Buf *encoded) {
        const RingHeader *h = &o->ring.header;
        uint64_t pos = h->sent >= h->skip_from && h->sent < h->skip_to ? h->skip_to : h->sent;
        Batch b;
        int r;

        r = ring_read(&o->ring, &pos, &b, data, size);
        if (r >= 0)
                r = send_batch(o, &b, encoded);
        if (r >= 0)
                o->ring.header.sent = pos;
        return r;
}

/* Where sending is to end for now. */
static uint64_t send_end(const Output *o) {
        return o->capped ? o->cap_pos : o->ring.header.head;
}

/* In a flood reading goes before sending, while the ring has room. */
static bool sending_waits(const Output *o, usec_t now) {
        return pace_is_flood(&o->pace, now) &&
               o->ring.header.head - o->ring.header.sent < ring_most(o) / 8 * 7;
}

/* Sends what the ring holds. newest: what was put into it last, at newest_pos, and is still at hand; or NULL. */
static void send_due(Output *o, const Batch *newest, uint64_t newest_pos, usec_t now) {
        uint64_t before = o->ring.header.sent, end = send_end(o);
        _cleanup_free_ char *data = NULL;
        _cleanup_buf_ Buf encoded = {};
        size_t size = 0;
        int r = 0;

        if (now < o->retry_at || sending_waits(o, now))
                return;
        o->retry_at = 0;
        while (r >= 0 && o->ring.header.sent < end) {
                if (newest && o->ring.header.sent == newest_pos) {
                        r = send_batch(o, newest, &encoded);
                        if (r >= 0)
                                o->ring.header.sent = o->ring.header.head;
                } else
                        r = send_next(o, &data, &size, &encoded);
        }
        o->wants_writable = r == -EAGAIN;
        if (r < 0 && r != -EAGAIN)
                o->retry_at = now + RETRY_USEC;

        if (o->ring.header.sent != before)
                (void) ring_store_header(&o->ring);
        if (audit_is_due(o, now))
                start_auditor(o, now);
}

/* Moves what is due into the ring. */
static void keep_due(Output *o, usec_t now, bool flush) {
        uint64_t pos;
        Batch b;

        while (coalescer_peek(&o->coalescer, now, flush, &b)) {
                if (keep(o, &b, now, &pos)) {
                        /* journald works while the next batch is made. */
                        if (!o->wants_writable)
                                send_due(o, &b, pos, now);
                } else {
                        if (o->overflow != OVERFLOW_DROP)
                                break;
                        o->dropped_lines += b.lines;
                        o->next_entry++;
                }
                coalescer_pop(&o->coalescer, &b, now);
        }
}

void output_pump(Output *o, usec_t now, bool flush) {
        keep_due(o, now, flush);
        send_due(o, NULL, 0, now);
}

bool output_is_held(const Output *o) {
        return o->blocked && o->overflow == OVERFLOW_BLOCK;
}

/* A terminal makes "\r\n" of each newline (ONLCR of termios(3)); what the job wrote is kept. `data` has room
 * for one byte more. Return: the length that is left. */
static size_t undo_terminal(Output *o, char *data, size_t len) {
        size_t to = 0;

        if (o->held_return) {
                memmove(data + 1, data, len++);
                data[0] = '\r';
        }
        o->held_return = data[len - 1] == '\r';
        len -= o->held_return;
        for (size_t from = 0; from < len; from++)
                if (data[from] != '\r' || from + 1 == len || data[from + 1] != '\n')
                        data[to++] = data[from];
        return to;
}

/* Return: as read(2), of what the job wrote; `size` is at least 2. */
static ssize_t read_stream(Output *o, Stream s, char *p, size_t size) {
        ssize_t n;

        if (s != STREAM_PTY)
                return read(o->fds[s], p, size);
        n = read(o->fds[s], p, size - 1);
        if (n <= 0)
                return n;
        o->on_terminal(o->userdata, p, n);
        return undo_terminal(o, p, n);
}

static bool wants(const Output *o, Stream s) {
        return o->fds[s] >= 0 && !output_is_held(o) && !tap_is_full(&o->taps[s]);
}

struct pollfd output_poll(const Output *o, Stream s, bool nap) {
        if (tap_is_full(&o->taps[s]))
                return (struct pollfd){ .fd = o->taps[s].fd, .events = POLLOUT };
        return (struct pollfd){ .fd = wants(o, s) && !nap ? o->fds[s] : -1, .events = POLLIN };
}

usec_t output_nap(const Output *o, usec_t now) {
        if (o->fds[STREAM_PTY] >= 0 || o->closing)
                return 0;
        return pace_nap(&o->pace, coalescer_held_until(&o->coalescer), now);
}

/* Only where it is of use, since the kernel bounds all pipes of a user together (pipe(7)). */
static void enlarge_pipe(Output *o, Stream s) {
        if (o->large[s] || s == STREAM_PTY || !pace_wants_large_pipe(&o->pace))
                return;
        (void) fcntl(o->fds[s], F_SETPIPE_SZ, PIPE_LARGE);
        o->large[s] = true;
}

void output_read(Output *o, Stream s, usec_t now) {
        tap_flush(&o->taps[s]);
        for (int i = 0; i < READS_A_TURN && wants(o, s); i++) {
                size_t size;
                char *p = coalescer_space(&o->coalescer, s, &size);
                ssize_t n;

                if (!p)
                        return;
                n = read_stream(o, s, p, size);
                if ((n == 0 && s != STREAM_PTY) || (n < 0 && errno != EAGAIN && errno != EINTR) ||
                    (n < 0 && o->closing)) {
                        o->fds[s] = close_fd(o->fds[s]);
                        return;
                }
                if (n <= 0)
                        return;
                pace_count(&o->pace, n, now);
                enlarge_pipe(o, s);
                tap_put(&o->taps[s], p, n);
                coalescer_commit(&o->coalescer, s, n, now, now_usec(CLOCK_REALTIME));
                /* Who looks at the terminal comes before the journal. */
                if (s != STREAM_PTY)
                        keep_due(o, now, false);
        }
}

bool output_record(Output *o, RecordKind kind, const char *message, const char *json, usec_t now) {
        _cleanup_buf_ Buf fields = {};
        Batch b = { .stream = STREAM_RECORD, .time = now_usec(CLOCK_REALTIME) };
        uint64_t pos;

        record_encode(&fields, &o->tag, kind, message, json);
        if (fields.oom)
                return false;
        b.data = fields.data;
        b.len = fields.len;
        if (!keep(o, &b, now, &pos))
                return false;
        send_due(o, &b, pos, now);
        return true;
}

usec_t output_deadline(const Output *o, usec_t now) {
        usec_t deadline = output_is_held(o) ? now + AUDIT_AGAIN_USEC : coalescer_deadline(&o->coalescer);

        if (audit_is_due(o, now))
                deadline = MIN(deadline, MAX(o->audit_at, now));
        if (sending_waits(o, now) && o->ring.header.sent < send_end(o))
                deadline = MIN(deadline, o->pace.flood_until);
        return o->retry_at ? MIN(deadline, o->retry_at) : deadline;
}

void output_close(Output *o, usec_t now) {
        o->closing = true;
        for (Stream s = 0; s < STREAM_RECORD; s++)
                output_read(o, s, now);
        output_pump(o, now, true);
}

void output_reopen(Output *o) {
        o->closing = false;
        memset(o->large, 0, sizeof(o->large));
}

bool output_is_read(const Output *o) {
        for (size_t i = 0; i < ELEMENTSOF(o->fds); i++)
                if (o->fds[i] >= 0)
                        return false;
        return coalescer_deadline(&o->coalescer) == USEC_INFINITY;
}

bool output_is_sent(const Output *o) {
        return o->ring.header.sent == o->ring.header.head;
}

/* What of the output beyond the cap is kept: an eighth of the cap, at least 1 MiB with what describes it. */
#define KEPT_MIN ((uint64_t) 1152 * 1024)

/* Goes from *pos over whole batches until at most `max` bytes are left.
 * Return: the number of the first line from there on. */
static uint64_t skip_until(const Output *o, uint64_t *pos, uint64_t max) {
        Batch b = { .seq = o->coalescer.next_seq };
        uint64_t next = *pos;

        while (ring_read(&o->ring, &next, &b, NULL, NULL) > 0) {
                if (b.stream != STREAM_RECORD && o->ring.header.head - *pos <= max)
                        break;
                *pos = next;
        }
        return b.seq ?: o->cap_seq;
}

uint64_t output_uncap(Output *o, usec_t now) {
        RingHeader *h = &o->ring.header;
        uint64_t first;

        if (!o->capped)
                return 0;
        h->skip_from = MAX(o->cap_pos, h->tail);
        h->skip_to = h->skip_from;
        first = skip_until(o, &h->skip_to, MAX(KEPT_MIN, o->output_max / 8));
        o->capped = false;
        o->output_max = UINT64_MAX;
        send_due(o, NULL, 0, now);
        return usec_sub(first, o->cap_seq);
}
