/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/events.h"
#include "sdbg/runtime/bookmark.h"

#include "ops/event-log.h"

/* What a reader gets at the first time. */
#define FIRST_USEC (24 * 3600 * USEC_PER_SEC)

const Param events_params[] = {
        { "follow", 'f', PARAM_FLAG, offsetof(EventsRequest, follow), NULL,
          "go on with new events, as soon as they happen", NULL },
        { "since", 0, PARAM_STRING, offsetof(EventsRequest, since), "TIME",
          "from this time on: 10min, today, 2026-11-22 15:04", NULL },
        { "new", 0, PARAM_OPTIONAL, offsetof(EventsRequest, reader), "READER",
          "what this reader has not been shown yet (default: this session or terminal)", NULL },
        { "lines", 'n', PARAM_COUNT, offsetof(EventsRequest, lines), "N",
          "the last N events (default: 200, and none with --follow)", NULL },
        JOB_NARROWING_PARAMS(EventsRequest),
        {},
};

/* A reader that asks for some jobs has not been shown the others': each selection has a mark of its own. */
static int make_key(const JobSelection *s, const char *project, char **ret) {
        _cleanup_buf_ Buf text = {};
        int r;

        if (job_selection_is_empty(s)) {
                *ret = strdup("events");
                return *ret ? 0 : -ENOMEM;
        }
        STRV_FOREACH (name, s->names)
                buf_printf(&text, "n%s\n", *name);
        STRV_FOREACH (label, s->labels)
                buf_printf(&text, "l%s\n", *label);
        buf_printf(&text, "g%s\nh%s\n", strempty(s->group), strempty(project));
        buf_append_char(&text, '\0');
        if (text.oom)
                return -ENOMEM;
        r = asprintf(ret, "events.%016" PRIx64, seen_key(text.data, 0));
        return r < 0 ? -ENOMEM : 0;
}

typedef struct Reader {
        char *name, *key;
        EventMark mark;
        int lock_fd; /* so that of two calls at once, each gets something else */
} Reader;

#define READER_INIT                                                                                          \
        (Reader) {                                                                                           \
                .lock_fd = -EBADF                                                                            \
        }

static void reader_done(Reader *r) {
        free(r->name);
        free(r->key);
        event_mark_done(&r->mark);
        close_fd(r->lock_fd);
}
#define _cleanup_reader_ _cleanup_(reader_done)

static int reader_load(Reader *r, const EventsRequest *q, const char *project, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int k;

        r->name = *q->reader ? strdup(q->reader) : reader_default();
        if (!r->name || make_key(&q->select, project, &r->key) < 0)
                return error_oom(reterr);
        if (!q->follow) {
                r->lock_fd = bookmark_lock(r->name, r->key, reterr);
                if (r->lock_fd < 0)
                        return r->lock_fd;
        }
        k = bookmark_load(r->name, r->key, &text, reterr);
        /* What is no mark is that of a reader who knows nothing. */
        if (k > 0 && event_mark_from_string(&r->mark, text) == -ENOMEM)
                return error_oom(reterr);
        return k;
}

static int reader_store(const Reader *r, Error *reterr) {
        _cleanup_free_ char *text = event_mark_to_string(&r->mark);

        return text ? bookmark_store(r->name, r->key, text, reterr) : error_oom(reterr);
}

static int give(EventLog *l, EventSink sink, void *userdata) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < l->n; i++)
                r = sink(userdata, &l->found[i]);
        return r;
}

static int journal_failed(int r, Error *reterr) {
        return error_set(reterr, ERROR_JOURNAL_UNREACHABLE, r, "cannot read the events");
}

/* Gives what is at hand, then what comes. */
static int give_on(EventLog *l, const Reader *reader, const EventsRequest *q, EventSink sink, void *userdata,
                   Error *reterr) {
        int r;

        for (;;) {
                r = give(l, sink, userdata);
                if (r >= 0 && reader->name)
                        r = reader_store(reader, reterr);
                if (r < 0 || !q->follow)
                        return r;
                r = event_log_wait(l, q->out_fd);
                if (r == -EPIPE)
                        return 0;
                if (r >= 0)
                        r = event_log_read(l);
                if (r < 0)
                        return journal_failed(r, reterr);
        }
}

/* Reads the first lot. */
static int begin(EventLog *l, const EventsRequest *q, Reader *reader, usec_t since) {
        uint64_t lines = q->lines != UINT64_MAX ? q->lines : q->follow ? 0 : EVENTS_DEFAULT;
        usec_t now = now_usec(CLOCK_REALTIME);
        int r;

        if (reader->name)
                r = event_log_seek_mark(l, &reader->mark, q->since ? since : usec_sub(now, FIRST_USEC));
        else if (q->since)
                r = event_log_seek_time(l, since);
        else if (lines > 0)
                return event_log_read_last(l, lines);
        else
                r = event_log_seek_end(l);
        return r < 0 ? r : event_log_read(l);
}

static int check(Manager *m, const EventsRequest *q, usec_t *ret_since, Error *reterr) {
        int r = 0;

        if (q->since && parse_timestamp(q->since, now_usec(CLOCK_REALTIME), ret_since) < 0) {
                error_set(reterr, ERROR_USAGE, 0, "'%s' is no time for --since", q->since);
                error_hint(reterr, "for example '10min', 'today', '2026-11-22 15:04' or '15:04'");
                return -EINVAL;
        }
        if (q->lines != UINT64_MAX && (q->since || q->reader))
                return error_set(reterr, ERROR_USAGE, 0, "--lines goes neither with --since nor with --new");
        STRV_FOREACH (name, q->select.names) {
                _cleanup_job_ Job j = JOB_INIT;

                if (r < 0 || is_glob(*name))
                        continue;
                r = m && !q->follow && !q->reader ? job_find(m, *name, &j, reterr)
                                                  : job_name_check(*name, reterr);
        }
        return r;
}

int op_events(Manager *m, const EventsRequest *q, EventSink sink, void *userdata, Error *reterr) {
        _cleanup_(event_log_done) EventLog l = { .rings = { .jobs_fd = -EBADF, .inotify_fd = -EBADF } };
        _cleanup_reader_ Reader reader = READER_INIT;
        usec_t since = 0;
        int r;

        r = check(m, q, &since, reterr);
        if (r >= 0)
                r = event_log_open(&l, &q->select, q->follow, reterr);
        if (r >= 0 && q->reader)
                r = reader_load(&reader, q, l.project, reterr);
        if (r < 0)
                return r;
        r = begin(&l, q, &reader, since);
        return r < 0 ? journal_failed(r, reterr) : give_on(&l, &reader, q, sink, userdata, reterr);
}
