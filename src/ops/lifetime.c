/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/parse.h"
#include "sdbg/manager/login.h"
#include "sdbg/probe/process.h"

#include "ops/internal.h"

/* The process is held by its PID and the time of its start. */
static int set_process(Spec *s, pid_t pid, const ProcessIdentity *p, const char *format, const char *name,
                       Error *reterr) {
        s->lifetime_pid = pid;
        s->lifetime_start = p->start;
        if (asprintf(&s->lifetime_of, format, name, (int) pid, p->name) < 0) {
                s->lifetime_of = NULL;
                return error_oom(reterr);
        }
        return 0;
}

static int set_pid(const char *text, Spec *s, Error *reterr) {
        ProcessIdentity p;
        int pid, r;

        if (parse_int(text, &pid) < 0 || pid <= 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a PID for --lifetime", text);
        r = process_identify(pid, &p);
        if (r < 0 || p.is_zombie)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "no process %d runs whose lifetime the job could share", pid);
        if (p.uid != geteuid())
                return error_set(reterr, ERROR_USAGE, 0, "process %d (%s) belongs to another user", pid,
                                 p.name);
        return set_process(s, pid, &p, "%sPID %d (%s)", "", reterr);
}

static int set_login(Spec *s, Error *reterr) {
        _cleanup_free_ char *session = NULL;
        ProcessIdentity p;
        pid_t leader;
        int r;

        r = login_session(&session, &leader, reterr);
        if (r < 0)
                return r;
        r = process_identify(leader, &p);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "login session %s is about to end", session);
        return set_process(s, leader, &p, "login session %s (PID %d, %s)", session, reterr);
}

int lifetime_set(const char *text, Spec *s, Error *reterr) {
        const char *pid;

        if (!text || streq(text, "user"))
                return 0;
        if (streq(text, "login"))
                return set_login(s, reterr);
        pid = startswith(text, "PID:") ?: startswith(text, "pid:");
        if (pid)
                return set_pid(pid, s, reterr);
        return error_set(reterr, ERROR_USAGE, 0,
                         "'%s' is not a value for --lifetime: user, login or PID:N is wanted", text);
}

int lifetime_check(const Spec *s, Error *reterr) {
        ProcessIdentity p;

        if (s->lifetime_pid <= 0)
                return 0;
        if (process_identify(s->lifetime_pid, &p) >= 0 && p.start == s->lifetime_start && !p.is_zombie)
                return 0;
        error_set(reterr, ERROR_FAILED, 0, "%s is gone, which the job was not to outlive",
                  strempty(s->lifetime_of));
        error_hint(reterr, "use 'sdbg start', with another --lifetime or none");
        return -ESRCH;
}
