/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/runtime/bookmark.h"
#include "sdbg/text/quote.h"

#include "mcp/log-text.h"

#define LINE_SHOWN_MAX 2000

/* What the bytes take in a JSON string. */
static size_t json_length(const char *s, size_t len) {
        size_t n = 0;

        for (size_t i = 0; i < len; i++)
                n += memchr("\"\\\n\t", s[i], 4) ? 2 : (unsigned char) s[i] < 0x20 ? 6 : 1;
        return n;
}

/* Drops lines from the front until the rest fits. */
static void trim(OutputText *o) {
        size_t drop = 0, left = json_length(o->text.data, o->text.len);

        while (left > o->max) {
                const char *end = memchr(o->text.data + drop, '\n', o->text.len - drop);
                size_t n = end ? (size_t) (end - o->text.data) + 1 - drop : o->text.len - drop;

                left -= json_length(o->text.data + drop, n);
                drop += n;
                o->left_out++;
        }
        if (drop > 0)
                buf_consume(&o->text, drop);
}

static int append_line(OutputText *o, const LogLine *line) {
        _cleanup_free_ char *text = NULL;

        if (line->missing > 0) {
                buf_printf(&o->text, "… %" PRIu64 " lines left out (%s) …\n", line->missing, line->reason);
                return 0;
        }
        text = printable_line(line->data, line->len, MIN(o->max / 2, (size_t) LINE_SHOWN_MAX));
        if (!text)
                return -ENOMEM;
        if (line->apart)
                buf_append_str(&o->text, "--\n");
        buf_append_str(&o->text, text);
        if (line->count > 1)
                buf_printf(&o->text, " (×%" PRIu64 ")", line->count);
        if (!line->partial)
                buf_append_char(&o->text, '\n');
        return 0;
}

int output_take(void *userdata, const LogLine *line) {
        OutputText *o = userdata;
        size_t before;

        if (o->open && !line->continued)
                buf_append_char(&o->text, '\n');
        before = o->text.len;
        if (append_line(o, line) < 0 || o->text.oom)
                return -ENOMEM;
        o->open = line->partial;
        if (o->forward) {
                o->size += json_length(o->text.data + before, o->text.len - before);
                if (o->size > o->max && o->taken > 0)
                        return -ENOBUFS;
                o->taken++;
        } else if (o->text.len > 4 * o->max)
                trim(o);
        return 0;
}

void output_done(OutputText *o) {
        buf_done(&o->text);
}

/* Without filters, what was shown is what a call for new lines need not show again. */
static bool is_plain(const LogsRequest *q) {
        return !q->grep && !q->errors && !q->stream && !q->since && !q->until && !q->run && !q->cursor;
}

/* How far the client has read now. */
static int note(OutputText *o, const Cursor *c) {
        _cleanup_free_ char *key = NULL;

        if (!is_plain(o->logs) || o->logs->reader)
                return 0;
        if (asprintf(&key, "log.%s", c->job) < 0) {
                key = NULL;
                return -ENOMEM;
        }
        /* Where nothing can be kept, some lines are told twice. */
        (void) bookmark_store(o->session->reader, key, o->cursor, NULL);
        return 0;
}

static int pause_output(void *userdata, const LogPlaces *places) {
        OutputText *o = userdata;
        const Cursor *c = &places->cursors[0];
        int r;

        if (places->n != 1)
                return 0;
        cursor_to_string(c, o->cursor, sizeof(o->cursor));
        if (!o->session)
                return 0;
        r = session_mark(o->session, c->job, c->run, c->seq);
        if (r >= 0)
                r = note(o, c);
        return r < 0 ? r : logs_remember(o->logs, places, NULL);
}

int output_read(OutputText *o, Manager *m, const LogsRequest *q, Error *reterr) {
        LogsRequest all = *q;
        int r;

        all.whole = true;
        o->logs = &all;
        r = op_logs(m, &all, output_take, pause_output, o, reterr);
        if (r == -ENOBUFS) {
                /* Once more, with as many lines as fit, to have the cursor behind them. */
                error_clear(reterr);
                all.head = o->taken;
                output_done(o);
                o->size = o->taken = 0;
                o->open = false;
                r = op_logs(m, &all, output_take, pause_output, o, reterr);
                if (r == -ENOBUFS)
                        r = 0;
                else if (r >= 0)
                        o->more = true;
        }
        o->logs = NULL;
        return r;
}

int answer_output(ToolAnswer *a, OutputText *o) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (o->open)
                buf_append_char(&o->text, '\n');
        if (o->text.len > 0 && !o->forward)
                trim(o);
        if (o->left_out > 0)
                buf_printf(&a->text, "… %" PRIu64 " earlier lines left out: ask for fewer, or with grep …\n",
                           o->left_out);
        buf_append(&a->text, strempty(o->text.data), o->text.len);
        text = buf_take(&o->text);
        if (!text || a->text.oom)
                return -ENOMEM;
        r = json_set(a->facts, "output", json_new_string(text));
        if (r >= 0 && o->left_out > 0)
                r = json_set(a->facts, "lines_left_out", json_new_number(o->left_out));
        if (r >= 0 && o->more) {
                buf_append_str(&a->text, "… there is more: call job_logs with the cursor …\n");
                r = json_set(a->facts, "next_cursor", json_new_string(o->cursor));
        }
        memcpy(a->cursor, o->cursor, sizeof(a->cursor));
        return r;
}

int answer_tail(ToolAnswer *a, Session *s, Manager *m, const Job *j, uint64_t lines, size_t max) {
        OutputText o = { .max = max, .session = s };
        LogsRequest q = LOGS_REQUEST_INIT;
        int r = 0;

        q.names = (char *[]){ j->name, NULL };
        q.lines = lines;
        if (j->run && j->lines != 0)
                r = output_read(&o, m, &q, NULL);
        /* Without the journal there is no output to tell of; all else is still true. */
        r = r == -ENOMEM ? r : answer_output(a, &o);
        output_done(&o);
        return r;
}
