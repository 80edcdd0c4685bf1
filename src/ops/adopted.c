/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/process.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"

/* Adopted jobs have no supervisor: what is to be known of them is asked of the kernel each time, and their end is
 * written down by whoever sees it first. */

/* After SIGKILL: a process may be in the kernel for a while. */
#define KILL_USEC (30 * USEC_PER_SEC)

static void save_end(Job *j, const char *message) {
        _cleanup_close_ int dir = jobdir_open(j->name, false, NULL);
        _cleanup_job_ Job saved = JOB_INIT;

        if (dir < 0 || jobdir_read_state(dir, &saved) < 0 || job_has_ended(&saved))
                return;
        (void) jobdir_write_state(dir, j);
        record_send(j, RECORD_EXIT, message);
}

static int end(Job *j, JobResult result, const char *reason) {
        _cleanup_free_ char *message = NULL;

        free(j->reason);
        j->reason = strdup(reason);
        if (!j->reason || asprintf(&message, "%s %s", j->name, reason) < 0)
                return -ENOMEM;
        job_set_ended(j, JOB_EXITED);
        j->result = result;
        j->uptime = USEC_INFINITY;
        j->ended_at = now_usec(CLOCK_REALTIME);
        if (j->started_at > 0)
                j->duration = usec_sub(j->ended_at, j->started_at);
        save_end(j, message);
        return 0;
}

/* Whether the process that was asked for is still there, and in the job. */
static bool main_lives(const Job *j) {
        _cleanup_free_ char *group = NULL;
        ProcessIdentity p;

        return j->pid > 0 && process_identify(j->pid, &p) >= 0 && !p.is_zombie &&
               cgroup_of(j->pid, &group) >= 0 && streq(group, j->cgroup);
}

int adopted_look(Job *j) {
        _cleanup_close_ int fd = j->cgroup ? cgroup_open(j->cgroup) : -ENOENT, events = -EBADF;
        bool frozen = false;
        int r;

        if (fd >= 0)
                events = cgroup_open_events(fd);
        if (events < 0 || cgroup_populated(events, &frozen) <= 0) {
                r = end(j, _RESULT_INVALID, "ended; with what code is not known of an adopted process");
                return r < 0 ? r : 0;
        }
        j->lingering = !main_lives(j);
        j->state = frozen ? JOB_PAUSED : j->lingering ? JOB_LINGERING : JOB_RUNNING;
        return 1;
}

/* Waits until the cgroup is empty. Return: whether it is. */
static bool await_empty(int events_fd, usec_t timeout) {
        usec_t until = usec_add(now_usec(CLOCK_MONOTONIC), timeout);
        struct pollfd p = { .fd = events_fd, .events = POLLPRI };

        while (cgroup_populated(events_fd, NULL) > 0)
                if (poll_until(&p, 1, until) == 0)
                        return false;
        return true;
}

int adopted_stop(Job *j, usec_t grace, const char *caller, Error *reterr) {
        _cleanup_close_ int fd = cgroup_open_of_job(j), events = fd < 0 ? fd : cgroup_open_events(fd);
        _cleanup_free_ pid_t *left = NULL;
        char text[256];
        ssize_t n, killed = 0;

        if (events < 0)
                return adopted_look(j);
        n = cgroup_signal(fd, SIGTERM);
        (void) cgroup_signal(fd, SIGCONT);
        (void) cgroup_freeze(fd, false);
        if (!await_empty(events, grace)) {
                killed = cgroup_pids(fd, SIZE_MAX, &left);
                (void) cgroup_kill(fd);
                if (!await_empty(events, KILL_USEC))
                        return error_set(reterr, ERROR_TIMEOUT, 0, "processes of job '%s' wait in the kernel",
                                         j->name);
        }
        j->processes_ended = MAX(n, (ssize_t) 0);
        j->processes_killed = MAX(killed, (ssize_t) 0);
        snprintf(text, sizeof(text), "stopped by %.120s, %zd process%s ended%s", caller, n,
                 n == 1 ? "" : "es", killed > 0 ? ", some of them killed" : "");
        return end(j, RESULT_STOPPED, text);
}
