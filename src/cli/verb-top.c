/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/strv.h"
#include "sdbg/output/style.h"

#include "cli/top.h"
#include "cli/verbs.h"

#define DELAY_MIN (100 * USEC_PER_MSEC)

static const Param top_params[] = {
        { "delay", 'd', PARAM_DURATION, offsetof(TopRequest, delay), "TIME",
          "between two looks (default: 1s)", NULL },
        JOB_NARROWING_PARAMS(TopRequest),
        {},
};

static const TopRequest top_default = { .delay = USEC_PER_SEC };

int top_sample(Manager *m, const JobSelection *s, const char *project, Top *io, Error *reterr) {
        _cleanup_job_list_ JobList jobs = {};
        size_t n = 0;
        int r;

        r = jobs_running(m, JOB_BRIEF, &jobs, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < jobs.n; i++)
                if (job_is_selected(&jobs.jobs[i], s, project))
                        jobs.jobs[n++] = jobs.jobs[i];
                else
                        job_done(&jobs.jobs[i]);
        jobs.n = n;
        return top_take(io, &jobs, now_usec(CLOCK_MONOTONIC)) < 0 ? error_oom(reterr) : 0;
}

/* Names are looked up once, so that one that is mistyped is told. */
static int check_names(Manager *m, const JobSelection *s, Error *reterr) {
        _cleanup_job_list_ JobList jobs = {};

        return strv_length(s->names) > 0 ? jobs_select(m, s, JOB_BRIEF, false, &jobs, reterr) : 0;
}

/* Where nobody watches: one look, which takes two to know the CPU's share. */
static int run_once(Cli *cli, Manager *m, const TopRequest *q, const char *project, const TableStyle *style,
                    Top *top) {
        struct timespec t = { q->delay / USEC_PER_SEC, q->delay % USEC_PER_SEC * 1000 };
        int r;

        while (nanosleep(&t, &t) < 0 && errno == EINTR)
                ;
        r = top_sample(m, &q->select, project, top, &cli->error);
        if (r < 0)
                return r;
        jobs_add_detail(top->jobs.jobs, top->jobs.n);
        r = cli->json ? top_print_json(top, stdout) : top_print(top, stdout, style);
        return r < 0 ? error_oom(&cli->error) : 0;
}

static int run_top(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_free_ char *project = NULL;
        _cleanup_top_ Top top = {};
        TableStyle style = {
                .width = terminal_width(stdout),
                .color = wants_color(stdout, cli->no_color),
                .utf8 = locale_is_utf8(),
        };
        TopRequest *q = request;
        int r;

        if (q->delay < DELAY_MIN || q->delay == USEC_INFINITY)
                return error_set(&cli->error, ERROR_USAGE, 0, "--delay must be a time of at least 100ms");
        q->select.names = operands;
        r = cli_connect(cli, &m);
        if (r >= 0)
                r = job_selection_project(&q->select, &project, &cli->error);
        if (r >= 0)
                r = check_names(m, &q->select, &cli->error);
        if (r >= 0)
                r = top_sample(m, &q->select, project, &top, &cli->error);
        if (r < 0)
                return r;
        return !cli->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)
                       ? top_screen(m, q, project, &style, &top, &cli->error)
                       : run_once(cli, m, q, project, &style, &top);
}

const Verb verb_top = {
        .name = "top",
        .usage = "[OPTION…] [NAME…]",
        .summary = "watch jobs, with keys to follow, attach, stop, restart and pause them",
        .params = top_params,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(TopRequest),
        .request_default = &top_default,
        .run = run_top,
};
