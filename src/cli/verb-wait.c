/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/wait.h"
#include "sdbg/output/show.h"

#include "cli/last-lines.h"
#include "cli/verbs.h"

#define FAILURE_LINES 10

static void show_failure(FILE *f, const Job *j) {
        if (j->state == JOB_FAILED)
                show_last_lines(f, j, FAILURE_LINES);
}

static void show_outcomes(const WaitResult *w) {
        for (size_t i = 0; i < w->jobs.n; i++) {
                show_wait_outcome(stdout, w, i);
                if (w->what == WAIT_EXIT)
                        show_failure(stdout, &w->jobs.jobs[i]);
        }
}

/* Those that ended instead of what was waited for. */
static void show_failures(const WaitResult *w) {
        for (size_t i = 0; i < w->jobs.n; i++)
                if (!w->outcomes[i].happened)
                        show_failure(stderr, &w->jobs.jobs[i]);
}

/* The first failure among those that have ended. */
static int exit_code(const WaitResult *w) {
        int code = 0;

        for (size_t i = 0; w->what == WAIT_EXIT && code == 0 && i < w->jobs.n; i++)
                if (w->outcomes[i].happened)
                        code = job_exit_status(&w->jobs.jobs[i]);
        return code;
}

static int run_wait(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_wait_result_ WaitResult result = {};
        WaitRequest *q = request;
        int r;

        q->select.names = operands;
        r = cli_connect_for(cli, &q->select, &m);
        if (r >= 0)
                r = op_wait(m, q, &result, &cli->error);
        if (r == -ECHILD && !cli->json && !cli->quiet)
                show_failures(&result);
        if (r < 0)
                return r;
        if (cli->json && show_wait_json(stdout, &result) < 0)
                return error_oom(&cli->error);
        if (!cli->json && !cli->quiet)
                show_outcomes(&result);
        return exit_code(&result);
}

const Verb verb_wait = {
        .name = "wait",
        .usage = "[OPTION…] NAME…",
        .summary = "wait until jobs have ended, or for something else; the exit code is the job's",
        .params = wait_params,
        .gives_job_code = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(WaitRequest),
        .run = run_wait,
};
