/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/jobs.h"
#include "sdbg/ops/logs.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

#define STATUS_LINES 10

typedef struct ListRequest {
        JobSelection select;
        bool ended;
} ListRequest;

static const Param list_params[] = {
        { "all", 'a', PARAM_FLAG, offsetof(ListRequest, ended), NULL, "ended jobs too", NULL },
        JOB_NARROWING_PARAMS(ListRequest),
        {},
};

static int run_list(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        ListRequest *q = request;
        int r;

        q->select.names = operands;
        r = cli_connect(cli, &m);
        if (r >= 0)
                r = jobs_select(m, &q->select, cli->json ? JOB_FULL : JOB_BRIEF, q->ended, &jobs,
                                &cli->error);
        if (r < 0)
                return r;
        if (cli->json)
                return show_jobs_json(stdout, &jobs);
        if (jobs.n == 0 && !cli->quiet)
                fprintf(stderr,
                        q->ended ? "No jobs.\n" : "No jobs are running; 'sdbg list -a' shows ended ones.\n");
        return jobs.n > 0 ? show_job_table(stdout, &jobs) : 0;
}

const Verb verb_list = {
        .name = "list",
        .alias = "ls",
        .usage = "[OPTION…] [NAME…]",
        .summary = "list the jobs",
        .params = list_params,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(ListRequest),
        .run = run_list,
};

static const Param status_params[] = {
        JOB_SELECTION_PARAMS(ListRequest),
        {},
};

static int show_line(void *userdata, const LogLine *line) {
        fputs("    ", stdout);
        return show_log_line(stdout, userdata, line);
}

static void show_last_lines(const Job *j) {
        LogStyle style = {};

        if (!j->run || j->lines == 0)
                return;
        printf("\n");
        (void) op_tail(j->name, j->run, STATUS_LINES, show_line, &style, NULL);
        show_log_end(stdout, &style);
}

static int run_status(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        ListRequest *q = request;
        int r;

        q->select.names = operands;
        r = cli_connect(cli, &m);
        if (r >= 0)
                r = jobs_select(m, &q->select, JOB_FULL, operands[0] != NULL, &jobs, &cli->error);
        if (r < 0)
                return r;
        if (cli->json)
                return show_jobs_json(stdout, &jobs);
        if (jobs.n == 0 && !cli->quiet)
                fprintf(stderr, "No jobs are running; 'sdbg list -a' shows ended ones.\n");
        for (size_t i = 0; i < jobs.n; i++) {
                if (i > 0)
                        printf("\n");
                show_job_status(stdout, &jobs.jobs[i]);
                show_last_lines(&jobs.jobs[i]);
        }
        return 0;
}

const Verb verb_status = {
        .name = "status",
        .usage = "[OPTION…] [NAME…]",
        .summary = "show all about jobs: state, result, processes, resources, last lines",
        .params = status_params,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(ListRequest),
        .run = run_status,
};
