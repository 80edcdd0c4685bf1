/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/ops/ports.h"
#include "sdbg/ops/send.h"

#include "mcp/answer.h"

#define WAIT_DEFAULT (1 * USEC_PER_SEC)

/* ---- job_send ---- */

typedef struct SendCall {
        SendRequest send;
        char *name, *text;
} SendCall;

static const Param send_own[] = {
        { "name", 0, PARAM_STRING, offsetof(SendCall, name), NULL, "", NULL },
        { "text", 0, PARAM_STRING, offsetof(SendCall, text), NULL, "", NULL },
        {},
};

static const ToolParam send_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name", true },
        { "text", "text", "chars data input", "what to type; Enter is pressed behind it", false },
        { "keys", "key", "key",
          "keys to press behind the text, e.g. [\"C-c\"], [\"Up\", \"Enter\"], [\"F1\"]", false },
        { "no_newline", "no-newline", NULL, NULL, false },
        { "paste", "paste", NULL, NULL, false },
        { "eof", "eof", NULL, NULL, false },
        { "wait_seconds", "wait", "yield_seconds yield_time_ms",
          "how long to wait for what it answers (default 1)", false },
        {},
};

static const SendCall send_default = { .send = { .input_fd = -1, .wait = WAIT_DEFAULT } };

static int run_send(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        SendCall *c = request;
        OutputText o = { .max = OUTPUT_DEFAULT };
        _cleanup_job_ Job j = JOB_INIT;
        size_t len = c->text ? strlen(c->text) : 0;
        int r;

        if (len == 0 && strv_length(c->send.keys) == 0 && !c->send.end) {
                error_set(reterr, ERROR_USAGE, 0, "job_send: there is nothing to send");
                error_hint(reterr, "give text, keys or eof; job_logs reads without sending");
                return -EINVAL;
        }
        c->send.name = c->name;
        c->send.text = c->text;
        /* Whoever sends the newline along does not want a second one. */
        if (len > 0 && c->text[len - 1] == '\n')
                c->send.no_newline = true;
        r = op_send(&c->send, output_take, &o, reterr);
        if (r >= 0)
                r = answer_output(ret, &o);
        output_done(&o);
        if (r >= 0)
                r = job_read_state(c->name, &j);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot read how job '%s' stands", c->name);
        jobs_add_ports(&j, 1, PORTS_TCP);
        return answer_state(ret, s, &j);
}

const Tool tool_send = {
        .name = "job_send",
        .title = "Type into a job",
        .description =
                "Type text or keys into a job that was started with pty or stdin: answer a question, use a "
                "REPL, press C-c. Answers with what the job printed then.",
        .kind = TOOL_CHANGES,
        .params = send_tool_params,
        .op = send_params,
        .own = send_own,
        .request_size = sizeof(SendCall),
        .request_default = &send_default,
        .gives = "output lines_left_out",
        .run = run_send,
};

/* ---- job_screen ---- */

typedef struct ScreenCall {
        ScreenRequest screen;
        char *name;
} ScreenCall;

static const Param screen_own[] = {
        { "name", 0, PARAM_STRING, offsetof(ScreenCall, name), NULL, "", NULL },
        {},
};

static const ToolParam screen_tool_params[] = {
        { "name", "name", JOB_ALIASES, "the job's name", true },
        {},
};

static int run_screen(Session *s, void *request, ToolAnswer *ret, Error *reterr) {
        ScreenCall *c = request;
        _cleanup_job_ Job j = JOB_INIT;
        Json *screen = NULL;
        int r;

        c->screen.name = c->name;
        r = op_screen(&c->screen, &screen, reterr);
        if (r < 0)
                return r;
        for (const Json *l = json_first(json_get(screen, "lines")); l; l = json_next(l))
                buf_printf(&ret->text, "%s\n", strempty(json_string(l)));
        json_drop_nulls(screen);
        r = json_set(ret->facts, "screen", screen);
        if (r >= 0)
                r = job_read_state(c->name, &j);
        jobs_add_ports(&j, 1, PORTS_TCP);
        return r < 0 ? r : answer_state(ret, s, &j);
}

const Tool tool_screen = {
        .name = "job_screen",
        .title = "See a job's screen",
        .description =
                "Show the terminal screen of a job that was started with pty, as a person would see it now. "
                "For full-screen programs, menus and progress displays; job_logs is for lines.",
        .kind = TOOL_READS,
        .params = screen_tool_params,
        .own = screen_own,
        .request_size = sizeof(ScreenCall),
        .gives = "screen",
        .run = run_screen,
};
