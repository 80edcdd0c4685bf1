/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/mcp/mcp.h"
#include "sdbg/ops/caller.h"
#include "sdbg/probe/project.h"
#include "sdbg/runtime/jobdir.h"

#include "mcp/calls.h"
#include "mcp/subscriptions.h"
#include "mcp/watch.h"

/* A client that does not read gets no further: nothing more is taken from it, nor from its calls. */
#define OUTPUT_PENDING_MAX ((size_t) 1024 * 1024)
#define PROGRESS_USEC (5 * USEC_PER_SEC)
/* A resource that changes all the time is told of so often. */
#define UPDATES_USEC (1 * USEC_PER_SEC)
/* How long calls under way may take when the client has closed its end. */
#define FAREWELL_USEC (60 * USEC_PER_SEC)

typedef struct Server {
        int in, out, signals;
        Core *core;
        Calls calls;
        Watch *watch; /* NULL: there is no runtime directory (yet) */
        Subscriptions subscriptions;
        usec_t progress_at, updates_at; /* CLOCK_MONOTONIC */
        usec_t ended_at;                /* the client has closed its end; 0: not yet */
        bool over;
} Server;

/* ---- what the core asks for ---- */

static void watch_logs(Server *s) {
        for (size_t i = 0; s->watch && i < s->subscriptions.n; i++)
                if (s->subscriptions.items[i].is_log)
                        watch_output(s->watch, s->subscriptions.items[i].job, true);
}

static void start_watch(Server *s) {
        if (!s->watch && watch_open(&s->watch) >= 0)
                watch_logs(s);
}

static void begin(void *userdata, uint64_t call, const char *method, const Json *params) {
        Server *s = userdata;

        start_watch(s);
        if (streq(method, "subscriptions/listen")) {
                subscriptions_listen(&s->subscriptions, s->core, call, params);
                watch_logs(s);
        } else
                calls_begin(&s->calls, call, method, params);
}

static void cancel(void *userdata, uint64_t call) {
        Server *s = userdata;

        subscriptions_cancel(&s->subscriptions, call);
        calls_cancel(&s->calls, call);
}

static void answered(void *userdata, uint64_t call, bool agreed) {
        Server *s = userdata;

        calls_answered(&s->calls, call, agreed);
}

static bool subscribe(void *userdata, const char *uri, bool on) {
        Server *s = userdata;
        bool known = true;

        start_watch(s);
        if (on)
                known = subscriptions_add(&s->subscriptions, 0, uri);
        else
                subscriptions_remove(&s->subscriptions, 0, uri);
        watch_logs(s);
        return known;
}

/* What there is to tell with the next answer is logged at once, for clients that show it to their user. */
static void look(Server *s, const Job *job) {
        const NewsItem *news = news_look(&s->calls.news, job);

        if (news)
                core_log(s->core, 0, news->state == JOB_FAILED ? "error" : "info", news->text);
}

static void hear(void *userdata, WatchKind kind, const Job *job) {
        Server *s = userdata;

        if (kind == WATCH_JOBS) {
                subscriptions_touch_list(&s->subscriptions);
                watch_logs(s);
        }
        if (kind == WATCH_STATE && session_cares(&s->calls.session, job))
                look(s, job);
        subscriptions_touch(&s->subscriptions, job->name, kind == WATCH_OUTPUT);
}

/* ---- the loop ---- */

static void read_client(Server *s) {
        char buf[65536];
        ssize_t n = read(s->in, buf, sizeof(buf));

        if (n > 0)
                core_feed(s->core, buf, n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
                s->ended_at = now_usec(CLOCK_MONOTONIC);
                core_end_listening(s->core);
        }
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

static void read_watch(Server *s) {
        if (s->watch && watch_read(s->watch, hear, s) < 0) {
                watch_free(s->watch);
                s->watch = NULL;
        }
}

static void tell(Server *s, usec_t now) {
        if (now >= s->progress_at) {
                s->progress_at = now + PROGRESS_USEC;
                calls_tell_progress(&s->calls, now);
        }
        if (subscriptions_pending(&s->subscriptions) && now >= s->updates_at) {
                s->updates_at = now + UPDATES_USEC;
                subscriptions_tell(&s->subscriptions, s->core);
        }
}

/* Milliseconds until there is something to tell; -1: for ever. */
static int patience(const Server *s, usec_t now) {
        usec_t until = USEC_INFINITY;

        if (s->calls.n > 0 || s->ended_at)
                until = MAX(s->progress_at, now + USEC_PER_MSEC);
        if (subscriptions_pending(&s->subscriptions))
                until = MIN(until, MAX(s->updates_at, now));
        return until == USEC_INFINITY ? -1 : (int) ((until - now) / USEC_PER_MSEC) + 1;
}

static void say_farewell(Server *s, usec_t now) {
        calls_end_waits(&s->calls);
        if (now > s->ended_at + FAREWELL_USEC || (s->calls.n == 0 && core_output(s->core)->len == 0))
                s->over = true;
}

static int turn(Server *s) {
        struct pollfd p[4 + CALLS_MAX];
        bool pending = core_output(s->core)->len > 0;
        bool full = core_output(s->core)->len > OUTPUT_PENDING_MAX;
        size_t n = s->calls.n;

        p[0] = (struct pollfd){ .fd = s->signals, .events = POLLIN };
        p[1] = (struct pollfd){ .fd = full || s->ended_at ? -1 : s->in, .events = POLLIN };
        p[2] = (struct pollfd){ .fd = s->out, .events = pending ? POLLOUT : 0 };
        p[3] = (struct pollfd){ .fd = s->watch && !full ? watch_fd(s->watch) : -1, .events = POLLIN };
        for (size_t i = 0; i < n; i++)
                p[4 + i] = (struct pollfd){ .fd = full ? -1 : s->calls.workers[i].fd, .events = POLLIN };
        if (poll(p, 4 + n, patience(s, now_usec(CLOCK_MONOTONIC))) < 0 && errno != EINTR)
                return -errno;

        if (p[0].revents || p[2].revents & (POLLERR | POLLNVAL))
                s->over = true;
        if (p[2].revents & POLLOUT)
                write_client(s);
        /* First what has happened, so that an answer can tell of it. */
        read_watch(s);
        /* From the end: what is removed is replaced by the last one, which has been looked at. */
        for (size_t i = n; i-- > 0;)
                if (p[4 + i].revents)
                        calls_read(&s->calls, i);
        if (p[1].revents)
                read_client(s);
        tell(s, now_usec(CLOCK_MONOTONIC));
        if (s->ended_at)
                say_farewell(s, now_usec(CLOCK_MONOTONIC));
        return 0;
}

/* Some clients give their servers nearly no environment; jobs shall find the user's bus all the same. */
static void complete_environment(void) {
        _cleanup_free_ char *dir = NULL;

        if (!getenv("XDG_RUNTIME_DIR") && runtime_dir(&dir, NULL) >= 0)
                (void) setenv("XDG_RUNTIME_DIR", dir, false);
}

static int open_signals(void) {
        sigset_t mask;
        int fd;

        (void) signal(SIGPIPE, SIG_IGN);
        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGTERM);
        (void) sigaddset(&mask, SIGINT);
        (void) sigaddset(&mask, SIGHUP);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        fd = signalfd(-1, &mask, SFD_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int server_init(Server *s, int in_fd, int out_fd) {
        CoreHost host = {
                .userdata = s,
                .begin = begin,
                .cancel = cancel,
                .answered = answered,
                .subscribe = subscribe,
        };
        int r;

        s->in = in_fd;
        s->out = out_fd;
        s->signals = open_signals();
        r = core_new(&s->core, &host);
        s->calls.core = s->core;
        s->calls.config = CONFIG_INIT;
        if (r >= 0)
                r = config_load(&s->calls.config);
        STRV_FOREACH (w, s->calls.config.warnings)
                fprintf(stderr, "sdbg: %s\n", *w);
        s->calls.session.outside_sandbox = s->calls.config.outside_sandbox;
        s->calls.session.id = caller_session();
        s->calls.news.since = now_usec(CLOCK_REALTIME);
        if (project_directory(&s->calls.session.project) < 0)
                s->calls.session.project = NULL;
        return s->signals < 0 ? s->signals : r;
}

static void server_free(Server *s) {
        calls_done(&s->calls);
        watch_freep(&s->watch);
        subscriptions_done(&s->subscriptions);
        close_fd(s->signals);
        core_freep(&s->core);
        free(s);
}

int mcp_serve(int in_fd, int out_fd, Error *reterr) {
        Server *s = calloc(1, sizeof(Server));
        int r;

        if (!s)
                return error_oom(reterr);
        complete_environment();
        r = server_init(s, in_fd, out_fd);
        while (r >= 0 && !s->over)
                r = turn(s);
        server_free(s);
        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "the server has failed") : 0;
}
