/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/journal/reader.h"
#include "sdbg/ops/logs.h"
#include "sdbg/text/quote.h"

#include "ops/hints.h"

/* Exit records that are read in search of POSTMORTEM_RUNS with the same command. */
#define RECORDS_MAX 200
#define LINE_MAX_BYTES 500
/* The rest of POSTMORTEM_LINES is their context. */
#define ERRORS_MAX 6

static void clear_lines(PostMortem *p) {
        for (size_t i = 0; i < p->n_lines; i++)
                free(p->lines[i].text);
        p->n_lines = 0;
}

void post_mortem_done(PostMortem *p) {
        clear_lines(p);
        free(p->summary);
        strv_free(p->hints);
        *p = (PostMortem){};
}

void post_mortem_drop_last_lines(PostMortem *p) {
        if (!p->has_errors)
                clear_lines(p);
}

/* What the runs before tell. */
typedef struct History {
        usec_t durations[POSTMORTEM_RUNS]; /* of those that succeeded */
        bool succeeded;                    /* one did: what is before it is in no row with this run */
        char run[33];                      /* the one counted last; a record may be in the journal twice */
} History;

static void count_run(PostMortem *p, History *h, const Job *earlier) {
        if (streq(h->run, strempty(earlier->run)))
                return;
        snprintf(h->run, sizeof(h->run), "%s", strempty(earlier->run));
        p->runs++;
        if (earlier->result == RESULT_SUCCESS) {
                if (earlier->duration != USEC_INFINITY)
                        h->durations[p->successes++] = earlier->duration;
                if (!h->succeeded)
                        p->last_success = earlier->ended_at;
                h->succeeded = true;
        } else if (earlier->state == JOB_FAILED && !h->succeeded && p->failed_in_a_row > 0)
                p->failed_in_a_row++;
}

static int compare_durations(const void *a, const void *b) {
        usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;
        return x < y ? -1 : x > y;
}

/* The runs of the same command under this name that ended before, the newest first. */
static int read_history(const Job *j, PostMortem *p, History *h) {
        _cleanup_journal_reader_ JournalReader *reader = NULL;
        _cleanup_entry_ Entry e = {};
        size_t records = 0;
        int r;

        r = journal_reader_open(&reader, NULL);
        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_JOB", j->name);
        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_EVENT", "exit");
        if (r >= 0)
                r = journal_reader_seek_tail(reader);
        while (r >= 0 && p->runs < POSTMORTEM_RUNS && records++ < RECORDS_MAX &&
               (r = journal_reader_previous(reader, &e)) > 0) {
                _cleanup_job_ Job earlier = JOB_INIT;

                /* One whose processes lingered has two records. */
                if (!e.record || streq_ptr(e.run, j->run) || job_from_record(&earlier, e.record) < 0 ||
                    !job_has_ended(&earlier) || !streq_ptr(earlier.command, j->command) ||
                    earlier.ended_at > j->started_at)
                        continue;
                count_run(p, h, &earlier);
        }
        return r == -ENOMEM ? r : 0;
}

static int compare_with_earlier(const Job *j, PostMortem *p) {
        History h = {};
        int r;

        p->failed_in_a_row = j->state == JOB_FAILED;
        p->usual_duration = USEC_INFINITY;
        r = read_history(j, p, &h);
        if (p->successes > 0) {
                qsort(h.durations, p->successes, sizeof(usec_t), compare_durations);
                p->usual_duration = h.durations[p->successes / 2];
        }
        return r;
}

/* Keeps the last lines that fit. */
typedef struct Keeping {
        PostMortem *p;
        size_t bytes;
} Keeping;

static void drop_first(Keeping *k) {
        PostMortem *p = k->p;

        k->bytes -= strlen(p->lines[0].text);
        free(p->lines[0].text);
        memmove(&p->lines[0], &p->lines[1], --p->n_lines * sizeof(p->lines[0]));
}

static int keep_line(void *userdata, const LogLine *line) {
        Keeping *k = userdata;
        PostMortem *p = k->p;
        char *text;

        if (line->missing > 0)
                return 0;
        text = printable_line(line->data, line->len, LINE_MAX_BYTES);
        if (!text)
                return -ENOMEM;
        while (p->n_lines == POSTMORTEM_LINES ||
               (p->n_lines > 0 && k->bytes + strlen(text) > POSTMORTEM_BYTES))
                drop_first(k);
        k->bytes += strlen(text);
        p->lines[p->n_lines++] = (PostMortemLine){
                .seq = line->seq,
                .time = line->time,
                .stream = line->stream,
                .apart = line->apart,
                .text = text,
        };
        return 0;
}

static int find_lines(const Job *j, PostMortem *p) {
        Keeping k = { .p = p };
        int r;

        if (!j->run || j->lines == 0)
                return 0;
        if (j->state == JOB_FAILED) {
                r = op_errors(j->name, j->run, ERRORS_MAX, keep_line, &k, NULL);
                p->has_errors = p->n_lines > 0;
                if (r == -ENOMEM || p->has_errors)
                        return r == -ENOMEM ? r : 0;
        }
        r = op_tail(j->name, j->run, POSTMORTEM_LINES, keep_line, &k, NULL);
        /* Its output may be gone. */
        return r == -ENOMEM ? r : 0;
}

static void compare_duration(Buf *b, const Job *j, const PostMortem *p) {
        char span[32];

        if (j->duration == USEC_INFINITY)
                return;
        buf_printf(b, "; it ran %s", format_duration(span, sizeof(span), j->duration));
        if (p->usual_duration != USEC_INFINITY)
                buf_printf(b, ", %s %s", p->successes > 1 ? "usually" : "the last time",
                           format_duration(span, sizeof(span), p->usual_duration));
}

static char *summarize(const Job *j, const PostMortem *p) {
        Buf b = {};

        buf_append_str(&b, j->reason ?: "it is over");
        compare_duration(&b, j, p);
        if (p->memory_percent >= 90)
                buf_printf(&b, "; its memory came to %d%% of the limit", p->memory_percent);
        if (p->failed_in_a_row > 1)
                buf_printf(&b, "; it has failed %" PRIu64 " times in a row", p->failed_in_a_row);
        return buf_take(&b);
}

int op_post_mortem(const Job *j, PostMortem *p) {
        int r;

        *p = (PostMortem){ .memory_percent = -1 };
        if (j->memory_peak != UINT64_MAX && j->memory_max != UINT64_MAX && j->memory_max > 0)
                p->memory_percent = MIN((double) j->memory_peak / j->memory_max * 100, 100.0);
        r = compare_with_earlier(j, p);
        if (r >= 0)
                r = find_lines(j, p);
        if (r >= 0)
                r = hints_find(j, p);
        if (r < 0)
                return r;
        p->summary = summarize(j, p);
        return p->summary ? 0 : -ENOMEM;
}
