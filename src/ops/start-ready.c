/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/job/readiness.h"
#include "sdbg/ops/ports.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/await.h"
#include "ops/internal.h"

/* On top of the times that the job has: what the supervisor needs to end it and write that down, and more. */
#define MARGIN (100 * USEC_PER_SEC)
/* The manager tells nothing between its start of the supervisor and the end of the start; so the state file
 * is looked at, less and less often. */
#define LOOK_MIN (2 * USEC_PER_MSEC)
#define LOOK_MAX (50 * USEC_PER_MSEC)

static bool has_begun(int dir_fd) {
        _cleanup_job_ Job j = JOB_INIT;

        return jobdir_read_state(dir_fd, &j) >= 0 && j.pid > 0;
}

int await_executed(Manager *m, int dir_fd, usec_t timeout, StartOutcome *ret, Error *reterr) {
        usec_t end = usec_add(now_usec(CLOCK_MONOTONIC), timeout);

        for (usec_t look = LOOK_MIN;; look = MIN(2 * look, LOOK_MAX)) {
                int r = manager_await_start(m, look, ret, reterr);

                if (r != -ETIMEDOUT)
                        return r;
                if (has_begun(dir_fd))
                        return 1;
                if (now_usec(CLOCK_MONOTONIC) >= end)
                        return -ETIMEDOUT;
        }
}

static int say_not_ready(const Spec *s, const Job *j, Error *reterr) {
        if (j->result == RESULT_READY_TIMEOUT)
                error_set(reterr, ERROR_READY_TIMEOUT, 0, "%s", strempty(j->reason));
        else
                error_set(reterr, ERROR_ENDED_EARLY, 0, "ended after %" PRIu64 " ms, before it was ready: %s",
                          j->duration == USEC_INFINITY ? 0 : j->duration / USEC_PER_MSEC,
                          strempty(j->reason));
        if (j->result == RESULT_READY_TIMEOUT && j->lines == 0 && strv_length(s->ready_log) > 0 && !s->pty)
                error_hint(reterr,
                           "it has printed nothing: many programs hold back what goes to no terminal; "
                           "--pty gives it one, and python3 has -u");
        hint_port_holder(s, j, reterr);
        return -ECHILD;
}

int say_not_executed(const Spec *s, const Job *j, Error *reterr) {
        error_set(reterr, ERROR_EXEC_FAILED, 0, "%s", strempty(j->reason));
        if (strpbrk(s->argv[0], " =;&|"))
                error_hint(reterr, "a line for the shell is one argument, and the last: sdbg start [OPTION…] "
                                   "'PORT=1 npm run dev'");
        return -ENOEXEC;
}

int start_not_ready(const Spec *s, StartResult *ret, Error *reterr) {
        Job *j = &ret->job;
        int r;

        job_done(j);
        r = job_read_state(s->name, j);
        /* Somebody stops it, which ends the start before the job. */
        if (r == 1)
                r = await_end(s->name, usec_add(s->stop_timeout, MARGIN), j);
        if (r < 0) {
                error_set(reterr, ERROR_FAILED, 0, "the unit failed before the command was executed");
                error_hint(reterr, "'journalctl --user -u " UNIT_PREFIX "%s' tells why", s->name);
                return -EIO;
        }
        if (j->result == RESULT_EXEC_FAILED)
                return say_not_executed(s, j, reterr);
        return j->ready_at > 0 ? 0 : say_not_ready(s, j, reterr);
}

/* With the figures of now. */
static int read_begun(const char *name, StartResult *ret, Error *reterr) {
        int r;

        job_done(&ret->job);
        r = job_read_state(name, &ret->job);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot read the job's state");
        jobs_add_ports(&ret->job, 1, PORTS_ALL);
        return 0;
}

int await_ready(Manager *m, const Spec *s, usec_t wait_max, StartResult *ret, Error *reterr) {
        usec_t patience = usec_add(usec_add(s->ready_timeout, s->stop_timeout), MARGIN);
        StartOutcome outcome;
        int r;

        r = manager_await_start(m, MIN(patience, wait_max), &outcome, reterr);
        if (r == -ETIMEDOUT && wait_max < patience)
                return read_begun(s->name, ret, reterr);
        if (r == -ETIMEDOUT)
                return error_set(reterr, ERROR_TIMEOUT, r, "the service manager did not start the unit");
        if (r < 0)
                return r;
        return outcome == START_DONE ? read_begun(s->name, ret, reterr) : start_not_ready(s, ret, reterr);
}

int await_others_start(int dir_fd, usec_t wait_max, StartResult *ret, Error *reterr) {
        Waiter w = WAITER_INIT(&ret->job);
        _cleanup_spec_ Spec s = {};
        int r;

        r = jobdir_read_spec(dir_fd, &s);
        if (r >= 0)
                r = await_jobs(&(Condition){ .what = WAIT_READY }, &w, 1, false, wait_max);
        waiter_done(&w);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot read the job's state");
        return w.outcome.happened || r == 0 ? read_begun(s.name, ret, reterr)
                                            : say_not_ready(&s, &ret->job, reterr);
}
