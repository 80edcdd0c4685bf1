/* SPDX-License-Identifier: MIT */
#include <poll.h>

#include "sdbg/base/strv.h"
#include "sdbg/runtime/bookmark.h"

#include "ops/fold.h"
#include "ops/reading.h"

/* A supervisor that died without a word is noticed when nothing has come for this long. */
#define POLL_USEC (1000 * USEC_PER_MSEC)

/* Where lines go, and how many hits there have been. */
typedef struct Output {
        LogSink sink;
        void *userdata;
        uint64_t given;
} Output;

/* Whether what follows the last hit still belongs to it. */
static bool wants_rest(const Reading *g) {
        return pick_is_search(&g->pick) && (g->pick.after > 0 || g->pick.errors);
}

/* Gives the lines that there are now, up to `max` hits. Return: 0, negative errno with reterr said or of the
 * sink. */
static int give_all(Reading *g, uint64_t max, Output *o, Error *reterr) {
        Source *s;
        int r;

        while (o->given < max || wants_rest(g)) {
                r = reading_next(g, &s, reterr);
                if (r < 0 || !s)
                        return r;
                r = pick_take(&g->pick, &s->picked, &s->line, o->given >= max, o->sink, o->userdata);
                if (r == -ECANCELED)
                        return 0;
                s->has_line = false;
                if (r < 0)
                        return r == -E2BIG ? reading_failed(s, r, reterr) : r;
                o->given += r > 0;
        }
        return 0;
}

/* Unfinished lines: what a search would find in them is not known yet. */
static int give_partials(Reading *g, Output *o) {
        for (size_t i = 0; i < g->n; i++) {
                Source *s = &g->sources[i];
                LogLine line;

                while (s->stage == SOURCE_OPEN && !s->has_line && run_log_partial(s->log, &line) > 0) {
                        int r = pick_take(&g->pick, &s->picked, &line, false, o->sink, o->userdata);

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
        for (size_t i = 0; i < g->n; i++) {
                Source *s = &g->sources[i];

                if (s->stage == SOURCE_OPEN && !s->over) {
                        int fd = run_log_fd(s->log);
                        if (fd < 0)
                                return fd;
                        p[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
                }
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

                if (s->stage == SOURCE_OPEN && !s->over && !s->has_line)
                        s->over = run_log_ended(s->log) || (quiet && job_read_state(s->job, &j) != 1);
                over = over && (s->over || s->stage == SOURCE_CLOSED);
        }
        return over;
}

/* Lets go of runs that have ended: only their places are kept. */
static void close_ended(Reading *g) {
        for (size_t i = 0; i < g->n; i++)
                if (g->sources[i].over && g->sources[i].stage == SOURCE_OPEN)
                        source_close(&g->sources[i]);
}

static int pause_at(Reading *g, LogPause pause, void *userdata) {
        LogPlaces places = {};
        int r;

        if (!pause)
                return 0;
        r = reading_places(g, &places);
        if (r >= 0)
                r = pause(userdata, &places);
        free(places.cursors);
        return r;
}

/* One request, from its lines to the caller. */
typedef struct Logs {
        const LogsRequest *q;
        Reading reading;
        Fold fold;
        Output output;
        LogPause pause;
        void *userdata;
} Logs;

/* Says to the caller that there is no more for now. */
static int rest(Logs *l, bool partials) {
        int r = partials ? give_partials(&l->reading, &l->output) : 0;

        if (r >= 0 && l->q->collapse)
                r = fold_give_last(&l->fold);
        return r < 0 ? r : pause_at(&l->reading, l->pause, l->userdata);
}

static int follow(Logs *l, Error *reterr) {
        Reading *g = &l->reading;
        bool partials = !l->q->whole && !pick_is_search(&g->pick), quiet = false;

        for (;;) {
                uint64_t given = l->output.given;
                bool over, full;
                int r;

                /* Watched before it is read, so that nothing comes in between. */
                r = await_more(g, 0);
                if (r >= 0)
                        r = give_all(g, l->q->head, &l->output, reterr);
                if (r < 0)
                        return r;
                over = all_over(g, quiet && l->output.given == given);
                full = l->output.given >= l->q->head;
                r = rest(l, (partials || over) && !full);
                if (r < 0 || over || full)
                        return r;
                close_ended(g);
                r = await_more(g, POLL_USEC);
                if (r < 0)
                        return r;
                quiet = r == 0;
        }
}

static int contradict(const char *a, const char *b, Error *reterr) {
        return error_set(reterr, ERROR_USAGE, 0, "--%s and --%s contradict each other", a, b);
}

static int wants(const char *a, const char *b, Error *reterr) {
        return error_set(reterr, ERROR_USAGE, 0, "--%s is for use with --%s", a, b);
}

static int check(const LogsRequest *q, Error *reterr) {
        bool lines = q->lines != UINT64_MAX, head = q->head != UINT64_MAX;
        const struct {
                bool a, b;
                const char *a_name, *b_name;
        } contradictions[] = {
                { lines, head, "lines", "head" },
                { lines, q->all, "lines", "all" },
                { head, q->all, "head", "all" },
                { q->run, q->cursor, "run", "cursor" },
                { q->run, q->reader, "run", "new" },
                { q->cursor, q->reader, "cursor", "new" },
                { q->all, q->cursor, "all", "cursor" },
                { q->all, q->reader, "all", "new" },
                { q->all_jobs, q->run && !streq(q->run, "all"), "all-jobs", "run" },
                { q->all_jobs, q->cursor, "all-jobs", "cursor" },
                { q->all_jobs, strv_length(q->names) > 0, "all-jobs", "a job's name" },
                { q->grep, q->errors, "grep", "errors" },
                { q->raw, q->collapse, "raw", "collapse" },
                { q->raw, q->timestamps, "raw", "timestamps" },
                { q->raw, q->color, "raw", "color" },
                { q->follow, q->until, "follow", "until" },
                { q->follow, q->max_bytes != UINT64_MAX, "follow", "max-bytes" },
        };
        bool searches = q->grep || q->errors;

        for (size_t i = 0; i < ELEMENTSOF(contradictions); i++)
                if (contradictions[i].a && contradictions[i].b)
                        return contradict(contradictions[i].a_name, contradictions[i].b_name, reterr);
        if (q->ignore_case && !q->grep)
                return wants("ignore-case", "grep", reterr);
        if (q->invert && !q->grep)
                return wants("invert", "grep", reterr);
        if ((q->before != UINT64_MAX || q->after != UINT64_MAX || q->context != UINT64_MAX) && !searches)
                return wants(q->before != UINT64_MAX  ? "before"
                             : q->after != UINT64_MAX ? "after"
                                                      : "context",
                             "grep", reterr);
        if (strv_length(q->names) == 0 && !q->all_jobs && !q->cursor) {
                error_set(reterr, ERROR_USAGE, 0, "logs: no job was named");
                error_hint(reterr, "give names or globs, or --all-jobs; 'sdbg list -a' shows the jobs");
                return -EINVAL;
        }
        if (q->reader && *q->reader && reader_check(q->reader, reterr) < 0)
                return -EINVAL;
        if (q->cursor && strv_length(q->names) > 1)
                return error_set(reterr, ERROR_USAGE, 0, "--cursor is of one job, and %zu are named",
                                 strv_length(q->names));
        return 0;
}

/* How many of the last lines are asked for. What says otherwise where to begin means all from there. */
static uint64_t last_lines(const LogsRequest *q) {
        if (q->lines != UINT64_MAX)
                return q->lines;
        if (q->head != UINT64_MAX || q->all || q->since || q->until || q->cursor || q->reader || q->errors ||
            q->max_bytes != UINT64_MAX)
                return UINT64_MAX;
        return q->lines_default;
}

static int read_all(Logs *l, Manager *m, Error *reterr) {
        const LogsRequest *q = l->q;
        Reading *g = &l->reading;
        uint64_t last = last_lines(q);
        int r;

        r = reading_add_jobs(g, m, q, l->output.sink, l->output.userdata, reterr);
        /* Of folded lines, the last ones are known when all have been folded. */
        if (r >= 0 && last != UINT64_MAX && !q->collapse)
                r = reading_skip_to_last(g, last, reterr);
        if (r >= 0)
                r = give_all(g, q->head, &l->output, reterr);
        if (r < 0)
                return r;
        if (q->follow && l->output.given < q->head && !all_over(g, false))
                return follow(l, reterr);
        /* An unfinished line at the end of what there is belongs to it. */
        return rest(l, l->output.given < q->head);
}

int op_logs(Manager *m, const LogsRequest *q, LogSink sink, LogPause pause, void *userdata, Error *reterr) {
        Logs l = { .q = q, .pause = pause, .userdata = userdata, .output = { sink, userdata, 0 } };
        int r;

        l.reading.exact = q->raw;
        l.reading.follow = q->follow;
        r = check(q, reterr);
        if (r >= 0)
                r = pick_prepare(&l.reading.pick, q, reterr);
        if (r >= 0 && q->collapse) {
                r = fold_prepare(&l.fold, last_lines(q), sink, userdata, reterr);
                l.output.sink = fold_take;
                l.output.userdata = &l.fold;
        }
        if (r >= 0)
                r = read_all(&l, m, reterr);
        fold_done(&l.fold);
        reading_done(&l.reading);
        return r;
}

static int read_one(Reading *g, const char *job, const char *run) {
        g->pick = PICK_ALL;
        return reading_add(g, job, run, 0, USEC_INFINITY, NULL);
}

/* The last hits of what is picked out of one run. */
static int give_last(Reading *g, uint64_t max, LogSink sink, void *userdata, Error *reterr) {
        Output o = { sink, userdata, 0 };
        int r;

        r = reading_skip_to_last(g, max, reterr);
        if (r >= 0)
                r = give_all(g, UINT64_MAX, &o, reterr);
        return r < 0 ? r : give_partials(g, &o);
}

int op_tail(const char *job, const char *run, uint64_t max, LogSink sink, void *userdata, Error *reterr) {
        _cleanup_reading_ Reading g = {};
        int r = read_one(&g, job, run);

        return r < 0 ? r : give_last(&g, max, sink, userdata, reterr);
}

/* A look at how a job stands does not read all of a long log. */
#define SEARCHED_MAX 100000

int op_errors(const char *job, const char *run, uint64_t max, LogSink sink, void *userdata, Error *reterr) {
        _cleanup_reading_ Reading g = {};
        LogsRequest q = LOGS_REQUEST_INIT;
        int r = read_one(&g, job, run);

        q.errors = true;
        if (r >= 0)
                r = pick_prepare(&g.pick, &q, reterr);
        if (r >= 0)
                r = source_open(&g, &g.sources[0], reterr);
        if (r < 0)
                return r;
        g.sources[0].from.seq = usec_sub(run_log_lines(g.sources[0].log), SEARCHED_MAX);
        g.sources[0].has_from = true;
        return give_last(&g, max, sink, userdata, reterr);
}

int op_stream(const char *job, const char *run, const volatile int *interrupted, LogSink sink, void *userdata,
              Error *reterr) {
        Output o = { sink, userdata, 0 };
        _cleanup_reading_ Reading g = {};
        bool quiet = false;
        int r;

        r = read_one(&g, job, run);
        if (r >= 0)
                r = source_open(&g, &g.sources[0], reterr);
        while (r >= 0 && !*interrupted) {
                uint64_t given = o.given;

                r = await_more(&g, 0);
                if (r >= 0)
                        r = give_all(&g, UINT64_MAX, &o, reterr);
                if (r >= 0)
                        r = give_partials(&g, &o);
                if (r < 0 || run_log_exit_record(g.sources[0].log) || all_over(&g, quiet && o.given == given))
                        break;
                r = await_more(&g, POLL_USEC);
                quiet = r == 0;
        }
        return r;
}
