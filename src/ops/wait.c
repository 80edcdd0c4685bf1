/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/ops/wait.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"

/* After the supervisor is gone without a word, the auditor has this long to write down the end. */
#define LAST_WORD_USEC (5 * USEC_PER_SEC)

const Param wait_params[] = {
        { "any", 0, PARAM_FLAG, offsetof(WaitRequest, any), NULL, "until one of them has ended, not all",
          NULL },
        { "timeout", 't', PARAM_STRING, offsetof(WaitRequest, timeout), "TIME",
          "give up after this time (exit code 124)", NULL },
        { "all", 0, PARAM_FLAG, offsetof(WaitRequest, select.all), NULL, "all running jobs", NULL },
        { "group", 'g', PARAM_STRING, offsetof(WaitRequest, select.group), "GROUP", "jobs of this group",
          NULL },
        { "label", 'l', PARAM_LIST, offsetof(WaitRequest, select.labels), "KEY=VALUE", "jobs with this label",
          NULL },
        {},
};

/* One job that is waited for. */
typedef struct Waiter {
        int dir_fd;
        int pidfd; /* of the supervisor */
        bool done;
        usec_t gone_since; /* the supervisor's end was seen; CLOCK_MONOTONIC */
} Waiter;

static int watch(int inotify_fd, const char *name, Waiter *w) {
        char path[64];

        *w = (Waiter){ .pidfd = -EBADF };
        w->dir_fd = jobdir_open(name, false, NULL);
        if (w->dir_fd < 0)
                return w->dir_fd;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", w->dir_fd);
        return inotify_add_watch(inotify_fd, path, IN_MOVED_TO | IN_DELETE_SELF) < 0 ? -errno : 0;
}

/* Reads the state anew. Return: whether the job has ended. */
static bool look(Waiter *w, Job *j, usec_t now) {
        Job fresh = JOB_INIT;

        if (w->done)
                return true;
        if (jobdir_read_state(w->dir_fd, &fresh) >= 0) {
                job_done(j);
                *j = fresh;
        } else
                job_done(&fresh);
        w->done = job_has_ended(j) || j->state == JOB_LINGERING;
        if (w->done)
                return true;

        if (w->pidfd < 0 && j->supervisor > 0)
                w->pidfd = syscall(SYS_pidfd_open, j->supervisor, 0);
        if (w->gone_since > 0 && now >= w->gone_since + LAST_WORD_USEC)
                w->done = job_read_state(j->name, j) != 1;
        return w->done;
}

static int count_done(Waiter *waiters, Job *jobs, size_t n, usec_t now) {
        size_t done = 0;

        for (size_t i = 0; i < n; i++)
                done += look(&waiters[i], &jobs[i], now);
        return done;
}

/* Sleeps until a state file or a supervisor's life has changed, or `until`. */
static int sleep_until(int inotify_fd, Waiter *waiters, size_t n, usec_t now, usec_t until) {
        _cleanup_free_ struct pollfd *p = calloc(n + 1, sizeof(struct pollfd));
        char drain[4096];

        if (!p)
                return -ENOMEM;
        p[0] = (struct pollfd){ .fd = inotify_fd, .events = POLLIN };
        for (size_t i = 0; i < n; i++) {
                bool gone = waiters[i].done || waiters[i].gone_since > 0;

                p[i + 1] = (struct pollfd){ .fd = gone ? -1 : waiters[i].pidfd, .events = POLLIN };
                if (!waiters[i].done && waiters[i].gone_since > 0)
                        until = MIN(until, waiters[i].gone_since + LAST_WORD_USEC);
        }
        struct timespec left = { .tv_sec = usec_sub(until, now) / USEC_PER_SEC,
                                 .tv_nsec = usec_sub(until, now) % USEC_PER_SEC * 1000 };

        if (ppoll(p, n + 1, until == USEC_INFINITY ? NULL : &left, NULL) < 0 && errno != EINTR)
                return -errno;
        while (read(inotify_fd, drain, sizeof(drain)) > 0)
                ;
        for (size_t i = 0; i < n; i++)
                if (p[i + 1].revents)
                        waiters[i].gone_since = now_usec(CLOCK_MONOTONIC);
        return 0;
}

/* Return: 1 enough of them have ended; 0 the time is over; negative errno. */
static int await_jobs(Job *jobs, size_t n, bool any, usec_t timeout) {
        _cleanup_close_ int inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        _cleanup_free_ Waiter *waiters = calloc(n + 1, sizeof(Waiter));
        usec_t now = now_usec(CLOCK_MONOTONIC), until;
        size_t watched = 0;
        int r = 0;

        if (inotify_fd < 0 || !waiters)
                return inotify_fd < 0 ? -errno : -ENOMEM;
        until = timeout < USEC_INFINITY - now ? now + timeout : USEC_INFINITY;
        for (; r >= 0 && watched < n; watched++) {
                r = watch(inotify_fd, jobs[watched].name, &waiters[watched]);
                /* One that is only in the journal has ended long since. */
                if (r == -ENOENT && job_has_ended(&jobs[watched])) {
                        waiters[watched].done = true;
                        r = 0;
                }
        }
        while (r >= 0) {
                size_t done;

                now = now_usec(CLOCK_MONOTONIC);
                done = count_done(waiters, jobs, n, now);
                if (done == n || (any && done > 0)) {
                        r = 1;
                        break;
                }
                if (now >= until) {
                        r = 0;
                        break;
                }
                r = sleep_until(inotify_fd, waiters, n, now, until);
        }
        for (size_t i = 0; i < watched; i++) {
                close_fd(waiters[i].dir_fd);
                close_fd(waiters[i].pidfd);
        }
        return r;
}

int await_end(const char *name, usec_t timeout, Job *ret) {
        int r;

        /* Without time to wait, no watch: closing one takes the kernel some 20 ms (it waits for an SRCU
         * grace period). */
        if (timeout == 0) {
                r = job_read_state(name, ret);
                return r < 0 ? r : r == 0 || ret->state == JOB_LINGERING;
        }
        free(ret->name);
        ret->name = strdup(name);
        return ret->name ? await_jobs(ret, 1, false, timeout) : -ENOMEM;
}

int op_wait(Manager *m, const WaitRequest *q, JobList *ret, Error *reterr) {
        usec_t timeout = USEC_INFINITY;
        int r;

        if (q->timeout && parse_duration(q->timeout, &timeout) < 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a duration for --timeout", q->timeout);
        /* Jobs named may be over already; a group or a label means those that run. */
        r = jobs_select(m, &q->select, JOB_BRIEF, q->select.names != NULL, ret, reterr);
        if (r < 0)
                return r;
        r = await_jobs(ret->jobs, ret->n, q->any, timeout);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot wait for the job's state");
        if (r == 0) {
                error_set(reterr, ERROR_TIMEOUT, 0, "still running after %s", q->timeout);
                return -ETIMEDOUT;
        }
        return 0;
}
