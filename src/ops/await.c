/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/await.h"
#include "ops/internal.h"

/* A user may have so many inotify instances (/proc/sys/fs/inotify/max_user_instances, 128 unless set). Who
 * gets none looks by itself. */
#define BLIND_USEC (200 * USEC_PER_MSEC)

/* The states and rings of all jobs that are waited for. */
typedef struct Watch {
        int inotify_fd; /* -EMFILE: there is none */
        int jobs_fd;
} Watch;

static int watch_open(Watch *w) {
        w->jobs_fd = jobs_open(NULL);
        if (w->jobs_fd < 0)
                return w->jobs_fd;
        w->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (w->inotify_fd < 0)
                w->inotify_fd = -errno;
        return w->inotify_fd >= 0 || w->inotify_fd == -EMFILE ? 0 : w->inotify_fd;
}

static void watch_done(Watch *w) {
        close_fd(w->inotify_fd);
        close_fd(w->jobs_fd);
}
#define _cleanup_watch_ _cleanup_(watch_done)

/* Return: 0; -ENOENT for a job without runtime files; negative errno. */
static int watch_job(const Watch *w, const char *name, WaitFor what) {
        _cleanup_close_ int dir = openat(w->jobs_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        uint32_t events = IN_MOVED_TO | IN_DELETE_SELF;
        int r;

        if (dir < 0)
                return -errno;
        if (w->inotify_fd < 0)
                return 0;
        if (what == WAIT_LOG || what == WAIT_IDLE)
                events |= IN_MODIFY; /* of the ring */
        r = fd_watch(w->inotify_fd, dir, events);
        return MIN(r, 0);
}

/* Another run has begun. Return: whether the one before is all that was waited for, and is known. */
static bool begin_run(Waiter *w) {
        if (w->one_run && job_read_exit(w->job) > 0)
                return true;
        waiter_forget_log(w);
        w->pidfd = close_fd(w->pidfd);
        w->gone_since = 0;
        return false;
}

static bool refresh_adopted(Waiter *w) {
        if (w->pidfd < 0)
                w->pidfd = syscall(SYS_pidfd_open, w->job->pid, 0);
        return job_read_state(w->job->name, w->job) != 1;
}

/* Reads the state anew. Return: whether the job has ended. */
static bool refresh(const Watch *watch, Waiter *w, usec_t now) {
        Job fresh = JOB_INIT, *j = w->job;

        if (jobdir_read_state_at(watch->jobs_fd, j->name, &fresh) >= 0) {
                if (j->run && fresh.run && !streq(j->run, fresh.run) && begin_run(w)) {
                        job_done(&fresh);
                        return true;
                }
                job_done(j);
                *j = fresh;
        } else
                job_done(&fresh);
        if (job_has_ended(j))
                return true;
        /* Of an adopted job nobody writes how it stands. */
        if (job_is_scope(j))
                return refresh_adopted(w);
        if (w->pidfd < 0 && j->supervisor > 0)
                w->pidfd = syscall(SYS_pidfd_open, j->supervisor, 0);
        return w->gone_since > 0 && now >= w->gone_since + LAST_WORD_USEC && job_read_state(j->name, j) != 1;
}

static int look(const Watch *watch, const Condition *c, Waiter *w, usec_t now) {
        bool ended = job_has_ended(w->job) || refresh(watch, w, now);
        int r = condition_check(c, w, ended, now);

        if (r < 0)
                return r;
        w->outcome.happened = r > 0;
        w->over = r > 0 || ended;
        if (w->over)
                waiter_done(w);
        return 0;
}

/* Return: whether it is enough that these are over. */
static bool is_enough(const Waiter *waiters, size_t n, bool any) {
        size_t over = 0, happened = 0;

        for (size_t i = 0; i < n; i++) {
                over += waiters[i].over;
                happened += waiters[i].outcome.happened;
        }
        /* One that cannot come any more decides about all. */
        return over == n || (any ? happened > 0 : over > happened);
}

static usec_t next_look(const Watch *watch, const Waiter *waiters, size_t n, usec_t now, usec_t until) {
        if (watch->inotify_fd < 0)
                until = MIN(until, now + BLIND_USEC);
        for (size_t i = 0; i < n; i++) {
                if (waiters[i].over)
                        continue;
                until = MIN(until, waiters[i].due);
                if (waiters[i].gone_since > 0)
                        until = MIN(until, waiters[i].gone_since + LAST_WORD_USEC);
        }
        return until;
}

/* Sleeps until something of the jobs or a supervisor's life has changed, or `until`. */
static int sleep_until(const Watch *watch, Waiter *waiters, size_t n, usec_t until) {
        _cleanup_free_ struct pollfd *p = calloc(n + 1, sizeof(struct pollfd));
        char drain[4096];
        int r;

        if (!p)
                return -ENOMEM;
        p[0] = (struct pollfd){ .fd = watch->inotify_fd, .events = POLLIN };
        for (size_t i = 0; i < n; i++)
                p[i + 1] = (struct pollfd){ .fd = waiters[i].gone_since > 0 ? -1 : waiters[i].pidfd,
                                            .events = POLLIN };
        r = poll_until(p, n + 1, until);
        if (r < 0 && r != -EINTR)
                return r;
        while (watch->inotify_fd >= 0 && read(watch->inotify_fd, drain, sizeof(drain)) > 0)
                ;
        for (size_t i = 0; i < n; i++)
                if (p[i + 1].revents)
                        waiters[i].gone_since = now_usec(CLOCK_MONOTONIC);
        return 0;
}

int await_jobs(const Condition *c, Waiter *waiters, size_t n, bool any, usec_t timeout) {
        _cleanup_watch_ Watch watch = { .inotify_fd = -EBADF, .jobs_fd = -EBADF };
        usec_t now = now_usec(CLOCK_MONOTONIC), until;
        int r = watch_open(&watch);

        until = timeout < USEC_INFINITY - now ? now + timeout : USEC_INFINITY;
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = watch_job(&watch, waiters[i].job->name, c->what);
                /* One that is only in the journal has ended long since. */
                if (r == -ENOENT && job_has_ended(waiters[i].job))
                        r = 0;
        }
        while (r >= 0) {
                now = now_usec(CLOCK_MONOTONIC);
                for (size_t i = 0; r >= 0 && i < n; i++)
                        if (!waiters[i].over)
                                r = look(&watch, c, &waiters[i], now);
                if (r < 0 || is_enough(waiters, n, any))
                        return r < 0 ? r : 1;
                if (now >= until)
                        return 0;
                r = sleep_until(&watch, waiters, n, next_look(&watch, waiters, n, now, until));
        }
        return r;
}

int await_end(const char *name, usec_t timeout, Job *ret) {
        Waiter w = WAITER_INIT(ret);
        int r;

        /* Without time to wait, no watch: closing one takes the kernel some 20 ms (it waits for an SRCU
         * grace period). */
        if (timeout == 0) {
                r = job_read_state(name, ret);
                return r < 0 ? r : r == 0 || ret->state == JOB_LINGERING;
        }
        free(ret->name);
        ret->name = strdup(name);
        if (!ret->name)
                return -ENOMEM;
        r = await_jobs(&(Condition){ .what = WAIT_EXIT }, &w, 1, false, timeout);
        waiter_done(&w);
        return r;
}
