/* SPDX-License-Identifier: MIT */
#include "sdbg/base/parse.h"
#include "sdbg/ops/clear.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

static int run_clear(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        char lines[FORMAT_COUNT_MAX];
        ClearRequest *q = request;
        int r;

        q->select.names = operands;
        r = cli_connect_for(cli, &q->select, &m);
        if (r >= 0)
                r = op_clear(m, q, &jobs, &cli->error);
        if (r < 0)
                return r;
        if (cli->json)
                return show_jobs_json(stdout, &jobs);
        for (size_t i = 0; i < jobs.n && !cli->quiet; i++)
                printf("%s: later logs start after line %s\n", jobs.jobs[i].name,
                       format_count(lines, sizeof(lines), jobs.jobs[i].lines));
        return 0;
}

const Verb verb_clear = {
        .name = "clear",
        .usage = "[OPTION…] NAME…",
        .summary = "let later logs start here (nothing is deleted)",
        .params = clear_params,
        .takes_ended = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(ClearRequest),
        .run = run_clear,
};
