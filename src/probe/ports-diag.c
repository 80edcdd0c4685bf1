/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "probe/ports.h"

/* Of linux/inet_diag.h since 5.9. */
#define ATTRIBUTE_V6_ONLY 11
#define ATTRIBUTE_CGROUP 21

/* One kind of socket. */
typedef struct Kind {
        const char *name;
        uint8_t family, protocol, state;
} Kind;

static int send_request(int fd, const Kind *k) {
        struct {
                struct nlmsghdr header;
                union {
                        struct inet_diag_req_v2 inet;
                        struct unix_diag_req un;
                };
        } q = {
                .header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        };

        if (k->family == AF_UNIX) {
                q.un = (struct unix_diag_req){
                        .sdiag_family = AF_UNIX,
                        .udiag_states = 1U << k->state,
                        .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID,
                };
                q.header.nlmsg_len = NLMSG_LENGTH(sizeof(q.un));
        } else {
                q.inet = (struct inet_diag_req_v2){
                        .sdiag_family = k->family,
                        .sdiag_protocol = k->protocol,
                        .idiag_states = 1U << k->state,
                };
                q.header.nlmsg_len = NLMSG_LENGTH(sizeof(q.inet));
        }
        return send(fd, &q, q.header.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Return: the data of an attribute with at least `size` bytes, and in *ret_len how many; NULL without it. */
static const void *find_attribute(const void *attributes, size_t len, unsigned type, size_t size,
                                  size_t *ret_len) {
        const char *p = attributes;

        while (len >= sizeof(struct nlattr)) {
                const struct nlattr *a = (const void *) p;

                if (a->nla_len < sizeof(*a) || a->nla_len > len)
                        return NULL;
                if (a->nla_type == type && a->nla_len - sizeof(*a) >= size) {
                        if (ret_len)
                                *ret_len = a->nla_len - sizeof(*a);
                        return a + 1;
                }
                len -= MIN(len, (size_t) NLA_ALIGN(a->nla_len));
                p += NLA_ALIGN(a->nla_len);
        }
        return NULL;
}

static int add_inet(const struct nlmsghdr *h, const Kind *k, PortTable *ret) {
        const struct inet_diag_msg *d = NLMSG_DATA(h);
        Listener l = { .protocol = k->name };
        char address[INET6_ADDRSTRLEN];
        const uint64_t *cgroup;
        const uint8_t *only;
        size_t len;

        if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*d)))
                return -EBADMSG;
        len = h->nlmsg_len - NLMSG_LENGTH(sizeof(*d));
        if (d->id.idiag_sport == 0 || !inet_ntop(d->idiag_family, d->id.idiag_src, address, sizeof(address)))
                return 0;
        l.port = ntohs(d->id.idiag_sport);
        l.inode = d->idiag_inode;
        l.uid = d->idiag_uid;
        cgroup = find_attribute(d + 1, len, ATTRIBUTE_CGROUP, sizeof(*cgroup), NULL);
        if (cgroup) {
                memcpy(&l.cgroup, cgroup, sizeof(l.cgroup));
                ret->has_cgroups = true;
        }
        only = find_attribute(d + 1, len, ATTRIBUTE_V6_ONLY, sizeof(*only), NULL);
        l.v6_only = only && *only;
        l.address = strdup(address);
        return l.address ? port_table_add(ret, &l) : -ENOMEM;
}

/* As /proc/net/unix shows it: an abstract name has NUL bytes, the first of them at its beginning. */
static char *unix_address(const char *name, size_t len) {
        char *address = malloc(len + 1);

        if (!address)
                return NULL;
        if (*name)
                len = strnlen(name, len);
        for (size_t i = 0; i < len; i++)
                address[i] = name[i] ?: '@';
        address[len] = '\0';
        return address;
}

static int add_unix(const struct nlmsghdr *h, const Kind *k, PortTable *ret) {
        const struct unix_diag_msg *d = NLMSG_DATA(h);
        Listener l = { .protocol = k->name, .port = -1 };
        const char *name;
        size_t len;

        if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*d)))
                return -EBADMSG;
        name = find_attribute(d + 1, h->nlmsg_len - NLMSG_LENGTH(sizeof(*d)), UNIX_DIAG_NAME, 1, &len);
        if (!name)
                return 0;
        l.inode = d->udiag_ino;
        l.address = unix_address(name, len);
        return l.address ? port_table_add(ret, &l) : -ENOMEM;
}

/* Takes the messages of one datagram. Return: 1 there are more; 0 that was the last; negative errno. */
static int take(const char *data, size_t len, const Kind *k, PortTable *ret) {
        for (const struct nlmsghdr *h = (const void *) data; NLMSG_OK(h, len); h = NLMSG_NEXT(h, len)) {
                const struct nlmsgerr *e = NLMSG_DATA(h);
                int r;

                if (h->nlmsg_type == NLMSG_DONE)
                        return 0;
                if (h->nlmsg_type == NLMSG_ERROR)
                        return h->nlmsg_len < NLMSG_LENGTH(sizeof(*e)) || e->error == 0 ? -EBADMSG : e->error;
                r = k->family == AF_UNIX ? add_unix(h, k, ret) : add_inet(h, k, ret);
                if (r < 0)
                        return r;
        }
        return 1;
}

static int dump(int fd, const Kind *k, PortTable *ret) {
        _Alignas(struct nlmsghdr) char data[32768];
        int r;

        r = send_request(fd, k);
        if (r < 0)
                return r;
        do {
                ssize_t n = recv(fd, data, sizeof(data), 0);

                r = n < 0 ? (errno == EINTR ? 1 : -errno) : take(data, n, k, ret);
        } while (r > 0);
        return r;
}

int port_table_read_diag(PortDetail detail, PortTable *ret) {
        static const Kind kinds[] = {
                { "tcp", AF_INET, IPPROTO_TCP, STATE_LISTEN }, { "tcp", AF_INET6, IPPROTO_TCP, STATE_LISTEN },
                { "udp", AF_INET, IPPROTO_UDP, STATE_CLOSE },  { "udp", AF_INET6, IPPROTO_UDP, STATE_CLOSE },
                { "unix", AF_UNIX, 0, STATE_LISTEN },
        };
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
        size_t n = detail == PORTS_ALL ? ELEMENTSOF(kinds) : 2;
        int r = fd < 0 ? -errno : 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = dump(fd, &kinds[i], ret);
                if (r == -ENOENT && kinds[i].family == AF_INET6) /* no IPv6 */
                        r = 0;
        }
        return r;
}
