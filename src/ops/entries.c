/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/entries.h"

static int open_ring(Entries *s) {
        int r;

        s->dir_fd = jobdir_open(s->job, false, NULL);
        if (s->dir_fd < 0)
                return 0;
        r = ring_open(&s->ring, s->dir_fd, false);
        if (r < 0)
                return r == -ENOENT || r == -EBADMSG ? 0 : r;
        /* The ring of another run says nothing of this one. */
        s->has_ring = memcmp(s->ring.header.run, s->run, strnlen(s->run, sizeof(s->ring.header.run))) == 0;
        return 0;
}

int entries_open(Entries *s, const char *job, const char *run, Error *reterr) {
        int r;

        *s = ENTRIES_INIT;
        s->job = strdup(job);
        s->run = strdup(run);
        if (!s->job || !s->run)
                return error_oom(reterr);

        r = open_ring(s);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot open the newest output of '%s'", job);
        r = journal_reader_open(&s->reader, s->has_ring ? NULL : reterr);
        if (r < 0)
                return r;
        r = journal_reader_match(s->reader, "SDBG_RUN", run);
        return r < 0 ? error_oom(reterr) : 0;
}

void entries_done(Entries *s) {
        journal_reader_freep(&s->reader);
        journal_reader_freep(&s->finder);
        close_fd(s->dir_fd);
        close_fd(s->inotify_fd);
        ring_done(&s->ring);
        buf_done(&s->snapshot);
        entry_done(&s->ahead);
        free(s->job);
        free(s->run);
}

/* Reads what the ring has beyond what was read before. */
static int refill(Entries *s) {
        uint64_t from;
        size_t first = 0;
        Batch b;
        int r;

        do { /* what is overwritten while it is read leaves nothing of a piece */
                r = ring_snapshot(&s->ring, s->ring_pos, &s->snapshot, &from);
                if (r < 0)
                        return r;
                s->ring_pos = from + s->snapshot.len;
        } while (s->snapshot.len == 0 && s->ring_pos < s->ring.header.head);
        s->offset = 0;
        if (s->ring_first == UINT64_MAX && ring_parse(&s->snapshot, &first, &b) > 0)
                s->ring_first = b.entry;
        return s->snapshot.len > 0;
}

uint64_t entries_lines(Entries *s) {
        _cleanup_entry_ Entry e = {};
        uint64_t lines = 0;

        if (s->has_ring && ring_refresh(&s->ring) >= 0)
                return s->ring.header.lines;
        (void) journal_reader_seek_tail(s->reader);
        while (lines == 0 && journal_reader_previous(s->reader, &e) > 0)
                if (e.stream != STREAM_RECORD && !e.repaired)
                        lines = e.seq + e.lines - 1;
        return lines;
}

/* Whether the ring holds line `seq` or all that comes after it; it is then placed there. */
static bool seek_ring(Entries *s, uint64_t seq) {
        bool first = true;
        Batch b;
        int r;

        if (!s->has_ring)
                return false;
        s->ring_pos = 0;
        s->ring_first = UINT64_MAX;
        while ((r = refill(s)) > 0)
                for (size_t next = 0; ring_parse(&s->snapshot, &next, &b) > 0; s->offset = next) {
                        if (b.stream == STREAM_RECORD)
                                continue;
                        if (first && b.seq > seq && s->ring_first > 1)
                                return false;
                        if (b.seq + b.lines > seq)
                                return true;
                        first = false;
                }
        return r == 0;
}

int entries_seek(Entries *s, uint64_t seq) {
        entry_done(&s->ahead);
        s->has_ahead = false;
        s->misses = 0;
        s->next_entry = 0;
        s->in_ring = seek_ring(s, seq) || !journal_reader_is_readable(s->reader);
        if (s->in_ring)
                return 0;
        if (seq > 1)
                return journal_reader_seek_line(s->reader, seq);
        s->next_entry = 1;
        return journal_reader_seek_head(s->reader);
}

static int choose(JournalReader *reader, const char *run, const char *field, const char *value) {
        int r = journal_reader_match(reader, NULL, NULL);

        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_RUN", run);
        return r >= 0 && field ? journal_reader_match(reader, field, value) : r;
}

int entries_find(Entries *s, const char *field, const char *value, Entry *ret) {
        int r;

        if (!s->finder) {
                r = journal_reader_open(&s->finder, NULL);
                if (r < 0)
                        return r;
                (void) journal_reader_fd(s->finder);
        }
        /* Files that journald has begun meanwhile. */
        r = journal_reader_process(s->finder);
        if (r < 0)
                return r;
        r = choose(s->finder, s->run, field, value);
        if (r >= 0)
                r = journal_reader_seek_head(s->finder);
        return r < 0 ? r : journal_reader_next(s->finder, ret);
}

int entries_find_newest(Entries *s, const char *field, const char *value, Entry *ret) {
        int r, k;

        /* Before the first seek the reader is free, and opening another one takes its time. */
        r = choose(s->reader, s->run, field, value);
        if (r >= 0)
                r = journal_reader_seek_tail(s->reader);
        if (r >= 0)
                r = journal_reader_previous(s->reader, ret);
        k = choose(s->reader, s->run, NULL, NULL);
        return k < 0 ? k : r;
}

/* One entry by its number. A full disk can make journald link an entry to some of its fields only, so it
 * is looked for by the job as well. */
static int find_entry(Entries *s, uint64_t number, Entry *ret) {
        char text[24];
        int r;

        snprintf(text, sizeof(text), "%" PRIu64, number);
        r = entries_find(s, "SDBG_ENTRY", text, ret);
        if (r != 0)
                return r;
        r = journal_reader_match(s->finder, NULL, NULL);
        if (r >= 0)
                r = journal_reader_match(s->finder, "SDBG_JOB", s->job);
        if (r >= 0)
                r = journal_reader_match(s->finder, "SDBG_ENTRY", text);
        if (r >= 0)
                r = journal_reader_seek_head(s->finder);
        while (r >= 0 && (r = journal_reader_next(s->finder, ret)) > 0)
                if (streq(ret->run, s->run))
                        return 1;
        return r;
}

static int next_from_ring(Entries *s, Entry *e) {
        EntryTag tag = { .job = s->job, .run = s->run };
        Batch b;
        int r;

        if (!s->has_ring)
                return 0;
        r = ring_parse(&s->snapshot, &s->offset, &b);
        if (r == 0 && refill(s) > 0)
                r = ring_parse(&s->snapshot, &s->offset, &b);
        if (r <= 0)
                return r;
        entry_done(e);
        r = entry_from_batch(e, &tag, &b);
        return r < 0 ? r : 1;
}

/* The next entry in the order of their places: the journal's, then the ring's. */
static int next_in_place(Entries *s, Entry *e) {
        int r;

        if (!s->in_ring) {
                r = journal_reader_next(s->reader, e);
                if (r < 0 || (r > 0 && e->entry < s->ring_first))
                        return r;
                s->in_ring = true;
        }
        return next_from_ring(s, e);
}

/* Whether the entry that is due is not in its place but may be in the journal. So many that are nowhere
 * in a row are gone for good: the cap's, or vacuumed ones. */
#define MISSES_MAX 16

static bool is_elsewhere(Entries *s) {
        return s->next_entry > 0 && s->ahead.entry > s->next_entry && s->misses < MISSES_MAX;
}

int entries_next(Entries *s, Entry *e) {
        int r;

        for (;;) {
                if (!s->has_ahead) {
                        r = next_in_place(s, &s->ahead);
                        if (r <= 0)
                                return r;
                        if (s->ahead.entry == 0 || s->ahead.entry < s->next_entry)
                                continue; /* a note of somebody else, a copy, or one that was taken already */
                        s->has_ahead = true;
                }
                if (is_elsewhere(s)) {
                        r = find_entry(s, s->next_entry, e);
                        if (r < 0)
                                return r;
                        s->next_entry++;
                        s->misses = r > 0 ? 0 : s->misses + 1;
                        if (r > 0)
                                return 1;
                        continue;
                }
                s->misses = 0;
                entry_done(e);
                *e = s->ahead;
                s->ahead = (Entry){};
                s->has_ahead = false;
                s->next_entry = e->entry + 1;
                return 1;
        }
}

bool entries_at_end(const Entries *s) {
        if (s->has_ring)
                return s->ring.header.ended && s->ring_pos == s->ring.header.head;
        return s->in_ring;
}

int entries_fd(Entries *s) {
        char drain[4096];
        int r;

        if (s->inotify_fd >= 0) {
                while (read(s->inotify_fd, drain, sizeof(drain)) > 0)
                        ;
                return s->inotify_fd;
        }
        s->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (s->inotify_fd < 0)
                return -errno;
        r = fd_watch(s->inotify_fd, s->has_ring ? s->ring.fd : s->dir_fd, IN_MODIFY | IN_ATTRIB);
        return r < 0 ? r : s->inotify_fd;
}
