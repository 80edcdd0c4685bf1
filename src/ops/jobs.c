/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <fnmatch.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/journal/reader.h"
#include "sdbg/ops/jobs.h"
#include "sdbg/ops/ports.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/project.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/runtime/ring.h"

#include "ops/internal.h"
#include "ops/job-cursor.h"
#include "ops/seen.h"

#define TASKS_MAX 100000

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

/* Moves the job into the list. */
static int take_job(JobList *l, Job *j) {
        /* Room grows by doubling, at powers of two. */
        if ((l->n & (l->n - 1)) == 0) {
                Job *p = reallocarray(l->jobs, l->n ? l->n * 2 : 1, sizeof(Job));

                if (!p)
                        return -ENOMEM;
                l->jobs = p;
        }
        l->jobs[l->n++] = *j;
        *j = JOB_INIT;
        return 0;
}

static const Job *find_in(const JobList *l, const char *name) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->jobs[i].name, name))
                        return &l->jobs[i];
        return NULL;
}

bool job_selection_is_empty(const JobSelection *s) {
        return strv_length(s->names) == 0 && !s->group && strv_length(s->labels) == 0 && !s->here && !s->all;
}

int job_selection_project(const JobSelection *s, char **ret, Error *reterr) {
        int r = s->here ? project_directory(ret) : 0;

        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "cannot tell the project for --here") : 0;
}

/* What the kernel counts for a running job now. */
static void add_figures(Job *j, JobDetail detail) {
        _cleanup_close_ int unit = j->cgroup ? cgroup_open(j->cgroup) : -EBADF;
        CgroupStats stats;

        if (unit < 0)
                return;
        if (detail == JOB_FULL)
                cgroup_stats(unit, &stats);
        else
                cgroup_stats_brief(unit, &stats);
        cgroup_stats_to_job(&stats, j);
}

/* How many processes it has, the supervisor not counted. */
static void count_tasks(Job *j) {
        _cleanup_close_ int job = cgroup_open_of_job(j);
        _cleanup_free_ pid_t *pids = NULL;
        ssize_t n;

        n = job < 0 ? -1 : cgroup_pids(job, TASKS_MAX, &pids);
        if (n >= 0)
                j->tasks = n;
}

/* How much it has printed, from the ring. */
static void add_output(Job *j, int dir_fd) {
        _cleanup_ring_ Ring ring = RING_INIT;

        if (ring_open(&ring, dir_fd, false) < 0)
                return;
        j->lines = ring.header.lines;
        j->bytes = ring.header.bytes;
        free(j->last_line);
        j->last_line = ring_last_line(&ring, LAST_LINE_MAX);
        (void) job_add_cursor(j, &ring);
}

static bool supervisor_lives(const Job *j) {
        _cleanup_free_ char *group = NULL;

        return j->supervisor > 0 && cgroup_of(j->supervisor, &group) >= 0 && j->cgroup &&
               startswith(group, j->cgroup);
}

/* Fills what changes while a job runs. */
static void add_present(Job *j, JobDetail detail) {
        if (j->started_at > 0)
                j->uptime = usec_sub(now_usec(CLOCK_REALTIME), j->started_at);
        if (detail != JOB_STATE)
                add_figures(j, detail);
        if (detail == JOB_FULL)
                count_tasks(j);
}

static int read_state(const char *name, JobDetail detail, Job *ret) {
        _cleanup_close_ int dir = jobdir_open(name, false, NULL);
        int r;

        if (dir < 0)
                return dir;
        r = jobdir_read_state(dir, ret);
        if (r < 0)
                return r;
        if (job_has_ended(ret))
                return 0;
        if (job_is_scope(ret)) {
                r = adopted_look(ret);
                if (r > 0)
                        add_present(ret, detail);
                return r;
        }
        if (!supervisor_lives(ret))
                return job_read_end(dir, ret);
        add_present(ret, detail);
        if (detail == JOB_FULL)
                add_output(ret, dir);
        return 1;
}

int job_read_state(const char *name, Job *ret) {
        return read_state(name, JOB_FULL, ret);
}

/* A job whose unit is active, as the manager says. Return: as job_read_state(). */
static int read_active(int jobs_fd, const char *name, JobDetail detail, Job *ret) {
        int r;

        if (detail == JOB_FULL)
                return job_read_state(name, ret);
        r = jobdir_read_state_at(jobs_fd, name, ret);
        if (r < 0)
                return r;
        if (job_has_ended(ret))
                return 0;
        if (job_is_scope(ret) && (r = adopted_look(ret)) <= 0)
                return r;
        add_present(ret, detail);
        return 1;
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
                r = read_active(jobs_fd, name, detail, &j);
                if (r == 0)
                        continue; /* it has ended, the unit is about to follow */
                if (r < 0) {
                        job_done(&j);
                        r = job_from_row(m, name, row, &j);
                }
                if (r < 0 || take_job(ret, &j) < 0)
                        return error_oom(reterr);
        }
        if (ret->n > 0)
                qsort(ret->jobs, ret->n, sizeof(Job), compare_jobs);
        return 0;
}

void jobs_add_detail(Job *jobs, size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_close_ int dir = jobdir_open(jobs[i].name, false, NULL);

                count_tasks(&jobs[i]);
                if (dir >= 0)
                        add_output(&jobs[i], dir);
        }
        jobs_add_ports(jobs, n, PORTS_TCP);
}

static bool is_known(const Seen *known, const char *name) {
        return seen_has(known, seen_key(name, 0));
}

static int take_ended(JobList *io, Job *j, Seen *known) {
        int r = seen_add(known, seen_key(j->name, 0));

        return r < 0 ? r : take_job(io, j);
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

/* Adds the last run of each job that has ended and is not in the list, the newest first.
 * Return: 0, negative errno with reterr said. */
static int add_ended(JobList *io, Error *reterr) {
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

static bool has_labels(const Job *j, char *const *labels) {
        STRV_FOREACH (l, labels)
                if (!strv_contains(j->labels, *l))
                        return false;
        return true;
}

static bool is_glob(const char *s) {
        return strpbrk(s, "*?[") != NULL;
}

bool job_is_selected(const Job *j, const JobSelection *s, const char *project) {
        if (s->group && !streq_ptr(s->group, j->group))
                return false;
        if (s->here && !path_is_below(strempty(j->cwd), project))
                return false;
        if (!has_labels(j, s->labels))
                return false;
        if (strv_length(s->names) == 0)
                return true;
        STRV_FOREACH (name, s->names)
                if (fnmatch(*name, j->name, 0) == 0)
                        return true;
        return false;
}

static int no_such_job(const char *name, const JobList *all, Error *reterr) {
        const Job *ended = find_in(all, name);
        _cleanup_buf_ Buf near = {};

        if (ended) {
                error_set(reterr, ERROR_JOB_NOT_RUNNING, 0, "job '%s' is not running: %s", name,
                          strempty(ended->reason));
                error_hint(reterr, "'sdbg restart %s' starts it again", name);
                return -ESRCH;
        }
        error_set(reterr, ERROR_NO_SUCH_JOB, 0, "no such job '%s'", name);
        for (size_t i = 0; i < all->n && near.len < 200; i++)
                if (name_is_near(name, all->jobs[i].name))
                        buf_printf(&near, "%s'%s'", near.len > 0 ? ", " : "", all->jobs[i].name);
        buf_append_char(&near, '\0');
        if (near.len > 1 && !near.oom)
                error_hint(reterr, "did you mean %s? 'sdbg list -a' shows all", near.data);
        else
                error_hint(reterr, "'sdbg list -a' shows all jobs");
        return -ENOENT;
}

static int check_names(char *const *names, Error *reterr) {
        STRV_FOREACH (name, names) {
                int r = is_glob(*name) ? 0 : job_name_check(*name, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Jobs named in full are looked up one by one: without a look at all that run, and at all of the journal.
 * Return: 1; 0 where one of them must be searched for; -ENOMEM. */
static int take_named(char *const *names, JobDetail detail, bool ended, JobList *ret) {
        STRV_FOREACH (name, names) {
                _cleanup_job_ Job j = JOB_INIT;
                int r;

                if (find_in(ret, *name))
                        continue;
                r = is_glob(*name) ? -ENOENT : read_state(*name, detail, &j);
                if (r < 0 || (r == 0 && !ended))
                        return 0;
                if (take_job(ret, &j) < 0)
                        return -ENOMEM;
        }
        return ret->n > 0;
}

static int take_all(Manager *m, const JobSelection *s, JobDetail detail, bool ended, JobList *ret,
                    Error *reterr) {
        int r;

        r = jobs_running(m, detail, ret, reterr);
        if (r >= 0 && ended)
                r = add_ended(ret, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, s->names)
                if (!is_glob(*name) && !find_in(ret, *name)) {
                        if (!ended)
                                (void) add_ended(ret, NULL);
                        return no_such_job(*name, ret, reterr);
                }
        return 0;
}

int jobs_select(Manager *m, const JobSelection *s, JobDetail detail, bool ended, JobList *ret,
                Error *reterr) {
        _cleanup_job_list_ JobList all = {};
        _cleanup_free_ char *project = NULL;
        int r;

        r = check_names(s->names, reterr);
        if (r >= 0)
                r = job_selection_project(s, &project, reterr);
        if (r < 0)
                return r;
        r = take_named(s->names, detail, ended, &all);
        if (r < 0)
                return error_oom(reterr);
        if (r == 0) {
                job_list_done(&all);
                r = take_all(m, s, detail, ended, &all, reterr);
        }
        if (r < 0)
                return r;
        for (size_t i = 0; i < all.n; i++)
                if (job_is_selected(&all.jobs[i], s, project) && take_job(ret, &all.jobs[i]) < 0)
                        return error_oom(reterr);
        for (size_t i = 0; detail == JOB_FULL && i < ret->n; i++)
                if (!ret->jobs[i].cursor && job_add_cursor(&ret->jobs[i], NULL) < 0)
                        return error_oom(reterr);
        if (detail != JOB_STATE)
                jobs_add_ports(ret->jobs, ret->n, detail == JOB_FULL ? PORTS_ALL : PORTS_TCP);
        return 0;
}

int job_find(Manager *m, const char *name, Job *ret, Error *reterr) {
        JobSelection s = { .names = (char *[]){ (char *) name, NULL } };
        _cleanup_job_list_ JobList l = {};
        int r;

        r = job_name_check(name, reterr);
        if (r < 0)
                return r;
        if (job_read_state(name, ret) >= 0)
                return 0;
        job_done(ret);
        r = jobs_select(m, &s, JOB_FULL, true, &l, reterr);
        if (r < 0)
                return r;
        *ret = l.jobs[0];
        l.jobs[0] = JOB_INIT;
        return 0;
}
