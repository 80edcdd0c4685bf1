/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "sdbg/output/top.h"

#include "output/internal.h"

typedef struct TopSample {
        char *name, *run;
        usec_t cpu;
} TopSample;

static void forget_before(Top *t) {
        for (size_t i = 0; i < t->n_before; i++) {
                free(t->before[i].name);
                free(t->before[i].run);
        }
        free(t->before);
        t->before = NULL;
        t->n_before = 0;
}

void top_done(Top *t) {
        forget_before(t);
        job_list_done(&t->jobs);
        free(t->selected);
        *t = (Top){};
}

static int compare_samples(const void *a, const void *b) {
        return strcmp(((const TopSample *) a)->name, ((const TopSample *) b)->name);
}

/* What is shown now becomes what was before. */
static int keep_sample(Top *t) {
        forget_before(t);
        t->before = calloc(t->jobs.n ?: 1, sizeof(TopSample));
        if (!t->before)
                return -ENOMEM;
        for (size_t i = 0; i < t->jobs.n; i++) {
                Job *j = &t->jobs.jobs[i];

                t->before[t->n_before++] = (TopSample){ TAKE_PTR(j->name), TAKE_PTR(j->run), j->cpu };
        }
        qsort(t->before, t->n_before, sizeof(TopSample), compare_samples);
        t->before_at = t->at;
        return 0;
}

uint64_t top_cpu(const Top *t, const Job *j) {
        TopSample key = { .name = j->name }, *before = NULL;

        if (t->n_before > 0)
                before = bsearch(&key, t->before, t->n_before, sizeof(TopSample), compare_samples);
        if (!before || !streq_ptr(before->run, j->run) || before->cpu == USEC_INFINITY ||
            j->cpu == USEC_INFINITY || t->at <= t->before_at)
                return UINT64_MAX;
        return usec_sub(j->cpu, before->cpu) * 1000 / (t->at - t->before_at);
}

/* The larger first, the unknown last. */
static int compare_figures(uint64_t a, uint64_t b) {
        a = a == UINT64_MAX ? 0 : a + 1;
        b = b == UINT64_MAX ? 0 : b + 1;
        return (a < b) - (a > b);
}

static int compare_jobs(const void *a, const void *b, void *userdata) {
        const Job *x = a, *y = b;
        const Top *t = userdata;
        int r = t->sort == TOP_BY_CPU      ? compare_figures(top_cpu(t, x), top_cpu(t, y))
                : t->sort == TOP_BY_MEMORY ? compare_figures(x->memory, y->memory)
                                           : 0;

        return r ?: strcmp(x->name, y->name);
}

static void sort_jobs(Top *t) {
        if (t->jobs.n > 0)
                qsort_r(t->jobs.jobs, t->jobs.n, sizeof(Job), compare_jobs, t);
}

int top_take(Top *t, JobList *io, usec_t now) {
        if (keep_sample(t) < 0)
                return -ENOMEM;
        job_list_done(&t->jobs);
        t->jobs = *io;
        *io = (JobList){};
        t->at = now;
        sort_jobs(t);
        return 0;
}

/* Where the mark is. There must be jobs. */
static size_t position(const Top *t) {
        for (size_t i = 0; t->selected && i < t->jobs.n; i++)
                if (streq(t->jobs.jobs[i].name, t->selected))
                        return i;
        return MIN(t->mark, t->jobs.n - 1);
}

const Job *top_selected(const Top *t) {
        return t->jobs.n > 0 ? &t->jobs.jobs[position(t)] : NULL;
}

Job *top_scroll(Top *t, unsigned rows, size_t *ret_n) {
        size_t at = t->jobs.n > 0 ? position(t) : 0;

        t->rows = rows > TOP_FRAME_ROWS ? rows - TOP_FRAME_ROWS : 1;
        t->first = MIN(t->first, t->jobs.n > t->rows ? t->jobs.n - t->rows : 0);
        if (at < t->first)
                t->first = at;
        if (at >= t->first + t->rows)
                t->first = at - t->rows + 1;
        t->mark = at;
        *ret_n = MIN(t->rows, t->jobs.n - t->first);
        return t->jobs.jobs + t->first;
}

static void move_mark(Top *t, ssize_t by) {
        size_t at, last = t->jobs.n - 1;

        if (t->jobs.n == 0)
                return;
        at = position(t);
        at = by < 0 ? at - MIN(at, (size_t) -by) : MIN(last, at + (size_t) by);
        free(t->selected);
        t->selected = strdup(t->jobs.jobs[at].name);
}

size_t top_decode_key(const char *typed, size_t len, int *ret) {
        static const struct {
                const char *bytes;
                int key;
        } sequences[] = {
                { "\033[A", TOP_KEY_UP },   { "\033OA", TOP_KEY_UP },       { "\033[B", TOP_KEY_DOWN },
                { "\033OB", TOP_KEY_DOWN }, { "\033[5~", TOP_KEY_PAGE_UP }, { "\033[6~", TOP_KEY_PAGE_DOWN },
                { "\033[H", TOP_KEY_HOME }, { "\033OH", TOP_KEY_HOME },     { "\033[1~", TOP_KEY_HOME },
                { "\033[F", TOP_KEY_END },  { "\033OF", TOP_KEY_END },      { "\033[4~", TOP_KEY_END },
        };

        for (size_t i = 0; i < ELEMENTSOF(sequences); i++) {
                size_t n = strlen(sequences[i].bytes);

                if (len >= n && memcmp(typed, sequences[i].bytes, n) == 0) {
                        *ret = sequences[i].key;
                        return n;
                }
        }
        *ret = (unsigned char) *typed;
        if (*typed != '\033')
                return 1;
        /* A key that is bound to nothing, up to its last byte (ECMA-48, 5.4). */
        *ret = TOP_KEY_NONE;
        if (len < 2 || typed[1] != '[')
                return MIN(len, (size_t) 2);
        for (size_t i = 2; i < len; i++)
                if (typed[i] >= '@' && typed[i] <= '~')
                        return i + 1;
        return len;
}

static void sort_by(Top *t, TopSort sort) {
        t->sort = sort;
        sort_jobs(t);
}

static TopAction on_question(Top *t, int key) {
        t->mode = TOP_TABLE;
        return key == 'y' || key == 'Y' ? TOP_STOP : TOP_NOTHING;
}

static TopAction on_job_key(Top *t, int key) {
        const Job *j = top_selected(t);

        if (!j)
                return TOP_NOTHING;
        /* The question is about this one, whatever comes meanwhile. */
        move_mark(t, 0);
        switch (key) {
        case 'f':
        case '\r':
                return TOP_FOLLOW;
        case 'a':
                return TOP_ATTACH;
        case 'r':
                return TOP_RESTART;
        case 'p':
                return j->state == JOB_PAUSED ? TOP_RESUME : TOP_PAUSE;
        case 's':
                t->mode = TOP_CONFIRM_STOP;
        }
        return TOP_NOTHING;
}

TopAction top_key(Top *t, int key) {
        t->message[0] = '\0';
        if (key == 'q' || key == 'C' - '@')
                return TOP_QUIT;
        if (t->mode == TOP_CONFIRM_STOP)
                return on_question(t, key);
        if (t->mode == TOP_HELP) {
                t->mode = TOP_TABLE;
                return TOP_NOTHING;
        }
        switch (key) {
        case TOP_KEY_UP:
        case 'k':
                move_mark(t, -1);
                break;
        case TOP_KEY_DOWN:
        case 'j':
                move_mark(t, 1);
                break;
        case TOP_KEY_PAGE_UP:
                move_mark(t, -(ssize_t) t->rows);
                break;
        case TOP_KEY_PAGE_DOWN:
                move_mark(t, (ssize_t) t->rows);
                break;
        case TOP_KEY_HOME:
                move_mark(t, -(ssize_t) t->jobs.n);
                break;
        case TOP_KEY_END:
                move_mark(t, (ssize_t) t->jobs.n);
                break;
        case 'n':
                sort_by(t, TOP_BY_NAME);
                break;
        case 'c':
                sort_by(t, TOP_BY_CPU);
                break;
        case 'm':
                sort_by(t, TOP_BY_MEMORY);
                break;
        case 'h':
        case '?':
                t->mode = TOP_HELP;
                break;
        default:
                return on_job_key(t, key);
        }
        return TOP_NOTHING;
}

void top_say(Top *t, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vsnprintf(t->message, sizeof(t->message), format, ap);
        va_end(ap);
}
