/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "supervisor/output.h"

#define READS_A_TURN 4

int output_init(Output *o, const Spec *spec, const char *run, const char *directory, int dir_fd) {
        *o = (Output){ .overflow = spec->overflow };
        for (size_t i = 0; i < ELEMENTSOF(o->fds); i++)
                o->fds[i] = -EBADF;
        for (size_t i = 0; i < ELEMENTSOF(o->taps); i++)
                o->taps[i] = TAP_INIT;
        return spool_init(&o->spool, spec, run, directory, dir_fd, &o->pace);
}

/* Moves what is due into the ring. */
static void keep_due(Output *o, usec_t now, bool flush) {
        Batch b;

        while (coalescer_peek(&o->coalescer, now, flush, &b)) {
                if (spool_put(&o->spool, &b, now)) {
                        /* journald works while the next batch is made. */
                        if (!o->spool.wants_writable)
                                spool_send(&o->spool, &b, now);
                } else {
                        if (o->overflow != OVERFLOW_DROP)
                                break;
                        o->dropped_lines += b.lines;
                        o->spool.next_entry++;
                }
                coalescer_pop(&o->coalescer, &b, now);
        }
}

void output_pump(Output *o, usec_t now, bool flush) {
        keep_due(o, now, flush);
        spool_send(&o->spool, NULL, now);
}

bool output_is_held(const Output *o) {
        return o->spool.blocked && o->overflow == OVERFLOW_BLOCK;
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

        record_encode(&fields, &o->spool.tag, kind, message, json);
        if (fields.oom)
                return false;
        b.data = fields.data;
        b.len = fields.len;
        if (!spool_put(&o->spool, &b, now))
                return false;
        spool_send(&o->spool, &b, now);
        return true;
}

usec_t output_deadline(const Output *o, usec_t now) {
        usec_t deadline = output_is_held(o) ? now + SPOOL_AGAIN_USEC : coalescer_deadline(&o->coalescer);

        return MIN(deadline, spool_deadline(&o->spool, now));
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
