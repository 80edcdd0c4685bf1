/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "mcp/answer.h"
#include "mcp/worker.h"

#define ANSWER_MAX ((size_t) 8 * 1024 * 1024)

static Json *marks_to_json(const Session *s) {
        Json *array = json_new_array();

        for (size_t i = 0; i < s->n_marks; i++)
                (void) json_append(array, json_object("job", json_new_string(s->marks[i].job), "run",
                                                      json_new_string(s->marks[i].run), "seq",
                                                      json_new_number(s->marks[i].seq), NULL));
        return array;
}

/* Runs the tool and makes its answer one JSON text. Return: the caller frees it; NULL without memory. */
static char *run_tool(const Tool *t, Session *s, void *request) {
        _cleanup_error_ Error e = {};
        ToolAnswer a = { .facts = json_new_object() };
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ Json *all = NULL;
        Buf b = {};
        int r;

        r = t->run(s, request, &a, &e);
        if (r < 0) {
                error_set(&e, ERROR_FAILED, r, "%s", t->name);
                (void) json_set(a.facts, "error", answer_error(&e, &b));
        }
        buf_append(&b, strempty(a.text.data), a.text.len);
        buf_done(&a.text);
        text = buf_take(&b);
        all = json_object("text", json_new_string(text), "facts", a.facts, "failed", json_new_bool(r < 0),
                          "marks", marks_to_json(s), NULL);
        return all ? json_to_string(all) : NULL;
}

/* Only what the call needs: none of the client's pipes, which it would otherwise hold open. */
static void child_setup(int fd, bool alone) {
        sigset_t none;
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        for (int i = 0; i <= 2; i++)
                (void) dup2(null, i);
        (void) dup2(fd, 3);
        (void) close_range(4, ~0U, 0);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        if (alone)
                return;
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void __attribute__((noreturn)) child(int fd, const Tool *t, Session *s, void *request) {
        _cleanup_free_ char *text = NULL;

        child_setup(fd, t->kind == TOOL_CHANGES);
        text = run_tool(t, s, request);
        _exit(text && write_all(3, text, strlen(text)) >= 0 ? 0 : 1);
}

/* Forks twice, so that nobody is the parent. Return: 0 in the process that does the work, else positive;
 * negative errno. */
static pid_t fork_alone(void) {
        pid_t pid = fork();

        if (pid < 0)
                return -errno;
        if (pid == 0) {
                (void) setsid();
                pid = fork();
                if (pid == 0)
                        return 0;
                _exit(pid < 0);
        }
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return pid;
}

int worker_start(Worker *w, uint64_t call, const Tool *t, Session *s, void *request) {
        bool alone = t->kind == TOOL_CHANGES;
        int fds[2];
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        pid = alone ? fork_alone() : fork();
        if (pid == 0)
                child(fds[1], t, s, request);
        close_fd(fds[1]);
        if (pid < 0) {
                int r = alone ? (int) pid : -errno;

                close_fd(fds[0]);
                return r;
        }
        *w = (Worker){
                .call = call,
                .tool = t,
                .begun = now_usec(CLOCK_MONOTONIC),
                .pid = alone ? 0 : pid,
                .fd = fds[0],
        };
        return 0;
}

int worker_read(Worker *w) {
        char *p = buf_reserve(&w->data, 65536);
        ssize_t n;

        if (!p)
                return -ENOMEM;
        n = read(w->fd, p, 65536);
        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? 0 : -errno;
        w->data.len += n;
        return w->data.len > ANSWER_MAX ? -EFBIG : n == 0;
}

int worker_answer(Worker *w, Session *s, char **ret_text, Json **ret_facts, bool *ret_failed) {
        _cleanup_json_ Json *all = NULL;
        int r;

        r = json_parse(strempty(w->data.data), w->data.len, &all);
        if (r < 0)
                return r;
        for (const Json *m = json_first(json_get(all, "marks")); m; m = json_next(m))
                if (session_mark(s, json_string(json_get(m, "job")), json_string(json_get(m, "run")),
                                 json_number(json_get(m, "seq"))) < 0)
                        return -ENOMEM;
        *ret_failed = json_kind(json_get(all, "failed")) == JSON_TRUE;
        *ret_text = strdup(strempty(json_string(json_get(all, "text"))));
        *ret_facts = json_copy(json_get(all, "facts"));
        return *ret_text && *ret_facts ? 0 : -ENOMEM;
}

void worker_done(Worker *w) {
        close_fd(w->fd);
        if (w->pid > 0) {
                (void) kill(w->pid, SIGKILL);
                while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        buf_done(&w->data);
        free(w->uri);
        *w = (Worker){ .fd = -EBADF };
}
