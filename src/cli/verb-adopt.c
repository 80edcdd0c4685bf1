/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/adopt.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

static int run_adopt(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_ Job j = JOB_INIT;
        AdoptRequest *q = request;
        size_t tree;
        int r;

        q->pid = operands[0];
        r = cli_connect(cli, &m);
        if (r >= 0)
                r = op_adopt(m, q, &j, &tree, &cli->error);
        if (r < 0) {
                error_prefix(&cli->error, "cannot adopt %s", operands[0]);
                return r;
        }
        if (cli->json)
                return show_json(stdout, job_to_json(&j));
        if (cli->quiet)
                printf("%s\n", j.name);
        else
                printf("%s: %s, PID %d, %zu process%s taken in; what it prints and its exit code cannot be "
                       "had\n",
                       j.name, job_state_to_string(j.state), j.pid, tree, tree == 1 ? "" : "es");
        return 0;
}

const Verb verb_adopt = {
        .name = "adopt",
        .usage = "[OPTION…] PID",
        .summary = "make a job of a process that runs already, with all its descendants",
        .params = adopt_params,
        .operands_min = 1,
        .operands_max = 1,
        .request_size = sizeof(AdoptRequest),
        .run = run_adopt,
};
