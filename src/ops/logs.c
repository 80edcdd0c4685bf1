/* SPDX-License-Identifier: MIT */
#include <poll.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/journal/reader.h"
#include "sdbg/ops/logs.h"
#include "sdbg/text/regex.h"
#include "sdbg/text/sanitize.h"

#define PARAM(name, letter, type, member, value, help)                                                       \
        { name, letter, type, offsetof(LogsRequest, member), value, help, NULL }

const Param logs_params[] = {
        PARAM("lines", 'n', PARAM_COUNT, lines, "N",
              "the last N lines (default: 200 where stdout is no terminal)"),
        PARAM("head", 0, PARAM_COUNT, head, "N", "the first N lines"),
        PARAM("all", 0, PARAM_FLAG, all, NULL, "all lines of the run"),
        PARAM("follow", 'f', PARAM_FLAG, follow, NULL, "go on with new lines until the job ends"),
        PARAM("grep", 'g', PARAM_STRING, grep, "RE", "only lines that match this regular expression"),
        PARAM("ignore-case", 'i', PARAM_FLAG, ignore_case, NULL, "let --grep ignore case"),
        PARAM("invert", 'v', PARAM_FLAG, invert, NULL, "only lines that --grep does not match"),
        PARAM("stream", 0, PARAM_STRING, stream, "stdout|stderr|pty", "only this stream"),
        PARAM("run", 'r', PARAM_STRING, run, "ID|-1|all", "an earlier run, or all runs"),
        PARAM("timestamps", 't', PARAM_FLAG, timestamps, NULL, "show each line's time"),
        PARAM("raw", 0, PARAM_FLAG, raw, NULL, "the exact bytes that were printed"),
        {},
};

/* An unfinished line is shown when nothing more has come for this long. */
#define POLL_USEC (1000 * USEC_PER_MSEC)

/* One run that is read. */
typedef struct Source {
        RunLog *log;
        LogLine line;
        bool has_line;
        bool over;
} Source;

typedef struct Reading {
        Source *sources;
        size_t n;
        Regex *grep;
        bool invert;
        Stream stream; /* _STREAM_INVALID: all */
} Reading;

static void reading_done(Reading *g) {
        for (size_t i = 0; i < g->n; i++)
                run_log_freep(&g->sources[i].log);
        free(g->sources);
        regex_freep(&g->grep);
}
#define _cleanup_reading_ _cleanup_(reading_done)

static int add_source(Reading *g, const char *job, const char *run, Error *reterr) {
        Source *p = reallocarray(g->sources, g->n + 1, sizeof(Source));

        if (!p)
                return error_oom(reterr);
        g->sources = p;
        p[g->n] = (Source){};
        return run_log_open(&p[g->n++].log, job, run, reterr);
}

/* The ids of a job's runs, oldest first. */
static int list_runs(const char *job, char ***ret, Error *reterr) {
        _cleanup_journal_reader_ JournalReader *reader = NULL;
        _cleanup_strv_free_ char **runs = NULL;
        _cleanup_entry_ Entry e = {};
        int r;

        r = journal_reader_open(&reader, reterr);
        if (r < 0)
                return r;
        r = journal_reader_match(reader, "SDBG_EVENT", "start");
        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_JOB", job);
        if (r >= 0)
                r = journal_reader_seek_head(reader);
        while (r >= 0 && (r = journal_reader_next(reader, &e)) > 0)
                if (!strv_contains(runs, e.run) && strv_extend(&runs, e.run) < 0)
                        return error_oom(reterr);
        if (r < 0)
                return error_set(reterr, ERROR_JOURNAL_UNREACHABLE, r, "cannot read the journal");
        *ret = TAKE_PTR(runs);
        return 0;
}

/* The run that "-1", "all" or an id (or the beginning of one) names. */
static int add_runs(Reading *g, const Job *j, const char *which, Error *reterr) {
        _cleanup_strv_free_ char **runs = NULL;
        uint64_t back;
        size_t n;
        int r;

        if (!which)
                return j->run ? add_source(g, j->name, j->run, reterr) : 0;
        r = list_runs(j->name, &runs, reterr);
        if (r < 0)
                return r;
        n = strv_length(runs);
        if (streq(which, "all")) {
                for (size_t i = 0; r >= 0 && i < n; i++)
                        r = add_source(g, j->name, runs[i], reterr);
                return r;
        }
        /* -1 is the run before the last, 0 the last, as journalctl counts boots. */
        if ((*which == '-' || streq(which, "0")) && parse_u64(which + (*which == '-'), &back) >= 0 &&
            back < n)
                return add_source(g, j->name, runs[n - 1 - back], reterr);
        STRV_FOREACH (run, runs)
                if (strlen(which) >= 4 && startswith(*run, which))
                        return add_source(g, j->name, *run, reterr);
        error_set(reterr, ERROR_USAGE, 0, "job '%s' has no run '%s'", j->name, which);
        error_hint(reterr, "%zu of its runs are in the journal; -1 is the one before the last", n);
        return -EINVAL;
}

/* Whether a line is asked for. */
static int is_wanted(const Reading *g, const LogLine *line) {
        _cleanup_buf_ Buf text = {};
        int r;

        if (g->stream >= 0 && line->stream != g->stream)
                return 0;
        if (line->missing > 0 || !g->grep)
                return 1;
        if (line->clean)
                r = regex_match(g->grep, line->data, line->len);
        else {
                sanitize(&text, line->data, line->len);
                r = text.oom ? -ENOMEM : regex_match(g->grep, strempty(text.data), text.len);
        }
        return r < 0 ? r : (r > 0) != g->invert;
}

/* Makes sure that the source has its next line at hand, where there is one. */
static int fetch(Source *s) {
        int r;

        if (s->has_line || s->over)
                return 0;
        r = run_log_next(s->log, &s->line);
        if (r < 0)
                return r;
        s->has_line = r > 0;
        return 0;
}

/* The source whose next line is the oldest. */
static int next_source(Reading *g, Source **ret) {
        *ret = NULL;
        for (size_t i = 0; i < g->n; i++) {
                Source *s = &g->sources[i];
                int r = fetch(s);

                if (r < 0)
                        return r;
                if (s->has_line && (!*ret || s->line.time < (*ret)->line.time))
                        *ret = s;
        }
        return 0;
}

/* Gives all lines that there are now. Return: how many were wanted, negative errno. */
static ssize_t give_all(Reading *g, uint64_t max, LogSink sink, void *userdata) {
        uint64_t given = 0;
        Source *s;
        int r;

        while ((r = next_source(g, &s)) >= 0 && s && given < max) {
                s->has_line = false;
                r = is_wanted(g, &s->line);
                if (r > 0) {
                        given++;
                        r = sink(userdata, &s->line);
                }
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : (ssize_t) given;
}

static int give_partials(Reading *g, LogSink sink, void *userdata) {
        for (size_t i = 0; i < g->n; i++) {
                LogLine line;

                while (!g->sources[i].has_line && run_log_partial(g->sources[i].log, &line) > 0) {
                        int r = is_wanted(g, &line);

                        if (r > 0)
                                r = sink(userdata, &line);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* Sleeps until one of the sources may have more. Return: 1; 0 when the time is over; negative errno. */
static int await_more(Reading *g, usec_t timeout) {
        _cleanup_free_ struct pollfd *p = calloc(g->n + 1, sizeof(struct pollfd));
        size_t n = 0;
        int r;

        if (!p)
                return -ENOMEM;
        for (size_t i = 0; i < g->n; i++)
                if (!g->sources[i].over) {
                        int fd = run_log_fd(g->sources[i].log);
                        if (fd < 0)
                                return fd;
                        p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
                }
        r = poll(p, n, timeout / USEC_PER_MSEC);
        return r < 0 && errno != EINTR ? -errno : r > 0;
}

/* Whether all runs have ended. quiet: nothing came for a while; then a supervisor that died without a
 * word is noticed by its state. */
static bool all_over(Reading *g, bool quiet) {
        bool over = true;

        for (size_t i = 0; i < g->n; i++) {
                Source *s = &g->sources[i];
                _cleanup_job_ Job j = JOB_INIT;

                if (!s->over && !s->has_line)
                        s->over = run_log_ended(s->log) ||
                                  (quiet && job_read_state(run_log_job(s->log), &j) != 1);
                over = over && s->over;
        }
        return over;
}

static int follow(Reading *g, LogSink sink, void *userdata) {
        bool quiet = false;
        int r;

        while (!all_over(g, false)) {
                ssize_t given;

                /* Watched before it is read, so that nothing comes in between. */
                r = await_more(g, 0);
                if (r < 0)
                        return r;
                given = give_all(g, UINT64_MAX, sink, userdata);
                r = given < 0 ? (int) given : give_partials(g, sink, userdata);
                if (r < 0 || all_over(g, quiet && given == 0))
                        return r;
                r = await_more(g, POLL_USEC);
                if (r < 0)
                        return r;
                quiet = r == 0;
        }
        return 0;
}

#define TAIL_MAX 100000000

/* The last lines that passed by. */
typedef struct Tail {
        LogLine *lines;  /* each with its own copy of the bytes */
        uint64_t max, n; /* n: how many passed */
} Tail;

static void tail_done(Tail *t) {
        for (uint64_t i = 0; i < MIN(t->n, t->max); i++)
                free((char *) t->lines[i].data);
        free(t->lines);
}
#define _cleanup_tail_ _cleanup_(tail_done)

static int tail_take(void *userdata, const LogLine *line) {
        Tail *t = userdata;
        LogLine *slot;
        char *copy;

        if (t->max == 0)
                return 0;
        copy = malloc(line->len + 1);
        if (!copy)
                return -ENOMEM;
        if (line->len > 0)
                memcpy(copy, line->data, line->len);
        slot = &t->lines[t->n % t->max];
        if (t->n >= t->max)
                free((char *) slot->data);
        *slot = *line;
        slot->data = copy;
        t->n++;
        return 0;
}

static int tail_give(Tail *t, LogSink sink, void *userdata) {
        int r = 0;

        for (uint64_t i = t->n > t->max ? t->n - t->max : 0; r >= 0 && i < t->n; i++)
                r = sink(userdata, &t->lines[i % t->max]);
        return r;
}

/* Places each source so that its last `max` lines follow; where lines are picked out, at its start. */
static int seek_sources(Reading *g, uint64_t max) {
        bool picks = g->grep || g->stream >= 0;

        for (size_t i = 0; i < g->n; i++) {
                uint64_t lines = max != UINT64_MAX && !picks ? run_log_lines(g->sources[i].log) : 0;
                int r = run_log_seek(g->sources[i].log, usec_sub(lines, max) + 1);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* An unfinished line at the end of what there is belongs to it. */
static int give_history(Reading *g, uint64_t max, LogSink sink, void *userdata) {
        ssize_t n = give_all(g, max, sink, userdata);

        return n < 0 ? (int) n : (uint64_t) n < max ? give_partials(g, sink, userdata) : 0;
}

static int give_tail(Reading *g, uint64_t max, LogSink sink, void *userdata) {
        _cleanup_tail_ Tail t = { .max = MIN(max, (uint64_t) TAIL_MAX) };
        int r;

        t.lines = calloc(t.max + 1, sizeof(LogLine));
        if (!t.lines) {
                t.max = 0;
                return -ENOMEM;
        }
        r = give_history(g, UINT64_MAX, tail_take, &t);
        return r < 0 ? r : tail_give(&t, sink, userdata);
}

static int prepare(Reading *g, const LogsRequest *q, Error *reterr) {
        g->invert = q->invert;
        g->stream = q->stream ? stream_from_string(q->stream) : _STREAM_INVALID;
        if (q->stream && (g->stream < 0 || g->stream == STREAM_RECORD))
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is no stream: stdout, stderr or pty",
                                 q->stream);
        return q->grep ? regex_compile(q->grep, q->ignore_case, &g->grep, reterr) : 0;
}

/* The jobs of one name or glob. A plain name is looked up without a look at all the others. */
static int add_named(Manager *m, Reading *g, const char *name, const char *run, Error *reterr) {
        JobSelection select = { .names = (char *[]){ (char *) name, NULL } };
        _cleanup_job_list_ JobList jobs = {};
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        if (!strpbrk(name, "*?[")) {
                r = job_find(m, name, &j, reterr);
                return r < 0 ? r : add_runs(g, &j, run, reterr);
        }
        r = jobs_select(m, &select, JOB_STATE, true, &jobs, reterr);
        for (size_t i = 0; r >= 0 && i < jobs.n; i++)
                r = add_runs(g, &jobs.jobs[i], run, reterr);
        return r;
}

int op_logs(Manager *m, const LogsRequest *q, LogSink sink, void *userdata, Error *reterr) {
        bool default_lines = q->lines == UINT64_MAX && q->head == UINT64_MAX && !q->all;
        uint64_t lines = default_lines ? q->lines_default : q->lines;
        _cleanup_reading_ Reading g = {};
        int r;

        r = prepare(&g, q, reterr);
        STRV_FOREACH (name, q->names)
                if (r >= 0)
                        r = add_named(m, &g, *name, q->run, reterr);
        if (r < 0)
                return r;

        r = seek_sources(&g, lines);
        if (r >= 0)
                r = lines != UINT64_MAX ? give_tail(&g, lines, sink, userdata)
                                        : give_history(&g, q->head, sink, userdata);
        if (r >= 0 && q->follow)
                r = follow(&g, sink, userdata);
        return r;
}

int op_tail(const char *job, const char *run, uint64_t max, LogSink sink, void *userdata, Error *reterr) {
        _cleanup_reading_ Reading g = { .stream = _STREAM_INVALID };
        int r;

        r = add_source(&g, job, run, reterr);
        if (r >= 0)
                r = seek_sources(&g, max);
        return r < 0 ? r : give_tail(&g, max, sink, userdata);
}

int op_stream(const char *job, const char *run, const volatile int *interrupted, LogSink sink, void *userdata,
              Error *reterr) {
        _cleanup_reading_ Reading g = { .stream = _STREAM_INVALID };
        bool quiet = false;
        int r;

        r = add_source(&g, job, run, reterr);
        if (r >= 0)
                r = run_log_seek(g.sources[0].log, 1);
        while (r >= 0 && !*interrupted) {
                ssize_t given;

                r = await_more(&g, 0);
                if (r < 0)
                        break;
                given = give_all(&g, UINT64_MAX, sink, userdata);
                r = given < 0 ? (int) given : give_partials(&g, sink, userdata);
                if (r < 0 || run_log_exit_record(g.sources[0].log) || all_over(&g, quiet && given == 0))
                        break;
                r = await_more(&g, POLL_USEC);
                quiet = r == 0;
        }
        return r;
}
