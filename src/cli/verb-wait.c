/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/logs.h"
#include "sdbg/ops/wait.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

#define FAILURE_LINES 10

static int show_line(void *userdata, const LogLine *line) {
        return show_log_line(stdout, userdata, line);
}

static void show_end(const Job *j) {
        LogStyle style = {};

        show_job_end(stdout, j);
        if (j->state != JOB_FAILED || !j->run)
                return;
        (void) op_tail(j->name, j->run, FAILURE_LINES, show_line, &style, NULL);
        show_log_end(stdout, &style);
}

static int run_wait(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        WaitRequest *q = request;
        int r, code = 0;

        q->select.names = operands;
        if (job_selection_is_empty(&q->select)) {
                error_set(&cli->error, ERROR_USAGE, 0, "wait: no job was named");
                return -EINVAL;
        }
        r = cli_connect(cli, &m);
        if (r >= 0)
                r = op_wait(m, q, &jobs, &cli->error);
        if (r < 0)
                return r;

        for (size_t i = 0; i < jobs.n; i++) {
                const Job *j = &jobs.jobs[i];

                if (!job_has_ended(j) && j->state != JOB_LINGERING)
                        continue;
                if (!cli->json && !cli->quiet)
                        show_end(j);
                if (code == 0)
                        code = job_exit_status(j);
        }
        if (cli->json && show_jobs_json(stdout, &jobs) < 0)
                return error_oom(&cli->error);
        return code;
}

const Verb verb_wait = {
        .name = "wait",
        .usage = "[OPTION…] NAME…",
        .summary = "wait until jobs have ended; the exit code is the job's",
        .params = wait_params,
        .gives_job_code = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(WaitRequest),
        .run = run_wait,
};
