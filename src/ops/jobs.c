/* SPDX-License-Identifier: MIT */
#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/journal/reader.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"
#include "ops/look.h"
#include "ops/seen.h"

void job_list_done(JobList *l) {
        for (size_t i = 0; i < l->n; i++)
                job_done(&l->jobs[i]);
        free(l->jobs);
        *l = (JobList){};
}

void job_list_remove(JobList *l, size_t i) {
        job_done(&l->jobs[i]);
        memmove(&l->jobs[i], &l->jobs[i + 1], (--l->n - i) * sizeof(Job));
}

int job_list_take(JobList *l, Job *j) {
        if (!GROW(l->jobs, l->n))
                return -ENOMEM;
        l->jobs[l->n++] = *j;
        *j = JOB_INIT;
        return 0;
}

/* A unit of the prefix that has no runtime files: they were removed, or it is somebody's own. */
static int job_from_row(Manager *m, const char *name, const UnitRow *row, Job *j) {
        _cleanup_unit_status_ UnitStatus status = {};

        if (manager_query(m, row->unit, &status, NULL) >= 0) {
                j->run = TAKE_PTR(status.invocation);
                j->cgroup = TAKE_PTR(status.control_group);
                j->supervisor = status.main_pid;
                j->started_at = status.active_enter;
        }
        j->name = strdup(name);
        j->unit = strdup(row->unit);
        j->description = strdup(row->description);
        j->state = streq(row->active_state, "activating")     ? JOB_STARTING
                   : streq(row->active_state, "deactivating") ? JOB_STOPPING
                                                              : JOB_RUNNING;
        return j->name && j->unit && j->description ? 0 : -ENOMEM;
}

static int compare_jobs(const void *a, const void *b) {
        return strcmp(((const Job *) a)->name, ((const Job *) b)->name);
}

int jobs_running(Manager *m, JobDetail detail, JobList *ret, Error *reterr) {
        _cleanup_look_ Look l = { .detail = detail, .siblings = CGROUP_SIBLINGS_INIT };
        _cleanup_close_ int jobs_fd = jobs_open(reterr);
        _cleanup_unit_list_ UnitList units = {};
        int r;

        r = jobs_fd < 0 ? jobs_fd : manager_list(m, &units, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < units.n; i++) {
                const UnitRow *row = &units.rows[i];
                _cleanup_free_ char *name = job_from_unit(row->unit);
                _cleanup_job_ Job j = JOB_INIT;

                if (!name || streq(row->active_state, "inactive") || streq(row->active_state, "failed"))
                        continue;
                r = look_at_active(&l, jobs_fd, name, &j);
                if (r == 0)
                        continue; /* it has ended, the unit is about to follow */
                if (r < 0) {
                        job_done(&j);
                        r = job_from_row(m, name, row, &j);
                }
                if (r < 0 || job_list_take(ret, &j) < 0)
                        return error_oom(reterr);
        }
        if (ret->n > 0)
                qsort(ret->jobs, ret->n, sizeof(Job), compare_jobs);
        return 0;
}

static bool is_known(const Seen *known, const char *name) {
        return seen_has(known, seen_key(name, 0));
}

static int take_ended(JobList *io, Job *j, Seen *known) {
        int r = seen_add(known, seen_key(j->name, 0));

        return r < 0 ? r : job_list_take(io, j);
}

static int add_ended_from_files(JobList *io, Seen *known, Error *reterr) {
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = jobdir_list(&names, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, names) {
                _cleanup_job_ Job j = JOB_INIT;

                if (is_known(known, *name) || job_read_state(*name, &j) != 0)
                        continue;
                if (take_ended(io, &j, known) < 0)
                        return error_oom(reterr);
        }
        return 0;
}

/* Takes the job whose record is at hand, unless it says nothing. */
static int take_from_record(JobList *io, JournalReader *reader, Seen *known) {
        _cleanup_entry_ Entry e = {};
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        r = journal_reader_decode(reader, &e);
        if (r <= 0 || !e.record || job_from_record(&j, e.record) < 0 || !j.name)
                return r;
        if (!job_has_ended(&j) && job_mark_lost(&j) < 0)
                return -ENOMEM;
        return take_ended(io, &j, known);
}

/* Walks the records from the newest on; the first of each job tells how it stands. A start without an
 * exit is a run that was cut short. */
static int add_ended_from_journal(JobList *io, Seen *known, Error *reterr) {
        _cleanup_journal_reader_ JournalReader *reader = NULL;
        char name[JOB_NAME_MAX + 1];
        int r;

        r = journal_reader_open(&reader, reterr);
        if (r < 0)
                return r;
        r = journal_reader_match(reader, "SDBG_EVENT", "exit");
        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_EVENT", "start");
        if (r >= 0)
                r = journal_reader_seek_tail(reader);
        while (r >= 0 && (r = journal_reader_previous_job(reader, name, sizeof(name))) > 0)
                if (!is_known(known, name))
                        r = take_from_record(io, reader, known);
        return r < 0 ? error_set(reterr, ERROR_JOURNAL_UNREACHABLE, r, "cannot read the journal") : 0;
}

static int compare_ended(const void *a, const void *b) {
        const Job *x = a, *y = b;
        return x->ended_at < y->ended_at ? 1 : x->ended_at > y->ended_at ? -1 : strcmp(x->name, y->name);
}

int jobs_add_ended(JobList *io, Error *reterr) {
        _cleanup_(seen_done) Seen known = {};
        size_t running = io->n;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < running; i++)
                r = seen_add(&known, seen_key(io->jobs[i].name, 0));
        if (r < 0)
                return error_oom(reterr);
        r = add_ended_from_files(io, &known, reterr);
        if (r >= 0)
                r = add_ended_from_journal(io, &known, reterr);
        if (r < 0)
                return r;
        if (io->n > running)
                qsort(io->jobs + running, io->n - running, sizeof(Job), compare_ended);
        return 0;
}
