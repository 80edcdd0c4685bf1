/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/journal/reader.h"
#include "sdbg/probe/machine.h"
#include "sdbg/runtime/bookmark.h"

#include "ops/reading.h"

/* Which runs a request means. */

/* What the records tell of one run. */
typedef struct Run {
        char *id;
        usec_t started, ended; /* USEC_INFINITY: no end is known */
} Run;

typedef struct Runs {
        Run *runs; /* oldest first */
        size_t n;
} Runs;

static void runs_done(Runs *l) {
        for (size_t i = 0; i < l->n; i++)
                free(l->runs[i].id);
        free(l->runs);
}
#define _cleanup_runs_ _cleanup_(runs_done)

static Run *find_run(const Runs *l, const char *id) {
        for (size_t i = l->n; i-- > 0;)
                if (streq(l->runs[i].id, id))
                        return &l->runs[i];
        return NULL;
}

static int add_run(Runs *l, const char *id, usec_t started, usec_t ended) {
        Run *p = find_run(l, id);

        if (p) {
                p->ended = MIN(p->ended, ended);
                return 0;
        }
        if (!GROW(l->runs, l->n))
                return -ENOMEM;
        p = &l->runs[l->n];
        *p = (Run){ .id = strdup(id), .started = started, .ended = ended };
        return p->id ? (l->n++, 0) : -ENOMEM;
}

static usec_t end_of(const Job *j) {
        return job_has_ended(j) && j->ended_at > 0 ? j->ended_at : USEC_INFINITY;
}

static int take_record(Runs *l, const Entry *e) {
        _cleanup_job_ Job j = JOB_INIT;

        if (!e->record || job_from_record(&j, e->record) < 0)
                return add_run(l, e->run, e->time, USEC_INFINITY);
        return add_run(l, e->run, j.started_at ?: e->time, end_of(&j));
}

/* All runs of a job that the journal has records of, and the one that is known by its runtime files. */
static int list_runs(const Job *j, Runs *ret, Error *reterr) {
        _cleanup_journal_reader_ JournalReader *reader = NULL;
        _cleanup_entry_ Entry e = {};
        int r, k = 0;

        r = journal_reader_open(&reader, reterr);
        if (r < 0)
                return r;
        r = journal_reader_match(reader, "SDBG_EVENT", "start");
        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_EVENT", "exit");
        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_JOB", j->name);
        if (r >= 0)
                r = journal_reader_seek_head(reader);
        while (r >= 0 && k >= 0 && (r = journal_reader_next(reader, &e)) > 0)
                k = take_record(ret, &e);
        if (r < 0)
                return error_set(reterr, ERROR_JOURNAL_UNREACHABLE, r, "cannot read the journal");
        if (k >= 0 && j->run)
                k = add_run(ret, j->run, j->started_at, end_of(j));
        return k < 0 ? error_oom(reterr) : 0;
}

static int add(Reading *g, const Job *j, const Run *run, Source **ret, Error *reterr) {
        return reading_add(g, j->name, run->id, run->started, run->ended, ret) < 0 ? error_oom(reterr) : 0;
}

static int add_current(Reading *g, const Job *j, bool from_clear, Error *reterr) {
        Run run = { .id = j->run, .started = j->started_at, .ended = end_of(j) };
        Source *s;
        int r;

        if (!j->run)
                return 0;
        r = add(g, j, &run, &s, reterr);
        if (r >= 0)
                s->from_clear = from_clear;
        return r;
}

/* The runs that "-1", "all" or an id (or the beginning of one) names. */
static int add_named_runs(Reading *g, const Job *j, const char *which, Error *reterr) {
        _cleanup_runs_ Runs l = {};
        uint64_t back;
        int r;

        r = list_runs(j, &l, reterr);
        if (r < 0)
                return r;
        if (streq(which, "all")) {
                for (size_t i = 0; r >= 0 && i < l.n; i++)
                        r = add(g, j, &l.runs[i], NULL, reterr);
                return r;
        }
        /* -1 is the run before the last, 0 the last, as journalctl counts boots. */
        if ((*which == '-' || streq(which, "0")) && parse_u64(which + (*which == '-'), &back) >= 0 &&
            back < l.n)
                return add(g, j, &l.runs[l.n - 1 - back], NULL, reterr);
        for (size_t i = 0; i < l.n; i++)
                if (strlen(which) >= 4 && startswith(l.runs[i].id, which))
                        return add(g, j, &l.runs[i], NULL, reterr);
        error_set(reterr, ERROR_USAGE, 0, "job '%s' has no run '%s'", j->name, which);
        error_hint(reterr, "%zu of its runs are in the journal; -1 is the one before the last", l.n);
        return -EINVAL;
}

static int add_from(Reading *g, const Job *j, const Run *run, const Cursor *from, Error *reterr) {
        Source *s;
        int r = add(g, j, run, &s, reterr);

        if (r < 0)
                return r;
        s->from_clear = true;
        s->has_from = from != NULL;
        if (from)
                s->from = *from;
        return 0;
}

/* What came after the cursor, in its run and the later ones. */
static int add_since_cursor(Reading *g, const Job *j, const Cursor *c, LogSink sink, void *userdata,
                            Error *reterr) {
        _cleanup_runs_ Runs l = {};
        const Run *run;
        int r;

        /* The common case needs no look into the journal. */
        if (streq_ptr(j->run, c->run)) {
                Run current = { .id = j->run, .started = j->started_at, .ended = end_of(j) };

                return add_from(g, j, &current, c, reterr);
        }
        r = list_runs(j, &l, reterr);
        if (r < 0)
                return r;
        run = find_run(&l, c->run);
        if (!run) {
                LogLine lost = { .job = j->name,
                                 .run = c->run,
                                 .seq = c->seq + 1,
                                 .time = c->started,
                                 .missing = LINES_UNKNOWN,
                                 .reason = "vacuumed" };

                r = sink(userdata, &lost);
        }
        for (size_t i = 0; r >= 0 && i < l.n; i++)
                if (&l.runs[i] == run)
                        r = add_from(g, j, run, c, reterr);
                else if (run ? &l.runs[i] > run : l.runs[i].started > c->started)
                        r = add_from(g, j, &l.runs[i], NULL, reterr);
        return r;
}

static int check_cursor(const Cursor *c, const char *job, Error *reterr) {
        if (!streq(c->job, job)) {
                error_set(reterr, ERROR_USAGE, 0, "the cursor is one of job '%s', not of '%s'", c->job, job);
                error_hint(reterr, "each job has cursors of its own; see 'sdbg status --json %s'", job);
                return -EINVAL;
        }
        if (!streq(c->machine, machine_tag())) {
                error_set(reterr, ERROR_USAGE, 0, "the cursor was made on another machine");
                error_hint(reterr, "a log is read on the machine on which its job ran");
                return -EINVAL;
        }
        return 0;
}

/* A filter does not take away what it passes over: where there is one, it has a bookmark of its own. */
static char *bookmark_key(const LogsRequest *q, const char *job) {
        const char *const parts[] = { q->grep,   q->invert ? "v" : "", q->ignore_case ? "i" : "",
                                      q->stream, q->errors ? "e" : "", q->since,
                                      q->until };
        uint32_t hash = 2166136261; /* FNV-1a */
        bool filtered = q->grep || q->stream || q->errors || q->since || q->until;
        char *key;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                for (const char *p = strempty(parts[i]); *p; p++)
                        hash = (hash ^ (unsigned char) *p) * 16777619;
                hash = (hash ^ 0xFF) * 16777619;
        }
        if (!filtered)
                return asprintf(&key, "log.%s", job) < 0 ? NULL : key;
        return asprintf(&key, "log.%s~%08x", job, hash) < 0 ? NULL : key;
}

static int reader_of(const LogsRequest *q, char **ret, Error *reterr) {
        *ret = *q->reader ? strdup(q->reader) : reader_default();
        return *ret ? 0 : error_oom(reterr);
}

static int add_news(Reading *g, const Job *j, const LogsRequest *q, LogSink sink, void *userdata,
                    Error *reterr) {
        _cleanup_free_ char *reader = NULL, *key = bookmark_key(q, j->name), *text = NULL;
        Cursor c;
        int r;

        if (!key)
                return error_oom(reterr);
        r = reader_of(q, &reader, reterr);
        /* So that two calls of one reader do not give the same; one that follows would keep others waiting. */
        if (r >= 0 && !q->follow && g->lock == 0)
                r = g->lock = bookmark_lock(reader, "log", reterr);
        if (r >= 0)
                r = bookmark_load(reader, key, &text, reterr);
        if (r < 0)
                return r;
        /* What is damaged, or of a home directory that several machines share, stands for nothing. */
        if (r == 0 || cursor_from_string(&c, text, NULL) < 0 || check_cursor(&c, j->name, NULL) < 0)
                return add_current(g, j, true, reterr);
        return add_since_cursor(g, j, &c, sink, userdata, reterr);
}

int logs_remember(const LogsRequest *q, const LogPlaces *places, Error *reterr) {
        _cleanup_free_ char *reader = NULL;
        int r;

        if (!q->reader)
                return 0;
        r = reader_of(q, &reader, reterr);
        for (size_t i = 0; r >= 0 && i < places->n; i++) {
                _cleanup_free_ char *key = bookmark_key(q, places->cursors[i].job);
                char text[CURSOR_TEXT_MAX];

                r = key ? bookmark_store(reader, key,
                                         cursor_to_string(&places->cursors[i], text, sizeof(text)), reterr)
                        : error_oom(reterr);
        }
        return r;
}

static int add_job(Reading *g, const Job *j, const LogsRequest *q, LogSink sink, void *userdata,
                   Error *reterr) {
        Cursor c;
        int r;

        if (q->run)
                return add_named_runs(g, j, q->run, reterr);
        if (q->reader)
                return add_news(g, j, q, sink, userdata, reterr);
        if (!q->cursor)
                return add_current(g, j, !q->all, reterr);
        r = cursor_from_string(&c, q->cursor, reterr);
        if (r >= 0)
                r = check_cursor(&c, j->name, reterr);
        return r < 0 ? r : add_since_cursor(g, j, &c, sink, userdata, reterr);
}

/* The jobs of one name or glob. A plain name is looked up without a look at all the others. */
static int add_selected(Reading *g, Manager *m, const char *name, const LogsRequest *q, LogSink sink,
                        void *userdata, Error *reterr) {
        JobSelection select = { .names = (char *[]){ (char *) name, NULL } };
        _cleanup_manager_ Manager *own = NULL;
        _cleanup_job_list_ JobList jobs = {};
        _cleanup_job_ Job j = JOB_INIT;
        bool glob = is_glob(name);
        int r;

        /* The manager is not asked for what its runtime files tell. */
        if (!glob && job_name_check(name, NULL) >= 0 && job_read_state(name, &j) >= 0)
                return add_job(g, &j, q, sink, userdata, reterr);
        job_done(&j);
        if (!m) {
                r = manager_connect(&own, reterr);
                if (r < 0)
                        return r;
                m = own;
        }
        if (!glob) {
                r = job_find(m, name, &j, reterr);
                return r < 0 ? r : add_job(g, &j, q, sink, userdata, reterr);
        }
        r = jobs_select(m, &select, JOB_STATE, true, &jobs, reterr);
        for (size_t i = 0; r >= 0 && i < jobs.n; i++)
                r = add_job(g, &jobs.jobs[i], q, sink, userdata, reterr);
        return r;
}

int reading_add_jobs(Reading *g, Manager *m, const LogsRequest *q, LogSink sink, void *userdata,
                     Error *reterr) {
        Cursor c;
        int r = 0;

        if (q->all_jobs)
                r = add_selected(g, m, "*", q, sink, userdata, reterr);
        else if (strv_length(q->names) == 0 && (r = cursor_from_string(&c, q->cursor, reterr)) >= 0)
                r = add_selected(g, m, c.job, q, sink, userdata, reterr);
        STRV_FOREACH (name, q->names)
                if (r >= 0)
                        r = add_selected(g, m, *name, q, sink, userdata, reterr);
        reading_sort(g);
        return r;
}
