/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/caller.h"
#include "sdbg/ops/stop.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/enabled.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"

/* On top of the grace time: what the supervisor needs to drain and write down, and more. */
#define STOP_MARGIN (100 * USEC_PER_SEC)

const Param stop_params[] = {
        JOB_SELECTION_PARAMS(StopRequest),
        { "timeout", 't', PARAM_STRING, offsetof(StopRequest, timeout), "TIME",
          "kill what is left after this time (default: the job's own, 10s)", NULL },
        {},
};

const Param kill_params[] = {
        JOB_SELECTION_PARAMS(KillRequest),
        { "signal", 's', PARAM_SIGNAL, offsetof(KillRequest, signal), "SIGNAL", "the signal (default: TERM)",
          NULL },
        { "whole-tree", 0, PARAM_FLAG, offsetof(KillRequest, whole_tree), NULL,
          "to all processes of the job, not only its main one", NULL },
        {},
};

const Param restart_params[] = {
        JOB_SELECTION_PARAMS(RestartRequest),
        { "settle", 0, PARAM_STRING, offsetof(RestartRequest, settle), "TIME",
          "how long to watch for an early failure (default: 200ms)", NULL },
        { "no-wait", 0, PARAM_FLAG, offsetof(RestartRequest, no_wait), NULL,
          "return as soon as the command has been executed", NULL },
        { "outside-sandbox", 0, PARAM_FLAG, offsetof(RestartRequest, outside_sandbox), NULL,
          "start it although it will not be in the sandbox (namespaces) of the caller", NULL },
        {},
};

/* Leaves a note in the journal of who asked. Not for a stop that is part of a start, whose command line may have
 * secrets in it. */
static void record_stop(const Job *j, const char *caller) {
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message, "%s: stop asked for by %s", j->name, caller) < 0)
                message = NULL;
        else
                record_send(j, RECORD_STOP, message);
}

/* How the job ended, where it has. */
static void read_end(Job *j) {
        Job ended = JOB_INIT;

        if (job_read_state(j->name, &ended) >= 0) {
                job_done(j);
                *j = ended;
        } else
                job_done(&ended);
}

/* What the supervisor is to know of the stop. */
static int prepare_stop(const Job *j, usec_t timeout, const char *caller, Error *reterr) {
        _cleanup_close_ int dir = jobdir_open(j->name, false, reterr);
        int r = dir < 0 ? dir : 0;

        if (r >= 0)
                (void) jobdir_write_stopped_by(dir, caller);
        if (r >= 0 && timeout != USEC_INFINITY) {
                r = jobdir_write_stop_timeout(dir, timeout);
                /* A unit that is being stopped is not asked by the manager again. */
                if (r >= 0 && j->state == JOB_STOPPING && j->supervisor > 0)
                        (void) kill(j->supervisor, SIGTERM);
        }
        if (r < 0 && r != -ENOENT)
                return error_set(reterr, ERROR_FAILED, r, "cannot tell the supervisor of '%s'", j->name);
        return 0;
}

int op_stop_jobs(Manager *m, Job *jobs, size_t n, usec_t timeout, const char *caller, Error *reterr) {
        usec_t patience = timeout < USEC_INFINITY - STOP_MARGIN ? timeout + STOP_MARGIN : USEC_INFINITY;
        _cleanup_strv_free_ char **units = NULL;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                if (job_has_ended(&jobs[i]))
                        continue;
                if (job_is_scope(&jobs[i]))
                        r = adopted_stop(&jobs[i], timeout == USEC_INFINITY ? SPEC_STOP_TIMEOUT : timeout,
                                         caller, reterr);
                else
                        r = prepare_stop(&jobs[i], timeout, caller, reterr);
                if (r >= 0 && strv_extend(&units, jobs[i].unit) < 0)
                        r = error_oom(reterr);
        }
        if (r >= 0)
                r = manager_stop(m, units, patience, reterr);
        if (r == -ETIMEDOUT)
                return error_set(reterr, ERROR_TIMEOUT, r, "the service manager did not end the jobs");
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (!job_has_ended(&jobs[i]))
                        read_end(&jobs[i]);
        return r;
}

/* Globs, groups and labels mean what runs; a job that is named may have ended already, which is what was
 * wanted. */
static bool is_meant(const Job *j, const JobSelection *s) {
        return !job_has_ended(j) || strv_contains(s->names, j->name);
}

int op_stop(Manager *m, const StopRequest *q, JobList *ret, Error *reterr) {
        _cleanup_free_ char *parent = q->caller ? NULL : caller_describe(getppid(), NULL);
        const char *caller = q->caller ?: parent;
        usec_t timeout = USEC_INFINITY;
        int r;

        if (!caller)
                return error_oom(reterr);
        if (q->timeout && parse_duration(q->timeout, &timeout) < 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a duration for --timeout", q->timeout);
        r = jobs_select(m, &q->select, JOB_STATE, q->select.names && q->select.names[0], ret, reterr);
        for (size_t i = 0; r >= 0 && i < ret->n;)
                if (is_meant(&ret->jobs[i], &q->select))
                        i++;
                else
                        job_list_remove(ret, i);
        for (size_t i = 0; r >= 0 && i < ret->n; i++)
                if (!job_has_ended(&ret->jobs[i]))
                        record_stop(&ret->jobs[i], caller);
        return r < 0 ? r : op_stop_jobs(m, ret->jobs, ret->n, timeout, caller, reterr);
}

static int kill_tree(const Job *j, int signal) {
        _cleanup_close_ int fd = cgroup_open_of_job(j);

        return fd < 0 ? fd : (int) cgroup_signal(fd, signal);
}

static int kill_main(const Job *j, int signal) {
        if (j->pid <= 0)
                return -ESRCH;
        return kill(j->pid, signal) < 0 ? -errno : 1;
}

int op_kill(Manager *m, const KillRequest *q, JobList *ret, size_t *ret_sent, Error *reterr) {
        int signal = q->signal ?: SIGTERM, r;

        r = jobs_select(m, &q->select, JOB_STATE, false, ret, reterr);
        if (r < 0)
                return r;
        *ret_sent = 0;
        for (size_t i = 0; i < ret->n; i++) {
                const Job *j = &ret->jobs[i];

                r = q->whole_tree || j->lingering ? kill_tree(j, signal) : kill_main(j, signal);
                if (r < 0)
                        return error_set(reterr, ERROR_JOB_NOT_RUNNING, r, "cannot signal job '%s'", j->name);
                *ret_sent += r;
        }
        return 0;
}

int op_restart(Manager *m, const char *name, const RestartRequest *q, StartResult *ret, Error *reterr) {
        _cleanup_close_ int dir = -EBADF;
        _cleanup_spec_ Spec s = {};
        usec_t settle = q->no_wait ? 0 : 200 * USEC_PER_MSEC;
        int r;

        if (q->settle && parse_duration(q->settle, &settle) < 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a duration for --settle", q->settle);
        r = check_sandbox(m, q->outside_sandbox, reterr);
        if (r >= 0)
                r = job_name_check(name, reterr);
        if (r < 0)
                return r;
        if (enabled_read_spec(name, &s) > 0)
                return op_start_spec(m, &s, settle, q->no_wait, q->wait_max, ret, reterr);
        r = job_find(m, name, &ret->job, reterr);
        if (r < 0)
                return r;
        dir = jobdir_open(name, false, reterr);
        r = dir < 0 ? dir : jobdir_read_spec(dir, &s);
        if (r < 0) {
                error_set(reterr, ERROR_FAILED, 0, "what job '%s' was started with is no longer known", name);
                error_hint(reterr, "it was cleaned up, or the machine was started anew; use 'sdbg start'");
                return r;
        }
        job_done(&ret->job);
        free(s.asked_by);
        s.asked_by = q->caller ? strdup(q->caller) : caller_describe(getppid(), NULL);
        if (!s.asked_by)
                return error_oom(reterr);
        return op_start_spec(m, &s, settle, q->no_wait, q->wait_max, ret, reterr);
}
