/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/config/config.h"
#include "sdbg/doctor/doctor.h"
#include "sdbg/ops/start.h"
#include "sdbg/output/show.h"

#include "cli/last-lines.h"
#include "cli/start-result.h"
#include "cli/verbs.h"

#define LINES_SHOWN 20

static void prefix_error(Cli *cli, int r, const Job *j, const char *verb) {
        if (r == -ECHILD)
                error_prefix(&cli->error, "job '%s' failed", j->name);
        else
                error_prefix(&cli->error, "cannot %s job%s%s%s", verb, j->name ? " '" : "", strempty(j->name),
                             j->name ? "'" : "");
}

int show_start_result(Cli *cli, int r, const StartResult *s, const char *verb) {
        const Job *j = &s->job;

        if (r < 0) {
                if (r == -ECHILD && !cli->json)
                        show_last_lines(stderr, j, LINES_SHOWN);
                prefix_error(cli, r, j, verb);
                return r;
        }
        if (cli->json)
                return show_json(stdout, job_to_json(j));
        STRV_FOREACH (w, j->warnings)
                fprintf(stderr, "sdbg: warning: %s\n", *w);
        if (cli->quiet)
                printf("%s\n", j->name);
        else if (job_has_ended(j)) {
                show_last_lines(stdout, j, LINES_SHOWN);
                show_job_end(stdout, j);
        } else
                show_job_start(stdout, j, s->reused);
        return 0;
}

static void warn_of_surroundings(void) {
        _cleanup_free_ char *journal = doctor_journal_warning(), *linger = doctor_linger_warning();

        if (journal)
                fprintf(stderr, "sdbg: %s\n", journal);
        if (linger)
                fprintf(stderr, "sdbg: warning: %s\n", linger);
}

void take_config(bool *outside) {
        _cleanup_config_ Config c = CONFIG_INIT;

        if (config_load(&c) < 0)
                return;
        STRV_FOREACH (w, c.warnings)
                fprintf(stderr, "sdbg: %s\n", *w);
        *outside = *outside || c.outside_sandbox;
}

static int run_start(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        StartRequest *q = request;
        StartResult result = { .job = JOB_INIT };
        int r;

        q->command = operands;
        take_config(&q->outside_sandbox);
        r = cli_connect(cli, &m);
        if (r >= 0) {
                r = op_start(m, q, &result, &cli->error);
                if (r < 0 && !result.job.name && q->name)
                        result.job.name = strdup(q->name);
                r = show_start_result(cli, r, &result, "start");
                warn_of_surroundings();
        }
        job_done(&result.job);
        return r;
}

const Verb verb_start = {
        .name = "start",
        .usage = "[OPTION…] [--] COMMAND [ARGUMENT…] | -c STRING",
        .summary = "start a job in the background",
        .params = start_params,
        .takes_command = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(StartRequest),
        .run = run_start,
};
