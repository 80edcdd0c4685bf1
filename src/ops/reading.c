/* SPDX-License-Identifier: MIT */
#include "sdbg/base/fd.h"

#include "ops/job-cursor.h"
#include "ops/reading.h"

int reading_failed(const Source *s, int r, Error *reterr) {
        if (r != -E2BIG)
                return error_set(reterr, ERROR_FAILED, r, "cannot read the log of '%s'", s->job);
        r = regex_given_up(reterr);
        error_prefix(reterr, "job '%s'", s->job);
        return r;
}

static void source_done(Source *s) {
        run_log_freep(&s->log);
        pick_state_done(&s->picked);
        free(s->job);
        free(s->run);
}

void reading_done(Reading *g) {
        for (size_t i = 0; i < g->n; i++)
                source_done(&g->sources[i]);
        free(g->sources);
        pick_done(&g->pick);
        if (g->lock > 0)
                close_fd(g->lock);
        *g = (Reading){};
}

int reading_add(Reading *g, const char *job, const char *run, usec_t started, usec_t ended, Source **ret) {
        Source *s;

        if (!GROW(g->sources, g->n))
                return -ENOMEM;
        s = &g->sources[g->n];
        *s = (Source){ .started = started, .ended = ended, .picked = PICK_STATE_INIT };
        s->job = strdup(job);
        s->run = strdup(run);
        if (!s->job || !s->run) {
                source_done(s);
                return -ENOMEM;
        }
        g->n++;
        if (ret)
                *ret = s;
        return 0;
}

static int compare_sources(const void *a, const void *b) {
        const Source *x = a, *y = b;

        return x->started < y->started ? -1 : x->started > y->started ? 1 : strcmp(x->job, y->job);
}

void reading_sort(Reading *g) {
        if (g->n > 1)
                qsort(g->sources, g->n, sizeof(Source), compare_sources);
}

uint64_t source_lowest(const Source *s) {
        return s->has_from ? s->from.seq + 1 : 1;
}

/* The line before which all are older than the time that is asked for, found by going back in growing steps. */
static int skip_to_time(Reading *g, Source *s) {
        uint64_t lines = run_log_lines(s->log), step = 4096, at;
        int r;

        for (at = lines; lines > 0 && at > source_lowest(s); step *= 4) {
                LogLine line;

                at = MAX(usec_sub(at, step), source_lowest(s));
                r = run_log_seek(s->log, at);
                if (r >= 0)
                        r = run_log_next(s->log, &line);
                if (r < 0)
                        return r;
                /* Lines of another stream may be a little older than those before them. */
                if (r > 0 && line.time + USEC_PER_SEC < g->pick.since)
                        break;
        }
        s->begin = lines > 0 ? at : 0;
        return 0;
}

int source_seek(Reading *g, Source *s) {
        uint64_t begin = s->begin, lines;

        if (begin == BEGIN_AT_END) {
                /* All that there is counts as read. */
                s->picked.counts_from = 0;
                if (s->has_place)
                        return run_log_resume(s->log, &s->place, g->exact);
                lines = run_log_lines(s->log);
                return run_log_seek(s->log, lines + 1);
        }
        s->picked.counts_from = begin;
        if (begin > 0 && g->pick.before > 0) {
                /* How far back the context goes is not known where lines in between do not count. */
                begin = g->pick.stream >= 0 ? 1 : usec_sub(begin, g->pick.before);
        }
        if (s->has_from && begin <= source_lowest(s))
                return run_log_resume(s->log, &s->from, g->exact);
        return run_log_seek(s->log, MAX(begin, source_lowest(s)));
}

/* What was cleared is read already, as it were. */
static void skip_cleared(Source *s) {
        uint64_t cleared = s->from_clear ? run_log_cleared(s->log) : 0;

        if (cleared == 0 || (s->has_from && s->from.seq >= cleared))
                return;
        s->from = (Cursor){ .seq = cleared };
        s->has_from = true;
}

int source_open(Reading *g, Source *s, Error *reterr) {
        int r = 0;

        if (s->stage != SOURCE_WAITING)
                return 0;
        r = run_log_open(&s->log, s->job, s->run, reterr);
        if (r < 0)
                return r;
        s->stage = SOURCE_OPEN;
        skip_cleared(s);
        if (g->pick.since > 0 && s->begin == 0)
                r = skip_to_time(g, s);
        if (r >= 0)
                r = source_seek(g, s);
        return r < 0 ? reading_failed(s, r, reterr) : 0;
}

static void add_line_at_hand(Source *s) {
        Cursor *c = &s->place;

        if (s->line.missing > 0) {
                c->seq = MIN(c->seq, s->line.seq - 1);
                return;
        }
        for (size_t i = 0; i < c->n_open; i++)
                if (c->open[i].seq == s->line.seq) {
                        c->open[i].bytes = usec_sub(c->open[i].bytes, s->line.len);
                        return;
                }
        if (s->line.seq == c->seq)
                c->seq--;
        else if (c->n_open < CURSOR_OPEN_MAX) {
                c->open[c->n_open].seq = s->line.seq;
                c->open[c->n_open++].bytes = 0;
        }
}

void source_keep_place(Source *s) {
        Cursor *c = &s->place;

        if (s->stage != SOURCE_OPEN)
                return;
        cursor_of_run(c, s->job, s->run, s->started);
        run_log_position(s->log, c);
        if (s->has_line)
                add_line_at_hand(s);
        s->has_place = true;
}

void source_close(Source *s) {
        source_keep_place(s);
        run_log_freep(&s->log);
        s->log = NULL;
        s->stage = SOURCE_CLOSED;
}

/* Makes sure that an open source has its next line at hand, where there is one. */
static int fetch(Reading *g, Source *s, Error *reterr) {
        int r;

        if (s->has_line || s->over)
                return 0;
        r = run_log_next(s->log, &s->line);
        /* What has no newline when its run is over is its last line. */
        if (r == 0 && s->ended != USEC_INFINITY)
                r = run_log_partial(s->log, &s->line);
        if (r < 0)
                return reading_failed(s, r, reterr);
        /* A run's log may be closed while its last lines are kept. */
        s->line.job = s->job;
        s->line.run = s->run;
        s->has_line = r > 0;
        s->dry_at = r == 0 ? now_usec(CLOCK_REALTIME) : 0;
        if (r == 0 && !g->follow && s->ended != USEC_INFINITY)
                source_close(s);
        return 0;
}

/* Looks again at the sources that had nothing more, but not at each line of a long log beside them. */
static int fetch_dry(Reading *g, Source **best, Error *reterr) {
        for (size_t i = 0; i < g->n; i++) {
                Source *s = &g->sources[i];
                int r;

                if (s->stage != SOURCE_OPEN || s->has_line || (*best && (*best)->line.time < s->dry_at))
                        continue;
                r = fetch(g, s, reterr);
                if (r < 0)
                        return r;
                if (s->has_line && (!*best || s->line.time < (*best)->line.time))
                        *best = s;
        }
        return 0;
}

int reading_next(Reading *g, Source **ret, Error *reterr) {
        int r;

        *ret = NULL;
        for (size_t i = 0; i < g->n; i++) {
                Source *s = &g->sources[i];

                if (s->stage == SOURCE_CLOSED)
                        continue;
                if (s->stage == SOURCE_WAITING) {
                        if (*ret && (*ret)->line.time < s->started)
                                break; /* and all others begin later */
                        r = source_open(g, s, reterr);
                        if (r < 0)
                                return r;
                }
                if (s->dry_at > 0)
                        continue;
                r = fetch(g, s, reterr);
                if (r < 0)
                        return r;
                if (s->has_line && (!*ret || s->line.time < (*ret)->line.time))
                        *ret = s;
        }
        return fetch_dry(g, ret, reterr);
}

int reading_places(Reading *g, LogPlaces *ret) {
        ret->cursors = calloc(g->n + 1, sizeof(Cursor));
        if (!ret->cursors)
                return -ENOMEM;
        for (size_t i = 0; i < g->n; i++) {
                Source *s = &g->sources[i];
                size_t k = 0;

                /* The newest run that was begun stands for its job, or else the oldest. */
                while (k < ret->n && !streq(ret->cursors[k].job, s->job))
                        k++;
                if (s->stage == SOURCE_WAITING && k == ret->n)
                        (void) source_open(g, s, NULL);
                source_keep_place(s);
                if (!s->has_place)
                        continue;
                ret->cursors[k] = s->place;
                ret->n = MAX(ret->n, k + 1);
        }
        return 0;
}
