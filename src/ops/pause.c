/* SPDX-License-Identifier: MIT */
#include <poll.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/time.h"
#include "sdbg/ops/pause.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/jobdir.h"

/* A process in an uninterruptible sleep freezes when that is over. */
#define FREEZE_USEC (10 * USEC_PER_SEC)
/* How long the supervisor may take to show it, and between two looks at that. No watch, since to
 * give one back takes the kernel some 20 ms (inotify(7); it waits for an SRCU grace period). */
#define SHOW_USEC USEC_PER_SEC
#define LOOK_MSEC 2

const Param pause_params[] = { JOB_SELECTION_PARAMS(PauseRequest), {} };

/* Waits until the kernel says so. Return: 0, -ETIMEDOUT, negative errno. */
static int await_frozen(int events_fd, bool frozen) {
        usec_t until = now_usec(CLOCK_MONOTONIC) + FREEZE_USEC;
        struct pollfd p = { .fd = events_fd, .events = POLLPRI };

        for (;;) {
                bool is_frozen;
                int populated = cgroup_populated(events_fd, &is_frozen);

                if (populated <= 0 || is_frozen == frozen)
                        return populated < 0 ? populated : 0;
                if (poll_until(&p, 1, until) == 0)
                        return -ETIMEDOUT;
        }
}

/* The supervisor sees it as this process does, and tells it in the state file. */
static void await_shown(Job *j, bool paused) {
        usec_t until = now_usec(CLOCK_MONOTONIC) + SHOW_USEC;

        do {
                Job fresh = JOB_INIT;

                if (job_read_state(j->name, &fresh) < 0) {
                        job_done(&fresh);
                        return;
                }
                job_done(j);
                *j = fresh;
                if ((j->state == JOB_PAUSED) == paused || job_has_ended(j))
                        return;
                (void) poll(NULL, 0, LOOK_MSEC);
        } while (now_usec(CLOCK_MONOTONIC) < until);
}

static int pause_job(Job *j, bool pause, Error *reterr) {
        _cleanup_close_ int fd = cgroup_open_of_job(j), events = -EBADF;
        int r = fd < 0 ? fd : cgroup_freeze(fd, pause);

        if (r >= 0)
                r = events = cgroup_open_events(fd);
        if (r >= 0)
                r = await_frozen(events, pause);
        if (r == -ETIMEDOUT && pause) {
                (void) cgroup_freeze(fd, false);
                error_set(reterr, ERROR_TIMEOUT, 0,
                          "job '%s' cannot be frozen: a process of it waits in the kernel", j->name);
                return r;
        }
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot %s job '%s'", pause ? "pause" : "resume",
                                 j->name);
        await_shown(j, pause);
        return 0;
}

int op_pause(Manager *m, const PauseRequest *q, bool pause, JobList *ret, Error *reterr) {
        int r = jobs_select(m, &q->select, JOB_STATE, false, ret, reterr);

        for (size_t i = 0; r >= 0 && i < ret->n; i++)
                r = pause_job(&ret->jobs[i], pause, reterr);
        return r;
}
