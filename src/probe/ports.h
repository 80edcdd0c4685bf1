/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/probe/ports.h"

/* As the kernel numbers them (net/tcp_states.h); an UDP socket without a peer is "closed". */
#define STATE_CLOSE 7
#define STATE_LISTEN 10

/* Appends a listener, whose address is taken over also on failure. Return: 0, -ENOMEM. */
int port_table_add(PortTable *t, const Listener *l);

/* ports-diag.c: by sock_diag(7). Return: 0; -ENOENT where this kernel has none; negative errno. */
int port_table_read_diag(PortDetail detail, PortTable *ret);

/* ports-proc.c: the files of /proc/PID/net, of the network namespace of that process ("self").
 * Return: 0, negative errno. */
int port_table_read_proc(const char *pid, PortDetail detail, PortTable *ret);

/* Reads one line of /proc/net/tcp, tcp6, udp or udp6, or of /proc/net/unix.
 * Return: 1 a listener, whose address the caller frees; 0 something else. */
int listener_from_inet_line(const char *line, const char *protocol, Listener *ret);
int listener_from_unix_line(const char *line, Listener *ret);
