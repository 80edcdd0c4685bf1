/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/text/quote.h"

#include "ready/ready.h"

#define VALUE_SHOWN 100

int probe_init(Probe *p, ReadyCheck *check) {
        int r;

        *p = (Probe){ .check = check, .socket = -EBADF, .pidfd = -EBADF };
        switch (check->kind) {
        case READY_LOG:
                return regex_compile(check->value, false, &p->regex, NULL);
        case READY_PORT:
                return ready_port_parse(check->value, &p->host, &p->port, NULL);
        case READY_HTTP:
                r = ready_url_parse(check->value, &p->url, NULL);
                p->port = p->url.port;
                return r;
        case READY_EXEC:
                break;
        }
        return 0;
}

/* Makes the tries that are due, and gives up those that take too long. */
static void make_tries(Ready *r, usec_t now) {
        for (size_t i = 0; i < r->readiness.n; i++) {
                Probe *p = &r->probes[i];
                ReadyCheck *c = p->check;
                bool is_late = c->is_under_way && now >= c->began + READY_TRY_USEC;

                if (!is_late && !readiness_begin(&r->readiness, c, now))
                        continue;
                switch (c->kind) {
                case READY_LOG:
                        break;
                case READY_PORT:
                        port_try(r, p, now);
                        break;
                case READY_HTTP:
                        (is_late ? http_give_up : http_begin)(r, p, now);
                        break;
                case READY_EXEC:
                        (is_late ? exec_give_up : exec_begin)(r, p, now);
                        break;
                }
        }
}

/* Sleeps until something happens, or `until`, and takes in what did. Return: 0, negative errno. */
static int wait_for_event(Ready *r, usec_t until) {
        size_t n = r->readiness.n;
        _cleanup_free_ struct pollfd *p = calloc(n + ELEMENTSOF(r->inputs), sizeof(struct pollfd));
        usec_t now;
        int n_ready;

        if (!p)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const Probe *q = &r->probes[i];

                p[i] = (struct pollfd){ .fd = q->socket >= 0 ? q->socket : q->pidfd,
                                        .events = q->socket >= 0 ? http_events(q) : POLLIN };
        }
        for (size_t i = 0; i < ELEMENTSOF(r->inputs); i++)
                p[n + i] = (struct pollfd){ .fd = r->inputs[i].fd, .events = POLLIN };
        n_ready = poll_until(p, n + ELEMENTSOF(r->inputs), until);
        if (n_ready < 0)
                return n_ready == -EINTR ? 0 : n_ready;

        now = now_usec(CLOCK_MONOTONIC);
        for (size_t i = 0; i < n; i++)
                if (p[i].revents) {
                        http_go_on(r, &r->probes[i], now);
                        exec_go_on(r, &r->probes[i], now);
                }
        for (size_t i = 0; i < ELEMENTSOF(r->inputs); i++)
                if (p[n + i].revents)
                        log_read(r, &r->inputs[i], now);
        return 0;
}

/* "port 3000: nothing listens there; …", of what does not hold. */
static void explain(Ready *r) {
        static const char *const forms[] = {
                [READY_LOG] = "no line matches '%s'",
                [READY_PORT] = "port %s",
                [READY_HTTP] = "%s",
                [READY_EXEC] = "'%s'",
        };
        const char *before = "";

        for (size_t i = 0; i < r->readiness.n; i++) {
                Probe *p = &r->probes[i];
                _cleanup_free_ char *value =
                        printable_line(p->check->value, strlen(p->check->value), VALUE_SHOWN);

                if (p->check->holds)
                        continue;
                if (p->is_foreign)
                        p->why = NULL;
                if (p->check->kind == READY_PORT || p->is_foreign)
                        port_explain(r, p);
                fputs(before, stdout);
                printf(forms[p->check->kind], strempty(value));
                if (p->why)
                        printf(": %s", p->why);
                before = "; ";
        }
        (void) fflush(stdout);
}

static int look(Ready *r) {
        for (;;) {
                usec_t now = now_usec(CLOCK_MONOTONIC), next;
                int k;

                next = log_check_unfinished(r, now);
                make_tries(r, now);
                if (readiness_holds(&r->readiness))
                        return 0;
                if (readiness_is_over(&r->readiness, now)) {
                        explain(r);
                        return -ETIMEDOUT;
                }
                k = wait_for_event(r, MIN(next, readiness_deadline(&r->readiness)));
                if (k < 0)
                        return k;
        }
}

static int load(Ready *r, const char *directory, const char *cgroup) {
        _cleanup_close_ int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        int k;

        if (dir_fd < 0)
                return -errno;
        k = jobdir_read_spec(dir_fd, &r->spec);
        if (k >= 0)
                k = r->job_fd = cgroup_open(cgroup);
        if (k >= 0)
                k = readiness_init(&r->readiness, &r->spec, now_usec(CLOCK_MONOTONIC));
        if (k < 0)
                return k;
        for (size_t i = 0; i < ELEMENTSOF(r->inputs); i++)
                r->inputs[i].fd = r->spec.ready_log ? READY_LOG_FD(i) : -EBADF;
        r->probes = calloc(r->readiness.n + 1, sizeof(Probe));
        if (!r->probes)
                return -ENOMEM;
        for (size_t i = 0; k >= 0 && i < r->readiness.n; i++)
                k = probe_init(&r->probes[i], &r->readiness.checks[i]);
        return k;
}

int main(int argc, char *argv[]) {
        static Ready r; /* what it holds is needed to the end, and seen there by LeakSanitizer */
        int k;

        if (argc != 3) {
                fprintf(stderr,
                        "This looks whether a job is ready, started by the supervisor; see sdbg(1).\n");
                return EXIT_FAILURE;
        }
        k = load(&r, argv[1], argv[2]);
        if (k >= 0)
                k = look(&r);
        if (k < 0 && k != -ETIMEDOUT)
                printf("it cannot be looked at: %s", strerror(-k));
        return k < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
