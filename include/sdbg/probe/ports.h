/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/job/job.h"

/* Which sockets processes listen on. The kernel lists all of a network namespace at once (sock_diag(7), else
 * /proc/net, proc(5)); whose they are is told by the cgroup that a socket was made in (INET_DIAG_CGROUP_ID,
 * Linux 5.9) or by the descriptors of processes. */

typedef struct Listener {
        const char *protocol; /* "tcp", "udp" or "unix", static memory */
        int port;             /* negative for a Unix socket */
        char *address;        /* "127.0.0.1", "::", a path, "@name" for an abstract one */
        bool v6_only;         /* bound to "::", and not to 0.0.0.0 as well */
        uint64_t inode;
        uint64_t cgroup; /* the id of the cgroup it was made in; 0: not told */
        uid_t uid;
} Listener;

/* Listening TCP sockets, and where asked for bound UDP sockets without a peer and listening Unix sockets. */
typedef struct PortTable {
        Listener *listeners; /* by inode */
        size_t n;
        bool has_cgroups; /* the kernel tells them of TCP and UDP sockets */
} PortTable;

typedef enum PortDetail {
        PORTS_TCP, /* TCP only; whose process it is stays unknown where that would take a look at all of them */
        PORTS_ALL, /* all kinds, with the process */
} PortDetail;

/* Frees what it holds; it is then empty. */
void port_table_done(PortTable *t);
#define _cleanup_port_table_ _cleanup_(port_table_done)

/* Reads the sockets of this process's network namespace. Return: 0, negative errno. */
int port_table_read(PortDetail detail, PortTable *ret);

/* The sockets of the processes in a cgroup and below it, TCP first, by port. Processes in a network namespace
 * of their own are looked at there. moved: processes came into it after they had made their sockets.
 * Return: 0 with *ret, which the caller frees with what it holds; negative errno. */
int ports_of_cgroup(const PortTable *t, int cgroup_fd, PortDetail detail, bool moved, JobPort **ret,
                    size_t *ret_n);

/* Whether a listener at `address` (NULL: any) and `port` would get this one's connections, or could not be
 * bound beside it. Only for TCP. */
bool listener_takes(const Listener *l, const char *address, int port);

/* The listener that gets connections to `address`, which is numeric: the one there, else the one at any address.
 * Return: NULL where none does; of several that share the port (SO_REUSEPORT), the first. Only for TCP. */
const Listener *listener_at(const PortTable *t, const char *address, int port);

/* A process that holds the socket, of those this user may look at.
 * Return: 0; -ESRCH where none is found; negative errno. */
int listener_process(const Listener *l, pid_t *ret);
