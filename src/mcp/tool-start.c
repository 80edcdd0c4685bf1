/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/strv.h"
#include "sdbg/text/quote.h"

#include "mcp/answer.h"
#include "mcp/start-call.h"

#define FIRST_LINES 50
/* What a client calls itself, or its session. */
#define LABEL_SHOWN 200
/* A job that takes longer to become ready is answered for as it stands then. */
#define READY_WAIT (45 * USEC_PER_SEC)

static const Param start_own[] = {
        { "line", 0, PARAM_STRING, offsetof(StartCall, command), NULL, "", NULL },
        { "args", 0, PARAM_LIST, offsetof(StartCall, args), NULL, "", NULL },
        { "background", 0, PARAM_FLAG, offsetof(StartCall, background), NULL, "", NULL },
        {},
};

static const ToolParam start_tool_params[] = {
        { "command", "line", "cmd",
          "the shell command line to run, e.g. \"npm run dev\"; with args, the program to run", true },
        { "args", "args", NULL, "arguments of the program, taken as they are, without a shell", false },
        { "name", "name", "id title", "what to call the job, e.g. \"web\"; else made from the command",
          false },
        { "cwd", "cwd", "workdir dir_path", "the directory to run in; else the project's", false },
        { "env", "env", NULL, "environment variables to set", false },
        { "if_running", "if-running", NULL,
          "if a job of this name runs: reuse it (default), replace it, or fail", false },
        { "yield_seconds", "settle", "yield_time_ms",
          "how long to watch for an early failure before answering (default 1), or to wait until it is ready "
          "(default 45)",
          false },
        { "ready.log", "ready-log", "ready_log",
          "answer when it has printed a line that matches this regular expression, or has failed", false,
          "string" },
        { "ready.port", "ready-port", "ready_port", "answer when it listens on this TCP port, or has failed",
          false, "integer" },
        { "ready.http", "ready-http", "ready_http",
          "answer when this http URL of the job gives 2xx or 3xx, or the job has failed", false, "string" },
        { "ready.exec", "ready-exec", "ready_exec",
          "answer when this shell command exits with 0, or the job has failed", false, "string" },
        { "ready.timeout_seconds", "ready-timeout", "ready_timeout_seconds",
          "end the job when it is not ready by then (default 60)", false },
        { "description", "description", NULL, NULL, false },
        { "labels", "label", "label", "marks to find the job by", false },
        { "group", "group", NULL, "a group of jobs that belong together", false },
        { "memory_max", "memory-max", NULL, NULL, false },
        { "cpu", "cpu", NULL, NULL, false },
        { "tasks_max", "tasks-max", NULL, NULL, false },
        { "nice", "nice", NULL, NULL, false },
        { "restart", "restart", NULL, NULL, false },
        { "restart_delay_seconds", "restart-delay", NULL, NULL, false },
        { "restart_max", "restart-max", NULL, NULL, false },
        { "timeout_seconds", "timeout", "timeout_ms timeoutSeconds", NULL, false },
        { "idle_timeout_seconds", "idle-timeout", NULL, NULL, false },
        { "pty", "pty", "tty",
          "give it a terminal: for REPLs, prompts, colours, full-screen programs; then use job_send, "
          "job_screen",
          false },
        { "size", "size", NULL, NULL, false },
        { "stdin", "stdin", NULL, "keep its stdin open, for job_send, without a terminal", false },
        { "lifetime", "lifetime", NULL, NULL, false },
        { "stop_signal", "stop-signal", NULL, NULL, false },
        { "stop_timeout_seconds", "stop-timeout", NULL, NULL, false },
        { "output_max", "output-max", NULL, NULL, false },
        { "properties", "property", NULL, "properties of the systemd unit", false },
        { "run_in_background", "background", "background", "has no effect: every job does", false },
        {},
};

static const StartCall start_default = {
        .start.if_running = IF_RUNNING_REUSE,
        .max_jobs = UINT64_MAX,
};

/* The job as it stands, its first lines, and the line of state. */
static int answer_started(ToolAnswer *a, Session *s, Manager *m, const StartResult *result) {
        const Job *j = &result->job;
        int r;

        if (result->reused)
                buf_append_str(&a->text, "It was running already, and was left alone.\n");
        r = json_set(a->facts, "reused", json_new_bool(result->reused));
        if (r >= 0)
                r = answer_job(a, j);
        if (r >= 0 && j->state == JOB_FAILED)
                r = answer_post_mortem(a, j);
        if (r >= 0)
                r = answer_tail(a, s, m, j, FIRST_LINES, OUTPUT_DEFAULT / 3);
        return r < 0 ? r : answer_state(a, s, j);
}

/* Answers with the job, also where its start has failed with r. Return: r, or why there is no answer. */
static int answer_outcome(ToolAnswer *a, Session *s, Manager *m, StartResult *result, int r) {
        if (r >= 0)
                r = answer_started(a, s, m, result);
        else if (result->job.name)
                (void) answer_started(a, s, m, result);
        job_done(&result->job);
        return r;
}

/* Who asked, as labels, unless the call sets its own. */
static int add_label(StartRequest *q, const char *key, const char *value) {
        _cleanup_free_ char *label = NULL, *shown = NULL;

        if (!value || strv_env_get(q->labels, key))
                return 0;
        shown = printable_line(value, strlen(value), LABEL_SHOWN);
        if (!shown || asprintf(&label, "%s=%s", key, shown) < 0) {
                label = NULL;
                return -ENOMEM;
        }
        return strv_extend(&q->labels, label);
}

/* Agents' jobs are known by their label. */
static int check_number(Manager *m, const StartCall *c, Error *reterr) {
        _cleanup_job_list_ JobList jobs = {};
        uint64_t n = 0;
        int r;

        if (c->max_jobs == UINT64_MAX)
                return 0;
        r = jobs_running(m, JOB_BRIEF, &jobs, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < jobs.n; i++)
                n += strv_env_get(jobs.jobs[i].labels, "agent") &&
                     !streq_ptr(jobs.jobs[i].name, c->start.name);
        if (n < c->max_jobs)
                return 0;
        error_set(reterr, ERROR_POLICY, 0,
                  "refused by policy: %" PRIu64 " jobs of agents are running, no more may", n);
        error_hint(reterr, "stop one that nobody needs any more; MaxJobs= in sdbg.conf says so");
        return -EPERM;
}

/* How long to wait until the job is ready: as long as the call says it has time for. */
static usec_t ready_wait(const char *yield) {
        usec_t given;

        return yield && parse_duration(yield, &given) >= 0 ? MAX(given, 1U) : READY_WAIT;
}

static int run_start(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        StartCall *c = request;
        StartRequest *q = &c->start;
        _cleanup_free_ char **argv = calloc(strv_length(c->args) + 2, sizeof(char *));
        StartResult result = { .job = JOB_INIT };
        _cleanup_manager_ Manager *m = NULL;
        int r;

        if (!argv || add_label(q, "agent", s->agent ?: "unknown") < 0 || add_label(q, "session", s->id) < 0)
                return error_oom(reterr);
        q->caller = s->caller;
        if (c->args) {
                argv[0] = c->command;
                memcpy(argv + 1, c->args, strv_length(c->args) * sizeof(char *));
                q->command = argv;
        } else {
                q->shell = c->command;
                c->command = NULL;
        }
        q->wait_max = ready_wait(q->settle);
        if (!q->settle)
                q->settle = strdup("1s");
        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = check_number(m, c, reterr);
        if (r >= 0)
                r = op_start(m, q, &result, reterr);
        return answer_outcome(ret, s, m, &result, r);
}

const Tool tool_start = {
        .name = "job_start",
        .title = "Start a background job",
        .description =
                "Start a long-running command as a background session: dev server, watcher, build, test run, "
                "database. Use this instead of a shell command with '&', nohup or run_in_background: the job "
                "outlives this conversation, its output is kept, and you are told when it ends. Answers with "
                "its first output, or why it failed at once. If a job of this name runs already it is "
                "reused. "
                "Do not poll: go on working, or use job_wait.",
        .kind = TOOL_CHANGES,
        .params = start_tool_params,
        .op = start_params,
        .own = start_own,
        .request_size = sizeof(StartCall),
        .request_default = &start_default,
        .gives = "job reused output lines_left_out cursor post_mortem",
        .run = run_start,
};

typedef struct RestartCall {
        RestartRequest restart;
        char *name;
} RestartCall;

static const Param restart_own[] = {
        { "name", 0, PARAM_STRING, offsetof(RestartCall, name), NULL, "", NULL },
        {},
};

static const ToolParam restart_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name", true },
        { "yield_seconds", "settle", "yield_time_ms",
          "how long to watch for an early failure before answering, or to wait until it is ready", false },
        {},
};

static int run_restart(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        RestartCall *c = request;
        StartResult result = { .job = JOB_INIT };
        _cleanup_manager_ Manager *m = NULL;
        int r;

        c->restart.caller = s->caller;
        c->restart.wait_max = ready_wait(c->restart.settle);
        c->restart.outside_sandbox = s->outside_sandbox;
        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = op_restart(m, c->name, &c->restart, &result, reterr);
        return answer_outcome(ret, s, m, &result, r);
}

const Tool tool_restart = {
        .name = "job_restart",
        .title = "Restart a job",
        .description = "Stop a job with all its processes and start the same command again with the same "
                       "directory and environment. Also starts a job again that has ended.",
        .kind = TOOL_CHANGES,
        .destructive = true,
        .params = restart_tool_params,
        .op = restart_params,
        .own = restart_own,
        .request_size = sizeof(RestartCall),
        .gives = "job reused output lines_left_out cursor post_mortem",
        .run = run_restart,
};
