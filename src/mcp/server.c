/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/job/name.h"
#include "sdbg/mcp/mcp.h"
#include "sdbg/runtime/jobdir.h"

#include "mcp/core.h"
#include "mcp/worker.h"

/* A client that does not read gets no further: nothing more is taken from it, nor from its calls. */
#define OUTPUT_PENDING_MAX ((size_t) 1024 * 1024)
#define PROGRESS_USEC (5 * USEC_PER_SEC)
/* How long calls under way may take when the client has closed its end. */
#define FAREWELL_USEC (60 * USEC_PER_SEC)

typedef struct Server {
        int in, out, signals;
        Core *core;
        Session session;
        Worker workers[CALLS_MAX];
        size_t n_workers;
        usec_t progress_at; /* CLOCK_MONOTONIC */
        usec_t ended_at;    /* the client has closed its end; 0: not yet */
        bool over;
} Server;

/* ---- calls ---- */

static Json *text_content(const char *text) {
        Json *array = json_new_array();

        if (json_append(array, json_object("type", json_new_string("text"), "text", json_new_string(text),
                                           NULL)) < 0) {
                json_free(array);
                return NULL;
        }
        return array;
}

static Json *call_result(const char *text, Json *facts, bool failed) {
        return json_object("content", text_content(text), "structuredContent", facts, "isError",
                           json_new_bool(failed), NULL);
}

/* A call that is wrong in itself: the model is told, and can do better. */
static void answer_mistake(Server *s, uint64_t call, const Error *e) {
        _cleanup_free_ char *text = NULL;
        Json *facts;

        if (asprintf(&text, "Error: %s%s%s", e->message, e->hint ? "\nHint: " : "", strempty(e->hint)) < 0)
                text = NULL;
        facts = json_object("code", json_new_string(e->code), "message", json_new_string(e->message), "hint",
                            json_new_string(e->hint), NULL);
        json_drop_nulls(facts);
        core_result(s->core, call, call_result(text, json_object("error", facts, NULL), true));
}

static void unknown_tool(Server *s, uint64_t call, const char *name) {
        Buf b = {};
        _cleanup_free_ char *text = NULL;

        buf_printf(&b, "unknown tool '%.100s'; there are", name);
        for (size_t i = 0; tools[i]; i++)
                buf_printf(&b, "%s %s", i > 0 ? "," : "", tools[i]->name);
        text = buf_take(&b);
        core_error(s->core, call, RPC_INVALID_PARAMS, strempty(text));
}

static void begin_tool(Server *s, uint64_t call, const Tool *t, const Json *arguments) {
        _cleanup_error_ Error e = {};
        void *request = NULL;
        int r;

        s->session.agent = core_client(s->core);
        r = tool_parse(t, arguments, &request, &e);
        if (r >= 0) {
                r = worker_start(&s->workers[s->n_workers], call, t, &s->session, request);
                if (r >= 0)
                        s->n_workers++;
                else
                        error_set(&e, ERROR_FAILED, r, "cannot begin the call");
        }
        if (r < 0)
                answer_mistake(s, call, &e);
        tool_free_request(t, request);
}

static void begin(void *userdata, uint64_t call, const char *method, const Json *params) {
        Server *s = userdata;
        const char *name = json_string(json_get(params, "name"));
        const Tool *t = name ? tool_find(name) : NULL;

        if (!name)
                core_error(s->core, call, RPC_INVALID_PARAMS, "tools/call: 'name' is missing");
        else if (!t)
                unknown_tool(s, call, name);
        else
                begin_tool(s, call, t, json_get(params, "arguments"));
}

static void remove_worker(Server *s, size_t i) {
        worker_done(&s->workers[i]);
        s->workers[i] = s->workers[--s->n_workers];
}

/* One that changes something goes on; its answer is passed over. */
static void cancel(void *userdata, uint64_t call) {
        Server *s = userdata;

        for (size_t i = 0; i < s->n_workers; i++)
                if (s->workers[i].call == call) {
                        remove_worker(s, i);
                        return;
                }
}

static void finish(Server *s, Worker *w) {
        _cleanup_free_ char *text = NULL;
        Json *facts = NULL;
        bool failed;

        if (worker_answer(w, &s->session, &text, &facts, &failed) < 0) {
                json_free(facts);
                core_error(s->core, w->call, RPC_INTERNAL_ERROR, "the call died before it had an answer");
                return;
        }
        core_result(s->core, w->call, call_result(text, facts, failed));
}

/* ---- the loop ---- */

static void read_client(Server *s) {
        char buf[65536];
        ssize_t n = read(s->in, buf, sizeof(buf));

        if (n > 0)
                core_feed(s->core, buf, n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN))
                s->ended_at = now_usec(CLOCK_MONOTONIC);
}

/* Writes what goes without blocking; the descriptor is shared with others, so that its mode stays as it
 * is. A pipe that polls writable takes at least one page (pipe(7)). */
static void write_client(Server *s) {
        Buf *out = core_output(s->core);
        ssize_t n = send(s->out, out->data, out->len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == ENOTSOCK)
                n = write(s->out, out->data, MIN(out->len, (size_t) 4096));
        if (n > 0) {
                buf_consume(out, n);
                if (out->len == 0)
                        buf_done(out);
        } else if (n < 0 && errno != EINTR && errno != EAGAIN)
                s->over = true;
}

static void read_workers(Server *s, const struct pollfd *p) {
        /* From the end: what is removed is replaced by the last one, which has been looked at. */
        for (size_t i = s->n_workers; i-- > 0;) {
                int r = p[i].revents ? worker_read(&s->workers[i]) : 0;

                if (r == 0)
                        continue;
                finish(s, &s->workers[i]);
                remove_worker(s, i);
        }
}

static void tell_progress(Server *s, usec_t now) {
        if (now < s->progress_at)
                return;
        s->progress_at = now + PROGRESS_USEC;
        for (size_t i = 0; i < s->n_workers; i++) {
                const Worker *w = &s->workers[i];
                double seconds = (double) usec_sub(now, w->begun) / USEC_PER_SEC;

                if (seconds >= 1)
                        core_progress(s->core, w->call, (uint64_t) seconds, w->tool->title);
        }
}

/* The client has closed its end: nobody waits any more. */
static void end_waits(Server *s) {
        for (size_t i = s->n_workers; i-- > 0;)
                if (s->workers[i].tool->kind == TOOL_WAITS)
                        remove_worker(s, i);
}

static int turn(Server *s) {
        struct pollfd p[3 + CALLS_MAX];
        bool pending = core_output(s->core)->len > 0;
        bool full = core_output(s->core)->len > OUTPUT_PENDING_MAX;
        size_t n = s->n_workers;
        usec_t now;

        p[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
        p[1] = (struct pollfd){ .fd = full || s->ended_at ? -1 : s->in, .events = POLLIN };
        p[2] = (struct pollfd){ .fd = s->out, .events = pending ? POLLOUT : 0 };
        for (size_t i = 0; i < n; i++)
                p[3 + i] = (struct pollfd){ .fd = full ? -1 : s->workers[i].fd, .events = POLLIN };
        if (poll(p, 3 + n, n > 0 || s->ended_at ? (int) (PROGRESS_USEC / USEC_PER_MSEC) : -1) < 0 &&
            errno != EINTR)
                return -errno;

        now = now_usec(CLOCK_MONOTONIC);
        if (p[0].revents || p[2].revents & (POLLERR | POLLNVAL))
                s->over = true;
        if (p[2].revents & POLLOUT)
                write_client(s);
        read_workers(s, p + 3);
        if (p[1].revents)
                read_client(s);
        tell_progress(s, now);
        if (s->ended_at) {
                end_waits(s);
                s->over = s->over || now > s->ended_at + FAREWELL_USEC ||
                          (s->n_workers == 0 && core_output(s->core)->len == 0);
        }
        return 0;
}

/* Some clients give their servers nearly no environment; jobs shall find the user's bus all the same. */
static void complete_environment(void) {
        _cleanup_free_ char *dir = NULL;

        if (!getenv("XDG_RUNTIME_DIR") && runtime_dir(&dir, NULL) >= 0)
                (void) setenv("XDG_RUNTIME_DIR", dir, false);
}

static const char *session_id(void) {
        static const char *const names[] = { "CLAUDE_CODE_SESSION_ID", "OPENCODE_SESSION_ID",
                                             "CODEX_SESSION_ID", "CODEX_THREAD_ID", "GEMINI_SESSION_ID" };
        const char *id = NULL;

        for (size_t i = 0; !id && i < ELEMENTSOF(names); i++)
                id = getenv(names[i]);
        return id && *id ? id : NULL;
}

int mcp_serve(int in_fd, int out_fd, Error *reterr) {
        Server *s = calloc(1, sizeof(Server));
        CoreHost host = { .userdata = s, .begin = begin, .cancel = cancel };
        sigset_t mask;
        int r;

        if (!s || core_new(&s->core, &host) < 0) {
                free(s);
                return error_oom(reterr);
        }
        complete_environment();
        s->in = in_fd;
        s->out = out_fd;
        s->session.id = session_id();
        (void) signal(SIGPIPE, SIG_IGN);
        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigaddset(&mask, SIGINT);
        (void) sigaddset(&mask, SIGHUP);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        s->signals = signalfd(-1, &mask, SFD_CLOEXEC);
        r = s->signals < 0 ? -errno : 0;
        while (r >= 0 && !s->over)
                r = turn(s);
        while (s->n_workers > 0)
                remove_worker(s, 0);
        close_fd(s->signals);
        session_done(&s->session);
        core_free(s->core);
        free(s);
        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "the server's loop has failed") : 0;
}
