/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/job/readiness.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/installed.h"
#include "sdbg/text/quote.h"

#include "supervisor/supervisor.h"

/* On top of the time that sdbg-ready keeps by itself. */
#define MARGIN_USEC (2 * USEC_PER_SEC)
#define REASON_MAX 400
/* Descriptors that sdbg-ready knows by their numbers (ready/ready.h): the streams of the output. */
#define FIRST_FD 3

/* What sdbg-ready gets as its own. */
typedef struct Ends {
        int logs[STREAM_RECORD]; /* read ends */
        int answer;              /* write end */
} Ends;

static void close_ends(Ends *e) {
        for (size_t i = 0; i < ELEMENTSOF(e->logs); i++)
                close_fd(e->logs[i]);
        close_fd(e->answer);
}

/* A pipe for each stream that is to be looked at; a stream that there is not ends at once. */
static int open_taps(Supervisor *s, Ends *e) {
        for (size_t i = 0; i < ELEMENTSOF(e->logs); i++) {
                int ends[2], r;

                if (!s->spec.ready_log || s->output.fds[i] < 0) {
                        e->logs[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
                        if (e->logs[i] < 0)
                                return -errno;
                        continue;
                }
                if (pipe2(ends, O_CLOEXEC) < 0)
                        return -errno;
                e->logs[i] = ends[0];
                s->output.taps[i].fd = ends[1];
                r = fd_nonblock(ends[1], true);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int open_ends(Supervisor *s, Ends *e) {
        int answer[2];

        if (pipe2(answer, O_CLOEXEC) < 0)
                return -errno;
        s->ready.answer_fd = answer[0];
        e->answer = answer[1];
        return open_taps(s, e);
}

/* The child: returns only where a step failed. */
static void run_child(const Ends *e, char *const argv[]) {
        int fds[STREAM_RECORD + 1];

        /* First out of the way of the numbers that they shall have. */
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = fcntl(i < STREAM_RECORD ? e->logs[i] : e->answer, F_DUPFD_CLOEXEC,
                               FIRST_FD + STREAM_RECORD);
        for (size_t i = 0; i < STREAM_RECORD; i++)
                if (dup2(fds[i], FIRST_FD + (int) i) < 0)
                        return;
        if (dup2(fds[STREAM_RECORD], STDOUT_FILENO) < 0)
                return;
        supervisor_reset_signals();
        (void) execv(argv[0], argv);
}

static int spawn(Supervisor *s, Ends *e) {
        _cleanup_free_ char *path = installed_path("sdbg-ready"), *group = NULL;
        ReadyWatch *w = &s->ready;
        pid_t pid;
        int r;

        if (!path || asprintf(&group, "%s/job", s->job.cgroup) < 0) {
                group = NULL;
                return -ENOMEM;
        }
        r = open_ends(s, e);
        if (r >= 0)
                r = w->cgroup_fd = cgroup_make(s->cgroup_fd, "ready");
        if (r < 0)
                return r;
        pid = supervisor_fork_into(w->cgroup_fd);
        if (pid == 0) {
                run_child(e, (char *[]){ path, (char *) s->output.spool.directory, group, NULL });
                _exit(EXIT_FAILURE);
        }
        if (pid < 0)
                return -errno;
        w->pid = pid;
        return 0;
}

/* Ends sdbg-ready and all that it has started. A new one gets a new cgroup: what is cloned into one that was
 * killed before may be killed as well (see supervisor_exec_again()). */
static void end_watch(Supervisor *s) {
        ReadyWatch *w = &s->ready;

        w->is_pending = false;
        for (size_t i = 0; i < ELEMENTSOF(s->output.taps); i++)
                tap_close(&s->output.taps[i]);
        w->answer_fd = close_fd(w->answer_fd);
        if (w->cgroup_fd >= 0)
                (void) cgroup_kill(w->cgroup_fd);
        w->cgroup_fd = close_fd(w->cgroup_fd);
        (void) cgroup_remove(s->cgroup_fd, "ready");
}

/* It is not ready, and will not be: the job is ended, and with it the start. */
static void fail(Supervisor *s, const char *reason, usec_t now) {
        end_watch(s);
        free(s->ready.reason);
        s->ready.reason = strdup(reason);
        supervisor_stop(s, now, STOP_NOT_READY);
}

static void watch(Supervisor *s, usec_t now) {
        Ends e = { .logs = { -EBADF, -EBADF, -EBADF }, .answer = -EBADF };
        char text[128];
        int r;

        (void) cgroup_remove(s->cgroup_fd, "ready");
        s->ready.is_pending = true;
        s->ready.give_up = usec_add(usec_add(now, s->spec.ready_timeout), MARGIN_USEC);
        r = spawn(s, &e);
        close_ends(&e);
        if (r >= 0)
                return;
        snprintf(text, sizeof(text), "cannot look whether it is ready: %s", strerror(-r));
        fail(s, text, now);
}

void supervisor_begun(Supervisor *s, const char *how, usec_t now) {
        bool waits = spec_wants_ready(&s->spec);
        Job *j = &s->job;

        j->state = waits ? JOB_STARTING : JOB_RUNNING;
        j->ready_at = 0;
        j->ready_after = USEC_INFINITY;
        supervisor_save(s);
        /* First of all: somebody waits for it. */
        if (waits)
                notify_manager("STATUS=starting, PID %d", j->pid);
        else
                notify_manager("READY=1\nSTATUS=running, PID %d", j->pid);
        (void) supervisor_record(s, RECORD_START, "%s %s, PID %d", s->spec.name, how, j->pid);
        if (waits)
                watch(s, now);
}

static void mark_ready(Supervisor *s, usec_t now) {
        Job *j = &s->job;
        char span[32];

        end_watch(s);
        s->ready.was_ready = s->ready.untold = true;
        j->ready_at = now_usec(CLOCK_REALTIME);
        j->ready_after = now - s->started;
        if (j->state == JOB_STARTING)
                j->state = JOB_READY;
        supervisor_save(s);
        notify_manager("READY=1\nSTATUS=ready after %s, PID %d",
                       format_duration(span, sizeof(span), j->ready_after), j->pid);
}

/* What sdbg-ready has said: which check does not hold, and why. */
static char *read_answer(const Supervisor *s) {
        char text[4096];
        ssize_t n = read(s->ready.answer_fd, text, sizeof(text));

        return n > 0 ? printable_line(text, n, REASON_MAX) : NULL;
}

void supervisor_ready_reaped(Supervisor *s, int status, usec_t now) {
        _cleanup_free_ char *answer = NULL;
        char text[REASON_MAX + 64], span[32];

        s->ready.pid = 0;
        if (!s->ready.is_pending) {
                (void) cgroup_remove(s->cgroup_fd, "ready");
                return;
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
                /* Somebody else may have answered for a job that has just failed. */
                if (s->main_ended == 0 || s->main_status == 0)
                        mark_ready(s, now);
                return;
        }
        if (WIFEXITED(status))
                answer = read_answer(s);
        snprintf(text, sizeof(text), "not ready within %s: %s",
                 format_duration(span, sizeof(span), MIN(now - s->started, s->spec.ready_timeout)),
                 answer              ? answer
                 : WIFEXITED(status) ? "what looks for it cannot be run"
                                     : "what looks for it was killed");
        fail(s, text, now);
}

usec_t supervisor_check_ready(Supervisor *s, usec_t now) {
        ReadyWatch *w = &s->ready;

        if (w->untold)
                w->untold = !supervisor_record(s, RECORD_READY, "%s ready after %" PRIu64 " ms", s->spec.name,
                                               s->job.ready_after / USEC_PER_MSEC);
        if (!w->is_pending)
                return USEC_INFINITY;
        if (s->kill_at > 0 || job_has_ended(&s->job))
                end_watch(s);
        else if (s->main_ended > 0 && s->main_status != 0) {
                /* The start has failed; what is left of it goes, too. A command that has put itself into the
                 * background with success may still become ready. */
                end_watch(s);
                supervisor_stop(s, now, STOP_LEFTOVERS);
        } else if (now >= w->give_up)
                fail(s, "not ready in time, and what looks for it does not answer", now);
        return w->is_pending ? w->give_up : now;
}
