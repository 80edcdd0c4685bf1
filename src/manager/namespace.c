/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "manager/internal.h"

/* The user namespace of the machine itself (PROC_USER_INIT_INO of the kernel's proc_ns.h). */
#define INITIAL_USER_NAMESPACE "user:[4026531837]"

static bool read_namespace(const char *process, const char *kind, char buf[static 64]) {
        char path[64];
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, kind);
        n = readlink(path, buf, 63);
        buf[n < 0 ? 0 : n] = '\0';
        return n > 0;
}

/* The process at the other end of the connection, in this PID namespace's numbers, which the kernel
 * translates (unix(7), SO_PEERCRED): the manager, also where it listens for the bus, or the bus.
 * Return: 0 where it has no number here; negative errno. */
static pid_t peer_of(Manager *m) {
        int fd = sd_bus_get_fd(m->bus);
        struct ucred peer;
        socklen_t len = sizeof(peer);

        if (fd < 0)
                return fd;
        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ? -errno : peer.pid;
}

/* Return: 1 the namespaces differ, 0 they do not, -EACCES the other one's cannot be read. */
static int compare(const char *process, const char *kind) {
        char own[64], other[64];

        if (!read_namespace("self", kind, own))
                return 0; /* a kernel without them */
        if (!read_namespace(process, kind, other))
                return -EACCES;
        return !streq(own, other);
}

/* The bus is a process of the manager's. A manager with capabilities, as user@.service gives it since
 * systemd 254 (CAP_WAKE_ALARM), does not let its namespaces be read. */
static pid_t bus_process(Manager *m) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        uint32_t pid;

        /* Not sd_bus_get_name_creds(), which gives the process that listens for the bus (seen with systemd 257). */
        return sd_bus_call_method(m->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                  "org.freedesktop.DBus", "GetConnectionUnixProcessID", NULL, &reply, "s",
                                  "org.freedesktop.DBus") >= 0 &&
                               sd_bus_message_read(reply, "u", &pid) >= 0
                       ? (pid_t) pid
                       : 0;
}

const char *manager_foreign_namespace(Manager *m) {
        static const struct {
                const char *kind, *name;
        } kinds[] = { { "mnt", "mount" }, { "pid", "PID" }, { "user", "user" } };
        pid_t peer = peer_of(m), bus;
        char process[16], own[64];
        bool unknown = false;

        if (peer < 0)
                return NULL;
        if (peer == 0)
                return "PID";
        snprintf(process, sizeof(process), "%d", (int) peer);
        if (compare(process, "mnt") == -EACCES && (bus = bus_process(m)) > 0)
                snprintf(process, sizeof(process), "%d", (int) bus);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                int r = compare(process, kinds[i].kind);

                if (r > 0)
                        return kinds[i].name;
                unknown = unknown || r < 0;
        }
        /* Out of another user namespace nothing can be read of processes outside. */
        return unknown && read_namespace("self", "user", own) && !streq(own, INITIAL_USER_NAMESPACE) ? "user"
                                                                                                     : NULL;
}
