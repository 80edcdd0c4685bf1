/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/ops/logs.h"
#include "sdbg/ops/send.h"
#include "sdbg/ops/start.h"
#include "sdbg/ops/wait.h"
#include "sdbg/output/show.h"
#include "sdbg/terminal/terminal.h"
#include "sdbg/tty/tty.h"

#include "cli/attach.h"
#include "cli/start-result.h"
#include "cli/verbs.h"

/* The job's main process while it is attached, for the signal handlers. */
static volatile sig_atomic_t attached_pid;

/* What the caller is asked to do, the job is: its process group, as a terminal has it. */
static void forward(int signal) {
        if (attached_pid > 0)
                (void) kill(-attached_pid, signal);
}

static void forward_signals(pid_t pid) {
        static const int signals[] = { SIGINT, SIGTERM, SIGQUIT };
        struct sigaction a = { .sa_handler = forward, .sa_flags = SA_RESTART };

        attached_pid = pid;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaction(signals[i], &a, NULL);
}

/* The bytes as they were printed, each stream to its own. */
static int pass_on(void *userdata, const LogLine *line) {
        int fd = line->stream == STREAM_STDERR ? STDERR_FILENO : STDOUT_FILENO, r;

        if (line->missing > 0) {
                show_gap(stderr, line->missing, line->reason);
                return fputc('\n', stderr) == EOF ? -EPIPE : 0;
        }
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

/* Set when --detach-after is over, or the caller's terminal is closed. */
static volatile int detached;

static void detach(int signal) {
        detached = 1;
}

/* The time may be 0: never. Nobody is to be heeded whom the caller does not, as with nohup. */
static void await_detach(usec_t time) {
        struct itimerval t = { .it_value = { .tv_sec = time / USEC_PER_SEC,
                                             .tv_usec = time % USEC_PER_SEC } };
        struct sigaction a = { .sa_handler = detach };

        if (signal(SIGHUP, SIG_IGN) != SIG_IGN)
                (void) sigaction(SIGHUP, &a, NULL);
        (void) sigaction(SIGALRM, &a, NULL);
        (void) setitimer(ITIMER_REAL, &t, NULL);
}

/* Passes the caller's stdin on, in a process of its own: reading the output waits for other things.
 * Return: its PID, to be ended; 0 where there is none. */
static pid_t feed(const Job *j, const StartRequest *q) {
        SendRequest s = { .name = j->name, .input_fd = STDIN_FILENO, .end = true };
        pid_t pid = q->input ? fork() : 0;

        if (!q->input || pid != 0)
                return MAX(pid, 0);
        (void) signal(SIGINT, SIG_IGN);
        _exit(op_send(&s, NULL, NULL, NULL) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int stream(Cli *cli, Manager *m, Job *j, const StartRequest *q) {
        pid_t feeder = feed(j, q);
        int r;

        forward_signals(j->pid);
        await_detach(q->detach_after);
        r = op_stream(j->name, j->run, &detached, pass_on, NULL, &cli->error);
        if (feeder > 0)
                (void) kill(feeder, SIGKILL);
        if (detached) {
                error_clear(&cli->error);
                fprintf(stderr, "sdbg: %s goes on in the background; 'sdbg logs -f %s' follows it\n", j->name,
                        j->name);
                return 0;
        }
        if (r == -EPIPE || r == -EBADF)
                /* Nobody reads any more: the job goes on, as one whose output is kept anyway. */
                return error_set(&cli->error, ERROR_FAILED, 0,
                                 "the output is closed; job '%s' goes on in the background", j->name);
        return r < 0 ? r : finish(cli, m, j);
}

/* At a terminal the command has one, too, which looks and feels as if it were run directly. */
static int attach(Cli *cli, Manager *m, Job *j, const StartRequest *q) {
        AttachOptions o = { .detach_keys = q->detach_keys,
                            .from_start = true,
                            .detach_after = q->detach_after };
        int r;

        if (!q->keep_term)
                return stream(cli, m, j, q);
        r = attach_terminal(j->name, &o, &cli->error);
        if (r < 0) {
                /* It was over before: what it printed is in the log. */
                error_clear(&cli->error);
                return stream(cli, m, j, q);
        }
        if (r == ATTACH_DETACHED) {
                attach_say_detached(j->name);
                return 0;
        }
        return finish(cli, m, j);
}

/* Where the caller sits at a terminal, so does the job. Return: 0, -ENOMEM. */
static int take_terminal(const Cli *cli, StartRequest *q, Error *reterr) {
        unsigned cols, rows;

        if (cli->json || q->input || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
                return 0;
        q->pty = q->keep_term = true;
        if (q->size || tty_size(STDOUT_FILENO, &cols, &rows) < 0)
                return 0;
        return asprintf(&q->size, "%ux%u", MIN(cols, (unsigned) TERMINAL_COLS_MAX),
                        MIN(rows, (unsigned) TERMINAL_ROWS_MAX)) < 0
                       ? error_oom(reterr)
                       : 0;
}

static int run_run(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        StartRequest *q = request;
        StartResult result = { .job = JOB_INIT };
        int r;

        q->command = operands;
        take_config(&q->outside_sandbox);
        q->no_wait = true;
        (void) signal(SIGPIPE, SIG_IGN);
        r = take_terminal(cli, q, &cli->error);
        if (r >= 0)
                r = cli_connect(cli, &m);
        if (r >= 0)
                r = op_start(m, q, &result, &cli->error);
        if (r == -ENOEXEC) {
                show_error(&cli->error, cli->json);
                error_clear(&cli->error);
                r = result.job.exit_code;
        } else if (r == -ECHILD || r >= 0) {
                error_clear(&cli->error);
                r = attach(cli, m, &result.job, q);
        } else
                error_prefix(&cli->error, "cannot run job%s%s", q->name ? " " : "", strempty(q->name));
        job_done(&result.job);
        return r;
}

const Verb verb_run = {
        .name = "run",
        .usage = "[OPTION…] [--] COMMAND [ARGUMENT…] | -c STRING",
        .summary = "start a job and stay with it: its output, its exit code",
        .params = run_params,
        .takes_command = true,
        .gives_job_code = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(StartRequest),
        .run = run_run,
};
