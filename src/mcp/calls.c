/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include "sdbg/job/name.h"
#include "sdbg/ops/caller.h"
#include "sdbg/runtime/bookmark.h"

#include "mcp/answer.h"
#include "mcp/calls.h"
#include "mcp/resources.h"

/* What resources/read gives of a log: it is the user who asks, not a model that has to pay for it. */
#define LOG_BYTES 64000

void calls_done(Calls *c) {
        while (c->n > 0)
                worker_done(&c->workers[--c->n]);
        while (c->n_asked > 0) {
                Asked *a = &c->asked[--c->n_asked];

                tool_free_request(a->tool, a->request);
        }
        config_done(&c->config);
        session_done(&c->session);
        news_done(&c->news);
}

/* ---- what is answered ---- */

static Json *text_block(const char *text) {
        return json_object("type", json_new_string("text"), "text", json_new_string(text), NULL);
}

static Json *array_of(Json *item) {
        Json *array = json_new_array();

        if (json_append(array, item) < 0) {
                json_free(array);
                return NULL;
        }
        return array;
}

static Json *call_result(const char *text, Json *facts, bool failed) {
        return json_object("content", array_of(text_block(text)), "structuredContent", facts, "isError",
                           json_new_bool(failed), NULL);
}

static Json *prompt_result(const char *text) {
        return json_object(
                "description", json_new_string("Why did this job fail?"), "messages",
                array_of(json_object("role", json_new_string("user"), "content", text_block(text), NULL)),
                NULL);
}

/* What the answer shows of a job is no news any more, and the client will want to hear of it. */
static void take_note(Calls *c, const Json *job) {
        const char *name = json_string(json_get(job, "name")), *run = json_string(json_get(job, "run"));
        const char *state = json_string(json_get(job, "state"));

        if (!name || !state)
                return;
        for (JobState s = 0; s < _JOB_STATE_MAX; s++)
                if (streq(job_state_to_string(s), state))
                        (void) news_seen(&c->news, name, run, s);
        if (session_read(&c->session, name, run) == 0)
                (void) session_mark(&c->session, name, run, 0);
}

/* The news stand before the last line, which is the state. */
static char *add_news(const char *text, const Json *news) {
        size_t len = strlen(text), head;
        Buf b = {};

        while (len > 0 && text[len - 1] == '\n')
                len--;
        for (head = len; head > 0 && text[head - 1] != '\n'; head--)
                ;
        buf_append(&b, text, head);
        for (const Json *i = json_first(news); i; i = json_next(i))
                buf_printf(&b, "Since the last call: %s\n", json_string(i));
        buf_append(&b, text + head, len - head);
        return buf_take(&b);
}

static Json *tool_result(Calls *c, const Tool *t, const char *text, Json *facts, bool failed) {
        _cleanup_free_ char *whole = NULL;
        Json *news;

        take_note(c, json_get(facts, "job"));
        /* A list is no look at each of them, but for those that the call has stopped. */
        for (const Json *j = json_first(json_get(facts, "jobs")); j && t->kind == TOOL_CHANGES;
             j = json_next(j))
                take_note(c, j);
        news = news_take(&c->news);
        whole = add_news(text, news);
        if (!whole || (news && json_set(facts, "notices", news) < 0)) {
                json_free(facts);
                return NULL;
        }
        return call_result(whole, facts, failed);
}

/* What the policy refuses is of interest to the user, and not only to the model that is told. */
static void log_refusal(Calls *c, uint64_t call, const char *code, const char *message) {
        if (streq_ptr(code, ERROR_POLICY))
                core_log(c->core, call, "warning", message);
}

/* A call that is wrong in itself: the model is told, and can do better. */
static void answer_mistake(Calls *c, uint64_t call, AnswerShape shape, const Error *e) {
        _cleanup_free_ char *text = NULL;
        Json *facts;
        Buf b = {};

        log_refusal(c, call, e->code, e->message);
        if (shape != SHAPE_TOOL) {
                core_error(c->core, call, RPC_INVALID_PARAMS, e->message);
                return;
        }
        facts = answer_error(e, &b);
        text = buf_take(&b);
        core_result(c->core, call, call_result(strempty(text), json_object("error", facts, NULL), true));
}

/* Of what is no tool: there it is the call that fails. */
static void answer_failure(Calls *c, const Worker *w, const char *code, const char *message) {
        bool missing = streq(code, ERROR_NO_SUCH_JOB);

        if (missing && w->shape == SHAPE_RESOURCE)
                core_not_found(c->core, w->call, w->uri, message);
        else
                core_error(c->core, w->call,
                           missing || streq(code, ERROR_USAGE) ? RPC_INVALID_PARAMS : RPC_INTERNAL_ERROR,
                           message);
}

static void finish(Calls *c, Worker *w) {
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ Json *facts = NULL;
        const char *code, *message;
        const Json *error;
        bool failed;

        if (worker_answer(w, &c->session, &text, &facts, &failed) < 0) {
                message = "the call died before it had an answer";
                core_log(c->core, w->call, "error", message);
                core_error(c->core, w->call, RPC_INTERNAL_ERROR, message);
                return;
        }
        error = json_get(facts, "error");
        code = strempty(json_string(json_get(error, "code")));
        message = strempty(json_string(json_get(error, "message")));
        log_refusal(c, w->call, code, message);
        if (w->shape == SHAPE_TOOL)
                core_result(c->core, w->call, tool_result(c, w->tool, text, TAKE_PTR(facts), failed));
        else if (failed)
                answer_failure(c, w, code, message);
        else if (w->shape == SHAPE_PROMPT)
                core_result(c->core, w->call, prompt_result(text));
        else if (w->shape == SHAPE_RESOURCES)
                core_result(c->core, w->call, resource_list(facts, !w->uri));
        else
                core_result(c->core, w->call, resource_contents(w->uri, facts));
}

static void remove_worker(Calls *c, size_t i) {
        worker_done(&c->workers[i]);
        c->workers[i] = c->workers[--c->n];
}

void calls_read(Calls *c, size_t i) {
        if (worker_read(&c->workers[i]) == 0)
                return;
        finish(c, &c->workers[i]);
        remove_worker(c, i);
}

/* ---- what is asked for ---- */

/* uri: of a resource; of SHAPE_RESOURCES the page's cursor. */
static int start_worker(Calls *c, uint64_t call, const Tool *t, void *request, AnswerShape shape,
                        const char *uri, Error *reterr) {
        Worker *w = &c->workers[c->n];
        int r = worker_start(w, call, t, &c->session, request);

        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot begin the call");
        w->shape = shape;
        w->uri = uri ? strdup(uri) : NULL;
        c->n++;
        return 0;
}

static int refuse(Error *reterr) {
        return error_set(reterr, ERROR_POLICY, EPERM, "refused: the user was asked, and does not want it");
}

/* Puts the command before the user. It takes the request over where the answer comes later.
 * Return: 0 where the call is to be made; positive where nothing is left to be done; -EPERM. */
static int ask(Calls *c, uint64_t call, const Tool *t, void **request, Error *reterr) {
        _cleanup_free_ char *command = policy_command(t, *request), *question = NULL;

        if (!command ||
            asprintf(&question, "May this command run in the background, outside of any sandbox?\n%s",
                     command) < 0) {
                question = NULL;
                return error_oom(reterr);
        }
        switch (core_ask(c->core, call, question)) {
        case CONSENT_GIVEN:
                return 0;
        case CONSENT_LATER:
                c->asked[c->n_asked++] = (Asked){ call, t, TAKE_PTR(*request) };
                return 1;
        case CONSENT_AGAIN:
                return 1;
        case CONSENT_REFUSED:
                return refuse(reterr);
        case CONSENT_IMPOSSIBLE:
                break;
        }
        error_set(reterr, ERROR_POLICY, 0,
                  "refused by policy: the user wants to be asked about this command, and this client cannot "
                  "ask");
        error_hint(reterr, "AskCommand= in sdbg.conf says so; the user can run it with 'sdbg start'");
        return -EPERM;
}

/* The client's session, where it tells one; else the next session of the same client goes on reading where
 * this one has stopped. Return: the caller frees it; NULL without memory. */
static char *choose_reader(const char *agent) {
        _cleanup_free_ char *known = reader_default();

        return agent && streq_ptr(known, "default") ? job_name_from_text(agent) : TAKE_PTR(known);
}

static void begin_tool(Calls *c, uint64_t call, const Tool *t, const Json *arguments, AnswerShape shape,
                       const char *uri) {
        Verdict verdict = VERDICT_REFUSED;
        _cleanup_error_ Error e = {};
        void *request = NULL;
        int r;

        c->session.agent = core_client(c->core);
        if (!c->session.caller)
                c->session.caller = caller_describe(getppid(), c->session.agent);
        if (!c->session.reader)
                c->session.reader = choose_reader(c->session.agent);
        r = tool_parse(t, arguments, &request, &e);
        if (r >= 0)
                verdict = policy_judge(&c->config, t, request, &e);
        if (verdict == VERDICT_ASK)
                r = ask(c, call, t, &request, &e);
        else
                r = verdict == VERDICT_ALLOWED ? 0 : -EPERM;
        if (r == 0)
                r = start_worker(c, call, t, request, shape, uri, &e);
        if (r < 0)
                answer_mistake(c, call, shape, &e);
        tool_free_request(t, request);
}

/* Return: whether the call was one that waits for the user. */
static bool take_asked(Calls *c, uint64_t call, Asked *ret) {
        for (size_t i = 0; i < c->n_asked; i++)
                if (c->asked[i].call == call) {
                        *ret = c->asked[i];
                        c->asked[i] = c->asked[--c->n_asked];
                        return true;
                }
        return false;
}

void calls_answered(Calls *c, uint64_t call, bool agreed) {
        _cleanup_error_ Error e = {};
        Asked a;
        int r;

        if (!take_asked(c, call, &a))
                return;
        if (agreed)
                r = start_worker(c, call, a.tool, a.request, SHAPE_TOOL, NULL, &e);
        else
                r = refuse(&e);
        if (r < 0)
                answer_mistake(c, call, SHAPE_TOOL, &e);
        tool_free_request(a.tool, a.request);
}

static void unknown_tool(Calls *c, uint64_t call, const char *name) {
        _cleanup_free_ char *text = NULL;
        Buf b = {};

        buf_printf(&b, "unknown tool '%.100s'; there are", name);
        for (size_t i = 0; tools[i]; i++)
                buf_printf(&b, "%s %s", i > 0 ? "," : "", tools[i]->name);
        text = buf_take(&b);
        core_error(c->core, call, RPC_INVALID_PARAMS, strempty(text));
}

static void begin_tools_call(Calls *c, uint64_t call, const Json *params) {
        const char *name = json_string(json_get(params, "name"));
        const Tool *t = name ? tool_find(name) : NULL;

        if (!name)
                core_error(c->core, call, RPC_INVALID_PARAMS, "tools/call: 'name' is missing");
        else if (!t)
                unknown_tool(c, call, name);
        else
                begin_tool(c, call, t, json_get(params, "arguments"), SHAPE_TOOL, NULL);
}

static void begin_resources_list(Calls *c, uint64_t call, const Json *params) {
        const char *cursor = json_string(json_get(params, "cursor"));
        _cleanup_json_ Json *arguments =
                cursor ? json_object("cursor", json_new_string(cursor), NULL) : json_new_object();

        begin_tool(c, call, tool_find("job_list"), arguments, SHAPE_RESOURCES, cursor);
}

static void begin_resources_read(Calls *c, uint64_t call, const Json *params) {
        const char *uri = json_string(json_get(params, "uri"));
        _cleanup_free_ char *job = NULL;
        _cleanup_json_ Json *arguments = NULL;
        ResourceKind kind = uri ? resource_parse(uri, &job) : _RESOURCE_INVALID;

        if (kind < 0) {
                core_not_found(
                        c->core, call, strempty(uri),
                        "no such resource: there are sdbg://jobs, sdbg://jobs/NAME and sdbg://jobs/NAME/log");
                return;
        }
        arguments = job ? json_object("name", json_new_string(job), NULL) : json_new_object();
        if (kind == RESOURCE_LOG)
                (void) json_set(arguments, "max_bytes", json_new_number(LOG_BYTES));
        begin_tool(c, call,
                   tool_find(kind == RESOURCE_LOG   ? "job_logs"
                             : kind == RESOURCE_JOB ? "job_status"
                                                    : "job_list"),
                   arguments, SHAPE_RESOURCE, uri);
}

static void begin_prompts_get(Calls *c, uint64_t call, const Json *params) {
        const char *name = json_string(json_get(params, "name"));

        if (!name || !streq(name, tool_diagnose.name))
                core_error(c->core, call, RPC_INVALID_PARAMS, "unknown prompt; there is: diagnose");
        else
                begin_tool(c, call, &tool_diagnose, json_get(params, "arguments"), SHAPE_PROMPT, NULL);
}

void calls_begin(Calls *c, uint64_t call, const char *method, const Json *params) {
        static const struct {
                const char *method;
                void (*begin)(Calls *c, uint64_t call, const Json *params);
        } methods[] = {
                { "tools/call", begin_tools_call },
                { "resources/list", begin_resources_list },
                { "resources/read", begin_resources_read },
                { "prompts/get", begin_prompts_get },
        };

        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (streq(methods[i].method, method)) {
                        methods[i].begin(c, call, params);
                        return;
                }
}

void calls_cancel(Calls *c, uint64_t call) {
        Asked a;

        if (take_asked(c, call, &a))
                tool_free_request(a.tool, a.request);
        for (size_t i = 0; i < c->n; i++)
                if (c->workers[i].call == call) {
                        remove_worker(c, i);
                        return;
                }
}

void calls_tell_progress(Calls *c, usec_t now) {
        for (size_t i = 0; i < c->n; i++) {
                const Worker *w = &c->workers[i];
                uint64_t seconds = usec_sub(now, w->begun) / USEC_PER_SEC;

                if (seconds >= 1)
                        core_progress(c->core, w->call, seconds, w->tool->title);
        }
}

void calls_end_waits(Calls *c) {
        for (size_t i = c->n; i-- > 0;)
                if (c->workers[i].tool->kind == TOOL_WAITS)
                        remove_worker(c, i);
}
