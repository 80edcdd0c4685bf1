/* SPDX-License-Identifier: MIT */
#include <signal.h>

#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/jobdir.h"

#include "supervisor/supervisor.h"

/* Of kill_at: no grace time ends it; it has ended. */
#define NEVER (USEC_INFINITY - 1)
#define KILLED USEC_INFINITY

void supervisor_stop(Supervisor *s, usec_t now, StopCause cause) {
        usec_t grace = s->spec.stop_timeout, deadline;
        ssize_t n;

        s->stop_asked |= cause == STOP_REQUESTED || cause == STOP_LIFETIME;
        if (s->restart_at > 0) {
                s->stop_cause = cause;
                s->restart_at = 0;
                supervisor_set_stopped_between(s);
                return;
        }
        /* What has ended is being written down. */
        if (job_has_ended(&s->job))
                return;
        /* When the main process has ended, its result stands. */
        if (s->main_ended > 0 && cause != STOP_NOT_READY)
                cause = STOP_LEFTOVERS;
        if (s->stop_cause == STOP_NONE)
                s->stop_cause = cause;
        (void) jobdir_read_stop_timeout(s->dir_fd, &grace);
        deadline = MIN(usec_add(now, grace), NEVER);
        if (s->kill_at > 0) {
                /* Asked again, with less patience. */
                if (s->kill_at != KILLED)
                        s->kill_at = MIN(s->kill_at, deadline);
                return;
        }

        s->kill_at = deadline;
        s->grace = grace;
        n = cgroup_signal(s->job_fd, s->spec.stop_signal);
        /* What is stopped by job control, or paused, would sleep through the grace time. */
        (void) cgroup_signal(s->job_fd, SIGCONT);
        /* A shell at a terminal ends when that hangs up, and not by SIGTERM. */
        if (s->spec.pty)
                (void) cgroup_signal(s->job_fd, SIGHUP);
        (void) cgroup_freeze(s->job_fd, false);
        s->job.processes_ended = MAX(n, (ssize_t) 0);
        s->job.processes_killed = 0;
        s->job.state = JOB_STOPPING;
        supervisor_save(s);
        notify_manager("STATUS=stopping: asked %zd processes to end", n);
}

static void kill_rest(Supervisor *s) {
        _cleanup_free_ pid_t *pids = NULL;
        ssize_t n = cgroup_pids(s->job_fd, SIZE_MAX, &pids);

        s->job.processes_killed = MAX(n, (ssize_t) 0);
        s->job.processes_ended = MAX(s->job.processes_ended, s->job.processes_killed);
        (void) cgroup_kill(s->job_fd);
        s->kill_at = KILLED;
}

void supervisor_set_paused(Supervisor *s, bool paused) {
        Job *j = &s->job;

        if (paused == (j->state == JOB_PAUSED) || j->state == JOB_STOPPING)
                return;
        if (paused)
                s->unpaused = j->state;
        j->state = paused ? JOB_PAUSED : s->unpaused;
        supervisor_save(s);
}

void supervisor_check_stop(Supervisor *s, usec_t now) {
        if (s->kill_at > 0 && s->kill_at != KILLED && now >= s->kill_at)
                kill_rest(s);
}
