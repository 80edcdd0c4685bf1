/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>

#include "sdbg/base/fd.h"

#include "probe/ports.h"

/* A machine with many connections has many lines. */
#define FILE_MAX ((size_t) 64 * 1024 * 1024)

/* Of Unix sockets: __SO_ACCEPTCON in flags (linux/net.h). */
#define FLAG_ACCEPTS 0x10000

/* Address and port, "0100007F:0BB8": each 32 bits in the machine's byte order. */
static int parse_address(const char *text, Listener *ret) {
        uint32_t words[4];
        char shown[INET6_ADDRSTRLEN];
        size_t n = strcspn(text, ":") / 8;
        unsigned port;

        if ((n != 1 && n != 4) || text[n * 8] != ':' || sscanf(text + n * 8, ":%4x", &port) != 1)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++)
                if (sscanf(text + i * 8, "%8" SCNx32, &words[i]) != 1)
                        return -EBADMSG;
        ret->port = port;
        if (!inet_ntop(n == 1 ? AF_INET : AF_INET6, words, shown, sizeof(shown)))
                return -errno;
        ret->address = strdup(shown);
        return ret->address ? 0 : -ENOMEM;
}

int listener_from_inet_line(const char *line, const char *protocol, Listener *ret) {
        unsigned state, wanted = streq(protocol, "tcp") ? STATE_LISTEN : STATE_CLOSE, uid;
        char local[64];

        *ret = (Listener){ .protocol = protocol };
        /* sl local rem st tx:rx tr:when retransmits uid timeout inode … */
        if (sscanf(line, " %*u: %63s %*s %2x %*s %*s %*s %u %*u %" SCNu64, local, &state, &uid,
                   &ret->inode) != 4 ||
            state != wanted || parse_address(local, ret) < 0)
                return 0;
        ret->uid = uid;
        return 1;
}

int listener_from_unix_line(const char *line, Listener *ret) {
        unsigned flags;
        int path = 0;

        *ret = (Listener){ .protocol = "unix", .port = -1 };
        /* num refs protocol flags type state inode path */
        if (sscanf(line, "%*x: %*x %*x %x %*x %*x %" SCNu64 " %n", &flags, &ret->inode, &path) != 2 ||
            !(flags & FLAG_ACCEPTS) || path == 0)
                return 0;
        ret->address = strdup(line + path);
        return ret->address != NULL;
}

static int read_file(const char *pid, const char *name, const char *protocol, PortTable *ret) {
        _cleanup_free_ char *text = NULL;
        char path[64];
        int r;

        snprintf(path, sizeof(path), "/proc/%s/net/%s", pid, name);
        r = read_file_at(AT_FDCWD, path, FILE_MAX, &text, NULL);
        for (char *line = text, *next; r >= 0 && line && *line; line = next) {
                Listener l;

                next = strchrnul(line, '\n');
                if (*next)
                        *next++ = '\0';
                if (streq(protocol, "unix") ? listener_from_unix_line(line, &l)
                                            : listener_from_inet_line(line, protocol, &l))
                        r = port_table_add(ret, &l);
        }
        return r;
}

int port_table_read_proc(const char *pid, PortDetail detail, PortTable *ret) {
        static const struct {
                const char *name, *protocol;
                bool optional;
        } files[] = {
                { "tcp", "tcp", false }, { "tcp6", "tcp", true },   { "udp", "udp", false },
                { "udp6", "udp", true }, { "unix", "unix", false },
        };
        size_t n = detail == PORTS_ALL ? ELEMENTSOF(files) : 2;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = read_file(pid, files[i].name, files[i].protocol, ret);
                if (r == -ENOENT && files[i].optional) /* no IPv6 */
                        r = 0;
        }
        return r;
}
