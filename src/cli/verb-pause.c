/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/pause.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

static int pause_or_resume(Cli *cli, PauseRequest *q, char **operands, bool pause) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        int r;

        q->select.names = operands;
        r = cli_connect_for(cli, &q->select, &m);
        if (r >= 0)
                r = op_pause(m, q, pause, &jobs, &cli->error);
        if (r < 0)
                return r;
        cli_say_if_none(cli, &jobs);
        if (cli->json)
                return show_jobs_json(stdout, &jobs);
        for (size_t i = 0; i < jobs.n && !cli->quiet; i++)
                printf("%s: %s\n", jobs.jobs[i].name, job_state_to_string(jobs.jobs[i].state));
        return 0;
}

static int run_pause(Cli *cli, void *request, char **operands) {
        return pause_or_resume(cli, request, operands, true);
}

static int run_resume(Cli *cli, void *request, char **operands) {
        return pause_or_resume(cli, request, operands, false);
}

const Verb verb_pause = {
        .name = "pause",
        .usage = "[OPTION…] NAME…",
        .summary = "freeze jobs with all their processes",
        .params = pause_params,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(PauseRequest),
        .run = run_pause,
};

const Verb verb_resume = {
        .name = "resume",
        .usage = "[OPTION…] NAME…",
        .summary = "let paused jobs go on",
        .params = pause_params,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(PauseRequest),
        .run = run_resume,
};
