/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/journal/reader.h"
#include "sdbg/ops/runlog.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/runtime/ring.h"
#include "sdbg/text/sanitize.h"

/* The part of a line that was read and is not given out. */
typedef struct Carry {
        Buf data;
        uint64_t seq;
        usec_t time;
        bool given; /* its beginning was given as partial */
} Carry;

struct RunLog {
        char *job, *run;
        JournalReader *reader, *finder; /* the second looks single entries up */
        bool repairs;                   /* some entries of the run were written again */

        int dir_fd;
        Ring ring;
        bool has_ring;
        Buf snapshot;
        size_t offset;       /* in the snapshot */
        uint64_t ring_pos;   /* where the snapshot ends */
        uint64_t ring_first; /* number of the first entry in it; UINT64_MAX: no ring */
        bool in_ring;        /* the journal's part is done */
        int inotify_fd;

        uint64_t next_entry; /* the number that is due; 0: whatever comes first */
        uint64_t next_seq;   /* lines before it were given, or are not wanted */
        uint64_t first_seq;  /* the first line that is wanted */

        Entry ahead; /* an entry that came after a gap */
        bool has_ahead;
        unsigned misses; /* entries looked up in vain, in a row */
        Entry entry;     /* the entry whose lines are given out now */
        size_t entry_pos;
        uint64_t entry_seq;
        bool has_entry;
        Carry carry[STREAM_RECORD];

        char *exit_record;
        bool exit_seen;
        uint64_t total; /* lines of the run, as its exit record tells */
};

static int open_ring(RunLog *l) {
        int r;

        l->dir_fd = jobdir_open(l->job, false, NULL);
        if (l->dir_fd < 0)
                return 0;
        r = ring_open(&l->ring, l->dir_fd, false);
        if (r < 0)
                return r == -ENOENT || r == -EBADMSG ? 0 : r;
        /* The ring of another run says nothing of this one. */
        l->has_ring = memcmp(l->ring.header.run, l->run, strnlen(l->run, sizeof(l->ring.header.run))) == 0;
        return 0;
}

int run_log_open(RunLog **ret, const char *job, const char *run, Error *reterr) {
        _cleanup_run_log_ RunLog *l = calloc(1, sizeof(RunLog));
        int r;

        if (!l)
                return error_oom(reterr);
        l->dir_fd = l->inotify_fd = -EBADF;
        l->ring = RING_INIT;
        l->ring_first = UINT64_MAX;
        l->job = strdup(job);
        l->run = strdup(run);
        if (!l->job || !l->run)
                return error_oom(reterr);

        r = open_ring(l);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot open the newest output of '%s'", job);
        r = journal_reader_open(&l->reader, l->has_ring ? NULL : reterr);
        if (r < 0)
                return r;
        r = journal_reader_match(l->reader, "SDBG_RUN", run);
        if (r < 0)
                return error_oom(reterr);
        *ret = TAKE_PTR(l);
        return 0;
}

void run_log_free(RunLog *l) {
        journal_reader_freep(&l->reader);
        journal_reader_freep(&l->finder);
        close_fd(l->dir_fd);
        close_fd(l->inotify_fd);
        ring_done(&l->ring);
        buf_done(&l->snapshot);
        entry_done(&l->entry);
        entry_done(&l->ahead);
        for (size_t i = 0; i < ELEMENTSOF(l->carry); i++)
                buf_done(&l->carry[i].data);
        free(l->exit_record);
        free(l->job);
        free(l->run);
        free(l);
}

const char *run_log_job(const RunLog *l) {
        return l->job;
}

/* Reads what the ring has beyond what was read before. */
static int refill(RunLog *l) {
        uint64_t from;
        size_t first = 0;
        Batch b;
        int r;

        r = ring_snapshot(&l->ring, l->ring_pos, &l->snapshot, &from);
        if (r < 0)
                return r;
        l->offset = 0;
        l->ring_pos = from + l->snapshot.len;
        if (l->ring_first == UINT64_MAX && ring_parse(&l->snapshot, &first, &b) > 0)
                l->ring_first = b.entry;
        return l->snapshot.len > 0;
}

uint64_t run_log_lines(RunLog *l) {
        _cleanup_entry_ Entry e = {};
        uint64_t lines = 0;

        if (l->has_ring && ring_refresh(&l->ring) >= 0)
                return l->ring.header.lines;
        (void) journal_reader_seek_tail(l->reader);
        while (lines == 0 && journal_reader_previous(l->reader, &e) > 0)
                if (e.stream != STREAM_RECORD && !e.repaired)
                        lines = e.seq + e.lines - 1;
        return lines;
}

static int seek_journal_head(RunLog *l) {
        l->next_entry = 1;
        return journal_reader_seek_head(l->reader);
}

/* Goes back in the journal to the entry that holds line `seq`, or to the first. */
static int seek_journal(RunLog *l, uint64_t seq) {
        _cleanup_entry_ Entry e = {};
        int r;

        l->next_entry = 0;
        if (seq <= 1)
                return seek_journal_head(l);
        r = journal_reader_seek_tail(l->reader);
        while (r >= 0 && (r = journal_reader_previous(l->reader, &e)) > 0) {
                /* An entry that begins with this line may only go on with it. */
                if (e.stream == STREAM_RECORD || e.repaired || e.seq >= seq)
                        continue;
                return journal_reader_seek_cursor(l->reader, e.cursor);
        }
        return r < 0 ? r : seek_journal_head(l);
}

/* Whether the ring holds line `seq` or all that comes after it; it is then placed there. */
static bool seek_ring(RunLog *l, uint64_t seq) {
        size_t offset = 0, at = 0;
        bool first = true;
        Batch b;

        if (!l->has_ring)
                return false;
        l->ring_pos = 0;
        l->ring_first = UINT64_MAX;
        if (refill(l) < 0)
                return false;
        while (ring_parse(&l->snapshot, &offset, &b) > 0) {
                if (b.stream != STREAM_RECORD) {
                        if (first && b.seq > seq && l->ring_first > 1)
                                return false;
                        if (b.seq + b.lines > seq)
                                break;
                        first = false;
                }
                at = offset;
        }
        l->offset = at;
        l->next_entry = 0;
        return true;
}

int run_log_seek(RunLog *l, uint64_t seq) {
        l->first_seq = l->next_seq = MAX(seq, (uint64_t) 1);
        l->in_ring = seek_ring(l, seq) || !journal_reader_is_readable(l->reader);
        return l->in_ring ? 0 : seek_journal(l, seq);
}

/* The first entry of the run with this field, wherever in the journal it stands. */
static int find(RunLog *l, const char *field, const char *value, Entry *ret) {
        int r;

        if (!l->finder) {
                r = journal_reader_open(&l->finder, NULL);
                if (r < 0)
                        return r;
        }
        r = journal_reader_match(l->finder, NULL, NULL);
        if (r >= 0)
                r = journal_reader_match(l->finder, "SDBG_RUN", l->run);
        if (r >= 0)
                r = journal_reader_match(l->finder, field, value);
        if (r >= 0)
                r = journal_reader_seek_head(l->finder);
        return r < 0 ? r : journal_reader_next(l->finder, ret);
}

/* One entry by its number. A full disk can make journald link an entry to some of its fields only, so it
 * is looked for by the job as well. */
static int find_entry(RunLog *l, uint64_t number, Entry *ret) {
        char text[24];
        int r;

        snprintf(text, sizeof(text), "%" PRIu64, number);
        r = find(l, "SDBG_ENTRY", text, ret);
        if (r != 0)
                return r;
        r = journal_reader_match(l->finder, NULL, NULL);
        if (r >= 0)
                r = journal_reader_match(l->finder, "SDBG_JOB", l->job);
        if (r >= 0)
                r = journal_reader_match(l->finder, "SDBG_ENTRY", text);
        if (r >= 0)
                r = journal_reader_seek_head(l->finder);
        while (r >= 0 && (r = journal_reader_next(l->finder, ret)) > 0)
                if (streq(ret->run, l->run))
                        return 1;
        return r;
}

static int next_from_ring(RunLog *l, Entry *e) {
        EntryTag tag = { .job = l->job, .run = l->run };
        Batch b;
        int r;

        if (!l->has_ring)
                return 0;
        r = ring_parse(&l->snapshot, &l->offset, &b);
        if (r == 0 && refill(l) > 0)
                r = ring_parse(&l->snapshot, &l->offset, &b);
        if (r <= 0)
                return r;
        entry_done(e);
        r = entry_from_batch(e, &tag, &b);
        return r < 0 ? r : 1;
}

/* The next entry in the order of their places: the journal's, then the ring's. */
static int next_in_place(RunLog *l, Entry *e) {
        int r;

        if (!l->in_ring) {
                r = journal_reader_next(l->reader, e);
                if (r < 0 || (r > 0 && e->entry < l->ring_first))
                        return r;
                l->in_ring = true;
        }
        return next_from_ring(l, e);
}

/* Whether the entry that is due is not in its place but may be in the journal. So many that are nowhere
 * in a row are gone for good: the cap's, or vacuumed ones. */
#define MISSES_MAX 16

static bool is_elsewhere(RunLog *l) {
        return l->next_entry > 0 && l->ahead.entry > l->next_entry && l->misses < MISSES_MAX;
}

/* The next entry by its number, those written again included. */
static int next_entry(RunLog *l, Entry *e) {
        int r;

        for (;;) {
                if (!l->has_ahead) {
                        r = next_in_place(l, &l->ahead);
                        if (r <= 0)
                                return r;
                        if (l->ahead.entry == 0 || l->ahead.entry < l->next_entry)
                                continue; /* a note of somebody else, a copy, or one that was taken already */
                        l->has_ahead = true;
                }
                if (is_elsewhere(l)) {
                        r = find_entry(l, l->next_entry, e);
                        if (r < 0)
                                return r;
                        l->next_entry++;
                        l->misses = r > 0 ? 0 : l->misses + 1;
                        if (r > 0)
                                return 1;
                        continue;
                }
                l->misses = 0;
                entry_done(e);
                *e = l->ahead;
                l->ahead = (Entry){};
                l->has_ahead = false;
                l->next_entry = e->entry + 1;
                return 1;
        }
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

        if (l->has_ring && l->ring.header.capped)
                return "cap";
        if (!journal_reader_is_readable(l->reader))
                return "journal not readable";
        if (from == 1 && find(l, "SDBG_EVENT", "gap", &e) <= 0)
                return "vacuumed";
        if (find(l, "SDBG_EVENT", "cap", &e) > 0)
                return "cap";
        return find(l, "SDBG_EVENT", "gap", &e) > 0 ? "overflow" : "lost";
}

/* Whether lines are missing before the entry; says so in *ret. */
static bool is_gap(RunLog *l, const Entry *e, LogLine *ret) {
        uint64_t from = l->next_seq;

        if (e->seq <= from)
                return false;
        l->next_seq = e->seq;
        if (from < l->first_seq)
                return false;
        *ret = (LogLine){
                .job = l->job,
                .run = l->run,
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
                .job = l->job,
                .run = l->run,
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
                c->given = false;
                c->seq = l->entry_seq;
                c->time = l->entry.time;
        }
        if (finished && c->data.len == 0 && !c->given) {
                fill_line(l, ret, data, len, false);
                return true;
        }
        buf_append(&c->data, data, len);
        if (!finished)
                return false;
        fill_line(l, ret, c->data.data, c->data.len, false);
        ret->time = c->time;
        ret->continued = c->given;
        c->seq = 0;
        c->data.len = 0; /* the bytes stay until the next call */
        return true;
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
                r = next_entry(l, &l->entry);
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

                if (c->seq == 0 || c->data.len == 0 || c->seq < l->first_seq)
                        continue;
                *ret = (LogLine){
                        .job = l->job,
                        .run = l->run,
                        .seq = c->seq,
                        .time = c->time,
                        .stream = s,
                        .data = c->data.data,
                        .len = c->data.len,
                        .clean = sanitize_is_clean(c->data.data, c->data.len),
                        .partial = true,
                        .continued = c->given,
                };
                c->given = true;
                c->data.len = 0;
                return 1;
        }
        return 0;
}

bool run_log_ended(const RunLog *l) {
        if (l->has_ring)
                return l->exit_seen || (l->ring.header.ended && l->ring_pos == l->ring.header.head);
        return l->in_ring || l->exit_seen;
}

const char *run_log_exit_record(const RunLog *l) {
        return l->exit_record;
}

int run_log_fd(RunLog *l) {
        char drain[4096], path[64];

        if (l->inotify_fd >= 0) {
                while (read(l->inotify_fd, drain, sizeof(drain)) > 0)
                        ;
                return l->inotify_fd;
        }
        l->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (l->inotify_fd < 0)
                return -errno;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", l->has_ring ? l->ring.fd : l->dir_fd);
        if (inotify_add_watch(l->inotify_fd, path, IN_MODIFY | IN_ATTRIB) < 0)
                return -errno;
        return l->inotify_fd;
}
