/* SPDX-License-Identifier: MIT */
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/ops/ports.h"

#include "ops/await.h"

const Param wait_params[] = {
        { "any", 0, PARAM_FLAG, offsetof(WaitRequest, any), NULL, "until it happened to one of them, not all",
          NULL },
        { "for", 0, PARAM_STRING, offsetof(WaitRequest, what), "WHAT",
          "exit (default), ready, log=RE, input, idle=TIME or port=N", NULL },
        { "timeout", 't', PARAM_STRING, offsetof(WaitRequest, timeout), "TIME",
          "give up after this time (exit code 124)", NULL },
        JOB_SELECTION_PARAMS(WaitRequest),
        {},
};

/* Names in a message are cut after so many. */
#define NAMES_SHOWN 5

void wait_result_done(WaitResult *r) {
        for (size_t i = 0; r->outcomes && i < r->jobs.n; i++)
                free(r->outcomes[i].line);
        free(r->outcomes);
        job_list_done(&r->jobs);
        *r = (WaitResult){};
}

static void condition_done(Condition *c) {
        regex_freep(&c->regex);
}
#define _cleanup_condition_ _cleanup_(condition_done)

static int bad_condition(const char *text, Error *reterr) {
        error_set(reterr, ERROR_USAGE, 0, "'%s' is not something to wait for", text);
        error_hint(reterr, "--for takes exit, ready, log=RE, input, idle=TIME (like 10s) or port=N");
        return -EINVAL;
}

static int parse_condition(const char *text, Condition *c, Error *reterr) {
        const char *value;

        if (!text || streq(text, "exit"))
                c->what = WAIT_EXIT;
        else if (streq(text, "ready"))
                c->what = WAIT_READY;
        else if (streq(text, "input"))
                c->what = WAIT_INPUT;
        else if ((value = startswith(text, "log="))) {
                c->what = WAIT_LOG;
                return regex_compile(value, false, &c->regex, reterr);
        } else if ((value = startswith(text, "idle="))) {
                c->what = WAIT_IDLE;
                if (parse_duration(value, &c->idle) < 0 || c->idle == USEC_INFINITY)
                        return bad_condition(text, reterr);
        } else if ((value = startswith(text, "port="))) {
                c->what = WAIT_PORT;
                if (parse_int(value, &c->port) < 0 || c->port < 1 || c->port > UINT16_MAX)
                        return bad_condition(text, reterr);
        } else
                return bad_condition(text, reterr);
        return 0;
}

/* What has not happened, as the end of "'web' …". */
static const char *what_is_missing(WaitFor what, bool several) {
        switch (what) {
        case WAIT_EXIT:
                return several ? "are still running" : "is still running";
        case WAIT_READY:
                return several ? "are not ready" : "is not ready";
        case WAIT_LOG:
                return several ? "have not printed that" : "has not printed that";
        case WAIT_INPUT:
                return several ? "do not wait for input" : "does not wait for input";
        case WAIT_IDLE:
                return several ? "were not idle for that long" : "was not idle for that long";
        case WAIT_PORT:
                return several ? "do not listen on that port" : "does not listen on that port";
        }
        return "";
}

static int say_timeout(const WaitResult *w, usec_t timeout, Error *reterr) {
        _cleanup_buf_ Buf names = {};
        char span[32];
        size_t n = 0;

        for (size_t i = 0; i < w->jobs.n; i++)
                if (!w->outcomes[i].happened && n++ < NAMES_SHOWN)
                        buf_printf(&names, "%s'%s'", n > 1 ? ", " : "", w->jobs.jobs[i].name);
        if (n > NAMES_SHOWN)
                buf_printf(&names, " and %zu more", n - NAMES_SHOWN);
        buf_append_char(&names, '\0');
        error_set(reterr, ERROR_TIMEOUT, 0, "%s %s after %s", names.oom ? "" : names.data,
                  what_is_missing(w->what, n > 1), format_duration(span, sizeof(span), timeout));
        error_hint(reterr, "the job%s on; 'sdbg logs' shows what %s printed", n > 1 ? "s go" : " goes",
                   n > 1 ? "they have" : "it has");
        return -ETIMEDOUT;
}

/* What ended before. */
static const char *before_what(WaitFor what) {
        switch (what) {
        case WAIT_READY:
                return "it was ready";
        case WAIT_LOG:
                return "it printed that";
        case WAIT_INPUT:
                return "it waited for input";
        case WAIT_IDLE:
                return "it was idle for that long";
        case WAIT_PORT:
                return "it listened on that port";
        case WAIT_EXIT:
                break;
        }
        return "that";
}

/* Whether a job's end leaves nothing to wait for; says so. */
static int check_ended(const WaitResult *w, bool any, Error *reterr) {
        const Job *ended = NULL;

        for (size_t i = 0; i < w->jobs.n; i++)
                if (w->outcomes[i].happened && any)
                        return 0;
                else if (!w->outcomes[i].happened && !ended && job_has_ended(&w->jobs.jobs[i]))
                        ended = &w->jobs.jobs[i];
        if (!ended)
                return 0;
        error_set(reterr, ERROR_ENDED_EARLY, 0, "job '%s' ended before %s: %s", ended->name,
                  before_what(w->what), strempty(ended->reason));
        error_hint(reterr, "'sdbg logs %s' shows all it has printed", ended->name);
        return -ECHILD;
}

/* The figures of those that go on, as they are now. */
static void measure(JobList *l) {
        for (size_t i = 0; i < l->n; i++) {
                Job now = JOB_INIT, *j = &l->jobs[i];

                if (!job_has_ended(j) && job_read_state(j->name, &now) > 0 && streq_ptr(j->run, now.run)) {
                        job_done(j);
                        *j = now;
                } else
                        job_done(&now);
        }
        jobs_add_ports(l->jobs, l->n, PORTS_ALL);
}

static int await_selected(const Condition *c, WaitResult *w, bool any, usec_t timeout, Error *reterr) {
        _cleanup_free_ Waiter *waiters = calloc(w->jobs.n + 1, sizeof(Waiter));
        int r;

        w->outcomes = calloc(w->jobs.n + 1, sizeof(WaitOutcome));
        if (!waiters || !w->outcomes)
                return error_oom(reterr);
        for (size_t i = 0; i < w->jobs.n; i++) {
                waiters[i] = WAITER_INIT(&w->jobs.jobs[i]);
                waiters[i].one_run = true;
        }
        r = await_jobs(c, waiters, w->jobs.n, any, timeout);
        for (size_t i = 0; i < w->jobs.n; i++) {
                w->outcomes[i] = waiters[i].outcome;
                waiter_done(&waiters[i]);
        }
        measure(&w->jobs);
        if (r == -E2BIG)
                return regex_given_up(reterr);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot wait for the job's state");
        return r == 0 ? say_timeout(w, timeout, reterr) : check_ended(w, any, reterr);
}

/* Jobs that are named, or belong to a group or have a label, may be over already; all means those that
 * run. */
static bool wants_ended(const JobSelection *s) {
        return strv_length(s->names) > 0 || s->group || strv_length(s->labels) > 0;
}

int op_wait(Manager *m, const WaitRequest *q, WaitResult *ret, Error *reterr) {
        _cleanup_condition_ Condition c = {};
        usec_t timeout = USEC_INFINITY;
        int r;

        if (q->timeout && parse_duration(q->timeout, &timeout) < 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a duration for --timeout", q->timeout);
        r = parse_condition(q->what, &c, reterr);
        if (r < 0)
                return r;
        ret->what = c.what;
        ret->port = c.port;
        r = jobs_select(m, &q->select, JOB_STATE, wants_ended(&q->select), &ret->jobs, reterr);
        if (r < 0)
                return r;
        if (ret->jobs.n == 0 && !q->select.all && !q->select.here)
                return error_set(reterr, ERROR_NO_SUCH_JOB, 0, "there is no such job to wait for");
        return await_selected(&c, ret, q->any, timeout, reterr);
}
