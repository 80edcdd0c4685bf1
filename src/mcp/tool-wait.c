/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/ops/wait.h"

#include "mcp/answer.h"

#define END_LINES 30
/* Most clients give a call 60 s. */
#define WAIT_DEFAULT "45s"

/* ---- job_wait ---- */

typedef struct WaitCall {
        WaitRequest wait;
        char *name;
} WaitCall;

static const Param wait_own[] = {
        { "name", 0, PARAM_STRING, offsetof(WaitCall, name), NULL, "", NULL },
        {},
};

static const ToolParam wait_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name", true },
        { "for", "for", "until",
          "what to wait for: exit (default), ready, log=REGEX (a line that matches), port=N (it listens), "
          "idle=10s (it has printed nothing for so long)",
          false },
        { "timeout_seconds", "timeout", "timeout_ms timeoutSeconds",
          "answer after this time even if it has not come to pass (default 45)", false },
        {},
};

/* How the job stands now, whatever came of it. */
static int answer_waited(ToolAnswer *a, Session *s, Manager *m, const WaitResult *w) {
        const Job *j = w->jobs.n > 0 ? &w->jobs.jobs[0] : NULL;
        int r;

        if (!j)
                return 0;
        if (w->outcomes[0].line) {
                buf_printf(&a->text, "Line %" PRIu64 ": %s\n", w->outcomes[0].seq, w->outcomes[0].line);
                r = json_set(a->facts, "line", json_new_string(w->outcomes[0].line));
                if (r < 0)
                        return r;
        }
        r = answer_job(a, j);
        if (r >= 0 && j->state == JOB_FAILED)
                r = answer_post_mortem(a, j);
        if (r >= 0)
                r = answer_tail(a, s, m, j, END_LINES, OUTPUT_DEFAULT / 3);
        return r < 0 ? r : answer_state(a, s, j);
}

static int run_wait(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        WaitCall *c = request;
        _cleanup_wait_result_ WaitResult result = {};
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_error_ Error e = {};
        bool timed_out;
        int r, waited;

        c->wait.select.names = (char *[]){ c->name, NULL };
        if (!c->wait.timeout)
                c->wait.timeout = strdup(WAIT_DEFAULT);
        r = manager_connect(&m, reterr);
        if (r < 0)
                return r;
        waited = op_wait(m, &c->wait, &result, &e);
        timed_out = waited == -ETIMEDOUT;
        if (timed_out)
                buf_append_str(&ret->text, "The time is over and it has not happened; the job goes on.\n");
        r = json_set(ret->facts, "timed_out", json_new_bool(timed_out));
        if (r >= 0)
                r = answer_waited(ret, s, m, &result);
        if (r < 0)
                return error_oom(reterr);
        if (waited < 0 && !timed_out) {
                *reterr = e;
                e = (Error){};
                return waited;
        }
        return 0;
}

const Tool tool_wait = {
        .name = "job_wait",
        .title = "Wait for a job",
        .description = "Wait until a job ends (or is ready, prints a line, listens on a port), and get its "
                       "result and last lines: why it failed, its exit code. "
                       "Answers when the time is over too; then go on with other work and call it again.",
        .kind = TOOL_WAITS,
        .params = wait_tool_params,
        .op = wait_params,
        .own = wait_own,
        .request_size = sizeof(WaitCall),
        .gives = "job output lines_left_out cursor timed_out line post_mortem",
        .run = run_wait,
};

/* ---- job_stop ---- */

typedef struct StopCall {
        StopRequest stop;
        char *name;
} StopCall;

static const Param stop_own[] = {
        { "name", 0, PARAM_STRING, offsetof(StopCall, name), NULL, "", NULL },
        {},
};

static const ToolParam stop_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name, or a glob", true },
        { "timeout_seconds", "timeout", "timeout_ms timeoutSeconds",
          "how long it may take to end by itself before it is killed (default 10)", false },
        {},
};

static int run_stop(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        StopCall *c = request;
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};
        int r;

        c->stop.caller = s->caller;
        c->stop.select.names = (char *[]){ c->name, NULL };
        r = manager_connect(&m, reterr);
        if (r >= 0)
                r = op_stop(m, &c->stop, &jobs, reterr);
        for (size_t i = 0; r >= 0 && i < jobs.n; i++)
                r = answer_end(ret, &jobs.jobs[i]);
        if (r >= 0 && answer_jobs(ret, &jobs, 0) < 0)
                r = error_oom(reterr);
        if (r >= 0 && jobs.n > 0)
                r = answer_state(ret, s, &jobs.jobs[0]);
        return r;
}

const Tool tool_stop = {
        .name = "job_stop",
        .title = "Stop a job",
        .description = "End a job with all its processes, also those that have left its process group, and "
                       "answer when none is left. Use it instead of kill or pkill.",
        .kind = TOOL_CHANGES,
        .destructive = true,
        .idempotent = true,
        .params = stop_tool_params,
        .op = stop_params,
        .own = stop_own,
        .request_size = sizeof(StopCall),
        .gives = "jobs",
        .run = run_stop,
};
