/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/jobs.h"
#include "sdbg/ops/logs.h"
#include "sdbg/output/columns.h"
#include "sdbg/output/show.h"
#include "sdbg/output/style.h"

#include "cli/verbs.h"

#define STATUS_LINES 10

typedef struct ListRequest {
        JobSelection select;
        bool ended, wide;
        char *sort, *format;
} ListRequest;

static const Param list_params[] = {
        { "all", 'a', PARAM_FLAG, offsetof(ListRequest, ended), NULL, "ended jobs too", NULL },
        JOB_NARROWING_PARAMS(ListRequest),
        { "sort", 's', PARAM_STRING, offsetof(ListRequest, sort), "COLUMN",
          "by this column; -COLUMN the other way round", NULL },
        { "wide", 'w', PARAM_FLAG, offsetof(ListRequest, wide), NULL, "more columns, and nothing cut", NULL },
        { "format", 0, PARAM_STRING, offsetof(ListRequest, format), "COLUMNS",
          "these columns: name,state,… (with --quiet, without titles)", NULL },
        {},
};

static void show_none(const ListRequest *q) {
        bool chosen = !job_selection_is_empty(&q->select);

        fprintf(stderr, "No %sjobs%s%s\n", chosen ? "such " : "", q->ended ? "" : " are running",
                q->ended ? "." : "; 'sdbg list -a' shows ended ones.");
}

static int show_list(const Cli *cli, const ListRequest *q, const ColumnList *columns, const JobList *jobs) {
        TableStyle style = {
                .width = q->wide ? 0 : terminal_width(stdout),
                .color = wants_color(stdout, cli->no_color),
                .utf8 = locale_is_utf8(),
                .no_titles = q->format && cli->quiet,
        };

        if (cli->json)
                return show_jobs_json(stdout, jobs);
        if (jobs->n == 0 && !cli->quiet)
                show_none(q);
        return jobs->n > 0 ? columns_show(stdout, columns, jobs, &style) : 0;
}

static int run_list(Cli *cli, void *request, char **operands) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        ListRequest *q = request;
        ColumnList columns;
        int r;

        q->select.names = operands;
        r = columns_parse(q->format ?: (q->wide ? columns_wide : columns_default), &columns, &cli->error);
        if (r >= 0)
                r = cli_connect(cli, &m);
        if (r >= 0)
                r = jobs_select(m, &q->select, cli->json || q->sort ? JOB_FULL : columns_detail(&columns),
                                q->ended, &jobs, &cli->error);
        if (r >= 0 && q->sort)
                r = columns_sort(q->sort, &jobs, &cli->error);
        return r < 0 ? r : show_list(cli, q, &columns, &jobs);
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

static int show_one(FILE *f, const Job *j) {
        _cleanup_post_mortem_ PostMortem p = {};

        show_job_status(f, j);
        if (!job_has_ended(j)) {
                show_last_lines(j);
                return 0;
        }
        if (op_post_mortem(j, &p) < 0)
                return -ENOMEM;
        show_post_mortem(f, j, &p);
        return 0;
}

static Json *one_to_json(const Job *j) {
        _cleanup_post_mortem_ PostMortem p = {};
        _cleanup_json_ Json *o = job_to_json(j);

        if (!job_has_ended(j))
                return TAKE_PTR(o);
        if (!o || op_post_mortem(j, &p) < 0 || json_set(o, "post_mortem", post_mortem_to_json(&p)) < 0)
                return NULL;
        return TAKE_PTR(o);
}

static int show_all_json(FILE *f, const JobList *l) {
        Json *array = json_new_array();

        for (size_t i = 0; i < l->n; i++)
                if (json_append(array, one_to_json(&l->jobs[i])) < 0) {
                        json_free(array);
                        return -ENOMEM;
                }
        return show_json(f, array);
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
                return show_all_json(stdout, &jobs);
        if (jobs.n == 0 && !cli->quiet)
                show_none(q);
        for (size_t i = 0; r >= 0 && i < jobs.n; i++) {
                if (i > 0)
                        printf("\n");
                r = show_one(stdout, &jobs.jobs[i]);
        }
        return r;
}

const Verb verb_status = {
        .name = "status",
        .usage = "[OPTION…] [NAME…]",
        .summary = "show all about jobs: state, result, processes, resources, last lines",
        .params = status_params,
        .takes_ended = true,
        .operands_max = SIZE_MAX,
        .request_size = sizeof(ListRequest),
        .run = run_status,
};
