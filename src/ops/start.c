/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/stat.h>

#include "sdbg/base/fd.h"
#include "sdbg/job/name.h"
#include "sdbg/job/readiness.h"
#include "sdbg/ops/jobs.h"
#include "sdbg/ops/ports.h"
#include "sdbg/ops/stop.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/enabled.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"

#define SETTLE_USEC (200 * USEC_PER_MSEC)
/* Longer than the manager itself gives a start (DefaultTimeoutStartSec= is 90 s). */
#define START_TIMEOUT (100 * USEC_PER_SEC)

static const char *const if_running_names[] = { "fail", "reuse", "replace", NULL };

#define PARAM(name, letter, type, member, value, help)                                                       \
        { name, letter, type, offsetof(StartRequest, member), value, help, NULL }

const Param run_params[] = {
        PARAM("detach-keys", 0, PARAM_STRING, detach_keys, "KEYS",
              "leave it in the background with these (default: C-b; twice sends it)"),
        PARAM("detach-after", 0, PARAM_DURATION, detach_after, "TIME",
              "leave it in the background after so long"),
        PARAM("name", 'n', PARAM_STRING, name, "NAME", "the job's name; else made from the command"),
        PARAM("command", 'c', PARAM_STRING, shell, "STRING", "run this by /bin/sh"),
        PARAM("cwd", 0, PARAM_STRING, cwd, "DIR", "run in this directory; else the caller's"),
        PARAM("env", 'e', PARAM_LIST, env, "NAME[=VALUE]",
              "set an environment variable, or take the caller's"),
        PARAM("env-file", 0, PARAM_STRING, env_file, "FILE", "read environment variables from a file"),
        PARAM("clean-env", 0, PARAM_FLAG, clean_env, NULL,
              "begin with a login's environment, not the caller's"),
        PARAM("label", 'l', PARAM_LIST, labels, "KEY=VALUE", "mark the job, to select it by"),
        PARAM("group", 'g', PARAM_STRING, group, "GROUP",
              "put the job into a group, which is a slice of its own"),
        PARAM("description", 0, PARAM_STRING, description, "TEXT", "what systemctl shows for the unit"),
        { "if-running", 0, PARAM_CHOICE, offsetof(StartRequest, if_running), "fail|reuse|replace",
          "what to do where the name is running already (default: fail)", if_running_names },
        PARAM("settle", 0, PARAM_STRING, settle, "TIME",
              "without --ready-…, how long to watch for an early failure (default: 200ms)"),
        PARAM("no-wait", 0, PARAM_FLAG, no_wait, NULL, "return as soon as the command has been executed"),
        PARAM("memory-max", 0, PARAM_SIZE, memory_max, "SIZE",
              "how much memory it may have; beyond it, its largest process is killed"),
        PARAM("memory-high", 0, PARAM_SIZE, memory_high, "SIZE", "beyond so much memory it is slowed down"),
        PARAM("cpu", 0, PARAM_STRING, cpu, "PERCENT", "how much CPU it may have; 150% is one and a half"),
        PARAM("tasks-max", 0, PARAM_STRING, tasks_max, "N", "how many processes and threads it may have"),
        PARAM("nice", 0, PARAM_STRING, nice, "N", "its priority, from 0 to 19, the lowest"),
        PARAM("lifetime", 0, PARAM_STRING, lifetime, "user|login|PID:N",
              "end the job with the login session, or with process N (default: user)"),
        PARAM("ready-log", 0, PARAM_LIST, ready_log, "RE", "ready when it has printed a line that matches"),
        PARAM("ready-port", 0, PARAM_LIST, ready_port, "[HOST:]PORT", "ready when it listens there (TCP)"),
        PARAM("ready-http", 0, PARAM_LIST, ready_http, "URL", "ready when it answers this with 2xx or 3xx"),
        PARAM("ready-exec", 0, PARAM_LIST, ready_exec, "COMMAND",
              "ready when this, run by /bin/sh, exits with 0"),
        PARAM("ready-timeout", 0, PARAM_DURATION, ready_timeout, "TIME",
              "end the job when it is not ready by then (default: 1min)"),
        PARAM("ready-anywhere", 0, PARAM_FLAG, ready_anywhere, NULL,
              "let --ready-http be answered by other processes and machines"),
        { "restart", 0, PARAM_CHOICE, offsetof(StartRequest, restart), "no|on-failure|always",
          "start the command again when it has ended (default: no)", restart_names },
        PARAM("restart-delay", 0, PARAM_DURATION, restart_delay, "TIME",
              "wait so long before; doubled up to 1min after each failure in a row (default: 1s)"),
        PARAM("restart-max", 0, PARAM_STRING, restart_max, "N",
              "restart at most so many times (default: no end)"),
        PARAM("timeout", 0, PARAM_DURATION, timeout, "TIME", "end the job when it has run so long"),
        PARAM("idle-timeout", 0, PARAM_DURATION, idle_timeout, "TIME",
              "end the job when it has printed nothing for so long"),
        PARAM("stop-signal", 0, PARAM_SIGNAL, stop_signal, "SIGNAL",
              "how the job is asked to end (default: TERM)"),
        PARAM("stop-timeout", 0, PARAM_DURATION, stop_timeout, "TIME",
              "after which it is killed (default: 10s)"),
        { "leftovers", 0, PARAM_CHOICE, offsetof(StartRequest, leftovers), "keep|kill",
          "processes still there when the main one has ended (default: keep)", leftovers_names },
        PARAM("output-max", 0, PARAM_SIZE, output_max, "SIZE", "output kept of a run (default: 256M)"),
        { "overflow", 0, PARAM_CHOICE, offsetof(StartRequest, overflow), "block|drop",
          "where the journal does not keep up, wait or drop lines (default: block)", overflow_names },
        PARAM("pty", 't', PARAM_FLAG, pty, NULL, "give it a terminal, to type into and to attach to"),
        PARAM("size", 0, PARAM_STRING, size, "COLSxROWS", "of that terminal (default: 120x40)"),
        PARAM("stdin", 'i', PARAM_FLAG, input, NULL, "keep its stdin open, for 'sdbg send'"),
        PARAM("outside-sandbox", 0, PARAM_FLAG, outside_sandbox, NULL,
              "start it although it will not be in the sandbox (namespaces) of the caller"),
        PARAM("property", 'p', PARAM_LIST, properties, "NAME=VALUE", "set a property of the systemd unit"),
        {},
};

static int running_error(const Job *j, Error *reterr) {
        char since[RFC3339_MAX] = "";

        /* "15:04:05" out of 2026-11-22T15:04:05.… */
        if (j->started_at > 0)
                format_rfc3339(since, sizeof(since), j->started_at);
        if (j->pid > 0)
                error_set(reterr, ERROR_JOB_RUNNING, 0, "already running (PID %d%s%.8s)", j->pid,
                          *since ? ", since " : "", *since ? since + strlen("2026-11-22T") : "");
        else
                error_set(reterr, ERROR_JOB_RUNNING, 0, "already running (%s, the last run %s)",
                          job_state_to_string(j->state), strempty(j->reason));
        error_hint(reterr, "read it with 'sdbg logs %s', or use --if-running reuse|replace", j->name);
        return -EEXIST;
}

/* Tells systemd what to run. follows: a run of this job has ended just now, or earlier. */
static int send_start(Manager *m, const Spec *s, bool follows, StartOutcome *ret, Error *reterr) {
        _cleanup_job_unit_ JobUnit u = {};
        int r;

        r = job_unit_make(s, &u, reterr);
        if (r < 0)
                return r;
        /* One with a unit file reads the spec that was kept when it was enabled. */
        if (enabled_read_spec(s->name, NULL) > 0)
                return manager_start_loaded(m, u.unit.unit, ret, reterr);
        r = manager_start(m, &u.unit, ret, reterr);
        if (r < 0 || *ret != START_EXISTS || !follows)
                return r;
        /* The run before has told its end and is about to go. */
        r = manager_await_gone(m, u.unit.unit, GONE_TIMEOUT, reterr);
        if (r < 0 && r != -ETIMEDOUT)
                return r;
        return manager_start(m, &u.unit, ret, reterr);
}

/* How a start is made, beside what is started. */
typedef struct Manner {
        int if_running;
        usec_t settle;
        bool no_wait; /* for the job to become ready */
        usec_t wait_max;
        bool same_only; /* of IF_RUNNING_REUSE: what runs must be what would be started */
} Manner;

static int start_failed(const Spec *s, StartResult *ret, Error *reterr) {
        const char *name = s->name;

        if (job_read_state(name, &ret->job) < 0 || ret->job.result != RESULT_EXEC_FAILED) {
                error_set(reterr, ERROR_FAILED, 0, "the unit failed before the command was executed");
                error_hint(reterr, "'journalctl --user -u " UNIT_PREFIX "%s' tells why", name);
                return -EIO;
        }
        return say_not_executed(s, &ret->job, reterr);
}

/* Under the lock of the job's directory: the spec is read before anybody else may write one. */
static int start_locked(Manager *m, const Spec *s, int dir_fd, bool follows, StartResult *ret,
                        Error *reterr) {
        StartOutcome outcome;
        int r;

        r = check_ports_free(s, reterr);
        if (r < 0)
                return r;
        r = jobdir_forget_run(dir_fd);
        if (r >= 0)
                r = jobdir_write_spec(dir_fd, s);
        if (r < 0) {
                error_set(reterr, ERROR_FAILED, r, "cannot write the job's runtime files");
                if (r == -ENOSPC)
                        error_hint(reterr, "the runtime directory is full; 'sdbg clean' forgets ended jobs");
                return r;
        }
        r = send_start(m, s, follows, &outcome, reterr);
        if (r < 0)
                return r;
        if (outcome == START_EXISTS)
                return error_set(reterr, ERROR_JOB_RUNNING, EEXIST,
                                 "a unit of this name that is not sdbg's is running");

        if (spec_wants_ready(s))
                r = await_executed(m, dir_fd, START_TIMEOUT, &outcome, reterr);
        else
                r = manager_await_start(m, START_TIMEOUT, &outcome, reterr);
        if (r == -ETIMEDOUT)
                return error_set(reterr, ERROR_TIMEOUT, r, "the service manager did not start the unit");
        if (r != 0 || outcome == START_DONE)
                return MIN(r, 0);
        return spec_wants_ready(s) ? start_not_ready(s, ret, reterr) : start_failed(s, ret, reterr);
}

static int settle(const Spec *s, usec_t time, StartResult *ret, Error *reterr) {
        const char *name = s->name;
        Job *j = &ret->job;
        int r;

        r = await_end(name, time, j);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot read the job's state");
        if (r == 0 || (j->state == JOB_LINGERING && j->result == RESULT_SUCCESS)) {
                /* It runs, or what it left does: with the figures of now. */
                job_done(j);
                r = job_read_state(name, j);
                if (r < 0)
                        return error_set(reterr, ERROR_FAILED, r, "cannot read the job's state");
                if (time > 0)
                        jobs_add_ports(j, 1, PORTS_ALL);
                return 0;
        }
        if (j->result == RESULT_SUCCESS || j->result == RESULT_STOPPED)
                return 0;
        error_set(reterr, ERROR_ENDED_EARLY, 0, "ended after %" PRIu64 " ms: %s",
                  j->duration == USEC_INFINITY ? 0 : j->duration / USEC_PER_MSEC, strempty(j->reason));
        if (j->state == JOB_LINGERING)
                error_hint(reterr, "processes of it remain; 'sdbg stop %s' ends them", name);
        hint_port_holder(s, j, reterr);
        return -ECHILD;
}

/* One that is cleaned away in that moment is made again. */
int lock_name(const char *name, int *ret_dir, Error *reterr) {
        for (;;) {
                _cleanup_close_ int dir = jobdir_open(name, true, reterr);
                struct stat st;
                int lock;

                if (dir < 0)
                        return dir;
                lock = jobdir_lock(dir);
                if (lock < 0)
                        return error_set(reterr, ERROR_FAILED, lock, "cannot lock the job's runtime files");
                if (fstat(dir, &st) >= 0 && st.st_nlink > 0) {
                        *ret_dir = TAKE_FD(dir);
                        return lock;
                }
                close_fd(lock);
        }
}

/* Whether it is what would be started: of a name that was made up, only that may be used again. */
static bool is_same(const Job *j, const Spec *s) {
        return streq_ptr(j->command, s->command) && streq_ptr(j->cwd, s->cwd);
}

/* A job that has a unit file is started by it. */
static int check_enabled(const char *name, int if_running, Error *reterr) {
        _cleanup_job_ Job j = JOB_INIT;

        if (enabled_read_spec(name, NULL) <= 0 ||
            (if_running != IF_RUNNING_REPLACE && job_read_state(name, &j) == 1))
                return 0;
        error_set(reterr, ERROR_JOB_RUNNING, 0, "the name belongs to a job that is enabled to start at boot");
        error_hint(reterr, "'sdbg restart %s' starts that one; 'sdbg disable %s' frees the name", name, name);
        return -EEXIST;
}

/* Whoever is part of the job would be stopped with it, and could not start it again. */
static int check_not_within(const Job *j, Error *reterr) {
        _cleanup_free_ char *own = NULL;

        if (!j->cgroup || cgroup_of(0, &own) < 0 || !startswith(own, j->cgroup))
                return 0;
        error_set(reterr, ERROR_FAILED, 0, "this sdbg runs in job '%s' and would be stopped with it",
                  j->name);
        error_hint(reterr, "'systemd-run --user sdbg restart %s' does it from outside", j->name);
        return -EDEADLK;
}

/* Starts under the name of the spec. Return: as op_start(); -EEXIST with ret->job where it is running. */
static int start_named(Manager *m, const Spec *s, const Manner *how, StartResult *ret, Error *reterr) {
        _cleanup_close_ int dir = -EBADF, lock = lock_name(s->name, &dir, reterr);
        int running, r;

        if (lock < 0)
                return lock;
        running = job_read_state(s->name, &ret->job);
        if (running == 1) {
                /* What a run has left behind does not keep its name. */
                if (how->if_running == IF_RUNNING_FAIL && !ret->job.lingering)
                        return running_error(&ret->job, reterr);
                if (how->if_running == IF_RUNNING_REUSE) {
                        if (how->same_only && !is_same(&ret->job, s))
                                return -EEXIST;
                        ret->reused = true;
                        lock = close_fd(lock);
                        if (ret->job.state == JOB_STARTING && !how->no_wait)
                                return await_others_start(dir, how->wait_max, ret, reterr);
                        jobs_add_ports(&ret->job, 1, PORTS_ALL);
                        return 0;
                }
                r = check_not_within(&ret->job, reterr);
                if (r >= 0)
                        r = op_stop_jobs(m, &ret->job, 1, USEC_INFINITY, s->asked_by, reterr);
                if (r < 0)
                        return r;
        }
        job_done(&ret->job);
        r = start_locked(m, s, dir, running >= 0, ret, reterr);
        if (r < 0)
                return r;
        lock = close_fd(lock);
        return spec_wants_ready(s) && !how->no_wait ? await_ready(m, s, how->wait_max, ret, reterr)
                                                    : settle(s, how->settle, ret, reterr);
}

int op_start_spec(Manager *m, const Spec *spec, usec_t settle_time, bool no_wait, usec_t wait_max,
                  StartResult *ret, Error *reterr) {
        int r = lifetime_check(spec, reterr);

        return r < 0 ? r
                     : start_named(m, spec,
                                   &(Manner){ .if_running = IF_RUNNING_REPLACE,
                                              .settle = settle_time,
                                              .no_wait = no_wait,
                                              .wait_max = wait_max ?: USEC_INFINITY },
                                   ret, reterr);
}

/* The name made from the command, or with -2, -3, … the first that is not running. */
static int start_unnamed(Manager *m, Spec *s, const Manner *how, StartResult *ret, Error *reterr) {
        _cleanup_free_ char *base = job_name_from_command(s->argv);
        int r = -EEXIST;

        if (!base)
                return error_oom(reterr);
        for (unsigned i = 1; r == -EEXIST && i <= JOB_NAMES_TRIED; i++) {
                error_clear(reterr);
                job_done(&ret->job);
                free(s->name);
                s->name = job_name_numbered(base, i);
                if (!s->name)
                        return error_oom(reterr);
                r = check_enabled(s->name, how->if_running, reterr);
                if (r >= 0)
                        r = start_named(m, s, how, ret, reterr);
        }
        return r;
}

int check_sandbox(Manager *m, bool outside, Error *reterr) {
        const char *kind = outside ? NULL : manager_foreign_namespace(m);

        if (!kind)
                return 0;
        error_set(
                reterr, ERROR_POLICY, 0,
                "refused by policy: the caller is in another %s namespace than the service manager, and the "
                "job would run outside of that sandbox",
                kind);
        error_hint(reterr, "give --outside-sandbox where that is meant, or OutsideSandbox=yes in sdbg.conf");
        return -EPERM;
}

int op_start(Manager *m, const StartRequest *q, StartResult *ret, Error *reterr) {
        _cleanup_spec_ Spec s = {};
        Manner how = {
                .if_running = q->if_running,
                .settle = q->no_wait ? 0 : SETTLE_USEC,
                .no_wait = q->no_wait,
                .wait_max = q->wait_max ?: USEC_INFINITY,
                .same_only = !q->name,
        };
        int r;

        if (q->settle && parse_duration(q->settle, &how.settle) < 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a duration for --settle", q->settle);
        if (q->name) {
                r = job_name_check(q->name, reterr);
                if (r < 0)
                        return r;
        }
        r = check_sandbox(m, q->outside_sandbox, reterr);
        if (r >= 0)
                r = spec_from_request(q, &s, reterr);
        if (r < 0)
                return r;
        if (!q->name)
                return start_unnamed(m, &s, &how, ret, reterr);
        s.name = strdup(q->name);
        r = s.name ? check_enabled(s.name, q->if_running, reterr) : error_oom(reterr);
        return r < 0 ? r : start_named(m, &s, &how, ret, reterr);
}
