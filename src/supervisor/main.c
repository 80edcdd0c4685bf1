/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/runtime/installed.h"
#include "sdbg/runtime/jobdir.h"

#include "supervisor/supervisor.h"

/* journald has this long to work off the last entries. */
#define BARRIER_USEC (10 * USEC_PER_SEC)

static int setup_signals(Supervisor *s) {
        sigset_t mask;

        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigaddset(&mask, SIGCHLD);
        if (sigprocmask(SIG_SETMASK, &mask, NULL) < 0)
                return -errno;
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGHUP, SIG_IGN);
        (void) signal(SIGINT, SIG_IGN);
        s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (s->signal_fd < 0)
                return -errno;
        /* Processes whose parent ended come here, so that none of the job's is anybody else's child. */
        return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -errno : 0;
}

/* What is known before the command runs. */
static int describe(Supervisor *s) {
        const Spec *spec = &s->spec;
        Job *j = &s->job;

        *j = JOB_INIT;
        j->name = strdup(spec->name);
        j->unit = unit_from_job(spec->name);
        j->run = strdup(s->run);
        j->command = strdup(strempty(spec->command));
        j->cwd = strdup(spec->cwd);
        j->description = spec->description ? strdup(spec->description) : NULL;
        j->group = spec->group ? strdup(spec->group) : NULL;
        j->labels = strv_copy(spec->labels);
        j->asked_by = spec->asked_by ? strdup(spec->asked_by) : NULL;
        j->supervisor = getpid();
        j->pty = spec->pty;
        j->state = JOB_STARTING;
        j->started_at = now_usec(CLOCK_REALTIME);
        s->started = now_usec(CLOCK_MONOTONIC);
        return j->name && j->unit && j->run && j->command && j->cwd ? 0 : -ENOMEM;
}

/* The same program with an emulator of terminals: as this process, so that the unit's stays what it is. */
static void become_terminal_supervisor(const char *directory) {
        _cleanup_free_ char *path = installed_path("sdbg-supervisor-pty");

        if (path)
                (void) execv(path, (char *[]){ path, (char *) directory, NULL });
}

/* At boot nothing of the job is in the runtime directory yet, and after an earlier run that one's. */
static int take_spec(const char *path) {
        _cleanup_close_ int dir = -EBADF;
        _cleanup_spec_ Spec spec = {};
        int r;

        r = spec_read_file(path, &spec);
        if (r < 0)
                return r;
        dir = jobdir_open(spec.name, true, NULL);
        r = dir < 0 ? dir : jobdir_forget_run(dir);
        return r < 0 ? r : jobdir_write_spec(dir, &spec);
}

/* spec: where it is kept, for a job that is enabled; else NULL. */
static int load(Supervisor *s, const char *directory, const char *spec) {
        const char *run = getenv("INVOCATION_ID");
        int r = spec ? take_spec(spec) : 0;

        if (r < 0)
                return r;
        s->dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (s->dir_fd < 0)
                return -errno;
        r = jobdir_read_spec(s->dir_fd, &s->spec);
        if (r < 0)
                return r;
        if (s->spec.pty && !WITH_TERMINAL) {
                become_terminal_supervisor(directory);
                return -errno;
        }
        snprintf(s->run, sizeof(s->run), "%s", strempty(run));
        r = describe(s);
        if (r < 0)
                return r;
        return output_init(&s->output, &s->spec, s->run, directory, s->dir_fd);
}

/* The command does not run: says why, in the state, the journal and the manager's answer. */
static void report_exec_failure(Supervisor *s, int errnum) {
        s->job.ended_at = now_usec(CLOCK_REALTIME);
        s->job.duration = now_usec(CLOCK_MONOTONIC) - s->started;
        supervisor_save(s);
        (void) supervisor_record(s, RECORD_START, "%s starting", s->spec.name);
        (void) supervisor_record(s, RECORD_EXIT, "%s did not start: %s", s->spec.name,
                                 strempty(s->job.reason));
        notify_manager("ERRNO=%d\nSTATUS=the command cannot be executed: %s", -errnum, strerror(-errnum));
}

/* Whoever wants to type, or to look at the terminal. A full runtime directory costs that, not the job. */
static void open_control(Supervisor *s) {
        s->control.run = s->run;
        s->control.pid = s->job.pid;
        if (control_open(&s->control, s->dir_fd) < 0)
                s->control.fd = close_fd(s->control.fd);
        if (s->control.input.fd >= 0)
                s->look_at = s->active_at = now_usec(CLOCK_MONOTONIC);
}

int main(int argc, char *argv[]) {
        Supervisor s = {
                .dir_fd = -EBADF,
                .asked = UINT64_MAX,
                .cgroup_fd = -EBADF,
                .job_fd = -EBADF,
                .events_fd = -EBADF,
                .signal_fd = -EBADF,
                .lifetime_fd = -EBADF,
                .oom.events_fd = -EBADF,
                .control = { .fd = -EBADF, .input.fd = -EBADF, .job_side = -EBADF },
                .ready = READY_WATCH_INIT,
        };
        int r;

        if (argc != 2 && argc != 3) {
                fprintf(stderr,
                        "This is the main process of sdbg's jobs, started by systemd; see sdbg(1).\n");
                return EXIT_FAILURE;
        }
        r = load(&s, argv[1], argv[2]);
        if (r >= 0)
                r = setup_signals(&s);
        if (r < 0) {
                notify_manager("ERRNO=%d\nSTATUS=cannot read what to run: %s", -r, strerror(-r));
                return EXIT_FAILURE;
        }

        r = supervisor_exec(&s);
        if (r < 0)
                report_exec_failure(&s, r);
        else {
                supervisor_read_limits(&s);
                open_control(&s);
                supervisor_begun(&s, "started", s.started);
                r = supervisor_loop(&s);
        }
        control_done(&s.control, s.dir_fd);
        s.output.spool.ring.header.ended = 1;
        (void) ring_store_header(&s.output.spool.ring);
        (void) journal_barrier(&s.output.spool.writer, BARRIER_USEC);
        supervisor_exit(&s);
}
