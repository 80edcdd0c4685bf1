/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/parse.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/jobdir.h"

#include "supervisor/supervisor.h"

/* Of kill_at: no grace time ends it; it has ended. */
#define NEVER (USEC_INFINITY - 1)
#define KILLED USEC_INFINITY

void supervisor_stop(Supervisor *s, usec_t now, bool requested) {
        usec_t grace = s->spec.stop_timeout, deadline;
        ssize_t n;

        s->stop_requested |= requested && s->main_ended == 0;
        (void) jobdir_read_stop_timeout(s->dir_fd, &grace);
        deadline = grace < NEVER - now ? now + grace : NEVER;
        if (s->kill_at > 0) {
                /* Asked again, with less patience. */
                if (s->kill_at != KILLED)
                        s->kill_at = MIN(s->kill_at, deadline);
                return;
        }

        s->kill_at = deadline;
        s->grace = grace;
        n = cgroup_signal(s->job_fd, s->spec.stop_signal);
        /* What is stopped by job control would sleep through the grace time. */
        (void) cgroup_signal(s->job_fd, SIGCONT);
        s->job.processes_ended = MAX(n, (ssize_t) 0);
        s->job.processes_killed = 0;
        if (requested) {
                s->job.state = JOB_STOPPING;
                supervisor_save(s);
        }
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

void supervisor_check_stop(Supervisor *s, usec_t now) {
        if (s->kill_at > 0 && s->kill_at != KILLED && now >= s->kill_at)
                kill_rest(s);
}

static void set_reason(Supervisor *s, const char *text) {
        free(s->job.reason);
        s->job.reason = strdup(text);
}

/* "3 processes ended, 1 of them killed after 10s". */
static void describe_stop(const Supervisor *s, char *buf, size_t size) {
        const Job *j = &s->job;
        int n = snprintf(buf, size, "%d process%s ended", MAX(j->processes_ended, 1),
                         j->processes_ended > 1 ? "es" : "");
        char grace[32];

        if (j->processes_killed > 0)
                snprintf(buf + n, size - n, ", %d of them killed after %s", j->processes_killed,
                         format_duration(grace, sizeof(grace), s->grace));
}

static void explain_signal(Supervisor *s, int number, bool dumped) {
        const char *name = signal_to_string(number);
        char text[160], fallback[24];
        CgroupStats stats;
        Job *j = &s->job;

        snprintf(fallback, sizeof(fallback), "SIGRTMIN+%d", number - SIGRTMIN);
        free(j->signal);
        j->signal = strdup(name ?: fallback);
        j->result = dumped ? RESULT_CORE_DUMP : RESULT_SIGNAL;
        snprintf(text, sizeof(text), "killed by %s%s", strempty(j->signal), dumped ? " (core dumped)" : "");

        cgroup_stats(s->cgroup_fd, &stats);
        if (number == SIGKILL && stats.oom_kills > 0 && stats.oom_kills != UINT64_MAX) {
                j->result = RESULT_OOM_KILL;
                snprintf(text, sizeof(text), "killed by the kernel: out of memory");
        }
        set_reason(s, text);
}

void supervisor_set_result(Supervisor *s) {
        char text[256], stopped[128] = "";
        Job *j = &s->job;

        if (WIFEXITED(s->main_status)) {
                j->exit_code = WEXITSTATUS(s->main_status);
                j->result = j->exit_code == 0 ? RESULT_SUCCESS : RESULT_EXIT_CODE;
                snprintf(text, sizeof(text), "exited with code %d", j->exit_code);
                set_reason(s, text);
        } else
                explain_signal(s, WTERMSIG(s->main_status), WCOREDUMP(s->main_status));
        if (s->kill_at > 0) {
                /* Asked to stop, or what was left behind was ended. */
                describe_stop(s, stopped, sizeof(stopped));
                if (s->stop_requested)
                        snprintf(text, sizeof(text), "stopped, %s", stopped);
                else
                        snprintf(text, sizeof(text), "%s; then %s", strempty(j->reason), stopped);
                set_reason(s, text);
        }
        if (s->stop_requested)
                j->result = RESULT_STOPPED;
        j->state = j->result == RESULT_SUCCESS || j->result == RESULT_STOPPED ? JOB_EXITED : JOB_FAILED;
}

void supervisor_count(Supervisor *s) {
        Job *j = &s->job;
        CgroupStats stats;

        cgroup_stats(s->cgroup_fd, &stats);
        j->cpu = stats.cpu;
        j->memory_peak = stats.memory_peak;
        j->memory_max = stats.memory_max;
}

_Noreturn void supervisor_exit(Supervisor *s) {
        const Job *j = &s->job;
        int number = j->signal ? signal_from_string(j->signal) : -1;
        sigset_t all;

        if (j->result == RESULT_SUCCESS || j->result == RESULT_STOPPED)
                _exit(EXIT_SUCCESS);
        if (number > 0) {
                /* It is the job that crashed; its dump, if any, is made. */
                (void) prctl(PR_SET_DUMPABLE, 0);
                (void) signal(number, SIG_DFL);
                sigfillset(&all);
                (void) sigprocmask(SIG_UNBLOCK, &all, NULL);
                (void) raise(number);
        }
        _exit(j->exit_code > 0 ? j->exit_code : EXIT_FAILURE);
}
