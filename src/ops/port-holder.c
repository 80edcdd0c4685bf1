/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <pwd.h>
#include <stdio.h>

#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/job/readiness.h"
#include "sdbg/ops/logs.h"
#include "sdbg/ops/ports.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/process.h"
#include "sdbg/text/quote.h"

#define LINES_READ 30
#define COMMAND_SHOWN 100

/* The job that a process belongs to; NULL where it is none's. */
static char *job_of(pid_t pid) {
        _cleanup_free_ char *group = NULL, *unit = NULL;
        const char *begin;

        if (cgroup_of(pid, &group) < 0)
                return NULL;
        begin = strstr(group, "/" UNIT_PREFIX);
        if (!begin)
                return NULL;
        /* The slice of a group of jobs begins so, too. */
        for (const char *next; (next = strstr(begin + 1, "/" UNIT_PREFIX)); begin = next)
                ;
        unit = strndup(begin + 1, strcspn(begin + 1, "/"));
        return unit ? job_from_unit(unit) : NULL;
}

/* "job 'web' (PID 12: node server.js)". Return: a string that the caller frees; NULL without memory. */
static char *describe(const Listener *l, char **ret_job) {
        _cleanup_free_ char *command = NULL, *shown = NULL, *job = NULL;
        char *text;
        pid_t pid;
        int r;

        *ret_job = NULL;
        if (listener_process(l, &pid) < 0) {
                const struct passwd *user = getpwuid(l->uid);

                if (user)
                        r = asprintf(&text, "a process of user %s that cannot be looked at", user->pw_name);
                else
                        r = asprintf(&text, "a process of user %d that cannot be looked at", (int) l->uid);
                return r < 0 ? NULL : text;
        }
        if (process_command(pid, &command) >= 0)
                shown = printable_line(command, strlen(command), COMMAND_SHOWN);
        job = job_of(pid);
        if (asprintf(&text, "%s%s%sPID %d%s%s%s", job ? "job '" : "", strempty(job), job ? "' (" : "",
                     (int) pid, job ? ": " : " (", strempty(shown), ")") < 0)
                return NULL;
        *ret_job = TAKE_PTR(job);
        return text;
}

/* Whether a listener is in the way of host (NULL: any) and port. */
static bool is_in_the_way(const Listener *l, const char *host, int port) {
        if (host && streq(host, "localhost"))
                return listener_takes(l, "127.0.0.1", port) || listener_takes(l, "::1", port);
        return listener_takes(l, host, port);
}

static const Listener *find(const PortTable *t, const char *host, int port) {
        for (size_t i = 0; i < t->n; i++)
                if (is_in_the_way(&t->listeners[i], host, port))
                        return &t->listeners[i];
        return NULL;
}

static int check_free(const PortTable *t, const char *host, int port, bool is_url, Error *reterr) {
        _cleanup_free_ char *who = NULL, *job = NULL;
        const Listener *l = find(t, host, port);

        if (!l)
                return 0;
        who = describe(l, &job);
        error_set(reterr, ERROR_PORT_IN_USE, 0, "port %d is in use by %s", port, strempty(who));
        if (job)
                error_hint(reterr, "'sdbg stop %s' ends it%s", job,
                           is_url ? "; --ready-anywhere takes the answer from whoever gives it" : "");
        else if (is_url)
                error_hint(reterr, "end it, or take the answer from whoever gives it, with --ready-anywhere");
        else
                error_hint(reterr, "end it, or choose another port");
        return -EADDRINUSE;
}

int check_ports_free(const Spec *s, Error *reterr) {
        _cleanup_port_table_ PortTable t = {};
        int r = 0;

        if ((!s->ready_port && (!s->ready_http || s->ready_anywhere)) || port_table_read(PORTS_TCP, &t) < 0)
                return 0;
        STRV_FOREACH (text, s->ready_port) {
                _cleanup_free_ char *host = NULL;
                int port;

                if (r >= 0 && ready_port_parse(*text, &host, &port, NULL) >= 0)
                        r = check_free(&t, host, port, false, reterr);
        }
        for (char **text = s->ready_anywhere ? NULL : s->ready_http; r >= 0 && text && *text; text++) {
                _cleanup_ready_url_ ReadyUrl u = {};

                if (ready_url_parse(*text, &u, NULL) >= 0)
                        r = check_free(&t, u.host, u.port, true, reterr);
        }
        return r;
}

/* What is looked for in the last lines of a job. */
typedef struct Search {
        const PortTable *table;
        const Listener *found;
        bool is_said; /* that something is in use */
} Search;

/* The first number that is a port on which somebody listens. */
static const Listener *find_number(const PortTable *t, const char *text, size_t len) {
        for (size_t i = 0; i < len; i++) {
                uint64_t n = 0;

                if (!isdigit((unsigned char) text[i]))
                        continue;
                for (; i < len && isdigit((unsigned char) text[i]); i++)
                        n = MIN(n * 10 + (text[i] - '0'), (uint64_t) 65536);
                if (n > 0 && n < 65536 && find(t, NULL, n))
                        return find(t, NULL, n);
        }
        return NULL;
}

/* "EADDRINUSE: address already in use :::3000", "Port 5173 is in use", "That port is already in use." */
static int search_line(void *userdata, const LogLine *line) {
        _cleanup_free_ char *text = line->data ? strndup(line->data, line->len) : NULL;
        Search *s = userdata;

        if (!text || (!strcasestr(text, "EADDRINUSE") && !strcasestr(text, "in use")))
                return 0;
        s->is_said = true;
        if (!s->found)
                s->found = find_number(s->table, text, strlen(text));
        return 0;
}

static const Listener *find_wanted(const PortTable *t, const Spec *s) {
        const Listener *l = NULL;

        STRV_FOREACH (text, s->ready_port) {
                _cleanup_free_ char *host = NULL;
                int port;

                if (!l && ready_port_parse(*text, &host, &port, NULL) >= 0)
                        l = find(t, host, port);
        }
        for (char **text = s->ready_anywhere ? NULL : s->ready_http; !l && text && *text; text++) {
                _cleanup_ready_url_ ReadyUrl u = {};

                if (ready_url_parse(*text, &u, NULL) >= 0)
                        l = find(t, u.host, u.port);
        }
        return l;
}

void hint_port_holder(const Spec *s, const Job *j, Error *reterr) {
        _cleanup_port_table_ PortTable t = {};
        Search search = { .table = &t };
        _cleanup_free_ char *who = NULL, *job = NULL;

        if (port_table_read(PORTS_TCP, &t) < 0)
                return;
        search.found = find_wanted(&t, s);
        if (j->run)
                (void) op_tail(j->name, j->run, LINES_READ, search_line, &search, NULL);
        /* Some say no number; then it may be in the command. */
        if (search.is_said && !search.found && s->command)
                search.found = find_number(&t, s->command, strlen(s->command));
        if (!search.found)
                return;
        who = describe(search.found, &job);
        error_hint(reterr, "port %d is in use by %s%s%s%s", search.found->port, strempty(who),
                   job ? "; 'sdbg stop " : "", strempty(job), job ? "' ends it" : "");
}
