/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/ops/logs.h"
#include "sdbg/ops/stop.h"
#include "sdbg/ops/wait.h"
#include "sdbg/output/show.h"

#include "cli/start-result.h"
#include "cli/verbs.h"

static int run_stop(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        StopRequest *q = request;
        int r;

        q->select.names = operands;
        r = cli_connect_for(cli, &q->select, &m);
        if (r >= 0)
                r = op_stop(m, q, &jobs, &cli->error);
        if (r < 0)
                return r;
        cli_say_if_none(cli, &jobs);
        if (cli->json)
                return show_jobs_json(stdout, &jobs);
        for (size_t i = 0; i < jobs.n && !cli->quiet; i++)
                show_job_end(stdout, &jobs.jobs[i]);
        return 0;
}

const Verb verb_stop = {
        .name = "stop",
        .usage = "[OPTION…] NAME…",
        .summary = "end jobs with all their processes",
        .params = stop_params,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(StopRequest),
        .run = run_stop,
};

static int run_kill(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        KillRequest *q = request;
        size_t sent;
        int r;

        q->select.names = operands;
        r = cli_connect_for(cli, &q->select, &m);
        if (r >= 0)
                r = op_kill(m, q, &jobs, &sent, &cli->error);
        if (r < 0)
                return r;
        if (cli->json)
                return show_jobs_json(stdout, &jobs);
        if (!cli->quiet)
                printf("%zu process%s got the signal\n", sent, sent == 1 ? "" : "es");
        return 0;
}

const Verb verb_kill = {
        .name = "kill",
        .usage = "[-s SIGNAL] [OPTION…] NAME…",
        .summary = "send a signal to jobs",
        .params = kill_params,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(KillRequest),
        .run = run_kill,
};

/* Restarts one; *j is then the new run, or what is left of it. */
static int restart_one(Cli *cli, Manager *m, Job *j, const RestartRequest *q) {
        StartResult result = { .job = JOB_INIT };
        int r = op_restart(m, j->name, q, &result, &cli->error);

        if (r < 0 || !cli->json) {
                if (!result.job.name)
                        result.job.name = strdup(j->name);
                r = show_start_result(cli, r, &result, "restart");
        }
        job_done(j);
        *j = result.job;
        return r;
}

/* One that fails does not keep the others from it. Return: 0; negative with cli->error of the first, the others
 * are shown. */
static int restart_all(Cli *cli, Manager *m, JobList *jobs, const RestartRequest *q) {
        Error first = {};
        int result = 0;

        for (size_t i = 0; i < jobs->n; i++) {
                int r = restart_one(cli, m, &jobs->jobs[i], q);

                if (r >= 0)
                        continue;
                if (result < 0) {
                        if (!cli->json)
                                show_error(&cli->error, false);
                        error_clear(&cli->error);
                        continue;
                }
                result = r;
                first = cli->error;
                cli->error = (Error){};
        }
        cli->error = first;
        return result;
}

static int run_restart(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        RestartRequest *q = request;
        int r;

        q->select.names = operands;
        take_config(&q->outside_sandbox);
        r = cli_connect_for(cli, &q->select, &m);
        if (r >= 0)
                r = jobs_select(m, &q->select, JOB_STATE, operands[0] != NULL, &jobs, &cli->error);
        if (r >= 0) {
                cli_say_if_none(cli, &jobs);
                r = restart_all(cli, m, &jobs, q);
        }
        return r >= 0 && cli->json ? show_jobs_json(stdout, &jobs) : r;
}

const Verb verb_restart = {
        .name = "restart",
        .usage = "[OPTION…] NAME…",
        .summary = "start the same commands again, running or ended",
        .params = restart_params,
        .takes_ended = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(RestartRequest),
        .run = run_restart,
};

static int run_clean(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = cli_connect(cli, &m);
        if (r >= 0)
                r = op_clean(m, operands, &names, &cli->error);
        if (r < 0)
                return r;
        if (cli->json)
                return show_json(stdout, json_new_strv(names));
        STRV_FOREACH (name, names)
                if (!cli->quiet)
                        printf("%s: forgotten\n", *name);
        return 0;
}

const Verb verb_clean = {
        .name = "clean",
        .usage = "[NAME…]",
        .summary = "forget the runtime files of ended jobs (their logs stay in the journal)",
        .takes_ended = true,
        .operands_max = SIZE_MAX,
        .run = run_clean,
};
