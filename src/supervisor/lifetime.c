/* SPDX-License-Identifier: MIT */
#include <sys/syscall.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/process.h"

#include "supervisor/supervisor.h"

void supervisor_end_lifetime(Supervisor *s, usec_t now) {
        s->lifetime_fd = close_fd(s->lifetime_fd);
        supervisor_stop(s, now, STOP_LIFETIME);
}

void supervisor_watch_lifetime(Supervisor *s, usec_t now) {
        const Spec *spec = &s->spec;
        ProcessIdentity p;

        if (spec->lifetime_pid <= 0)
                return;
        s->lifetime_fd = syscall(SYS_pidfd_open, spec->lifetime_pid, 0);
        /* Looked at when it is held: it may have ended since, and its PID belong to another. */
        if (s->lifetime_fd < 0 || process_identify(spec->lifetime_pid, &p) < 0 ||
            p.start != spec->lifetime_start)
                supervisor_end_lifetime(s, now);
}
