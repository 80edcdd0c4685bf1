/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/ports.h"
#include "sdbg/probe/project.h"

#include "ops/job-cursor.h"
#include "ops/look.h"

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

static bool has_labels(const Job *j, char *const *labels) {
        STRV_FOREACH (l, labels)
                if (!strv_contains(j->labels, *l))
                        return false;
        return true;
}

bool job_is_selected(const Job *j, const JobSelection *s, const char *project) {
        if (s->group && !streq_ptr(s->group, j->group))
                return false;
        if (s->here && !path_is_below(strempty(j->cwd), project))
                return false;
        if (!has_labels(j, s->labels))
                return false;
        return strv_length(s->names) == 0 || strv_fnmatch(s->names, j->name);
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
        _cleanup_look_ Look l = { .detail = detail, .siblings = CGROUP_SIBLINGS_INIT };

        STRV_FOREACH (name, names) {
                _cleanup_job_ Job j = JOB_INIT;
                int r;

                if (find_in(ret, *name))
                        continue;
                r = is_glob(*name) ? -ENOENT : look_at_name(&l, *name, &j);
                if (r < 0 || (r == 0 && !ended))
                        return 0;
                if (job_list_take(ret, &j) < 0)
                        return -ENOMEM;
        }
        return ret->n > 0;
}

static int take_all(Manager *m, const JobSelection *s, JobDetail detail, bool ended, JobList *ret,
                    Error *reterr) {
        int r;

        r = jobs_running(m, detail, ret, reterr);
        if (r >= 0 && ended)
                r = jobs_add_ended(ret, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, s->names)
                if (!is_glob(*name) && !find_in(ret, *name)) {
                        if (!ended)
                                (void) jobs_add_ended(ret, NULL);
                        return no_such_job(*name, ret, reterr);
                }
        return 0;
}

static int check_labels(char *const *labels, Error *reterr) {
        STRV_FOREACH (l, labels)
                if (!strchr(*l, '='))
                        return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a label: KEY=VALUE is wanted",
                                         *l);
        return 0;
}

int jobs_select(Manager *m, const JobSelection *s, JobDetail detail, bool ended, JobList *ret,
                Error *reterr) {
        _cleanup_job_list_ JobList all = {};
        _cleanup_free_ char *project = NULL;
        int r;

        r = check_names(s->names, reterr);
        if (r >= 0)
                r = check_labels(s->labels, reterr);
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
                if (job_is_selected(&all.jobs[i], s, project) && job_list_take(ret, &all.jobs[i]) < 0)
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
