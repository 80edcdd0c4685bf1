/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/ports.h"
#include "sdbg/probe/process.h"

#include "ready/ready.h"

/* "localhost" is where either of its addresses is listened on. */
static bool fits(const Probe *p, const char *bound) {
        const Listener l = { .protocol = "tcp", .address = (char *) bound, .port = p->port };

        if (p->host && streq(p->host, "localhost"))
                return listener_takes(&l, "127.0.0.1", p->port) || listener_takes(&l, "::1", p->port);
        return listener_takes(&l, p->host, p->port);
}

void port_try(Ready *r, Probe *p, usec_t now) {
        _cleanup_port_table_ PortTable t = {};
        JobPort *ports = NULL;
        bool holds = false;
        size_t n = 0;
        int k;

        k = port_table_read(PORTS_TCP, &t);
        if (k >= 0)
                k = ports_of_cgroup(&t, r->job_fd, PORTS_TCP, false, &ports, &n);
        if (k < 0) {
                snprintf(p->text, sizeof(p->text), "the kernel does not tell who listens: %s", strerror(-k));
                p->why = p->text;
        }
        for (size_t i = 0; i < n; i++) {
                holds |= streq(ports[i].protocol, "tcp") && ports[i].port == p->port &&
                         fits(p, ports[i].address);
                free(ports[i].address);
        }
        free(ports);
        readiness_tell(&r->readiness, p->check, holds, now);
}

void port_explain(const Ready *r, Probe *p) {
        _cleanup_port_table_ PortTable t = {};

        if (p->why || port_table_read(PORTS_TCP, &t) < 0)
                return;
        p->why = "nothing listens there";
        for (size_t i = 0; i < t.n; i++) {
                _cleanup_free_ char *command = NULL;
                pid_t pid;

                if (!streq(t.listeners[i].protocol, "tcp") || t.listeners[i].port != p->port)
                        continue;
                if (listener_process(&t.listeners[i], &pid) < 0 || process_command(pid, &command) < 0)
                        snprintf(p->text, sizeof(p->text), "a process of user %d listens there, not this job",
                                 (int) t.listeners[i].uid);
                else
                        snprintf(p->text, sizeof(p->text), "PID %d (%.60s) listens there, not this job",
                                 (int) pid, command);
                p->why = p->text;
        }
}
