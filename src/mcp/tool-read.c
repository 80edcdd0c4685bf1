/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/doctor/doctor.h"
#include "sdbg/probe/project.h"

#include "mcp/answer.h"

#define LIST_PAGE 25
#define STATUS_LINES 10
#define LINES_DEFAULT 200

/* ---- job_list ---- */

typedef struct ListCall {
        JobSelection select;
        char *name, *cursor;
        bool running_only;
} ListCall;

static const Param list_own[] = {
        { "name", 0, PARAM_STRING, offsetof(ListCall, name), NULL, "", NULL },
        { "group", 0, PARAM_STRING, offsetof(ListCall, select.group), NULL, "", NULL },
        { "label", 0, PARAM_LIST, offsetof(ListCall, select.labels), "KEY=VALUE", "", NULL },
        { "running", 0, PARAM_FLAG, offsetof(ListCall, running_only), NULL, "", NULL },
        { "cursor", 0, PARAM_STRING, offsetof(ListCall, cursor), NULL, "", NULL },
        {},
};

static const ToolParam list_tool_params[] = {
        { "name", "name", "filter pattern", "only jobs whose name fits this glob", false },
        { "running_only", "running", NULL, "leave out jobs that have ended", false },
        { "group", "group", NULL, "only jobs of this group", false },
        { "labels", "label", "label", "only jobs with these labels", false },
        { "cursor", "cursor", NULL, "next_cursor of the answer before, to get the jobs after those", false },
        {},
};

/* This session's jobs come first, then this project's, then those of the others. */
static int nearness(const Session *s, const char *project, const Job *j) {
        if (s->id && streq_ptr(strv_env_get(j->labels, "session"), s->id))
                return 0;
        return project && j->cwd && path_is_below(j->cwd, project) ? 1 : 2;
}

/* Sorts by nearness and keeps the order otherwise: running ones first, the newest end before the older. */
static int sort_jobs(const Session *s, JobList *l) {
        _cleanup_free_ char *project = NULL;
        Job *sorted = calloc(l->n + 1, sizeof(Job));
        size_t n = 0;

        if (!sorted)
                return -ENOMEM;
        if (project_directory(&project) < 0)
                project = NULL;
        for (int near = 0; near <= 2; near++)
                for (size_t i = 0; i < l->n; i++)
                        if (nearness(s, project, &l->jobs[i]) == near)
                                sorted[n++] = l->jobs[i];
        free(l->jobs);
        l->jobs = sorted;
        return 0;
}

static int answer_page(ToolAnswer *a, const JobList *l, uint64_t first) {
        size_t n = MIN(l->n - first, (size_t) LIST_PAGE);
        char next[24];
        int r;

        r = answer_jobs(a, l, first, n);
        if (r < 0 || first + n == l->n)
                return r;
        snprintf(next, sizeof(next), "%zu", (size_t) first + n);
        buf_printf(&a->text, "… %zu more: cursor %s\n", l->n - (size_t) first - n, next);
        return json_set(a->facts, "next_cursor", json_new_string(next));
}

static int run_list(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        ListCall *c = request;
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        size_t running = 0;
        uint64_t first = 0;
        char state[80];
        int r;

        if (c->cursor && parse_u64(c->cursor, &first) < 0)
                return error_set(reterr, ERROR_USAGE, 0, "unknown cursor '%.100s'", c->cursor);
        if (c->name)
                c->select.names = (char *[]){ c->name, NULL };
        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = jobs_select(m, &c->select, JOB_BRIEF, !c->running_only, &jobs, reterr);
        if (r >= 0)
                r = sort_jobs(s, &jobs);
        if (r >= 0)
                r = answer_page(ret, &jobs, MIN(first, (uint64_t) jobs.n));
        if (r < 0)
                return r;
        for (size_t i = 0; i < jobs.n; i++)
                running += !job_has_ended(&jobs.jobs[i]);
        snprintf(state, sizeof(state), "[%zu running · %zu ended]", running, jobs.n - running);
        buf_printf(&ret->text, "%s\n", state);
        return json_set(ret->facts, "state", json_new_string(state));
}

const Tool tool_list = {
        .name = "job_list",
        .title = "List jobs",
        .description =
                "List background jobs, running and ended, this session's and this project's first. Use "
                "it at the beginning of a session: jobs outlive the agent that has started them.",
        .kind = TOOL_READS,
        .params = list_tool_params,
        .own = list_own,
        .request_size = sizeof(ListCall),
        .gives = "jobs next_cursor",
        .run = run_list,
};

/* ---- job_status ---- */

typedef struct StatusCall {
        char *name;
} StatusCall;

static const Param status_own[] = {
        { "name", 0, PARAM_STRING, offsetof(StatusCall, name), NULL, "", NULL },
        {},
};

static const ToolParam status_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name", true },
        {},
};

static int run_status(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        StatusCall *c = request;
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_ Job j = JOB_INIT;
        OutputText o = { .max = OUTPUT_DEFAULT / 2 };
        int r;

        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = job_find(m, c->name, &j, reterr);
        if (r >= 0)
                r = answer_job(ret, &j);
        if (r >= 0 && j.run && j.lines != 0)
                /* These do not count as read: they are a look, not the output. */
                (void) op_tail(j.name, j.run, STATUS_LINES, output_take, &o, NULL);
        if (r >= 0)
                r = answer_output(ret, &o);
        buf_done(&o.text);
        return r < 0 ? r : answer_state(ret, s, &j);
}

const Tool tool_status = {
        .name = "job_status",
        .title = "Show a job",
        .description =
                "Show how one job stands: state, why it ended, exit code, processes, memory, CPU, ports "
                "and its last lines.",
        .kind = TOOL_READS,
        .params = status_tool_params,
        .own = status_own,
        .request_size = sizeof(StatusCall),
        .gives = "job output lines_left_out",
        .run = run_status,
};

/* ---- job_logs ---- */

typedef struct LogsCall {
        LogsRequest logs;
        char *name;
        uint64_t max_bytes;
} LogsCall;

static const Param logs_own[] = {
        { "name", 0, PARAM_STRING, offsetof(LogsCall, name), NULL, "", NULL },
        { "max-bytes", 0, PARAM_COUNT, offsetof(LogsCall, max_bytes), NULL, "", NULL },
        {},
};

static const ToolParam logs_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name", true },
        { "lines", "lines", "limit tail", "the last so many lines (default 200)", false },
        { "head", "head", NULL, "the first so many lines instead", false },
        { "grep", "grep", "filter pattern", "only lines that match this regular expression (PCRE)", false },
        { "ignore_case", "ignore-case", "ignoreCase", "let grep ignore case", false },
        { "invert", "invert", NULL, NULL, false },
        { "stream", "stream", NULL, NULL, false },
        { "run", "run", NULL, "an earlier run: -1 is the one before, or a run id", false },
        { "max_bytes", "max-bytes", NULL, "how much the answer may hold (default 8000)", false },
        {},
};

#define OUTPUT_MAX 200000

static const LogsCall logs_default = {
        .logs = { .lines = UINT64_MAX, .head = UINT64_MAX, .lines_default = LINES_DEFAULT },
        .max_bytes = OUTPUT_DEFAULT,
};

static int run_logs(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        LogsCall *c = request;
        OutputText o = { .max = MIN(MAX(c->max_bytes, (uint64_t) 100), (uint64_t) OUTPUT_MAX) };
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        c->logs.names = (char *[]){ c->name, NULL };
        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = job_find(m, c->name, &j, reterr);
        if (r >= 0)
                r = op_logs(m, &c->logs, output_take, &o, reterr);
        if (r == -E2BIG)
                error_set(reterr, ERROR_USAGE, 0,
                          "the regular expression takes too many steps on this output");
        if (r >= 0 && !c->logs.run && o.last_seq > 0)
                r = session_mark(s, j.name, j.run, o.last_seq);
        if (r >= 0)
                r = answer_output(ret, &o);
        buf_done(&o.text);
        return r < 0 ? r : answer_state(ret, s, &j);
}

const Tool tool_logs = {
        .name = "job_logs",
        .title = "Read a job's output",
        .description =
                "Read what a job has printed, running or ended. Answers are kept short; use grep or lines "
                "to choose. Do not call it in a loop to wait for something: use job_wait.",
        .kind = TOOL_READS,
        .params = logs_tool_params,
        .op = logs_params,
        .own = logs_own,
        .request_size = sizeof(LogsCall),
        .request_default = &logs_default,
        .gives = "output lines_left_out",
        .run = run_logs,
};

/* ---- job_doctor ---- */

static const ToolParam doctor_tool_params[] = { {} };

static int run_doctor(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        _cleanup_check_list_ CheckList l = {};
        Json *array = json_new_array();
        char state[32];

        if (doctor_run(&l) < 0) {
                json_free(array);
                return error_oom(reterr);
        }
        for (size_t i = 0; i < l.n; i++) {
                const Check *k = &l.checks[i];
                Json *o =
                        json_object("check", json_new_string(k->name), "status",
                                    json_new_string(check_status_to_string(k->status)), "message",
                                    json_new_string(k->message), "remedy", json_new_string(k->remedy), NULL);

                json_drop_nulls(o);
                (void) json_append(array, o);
                buf_printf(&ret->text, "%s %s: %s%s%s\n", check_status_to_string(k->status), k->name,
                           k->message, k->remedy ? " → " : "", strempty(k->remedy));
        }
        snprintf(state, sizeof(state), "[%s]", check_status_to_string(doctor_worst(&l)));
        buf_printf(&ret->text, "%s\n", state);
        if (json_set(ret->facts, "checks", array) < 0)
                return error_oom(reterr);
        return json_set(ret->facts, "state", json_new_string(state));
}

const Tool tool_doctor = {
        .name = "job_doctor",
        .title = "Check the machine",
        .description =
                "Check everything background jobs need here, with the command that mends what is wrong. "
                "Use it when another tool cannot reach the service manager or the journal.",
        .kind = TOOL_READS,
        .params = doctor_tool_params,
        .request_size = 1,
        .gives = "checks",
        .run = run_doctor,
};
