/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/doctor/doctor.h"
#include "sdbg/ops/ports.h"

#include "mcp/answer.h"

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

/* This session's jobs come first, then this project's, then those of the others. Otherwise the order stays:
 * running ones, then the newest end before the older. */
static int sort_jobs(const Session *s, JobList *l) {
        Job *sorted = calloc(l->n + 1, sizeof(Job));
        size_t n = 0;

        if (!sorted)
                return -ENOMEM;
        for (Nearness near = NEAR_SESSION; near <= NEAR_NOBODY; near++)
                for (size_t i = 0; i < l->n; i++)
                        if (session_nearness(s, &l->jobs[i]) == near)
                                sorted[n++] = l->jobs[i];
        free(l->jobs);
        l->jobs = sorted;
        return 0;
}

static int answer_page(ToolAnswer *a, const JobList *l, uint64_t first) {
        ssize_t n = answer_jobs(a, l, first);
        char next[24];

        if (n < 0 || first + n == l->n)
                return n < 0 ? (int) n : 0;
        snprintf(next, sizeof(next), "%" PRIu64, first + n);
        buf_printf(&a->text, "… %" PRIu64 " more: cursor %s\n", l->n - first - n, next);
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
        if (r >= 0) {
                jobs_add_ports(&j, 1, PORTS_ALL);
                r = answer_job(ret, &j);
        }
        if (r >= 0 && job_has_ended(&j))
                r = answer_post_mortem(ret, &j);
        if (r >= 0 && j.run && j.lines != 0)
                /* These do not count as read: they are a look, not the output. */
                (void) op_tail(j.name, j.run, STATUS_LINES, output_take, &o, NULL);
        if (r >= 0)
                r = answer_output(ret, &o);
        output_done(&o);
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
        .gives = "job post_mortem output lines_left_out",
        .run = run_status,
};

/* ---- job_logs ---- */

typedef struct LogsCall {
        LogsRequest logs;
        char *name;
        bool unread;
        uint64_t max_bytes;
} LogsCall;

static const Param logs_own[] = {
        { "name", 0, PARAM_STRING, offsetof(LogsCall, name), NULL, "", NULL },
        { "new", 0, PARAM_FLAG, offsetof(LogsCall, unread), NULL, "", NULL },
        { "max-bytes", 0, PARAM_SIZE, offsetof(LogsCall, max_bytes), NULL, "", NULL },
        {},
};

static const ToolParam logs_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name", true, NULL },
        { "new", "new", "new_only unread", "only what you have not read yet", false, NULL },
        { "cursor", "cursor", NULL, "what came after this cursor of an earlier answer", false, NULL },
        { "lines", "lines", "limit tail", "the last so many lines (default 200)", false, NULL },
        { "head", "head", NULL, "the first so many lines instead", false, NULL },
        { "errors", "errors", NULL, "only what looks like an error, with the lines around it", false, NULL },
        { "grep", "grep", "filter pattern", "only lines that match this regular expression (PCRE)", false,
          NULL },
        { "ignore_case", "ignore-case", "ignoreCase", "let grep ignore case", false, NULL },
        { "invert", "invert", NULL, NULL, false, NULL },
        { "context", "context", NULL, "so many lines before and after each line found", false, NULL },
        { "since", "since", NULL, "from this time on: \"10min ago\", \"15:04\"", false, NULL },
        { "until", "until", NULL, NULL, false, NULL },
        { "stream", "stream", NULL, NULL, false, NULL },
        { "run", "run", NULL, "an earlier run: -1 is the one before, or a run id", false, NULL },
        { "collapse", "collapse", NULL, NULL, false, NULL },
        { "max_bytes", "max-bytes", NULL, "how much the answer may hold (default 8000)", false, "integer" },
        {},
};

#define OUTPUT_MAX 200000

static const LogsCall logs_default = {
        .logs = { .lines = UINT64_MAX,
                  .head = UINT64_MAX,
                  .before = UINT64_MAX,
                  .after = UINT64_MAX,
                  .context = UINT64_MAX,
                  .max_bytes = UINT64_MAX,
                  .lines_default = LINES_DEFAULT },
        .max_bytes = OUTPUT_DEFAULT,
};

static int run_logs(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        LogsCall *c = request;
        OutputText o = {
                .max = MIN(MAX(c->max_bytes, (uint64_t) 100), (uint64_t) OUTPUT_MAX),
                .session = s,
                .forward = c->logs.cursor || c->logs.head != UINT64_MAX,
        };
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        c->logs.names = (char *[]){ c->name, NULL };
        if (c->unread && !(c->logs.reader = strdup(strempty(s->reader))))
                return error_oom(reterr);
        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = job_find(m, c->name, &j, reterr);
        if (r >= 0)
                r = output_read(&o, m, &c->logs, reterr);
        if (r >= 0)
                r = answer_output(ret, &o);
        output_done(&o);
        jobs_add_ports(&j, 1, PORTS_TCP);
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
        .gives = "output lines_left_out cursor next_cursor",
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

/* ---- the prompt "diagnose" ---- */

typedef struct DiagnoseCall {
        char *name;
} DiagnoseCall;

static const Param diagnose_own[] = {
        { "name", 0, PARAM_STRING, offsetof(DiagnoseCall, name), NULL, "", NULL },
        {},
};

static const ToolParam diagnose_params[] = {
        { "job", "name", "name", NULL, false },
        {},
};

/* The newest failure, the nearest first. */
static int find_failed(Manager *m, const Session *s, Job *ret, Error *reterr) {
        JobSelection all = { .all = true };
        _cleanup_job_list_ JobList jobs = {};
        int r;

        r = jobs_select(m, &all, JOB_BRIEF, true, &jobs, reterr);
        if (r >= 0)
                r = sort_jobs(s, &jobs);
        for (size_t i = 0; r >= 0 && i < jobs.n; i++)
                if (jobs.jobs[i].state == JOB_FAILED) {
                        *ret = jobs.jobs[i];
                        jobs.jobs[i] = JOB_INIT;
                        return 0;
                }
        return r < 0 ? r : error_set(reterr, ERROR_NO_SUCH_JOB, 0, "no job has failed");
}

static int run_diagnose(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        DiagnoseCall *c = request;
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = c->name && *c->name ? job_find(m, c->name, &j, reterr) : find_failed(m, s, &j, reterr);
        if (r < 0)
                return r;
        buf_printf(
                &ret->text,
                "Find out why the background job '%s' %s, and mend it. Look at its output with job_logs "
                "(grep, lines), at its code and its surroundings; start it again with job_restart and make "
                "sure that it works.\n\n",
                j.name, job_has_ended(&j) ? "ended as it did" : "does not do what it should");
        r = answer_job(ret, &j);
        if (r >= 0 && job_has_ended(&j))
                r = answer_post_mortem(ret, &j);
        if (r >= 0)
                buf_append_str(&ret->text, "\nIts last lines:\n");
        return r < 0 ? r : answer_tail(ret, s, m, &j, LINES_DEFAULT, OUTPUT_DEFAULT);
}

const Tool tool_diagnose = {
        .name = "diagnose",
        .title = "Diagnose a job",
        .kind = TOOL_READS,
        .params = diagnose_params,
        .own = diagnose_own,
        .request_size = sizeof(DiagnoseCall),
        .gives = "job output",
        .run = run_diagnose,
};
