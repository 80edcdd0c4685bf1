/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>

#include "sdbg/base/strv.h"
#include "sdbg/job/job.h"

#include "ops/event-log.h"

/* Who has no inotify instance looks by itself. */
#define BLIND_MSEC 200

static int match_records(JournalReader *reader) {
        int r = journal_reader_match(reader, NULL, NULL);

        for (RecordKind k = 0; r >= 0 && k < _RECORD_MAX; k++)
                r = journal_reader_match(reader, "SDBG_EVENT", record_kind_to_string(k));
        return r;
}

/* Plain names let the journal's index do the work. */
static int match_names(JournalReader *reader, char *const *names) {
        int r = 0;

        STRV_FOREACH (name, names)
                if (is_glob(*name))
                        return 0;
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = journal_reader_match(reader, "SDBG_JOB", *name);
        return r;
}

int event_log_open(EventLog *l, const JobSelection *select, bool follow, Error *reterr) {
        int r;

        *l = (EventLog){ .select = select, .rings = { .jobs_fd = -EBADF, .inotify_fd = -EBADF } };
        r = job_selection_project(select, &l->project, reterr);
        if (r >= 0)
                r = ring_watch_open(&l->rings, reterr);
        if (r >= 0)
                r = journal_reader_open(&l->journal, reterr);
        if (r >= 0)
                r = journal_reader_open(&l->finder, reterr);
        if (r < 0)
                return r;
        /* Watched before it is read, so that nothing comes in between. */
        l->journal_fd = follow ? journal_reader_fd(l->journal) : -EBADF;
        r = match_records(l->journal);
        if (r >= 0)
                r = match_names(l->journal, select->names);
        return r < 0 ? error_oom(reterr) : 0;
}

static void clear_entries(Entry *entries, size_t *n) {
        for (size_t i = 0; i < *n; i++)
                entry_done(&entries[i]);
        *n = 0;
}

void event_log_done(EventLog *l) {
        clear_entries(l->found, &l->n);
        clear_entries(l->in_rings, &l->n_in_rings);
        free(l->found);
        free(l->in_rings);
        free(l->project);
        journal_reader_freep(&l->journal);
        journal_reader_freep(&l->finder);
        ring_watch_done(&l->rings);
        seen_done(&l->seen);
}

/* Return: 1, 0, -ENOMEM. */
static int is_wanted(const EventLog *l, const Entry *e) {
        _cleanup_job_ Job j = JOB_INIT;

        if (job_selection_is_empty(l->select))
                return 1;
        if (e->record && job_from_record(&j, e->record) < 0)
                job_done(&j);
        free(j.name);
        j.name = strdup(e->job);
        return j.name ? job_is_selected(&j, l->select, l->project) : -ENOMEM;
}

/* Moves the entry into the list. Return: 1, -ENOMEM. */
static int append(Entry **list, size_t *n, Entry *e) {
        if (!GROW(*list, *n))
                return -ENOMEM;
        (*list)[(*n)++] = *e;
        *e = (Entry){};
        return 1;
}

static int take(EventLog *l, Entry *e) {
        int r = is_wanted(l, e);

        return r > 0 ? append(&l->found, &l->n, e) : r;
}

/* The first entry of that number in the journal, which may be somewhere behind the cursor.
 * Return: 1 and its cursor, 0, negative errno. */
static int find_in_journal(EventLog *l, const Entry *e, char **ret) {
        _cleanup_entry_ Entry found = {};
        char number[24];
        int r;

        snprintf(number, sizeof(number), "%" PRIu64, e->entry);
        r = journal_reader_match(l->finder, NULL, NULL);
        if (r >= 0)
                r = journal_reader_match(l->finder, "SDBG_RUN", e->run);
        if (r >= 0)
                r = journal_reader_match(l->finder, "SDBG_ENTRY", number);
        if (r >= 0)
                r = journal_reader_seek_head(l->finder);
        if (r >= 0)
                r = journal_reader_next(l->finder, &found);
        if (r > 0)
                *ret = TAKE_PTR(found.cursor);
        return r;
}

/* What a cursor (systemd.journal-fields(7), __CURSOR) says of the entry itself. The sequence number before it
 * is another one in a journal that was copied, as at boot from /run to /var. */
static const char *identity(const char *cursor) {
        return strstr(cursor, ";b=") ?: cursor;
}

/* Whether a reader was given this entry before: it is where the mark stands, a copy of an earlier one, or it
 * came from the ring. */
static int was_given(EventLog *l, const Entry *e, uint64_t key) {
        _cleanup_free_ char *first = NULL;
        int r;

        if (!l->mark)
                return 0;
        if (e->entry > 0 && event_mark_drop(l->mark, key))
                return 1;
        if (!e->repaired)
                return 0;
        r = find_in_journal(l, e, &first);
        return r < 0 ? r : r > 0 && !streq(identity(first), identity(e->cursor));
}

/* Return: 1 it was taken; 0 it was not, since it is known or not wanted; negative errno. */
static int take_from_journal(EventLog *l, Entry *e) {
        uint64_t key = seen_key(e->run, e->entry);
        int r;

        /* journald dates an entry some milliseconds later. */
        if (!e->event || (!l->mark && e->time < l->ring_since))
                return 0;
        r = was_given(l, e, key);
        /* Notes that have no number are in no ring. */
        if (e->entry > 0 && r >= 0) {
                int new = seen_add(&l->seen, key);

                if (new <= 0)
                        return new;
        }
        return r == 0 ? take(l, e) : MIN(r, 0);
}

static int set_cursor(EventLog *l, Entry *e) {
        if (!l->mark)
                return 0;
        free(l->mark->cursor);
        l->mark->cursor = strdup(e->cursor);
        return l->mark->cursor ? 0 : -ENOMEM;
}

static int read_journal(EventLog *l) {
        _cleanup_entry_ Entry e = {};
        int r;

        while ((r = journal_reader_next(l->journal, &e)) > 0) {
                if (l->mark && l->mark->cursor && streq(identity(l->mark->cursor), identity(e.cursor)))
                        continue;
                r = set_cursor(l, &e);
                if (r >= 0)
                        r = take_from_journal(l, &e);
                if (r < 0)
                        break;
        }
        return r;
}

static int skip_record(void *userdata, Entry *e) {
        EventLog *l = userdata;
        int r = seen_add(&l->seen, seen_key(e->run, e->entry));

        return MIN(r, 0);
}

static int keep_record(void *userdata, Entry *e) {
        EventLog *l = userdata;

        return e->time < l->ring_since ? 0 : MIN(append(&l->in_rings, &l->n_in_rings, e), 0);
}

/* The journal was read before: what it has not, only the ring has. */
static int take_from_ring(EventLog *l, Entry *e) {
        uint64_t key = seen_key(e->run, e->entry);
        _cleanup_free_ char *cursor = NULL;
        usec_t time = e->time;
        int r;

        if (l->ring_held > 0)
                return 0;
        if (l->mark) {
                if (event_mark_has(l->mark, key))
                        return 0;
                r = find_in_journal(l, e, &cursor);
                if (r != 0)
                        return MIN(r, 0); /* it was given before, or is next to come from there */
                if (l->mark->n == EVENT_MARK_MAX) {
                        l->ring_held = time;
                        return 0;
                }
        }
        r = seen_add(&l->seen, key);
        if (r > 0)
                r = take(l, e);
        if (r > 0 && l->mark)
                r = event_mark_add(l->mark, key, time);
        return MIN(r, 0);
}

static int compare_entries(const void *a, const void *b) {
        const Entry *x = a, *y = b;

        return x->time != y->time     ? (x->time < y->time ? -1 : 1)
               : x->entry != y->entry ? (x->entry < y->entry ? -1 : 1)
                                      : 0;
}

static void sort(Entry *entries, size_t n) {
        if (n > 0)
                qsort(entries, n, sizeof(Entry), compare_entries);
}

/* In the order of time over all rings, so that what is left for the next call is all later. */
static int read_rings(EventLog *l) {
        int r;

        r = ring_watch_read(&l->rings, keep_record, l);
        sort(l->in_rings, l->n_in_rings);
        for (size_t i = 0; r >= 0 && i < l->n_in_rings; i++)
                r = take_from_ring(l, &l->in_rings[i]);
        clear_entries(l->in_rings, &l->n_in_rings);
        return r;
}

/* What was held back begins the next call. What was given before that is forgotten, so that no later call goes
 * back behind where this one began. */
static void move_mark(EventLog *l, usec_t now) {
        usec_t next = MAX(now, MIN(l->ring_since, now) + EVENT_MARK_MARGIN);

        if (l->ring_held > 0)
                next = l->ring_held + EVENT_MARK_MARGIN;
        event_mark_prune(l->mark, next, journal_reader_is_readable(l->journal));
}

int event_log_seek_time(EventLog *l, usec_t since) {
        l->ring_since = since;
        return journal_reader_seek_time(l->journal, since);
}

/* Behind the newest entry. At the tail of a journal without one, sd_journal_next(3) would never find any
 * (systemd v252 to v261). */
static int seek_newest(EventLog *l) {
        _cleanup_entry_ Entry e = {};
        int r;

        r = journal_reader_seek_tail(l->journal);
        if (r >= 0)
                r = journal_reader_previous(l->journal, &e);
        return r == 0 ? journal_reader_seek_head(l->journal) : MIN(r, 0);
}

int event_log_seek_end(EventLog *l) {
        int r = seek_newest(l);

        return r < 0 ? r : ring_watch_read(&l->rings, skip_record, l);
}

int event_log_seek_mark(EventLog *l, EventMark *mark, usec_t since) {
        usec_t now = now_usec(CLOCK_REALTIME);

        l->mark = mark;
        if (mark->time == 0)
                return event_log_seek_time(l, since);
        /* A clock that was turned back must not hide what comes. */
        l->ring_since = usec_sub(MIN(mark->time, now + EVENT_MARK_MARGIN), EVENT_MARK_MARGIN);
        /* A cursor of entries that were vacuumed leads to the oldest after them. */
        if (mark->cursor && journal_reader_seek_cursor(l->journal, mark->cursor) >= 0)
                return 0;
        return journal_reader_seek_time(l->journal, l->ring_since);
}

int event_log_read(EventLog *l) {
        usec_t now = now_usec(CLOCK_REALTIME);
        int r;

        clear_entries(l->found, &l->n);
        l->ring_held = 0;
        r = read_journal(l);
        if (r >= 0)
                r = read_rings(l);
        if (r >= 0 && l->mark)
                move_mark(l, now);
        sort(l->found, l->n);
        return r;
}

/* Leaves the last `max`. */
static void trim_found(EventLog *l, size_t max) {
        size_t extra = l->n > max ? l->n - max : 0;

        for (size_t i = 0; i < extra; i++)
                entry_done(&l->found[i]);
        memmove(l->found, l->found + extra, (l->n - extra) * sizeof(Entry));
        l->n -= extra;
}

int event_log_read_last(EventLog *l, size_t max) {
        _cleanup_entry_ Entry e = {};
        int r;

        r = journal_reader_seek_tail(l->journal);
        while (r >= 0 && l->n < max && (r = journal_reader_previous(l->journal, &e)) > 0)
                r = take_from_journal(l, &e);
        if (r >= 0)
                r = read_rings(l);
        if (r < 0)
                return r;
        sort(l->found, l->n);
        trim_found(l, max);
        return seek_newest(l);
}

int event_log_wait(EventLog *l, int out_fd) {
        struct pollfd p[] = {
                { .fd = l->rings.inotify_fd, .events = POLLIN },
                { .fd = l->journal_fd, .events = POLLIN },
                { .fd = out_fd },
        };
        int r = poll(p, ELEMENTSOF(p), p[0].fd < 0 || p[1].fd < 0 ? BLIND_MSEC : -1);

        if (r < 0)
                return errno == EINTR ? 0 : -errno;
        if (p[2].revents)
                return -EPIPE;
        return p[1].revents ? journal_reader_process(l->journal) : 0;
}
