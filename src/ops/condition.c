/* SPDX-License-Identifier: MIT */
#include "sdbg/base/fd.h"
#include "sdbg/ops/ports.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/runtime/ring.h"
#include "sdbg/text/quote.h"
#include "sdbg/text/sanitize.h"

#include "ops/await.h"

#define LINE_SHOWN_MAX 500

void waiter_forget_log(Waiter *w) {
        run_log_freep(&w->log);
        w->log = NULL;
        for (size_t i = 0; i < ELEMENTSOF(w->open); i++)
                buf_done(&w->open[i]);
}

void waiter_done(Waiter *w) {
        w->pidfd = close_fd(w->pidfd);
        waiter_forget_log(w);
}

static bool is_ready(const Job *j) {
        return j->ready_at > 0 || j->state == JOB_READY || j->state == JOB_RUNNING;
}

static int take_match(Waiter *w, const LogLine *line, const char *data, size_t len) {
        w->outcome.seq = line->seq;
        w->outcome.line = printable_line(data, len, LINE_SHOWN_MAX);
        return w->outcome.line ? 1 : -ENOMEM;
}

/* A line comes whole, or its beginning first, and then what follows of it. */
static int match_line(const Regex *regex, Waiter *w, const LogLine *line) {
        Buf *open = &w->open[line->stream];
        _cleanup_buf_ Buf text = {};
        int r;

        if (line->missing > 0)
                return 0;
        if (line->clean && !line->partial && !line->continued) {
                r = regex_match(regex, line->data, line->len);
                return r > 0 ? take_match(w, line, line->data, line->len) : r;
        }
        if (!line->continued)
                open->len = 0;
        buf_append(open, line->data, line->len);
        sanitize(&text, strempty(open->data), open->len);
        if (open->oom || text.oom)
                return -ENOMEM;
        r = regex_match(regex, strempty(text.data), text.len);
        return r > 0 ? take_match(w, line, strempty(text.data), text.len) : r;
}

static int check_log(const Regex *regex, Waiter *w) {
        LogLine line;
        int r = 0;

        if (!w->job->run)
                return 0;
        if (!w->log) {
                r = run_log_open(&w->log, w->job->name, w->job->run, NULL);
                if (r >= 0)
                        r = run_log_seek(w->log, 1);
        }
        while (r == 0 && (r = run_log_next(w->log, &line)) > 0)
                r = match_line(regex, w, &line);
        while (r == 0 && (r = run_log_partial(w->log, &line)) > 0)
                r = match_line(regex, w, &line);
        return r;
}

/* When the run printed last, or began; CLOCK_REALTIME. */
static usec_t last_output(const Job *j) {
        _cleanup_close_ int dir = jobdir_open(j->name, false, NULL);
        _cleanup_ring_ Ring ring = RING_INIT;
        uint64_t pos;
        Batch b;

        if (dir < 0 || ring_open(&ring, dir, false) < 0)
                return j->started_at;
        pos = ring.header.last;
        if (ring.header.bytes == 0 || ring_read(&ring, &pos, &b, NULL, NULL) <= 0 ||
            b.stream == STREAM_RECORD)
                return j->started_at;
        return b.time;
}

static int check_idle(usec_t idle, Waiter *w, usec_t now) {
        usec_t quiet = usec_sub(now_usec(CLOCK_REALTIME), last_output(w->job));

        w->due = quiet < idle ? now + (idle - quiet) : USEC_INFINITY;
        return quiet >= idle;
}

/* The kernel tells nobody that a socket begins to listen: soon looked at again, then more and more seldom. */
#define PORT_FIRST_USEC (10 * USEC_PER_MSEC)
#define PORT_LAST_USEC (250 * USEC_PER_MSEC)

static int check_port(int port, Waiter *w, usec_t now) {
        const Job *j = w->job;

        jobs_add_ports(w->job, 1, PORTS_TCP);
        for (size_t i = 0; i < j->n_ports; i++)
                if (j->ports[i].port == port)
                        return 1;
        w->pause = w->pause == 0 ? PORT_FIRST_USEC : MIN(2 * w->pause, PORT_LAST_USEC);
        w->due = now + w->pause;
        return 0;
}

int condition_check(const Condition *c, Waiter *w, bool ended, usec_t now) {
        switch (c->what) {
        case WAIT_EXIT:
                return ended || w->job->state == JOB_LINGERING;
        case WAIT_READY:
                return is_ready(w->job);
        case WAIT_LOG:
                return check_log(c->regex, w);
        case WAIT_INPUT:
                return w->job->waiting_for_input;
        case WAIT_IDLE:
                return ended ? 0 : check_idle(c->idle, w, now);
        case WAIT_PORT:
                return ended ? 0 : check_port(c->port, w, now);
        }
        return 0;
}
