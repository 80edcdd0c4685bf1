/* SPDX-License-Identifier: MIT */
#include "sdbg/base/parse.h"
#include "sdbg/job/job.h"
#include "sdbg/ops/runlog.h"
#include "sdbg/text/sanitize.h"

#include "ops/entries.h"

/* The part of a line that was read and is not given out. */
typedef struct Carry {
        Buf data;
        uint64_t seq;
        usec_t time;
        size_t given; /* so many bytes of its beginning were given as partial */
} Carry;

struct RunLog {
        Entries entries;
        uint64_t next_seq;  /* lines before it were given, or are not wanted */
        uint64_t first_seq; /* the first line that is wanted */

        Entry entry; /* the entry whose lines are given out now */
        size_t entry_pos;
        uint64_t entry_seq;
        bool has_entry;
        Carry carry[STREAM_RECORD];

        char *exit_record;
        bool exit_seen;
        uint64_t total; /* lines of the run, as its exit record tells */

        Cursor resumed; /* what was given before this log was opened */
        bool exact;
};

int run_log_open(RunLog **ret, const char *job, const char *run, Error *reterr) {
        _cleanup_run_log_ RunLog *l = calloc(1, sizeof(RunLog));
        int r;

        if (!l)
                return error_oom(reterr);
        r = entries_open(&l->entries, job, run, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(l);
        return 0;
}

void run_log_free(RunLog *l) {
        entries_done(&l->entries);
        entry_done(&l->entry);
        for (size_t i = 0; i < ELEMENTSOF(l->carry); i++)
                buf_done(&l->carry[i].data);
        free(l->exit_record);
        free(l);
}

uint64_t run_log_lines(RunLog *l) {
        return entries_lines(&l->entries);
}

uint64_t run_log_cleared(RunLog *l) {
        _cleanup_job_ Job j = JOB_INIT;
        _cleanup_entry_ Entry e = {};

        if (entries_find_newest(&l->entries, "SDBG_EVENT", "clear", &e) <= 0 || !e.record ||
            job_from_record(&j, e.record) < 0 || j.lines == UINT64_MAX)
                return 0;
        return j.lines;
}

int run_log_seek(RunLog *l, uint64_t seq) {
        l->first_seq = l->next_seq = MAX(seq, (uint64_t) 1);
        l->has_entry = false;
        l->resumed = (Cursor){};
        for (size_t i = 0; i < ELEMENTSOF(l->carry); i++) {
                l->carry[i].seq = 0;
                l->carry[i].data.len = 0;
        }
        return entries_seek(&l->entries, seq);
}

int run_log_resume(RunLog *l, const Cursor *from, bool exact) {
        uint64_t seq = from->seq + 1;
        int r;

        for (size_t i = 0; i < from->n_open; i++)
                seq = MIN(seq, from->open[i].seq);
        r = run_log_seek(l, seq);
        l->resumed = *from;
        l->exact = exact;
        return r;
}

static void add_open(Cursor *c, uint64_t seq, uint64_t bytes) {
        if (c->n_open == CURSOR_OPEN_MAX)
                return;
        c->open[c->n_open].seq = seq;
        c->open[c->n_open++].bytes = bytes;
}

void run_log_position(const RunLog *l, Cursor *ret) {
        ret->n_open = 0;
        ret->seq = MAX(l->resumed.seq, l->next_seq > 0 ? l->next_seq - 1 : 0);
        for (size_t i = 0; i < ELEMENTSOF(l->carry); i++)
                if (l->carry[i].seq > 0)
                        add_open(ret, l->carry[i].seq, l->carry[i].given);
}

/* How much of a line was given before the log was opened; UINT64_MAX: all of it. */
static uint64_t bytes_known(const RunLog *l, uint64_t seq) {
        const Cursor *c = &l->resumed;

        if (seq > c->seq)
                return 0;
        for (size_t i = 0; i < c->n_open; i++)
                if (c->open[i].seq == seq)
                        return c->open[i].bytes;
        return UINT64_MAX;
}

/* Takes out what is known of a line that has `before` bytes in front. Return: whether it has anything new. */
static bool has_news(RunLog *l, LogLine *line, size_t before) {
        uint64_t known = bytes_known(l, line->seq);

        if (known == 0)
                return true;
        if (known == UINT64_MAX || before + line->len < known)
                return false;
        if (before + line->len == known && (line->partial || !l->exact))
                return false;
        if (l->exact && before < known) {
                line->data += known - before;
                line->len -= known - before;
                line->continued = true;
        }
        return true;
}

static void take_record(RunLog *l, Entry *e) {
        _cleanup_job_ Job j = JOB_INIT;

        if (!streq_ptr(e->event, "exit"))
                return;
        free(l->exit_record);
        l->exit_record = TAKE_PTR(e->record);
        l->exit_seen = !l->exit_record || job_from_record(&j, l->exit_record) < 0 || j.state != JOB_LINGERING;
        if (l->exit_seen && j.lines != UINT64_MAX)
                l->total = j.lines;
}

/* Why lines are missing that begin with line `from`. The record of the cap comes after them. */
static const char *gap_reason(RunLog *l, uint64_t from) {
        _cleanup_entry_ Entry e = {};

        if (l->entries.has_ring && l->entries.ring.header.capped)
                return "cap";
        if (!journal_reader_is_readable(l->entries.reader))
                return "journal not readable";
        if (from == 1 && entries_find(&l->entries, "SDBG_EVENT", "gap", &e) <= 0)
                return "vacuumed";
        if (entries_find(&l->entries, "SDBG_EVENT", "cap", &e) > 0)
                return "cap";
        if (entries_find(&l->entries, "SDBG_EVENT", "start", &e) <= 0)
                return "vacuumed";
        return entries_find(&l->entries, "SDBG_EVENT", "gap", &e) > 0 ? "overflow" : "lost";
}

/* Whether lines are missing before the entry; says so in *ret. */
static bool is_gap(RunLog *l, const Entry *e, LogLine *ret) {
        uint64_t from = MAX(l->next_seq, l->resumed.seq + 1);

        if (e->seq <= from)
                return false;
        l->next_seq = e->seq;
        if (from < l->first_seq)
                return false;
        *ret = (LogLine){
                .job = l->entries.job,
                .run = l->entries.run,
                .seq = from,
                .time = e->time,
                .stream = e->stream,
                .missing = e->seq - from,
                .reason = gap_reason(l, from),
        };
        return true;
}

static void fill_line(RunLog *l, LogLine *ret, const char *data, size_t len, bool partial) {
        const Entry *e = &l->entry;

        *ret = (LogLine){
                .job = l->entries.job,
                .run = l->entries.run,
                .seq = l->entry_seq,
                .time = e->time,
                .stream = e->stream,
                .data = data,
                .len = len,
                .clean = sanitize_is_clean(data, len),
                .partial = partial,
        };
}

/* Joins a piece with the part of the line that came before. Return: whether there is a line now. */
static bool join(RunLog *l, const char *data, size_t len, bool finished, LogLine *ret) {
        Carry *c = &l->carry[l->entry.stream];

        if (c->seq != l->entry_seq) {
                c->data.len = 0;
                c->given = 0;
                c->seq = l->entry_seq;
                c->time = l->entry.time;
        }
        if (finished && c->data.len == 0 && c->given == 0) {
                fill_line(l, ret, data, len, false);
                c->seq = 0;
                return has_news(l, ret, 0);
        }
        buf_append(&c->data, data, len);
        if (!finished)
                return false;
        fill_line(l, ret, c->data.data, c->data.len, false);
        ret->time = c->time;
        ret->continued = c->given > 0;
        c->seq = 0;
        c->data.len = 0; /* the bytes stay until the next call */
        return has_news(l, ret, c->given);
}

/* The next line of the entry that is at hand. Return: whether there was one. */
static bool next_of_entry(RunLog *l, LogLine *ret) {
        const Entry *e = &l->entry;

        while (l->entry_pos < e->bytes.len) {
                const char *p = e->bytes.data + l->entry_pos;
                const char *newline = memchr(p, '\n', e->bytes.len - l->entry_pos);
                size_t len = newline ? (size_t) (newline - p) : e->bytes.len - l->entry_pos;
                bool wanted = l->entry_seq >= l->first_seq, line;

                l->entry_pos += len + (newline != NULL);
                line = join(l, p, len, newline != NULL, ret);
                l->next_seq = MAX(l->next_seq, l->entry_seq + 1);
                if (newline)
                        l->entry_seq++;
                if (line && wanted)
                        return true;
        }
        l->has_entry = false;
        return false;
}

/* Lines may be missing at the very end, with no entry behind them. */
static bool is_gap_at_end(RunLog *l, LogLine *ret) {
        Entry end = { .seq = l->total + 1, .time = l->entry.time };

        return l->exit_seen && is_gap(l, &end, ret);
}

int run_log_next(RunLog *l, LogLine *ret) {
        int r;

        for (;;) {
                if (l->has_entry && next_of_entry(l, ret))
                        return 1;
                r = entries_next(&l->entries, &l->entry);
                if (r <= 0)
                        return r < 0 ? r : is_gap_at_end(l, ret);
                if (l->entry.stream == STREAM_RECORD) {
                        take_record(l, &l->entry);
                        continue;
                }
                l->has_entry = true;
                l->entry_pos = 0;
                l->entry_seq = l->entry.seq;
                if (is_gap(l, &l->entry, ret))
                        return 1;
        }
}

int run_log_partial(RunLog *l, LogLine *ret) {
        for (Stream s = 0; s < STREAM_RECORD; s++) {
                Carry *c = &l->carry[s];
                bool fresh;

                if (c->seq == 0 || c->data.len == 0 || c->seq < l->first_seq)
                        continue;
                *ret = (LogLine){
                        .job = l->entries.job,
                        .run = l->entries.run,
                        .seq = c->seq,
                        .time = c->time,
                        .stream = s,
                        .data = c->data.data,
                        .len = c->data.len,
                        .clean = sanitize_is_clean(c->data.data, c->data.len),
                        .partial = true,
                        .continued = c->given > 0,
                };
                fresh = has_news(l, ret, c->given);
                c->given += c->data.len;
                c->data.len = 0;
                if (fresh)
                        return 1;
        }
        return 0;
}

bool run_log_ended(const RunLog *l) {
        return l->exit_seen || entries_at_end(&l->entries);
}

const char *run_log_exit_record(const RunLog *l) {
        return l->exit_record;
}

int run_log_fd(RunLog *l) {
        return entries_fd(&l->entries);
}
