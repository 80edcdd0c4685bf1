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

/* Reads who listens, and where the job does: *ret is the caller's, to be freed by free_ports(). */
static int read_ports(const Ready *r, PortTable *t, JobPort **ret, size_t *ret_n) {
        int k = port_table_read(PORTS_TCP, t);

        return k < 0 ? k : ports_of_cgroup(t, r->job_fd, PORTS_TCP, false, ret, ret_n);
}

static void free_ports(JobPort *ports, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(ports[i].address);
        free(ports);
}

static void say_unknown(Probe *p, int r) {
        snprintf(p->text, sizeof(p->text), "the kernel does not tell who listens: %s", strerror(-r));
        p->why = p->text;
}

void port_try(Ready *r, Probe *p, usec_t now) {
        _cleanup_port_table_ PortTable t = {};
        JobPort *ports = NULL;
        bool holds = false;
        size_t n = 0;
        int k;

        k = read_ports(r, &t, &ports, &n);
        if (k < 0)
                say_unknown(p, k);
        for (size_t i = 0; i < n; i++)
                holds |= streq(ports[i].protocol, "tcp") && ports[i].port == p->port &&
                         fits(p, ports[i].address);
        free_ports(ports, n);
        readiness_tell(&r->readiness, p->check, holds, now);
}

static bool is_among(const Listener *l, const JobPort *ports, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(ports[i].protocol, l->protocol) && ports[i].port == l->port &&
                    streq(ports[i].address, l->address))
                        return true;
        return false;
}

bool port_is_jobs(const Ready *r, Probe *p, const char *address) {
        _cleanup_port_table_ PortTable t = {};
        const Listener *l = NULL;
        JobPort *ports = NULL;
        bool found = false;
        size_t n = 0;
        int k;

        k = read_ports(r, &t, &ports, &n);
        if (k < 0)
                say_unknown(p, k);
        else
                l = listener_at(&t, address, p->port);
        found = l && is_among(l, ports, n);
        free_ports(ports, n);
        return found;
}

void port_explain(const Ready *r, Probe *p) {
        _cleanup_port_table_ PortTable t = {};
        JobPort *ports = NULL;
        size_t n = 0;

        if (p->why || read_ports(r, &t, &ports, &n) < 0)
                return;
        p->why = "nothing listens there";
        for (size_t i = 0; i < t.n; i++) {
                const Listener *l = &t.listeners[i];
                _cleanup_free_ char *command = NULL;
                pid_t pid;

                if (!streq(l->protocol, "tcp") || l->port != p->port || is_among(l, ports, n))
                        continue;
                if (listener_process(l, &pid) < 0 || process_command(pid, &command) < 0)
                        snprintf(p->text, sizeof(p->text), "a process of user %d listens there, not this job",
                                 (int) l->uid);
                else
                        snprintf(p->text, sizeof(p->text), "PID %d (%.60s) listens there, not this job",
                                 (int) pid, command);
                p->why = p->text;
        }
        free_ports(ports, n);
}
