/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/probe/cgroup-resources.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/text/quote.h"

#include "supervisor/supervisor.h"

static void set_reason(Supervisor *s, const char *text) {
        free(s->job.reason);
        s->job.reason = strdup(text);
}

static void append_reason(Supervisor *s, const char *text) {
        _cleanup_free_ char *before = TAKE_PTR(s->job.reason);

        if (asprintf(&s->job.reason, "%s%s", strempty(before), text) < 0)
                s->job.reason = NULL;
}

/* Who sent the SIGTERM, where no sdbg left a note of it. */
static void describe_sender(pid_t pid, char *buf, size_t size) {
        _cleanup_free_ char *comm = NULL, *shown = NULL;
        char path[64];

        snprintf(path, sizeof(path), "/proc/%d/comm", (int) pid);
        if (pid == getppid())
                snprintf(buf, size, "the service manager");
        else if (read_file_at(AT_FDCWD, path, 4096, &comm, NULL) >= 0 &&
                 (shown = printable_line(comm, strcspn(comm, "\n"), 64)))
                snprintf(buf, size, "PID %d (%s)", (int) pid, shown);
        else
                snprintf(buf, size, "PID %d", (int) pid);
}

/* Why it was ended: "stopped by PID 12 (bash)". */
static void describe_cause(const Supervisor *s, char *buf, size_t size) {
        _cleanup_free_ char *note = NULL, *shown = NULL;
        char time[32], sender[96];

        switch (s->stop_cause) {
        case STOP_TIMEOUT:
                snprintf(buf, size, "ran longer than its timeout of %s",
                         format_duration(time, sizeof(time), s->spec.timeout));
                return;
        case STOP_IDLE_TIMEOUT:
                snprintf(buf, size, "printed nothing for %s, its idle-timeout",
                         format_duration(time, sizeof(time), s->spec.idle_timeout));
                return;
        case STOP_LIFETIME:
                snprintf(buf, size, "stopped at the end of %s", strempty(s->spec.lifetime_of));
                return;
        case STOP_NOT_READY:
                snprintf(buf, size, "%s", strempty(s->ready.reason));
                return;
        default:
                if (jobdir_read_stopped_by(s->dir_fd, &note) >= 0)
                        shown = printable_line(note, strlen(note), 160);
                else
                        describe_sender(s->stopped_by, sender, sizeof(sender));
                snprintf(buf, size, "stopped by %s", shown ?: sender);
        }
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
        char text[320], fallback[24];
        Job *j = &s->job;

        snprintf(fallback, sizeof(fallback), "SIGRTMIN+%d", number - SIGRTMIN);
        free(j->signal);
        j->signal = strdup(name ?: fallback);
        j->result = dumped ? RESULT_CORE_DUMP : RESULT_SIGNAL;
        snprintf(text, sizeof(text), "killed by %s%s", strempty(j->signal), dumped ? " (core dumped)" : "");

        if (number == SIGKILL && oom_has_killed(&s->oom)) {
                j->result = RESULT_OOM_KILL;
                oom_explain(&s->oom, text, sizeof(text));
        }
        set_reason(s, text);
}

/* What of the result and the reason is due to the stop. */
static void explain_stop(Supervisor *s) {
        static const JobResult results[] = {
                [STOP_REQUESTED] = RESULT_STOPPED,         [STOP_TIMEOUT] = RESULT_TIMEOUT,
                [STOP_IDLE_TIMEOUT] = RESULT_IDLE_TIMEOUT, [STOP_LIFETIME] = RESULT_STOPPED,
                [STOP_NOT_READY] = RESULT_READY_TIMEOUT,
        };
        char text[512], cause[256], stopped[128];

        describe_stop(s, stopped, sizeof(stopped));
        if (s->stop_cause == STOP_LEFTOVERS)
                snprintf(text, sizeof(text), "%s; then %s", strempty(s->job.reason), stopped);
        else {
                describe_cause(s, cause, sizeof(cause));
                snprintf(text, sizeof(text), "%s, %s", cause, stopped);
                s->job.result = results[s->stop_cause];
        }
        set_reason(s, text);
}

/* The last of several runs. */
static void explain_last(Supervisor *s) {
        char text[768];

        snprintf(text, sizeof(text), "%s, after %d restart%s%s", strempty(s->job.reason), s->job.restarts,
                 s->job.restarts > 1 ? "s" : "",
                 (uint64_t) s->job.restarts == s->spec.restart_max ? ", the most that it may have" : "");
        set_reason(s, text);
}

void supervisor_set_result(Supervisor *s) {
        char text[128];
        Job *j = &s->job;

        if (WIFEXITED(s->main_status)) {
                j->exit_code = WEXITSTATUS(s->main_status);
                j->result = j->exit_code == 0 ? RESULT_SUCCESS : RESULT_EXIT_CODE;
                snprintf(text, sizeof(text), "exited with code %d", j->exit_code);
                set_reason(s, text);
        } else
                explain_signal(s, WTERMSIG(s->main_status), WCOREDUMP(s->main_status));
        if (j->result != RESULT_OOM_KILL)
                oom_settle(&s->oom);
        if (s->oom.told > 0) {
                snprintf(text, sizeof(text),
                         "; %" PRIu64 " of its processes had been killed for want of memory", s->oom.told);
                append_reason(s, text);
        }
        if (s->kill_at > 0)
                explain_stop(s);
        if (s->job.restarts > 0 && !s->stop_asked && !supervisor_wants_restart(s))
                explain_last(s);
        job_set_ended(j,
                      j->result == RESULT_SUCCESS || j->result == RESULT_STOPPED ? JOB_EXITED : JOB_FAILED);
}

void supervisor_set_stopped_between(Supervisor *s) {
        _cleanup_free_ char *last = TAKE_PTR(s->job.reason);
        char text[768], cause[256];

        describe_cause(s, cause, sizeof(cause));
        snprintf(text, sizeof(text), "%s before it was restarted; the last run %s", cause, strempty(last));
        set_reason(s, text);
        s->job.restarts--; /* the one that was announced does not come */
        s->job.result = RESULT_STOPPED;
        s->job.state = JOB_EXITED;
        s->job.ended_at = now_usec(CLOCK_REALTIME);
}

void supervisor_count(Supervisor *s) {
        CgroupStats stats;

        cgroup_stats(s->cgroup_fd, &stats);
        cgroup_stats_to_job(&stats, &s->job);
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
