/* SPDX-License-Identifier: MIT */
#include "ops/reading.h"

/* Where to begin so that the last N hits follow: found by reading backwards from the end in growing steps, so
 * that a search for the last few does not read all of a long log. */

#define STEP_MIN 4096
/* Logs that stay open between finding and reading. */
#define OPEN_MAX 16

/* A line that counts. */
typedef struct Mark {
        usec_t time;
        uint64_t seq;
        size_t source;
} Mark;

typedef struct Marks {
        Mark *marks;
        size_t n;
} Marks;

static void marks_done(Marks *m) {
        free(m->marks);
}
#define _cleanup_marks_ _cleanup_(marks_done)

static int add_mark(Marks *m, const LogLine *line, size_t source) {
        if (!GROW(m->marks, m->n))
                return -ENOMEM;
        m->marks[m->n++] = (Mark){ line->time, line->seq, source };
        return 0;
}

/* Newest first. */
static int compare_marks(const void *a, const void *b) {
        const Mark *x = a, *y = b;

        if (x->time != y->time)
                return x->time < y->time ? 1 : -1;
        if (x->source != y->source)
                return x->source < y->source ? 1 : -1;
        return x->seq < y->seq ? 1 : x->seq > y->seq ? -1 : 0;
}

static void keep_newest(Marks *m, uint64_t max) {
        if (m->n > 1)
                qsort(m->marks, m->n, sizeof(Mark), compare_marks);
        m->n = MIN((uint64_t) m->n, max);
}

static int mark_if_hit(const Pick *p, Marks *m, const LogLine *line, size_t source) {
        int r = line->missing > 0 ? 0 : pick_is_hit(p, line);

        return r > 0 ? add_mark(m, line, source) : r;
}

/* Marks the hits from line `from` up to before `to`. *ret_early: they begin before the time asked for. */
static int mark_step(Reading *g, size_t i, uint64_t from, uint64_t to, Marks *m, bool *ret_early) {
        Source *s = &g->sources[i];
        bool first = true;
        LogLine line;
        int r;

        *ret_early = false;
        if (from <= source_lowest(s) && s->has_from)
                r = run_log_resume(s->log, &s->from, g->exact);
        else
                r = run_log_seek(s->log, from);
        while (r >= 0 && (r = run_log_next(s->log, &line)) > 0 && line.seq < to) {
                if (first)
                        *ret_early = line.time + USEC_PER_SEC < g->pick.since;
                first = false;
                r = mark_if_hit(&g->pick, m, &line, i);
        }
        while (r >= 0 && to == UINT64_MAX && run_log_partial(s->log, &line) > 0)
                r = mark_if_hit(&g->pick, m, &line, i);
        return r;
}

/* Marks at least the last `max` hits of a source. */
static int mark_source(Reading *g, size_t i, uint64_t max, Marks *m) {
        Source *s = &g->sources[i];
        uint64_t lines = run_log_lines(s->log), lowest = source_lowest(s), step = STEP_MIN, to = UINT64_MAX;
        uint64_t from = lines + 1;
        size_t before = m->n;
        bool early = false;
        int r;

        do {
                from = lines > 0 ? MAX(usec_sub(from, step), lowest) : lowest;
                r = mark_step(g, i, from, to, m, &early);
                if (r < 0)
                        return r;
                if (to == UINT64_MAX)
                        source_keep_place(s);
                to = from;
                step *= 4;
        } while (m->n - before < max && from > lowest && !early);
        return 0;
}

/* Without a choice, lines need not be read to be counted. */
static int skip_by_number(Reading *g, uint64_t max, Error *reterr) {
        Source *s = &g->sources[0];
        uint64_t lines;
        int r;

        r = source_open(g, s, reterr);
        if (r < 0)
                return r;
        lines = run_log_lines(s->log);
        s->begin = MAX(usec_sub(lines, max) + 1, source_lowest(s));
        if (max == 0)
                s->begin = BEGIN_AT_END;
        return 0;
}

/* Whether all of its lines are older than those that were found already. */
static bool is_too_old(const Source *s, const Marks *m, uint64_t max) {
        return m->n == max && (max == 0 || s->ended < m->marks[m->n - 1].time);
}

static bool has_marks(const Marks *m, size_t source) {
        for (size_t i = 0; i < m->n; i++)
                if (m->marks[i].source == source)
                        return true;
        return false;
}

static int mark_all(Reading *g, uint64_t max, Marks *m, Error *reterr) {
        int r;

        for (size_t i = g->n; i-- > 0;) {
                Source *s = &g->sources[i];

                s->begin = BEGIN_AT_END;
                if (g->n > OPEN_MAX && is_too_old(s, m, max)) {
                        s->stage = SOURCE_CLOSED;
                        continue;
                }
                r = source_open(g, s, reterr);
                if (r < 0)
                        return r;
                r = mark_source(g, i, max, m);
                if (r < 0)
                        return reading_failed(s, r, reterr);
                keep_newest(m, max);
                if (g->n <= OPEN_MAX || s->ended == USEC_INFINITY)
                        continue;
                run_log_freep(&s->log);
                s->log = NULL;
                s->stage = has_marks(m, i) ? SOURCE_WAITING : SOURCE_CLOSED;
        }
        for (size_t i = 0; i < m->n; i++) {
                Source *s = &g->sources[m->marks[i].source];

                s->begin = MIN(s->begin, m->marks[i].seq);
        }
        return 0;
}

int reading_skip_to_last(Reading *g, uint64_t max, Error *reterr) {
        _cleanup_marks_ Marks m = {};
        int r;

        if (g->n == 0)
                return 0;
        if (g->n == 1 && (!pick_is_choosy(&g->pick) || max == 0))
                r = skip_by_number(g, max, reterr);
        else
                r = mark_all(g, max, &m, reterr);
        for (size_t i = 0; r >= 0 && i < g->n; i++) {
                Source *s = &g->sources[i];

                if (s->stage == SOURCE_OPEN && (r = source_seek(g, s)) < 0)
                        return reading_failed(s, r, reterr);
        }
        return r;
}
