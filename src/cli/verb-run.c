/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/ops/logs.h"
#include "sdbg/ops/start.h"
#include "sdbg/ops/wait.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

/* The job's main process while it is attached, for the signal handlers. */
static volatile sig_atomic_t attached_pid;

/* What the caller is asked to do, the job is: its process group, as a terminal has it. */
static void forward(int signal) {
        if (attached_pid > 0)
                (void) kill(-attached_pid, signal);
}

static void forward_signals(pid_t pid) {
        static const int signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };
        struct sigaction a = { .sa_handler = forward, .sa_flags = SA_RESTART };

        attached_pid = pid;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaction(signals[i], &a, NULL);
}

/* The bytes as they were printed, each stream to its own. */
static int pass_on(void *userdata, const LogLine *line) {
        int fd = line->stream == STREAM_STDERR ? STDERR_FILENO : STDOUT_FILENO, r;

        if (line->missing > 0)
                return dprintf(STDERR_FILENO, "… %" PRIu64 " lines left out (%s) …\n", line->missing,
                               line->reason) < 0
                               ? -EPIPE
                               : 0;
        r = line->len > 0 ? write_all(fd, line->data, line->len) : 0;
        if (r >= 0 && !line->partial)
                r = write_all(fd, "\n", 1);
        return r;
}

/* Waits for the state that goes with the end of the output. */
static int finish(Cli *cli, Manager *m, Job *j) {
        WaitRequest q = { .select.names = (char *[]){ j->name, NULL } };
        _cleanup_wait_result_ WaitResult w = {};
        int r;

        r = op_wait(m, &q, &w, &cli->error);
        if (r < 0)
                return r;
        if (w.jobs.n == 1) {
                job_done(j);
                *j = w.jobs.jobs[0];
                w.jobs.jobs[0] = JOB_INIT;
        }
        if (j->result == RESULT_LOST)
                return error_set(&cli->error, ERROR_FAILED, 0, "job '%s' %s", j->name, strempty(j->reason));
        if (j->state == JOB_LINGERING && !cli->quiet)
                fprintf(stderr, "sdbg: processes of %s remain; 'sdbg stop %s' ends them\n", j->name, j->name);
        return job_exit_status(j);
}

static int attach(Cli *cli, Manager *m, Job *j) {
        static const volatile int never;
        int r;

        forward_signals(j->pid);
        r = op_stream(j->name, j->run, &never, pass_on, NULL, &cli->error);
        if (r == -EPIPE || r == -EBADF)
                /* Nobody reads any more: the job goes on, as one whose output is kept anyway. */
                return error_set(&cli->error, ERROR_FAILED, 0,
                                 "the output is closed; job '%s' goes on in the background", j->name);
        return r < 0 ? r : finish(cli, m, j);
}

static int run_run(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        StartRequest *q = request;
        StartResult result = { .job = JOB_INIT };
        int r;

        q->command = operands;
        q->no_wait = true;
        (void) signal(SIGPIPE, SIG_IGN);
        r = cli_connect(cli, &m);
        if (r >= 0)
                r = op_start(m, q, &result, &cli->error);
        if (r == -ENOEXEC) {
                show_error(&cli->error, cli->json);
                error_clear(&cli->error);
                r = result.job.exit_code;
        } else if (r == -ECHILD || r >= 0) {
                error_clear(&cli->error);
                r = attach(cli, m, &result.job);
        } else
                error_prefix(&cli->error, "cannot run job%s%s", q->name ? " " : "", strempty(q->name));
        job_done(&result.job);
        return r;
}

const Verb verb_run = {
        .name = "run",
        .usage = "[OPTION…] [--] COMMAND [ARGUMENT…] | -c STRING",
        .summary = "start a job and stay with it: its output, its exit code",
        .params = start_params,
        .takes_command = true,
        .gives_job_code = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(StartRequest),
        .run = run_run,
};
