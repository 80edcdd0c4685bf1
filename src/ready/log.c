/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/text/sanitize.h"

#include "ready/ready.h"

/* A longer line is looked at in pieces. */
#define LINE_MAX_BYTES ((size_t) 64 * 1024)
/* A line without an end is looked at when so long no more of it came: it is a prompt. */
#define UNFINISHED_USEC (100 * USEC_PER_MSEC)

/* As it reads in `sdbg logs`: without colours. */
static void match_line(Ready *r, const char *data, size_t len, usec_t now) {
        _cleanup_buf_ Buf text = {};

        if (!sanitize_is_clean(data, len)) {
                sanitize(&text, data, len);
                if (text.oom)
                        return;
                data = strempty(text.data);
                len = text.len;
        }
        for (size_t i = 0; i < r->readiness.n; i++) {
                Probe *p = &r->probes[i];
                int match = p->regex && !p->check->holds ? regex_match(p->regex, data, len) : 0;

                if (match > 0)
                        readiness_tell(&r->readiness, p->check, true, now);
                else if (match < 0)
                        p->why = "it takes too long on a line that was printed";
        }
}

static void match_lines(Ready *r, LogInput *in, usec_t now) {
        size_t start = 0;
        const char *newline;

        while ((newline = memchr(in->line.data + start, '\n', in->line.len - start))) {
                size_t end = newline - in->line.data;

                match_line(r, in->line.data + start, end - start, now);
                start = end + 1;
        }
        if (in->line.len - start >= LINE_MAX_BYTES) {
                match_line(r, in->line.data + start, in->line.len - start, now);
                start = in->line.len;
        }
        buf_consume(&in->line, start);
        in->newest = in->line.len > 0 ? now : 0;
}

void log_read(Ready *r, LogInput *in, usec_t now) {
        char *p = buf_reserve(&in->line, LINE_MAX_BYTES);
        ssize_t n = p ? read(in->fd, p, LINE_MAX_BYTES) : -1;

        if (n < 0 && p && (errno == EAGAIN || errno == EINTR))
                return;
        if (n > 0) {
                in->line.len += n;
                match_lines(r, in, now);
                return;
        }
        in->fd = close_fd(in->fd);
        if (in->line.len > 0)
                match_line(r, in->line.data, in->line.len, now);
        in->line.len = 0;
        in->newest = 0;
}

usec_t log_check_unfinished(Ready *r, usec_t now) {
        usec_t next = USEC_INFINITY;

        for (size_t i = 0; i < ELEMENTSOF(r->inputs); i++) {
                LogInput *in = &r->inputs[i];

                if (in->newest == 0)
                        continue;
                if (now >= in->newest + UNFINISHED_USEC) {
                        match_line(r, in->line.data, in->line.len, now);
                        in->newest = 0;
                } else
                        next = MIN(next, in->newest + UNFINISHED_USEC);
        }
        return next;
}
