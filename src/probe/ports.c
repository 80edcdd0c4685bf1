/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/probe/cgroup.h"

#include "probe/ports.h"

/* Of one job; what has more is not looked at to the end. */
#define PROCESSES_MAX 10000
#define PORTS_MAX 1000

void port_table_done(PortTable *t) {
        for (size_t i = 0; i < t->n; i++)
                free(t->listeners[i].address);
        free(t->listeners);
        *t = (PortTable){};
}

int port_table_add(PortTable *t, const Listener *l) {
        if (!GROW(t->listeners, t->n)) {
                free(l->address);
                return -ENOMEM;
        }
        t->listeners[t->n++] = *l;
        return 0;
}

static int compare_inodes(const void *a, const void *b) {
        uint64_t x = ((const Listener *) a)->inode, y = ((const Listener *) b)->inode;
        return x < y ? -1 : x > y;
}

int port_table_read(PortDetail detail, PortTable *ret) {
        int r;

        r = port_table_read_diag(detail, ret);
        if (r < 0) {
                port_table_done(ret);
                r = port_table_read_proc("self", detail, ret);
        }
        if (r >= 0 && ret->n > 0)
                qsort(ret->listeners, ret->n, sizeof(Listener), compare_inodes);
        return r;
}

static const Listener *find_inode(const PortTable *t, uint64_t inode) {
        const Listener key = { .inode = inode };
        return t->n > 0 ? bsearch(&key, t->listeners, t->n, sizeof(Listener), compare_inodes) : NULL;
}

/* What is found of one cgroup. */
typedef struct Ports {
        JobPort *ports;
        uint64_t *inodes;
        size_t n;
} Ports;

static void ports_done(Ports *p) {
        for (size_t i = 0; i < p->n; i++)
                free(p->ports[i].address);
        free(p->ports);
        free(p->inodes);
}

static int add_port(Ports *p, const Listener *l, pid_t pid) {
        for (size_t i = 0; i < p->n; i++)
                if (p->inodes[i] == l->inode) {
                        if (p->ports[i].pid <= 0)
                                p->ports[i].pid = pid;
                        return 0;
                }
        if (p->n >= PORTS_MAX)
                return 0;
        if (!GROW(p->ports, p->n) || !GROW(p->inodes, p->n))
                return -ENOMEM;
        p->inodes[p->n] = l->inode;
        p->ports[p->n] = (JobPort){
                .port = l->port,
                .address = strdup(l->address),
                .protocol = l->protocol,
                .pid = pid,
        };
        return p->ports[p->n++].address ? 0 : -ENOMEM;
}

/* Calls found() for each socket of a process. Return: 0, what found() gave, negative errno. */
static int each_socket(pid_t pid, int (*found)(void *userdata, pid_t pid, uint64_t inode), void *userdata) {
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *de;
        char path[32];

        snprintf(path, sizeof(path), "/proc/%d/fd", (int) pid);
        d = opendir(path);
        if (!d)
                return -errno;
        while ((de = readdir(d))) {
                char target[64];
                ssize_t n = readlinkat(dirfd(d), de->d_name, target, sizeof(target) - 1);
                uint64_t inode;
                int r;

                if (n < 0)
                        continue;
                target[n] = '\0';
                if (sscanf(target, "socket:[%" SCNu64 "]", &inode) != 1)
                        continue;
                r = found(userdata, pid, inode);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* A look at all sockets of a job's processes. */
typedef struct Scan {
        const PortTable *table; /* of the network namespace of the process that is looked at */
        PortTable other;        /* the table of another one than ours */
        ino_t other_ns;
        PortDetail detail;
        Ports *ports;
} Scan;

static int on_socket(void *userdata, pid_t pid, uint64_t inode) {
        Scan *s = userdata;
        const Listener *l = find_inode(s->table, inode);
        return l ? add_port(s->ports, l, pid) : 0;
}

static ino_t network_of(const char *pid) {
        struct stat st;
        char path[32];

        snprintf(path, sizeof(path), "/proc/%s/ns/net", pid);
        return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static int scan_process(Scan *s, const PortTable *t, ino_t own_ns, pid_t pid) {
        char text[16];
        ino_t ns;
        int r;

        snprintf(text, sizeof(text), "%d", (int) pid);
        ns = network_of(text);
        s->table = t;
        if (ns != 0 && ns != own_ns) {
                if (ns != s->other_ns) {
                        port_table_done(&s->other);
                        if (port_table_read_proc(text, s->detail, &s->other) >= 0 && s->other.n > 0)
                                qsort(s->other.listeners, s->other.n, sizeof(Listener), compare_inodes);
                        s->other_ns = ns;
                }
                s->table = &s->other;
        }
        r = each_socket(pid, on_socket, s);
        /* It may have ended meanwhile, or have made itself unreadable (PR_SET_DUMPABLE). */
        return r == -ENOMEM ? r : 0;
}

static int scan_processes(const PortTable *t, int cgroup_fd, PortDetail detail, Ports *ports) {
        _cleanup_free_ pid_t *pids = NULL;
        ssize_t n = cgroup_pids(cgroup_fd, PROCESSES_MAX, &pids);
        Scan s = { .detail = detail, .ports = ports };
        ino_t own_ns = network_of("self");
        int r = n < 0 ? n : 0;

        for (ssize_t i = 0; r >= 0 && i < n; i++)
                if (pids[i] > 0)
                        r = scan_process(&s, t, own_ns, pids[i]);
        port_table_done(&s.other);
        return r;
}

/* The sockets that were made in a cgroup, or below it: its id is its inode (kernfs, 64 bits). */
static int take_of_cgroup(const PortTable *t, int fd, Ports *ports) {
        _cleanup_closedir_ DIR *d = NULL;
        struct dirent *de;
        struct stat st;
        int r = 0;

        if (fstat(fd, &st) < 0)
                return -errno;
        for (size_t i = 0; r >= 0 && i < t->n; i++)
                if (t->listeners[i].cgroup == st.st_ino)
                        r = add_port(ports, &t->listeners[i], 0);
        if (r < 0 || st.st_nlink <= 2) /* no cgroup below it */
                return r;
        r = open_dir_at(fd, ".", &d);
        while (r >= 0 && (de = readdir(d))) {
                _cleanup_close_ int child = -EBADF;

                if (de->d_type != DT_DIR || de->d_name[0] == '.')
                        continue;
                child = openat(fd, de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (child >= 0)
                        r = take_of_cgroup(t, child, ports);
        }
        return r;
}

static int compare_ports(const void *a, const void *b) {
        const JobPort *x = a, *y = b;
        int by_protocol = strcmp(x->protocol, y->protocol);

        /* "tcp", "udp", "unix" are in the order of the alphabet. */
        if (by_protocol != 0)
                return by_protocol;
        return x->port != y->port ? (x->port < y->port ? -1 : 1) : strcmp(x->address, y->address);
}

int ports_of_cgroup(const PortTable *t, int cgroup_fd, PortDetail detail, bool moved, JobPort **ret,
                    size_t *ret_n) {
        Ports ports = {};
        int r = 0;

        if (detail == PORTS_ALL || moved || (!t->has_cgroups && t->n > 0))
                r = scan_processes(t, cgroup_fd, detail, &ports);
        if (r >= 0 && t->has_cgroups)
                r = take_of_cgroup(t, cgroup_fd, &ports);
        if (r < 0) {
                ports_done(&ports);
                return r;
        }
        if (ports.n > 0)
                qsort(ports.ports, ports.n, sizeof(JobPort), compare_ports);
        free(ports.inodes);
        *ret = ports.ports;
        *ret_n = ports.n;
        return 0;
}

bool listener_takes(const Listener *l, const char *address, int port) {
        bool v4 = address && !strchr(address, ':');

        if (!streq(l->protocol, "tcp") || l->port != port)
                return false;
        if (!address || streq(l->address, address) || streq(address, "0.0.0.0") || streq(address, "::"))
                return true;
        if (streq(l->address, "0.0.0.0"))
                return v4;
        return streq(l->address, "::") && !(v4 && l->v6_only);
}

const Listener *listener_at(const PortTable *t, const char *address, int port) {
        const char *const bound[] = { address, strchr(address, ':') ? "::" : "0.0.0.0", "::" };

        for (size_t i = 0; i < ELEMENTSOF(bound); i++)
                for (size_t k = 0; k < t->n; k++)
                        if (streq(t->listeners[k].address, bound[i]) &&
                            listener_takes(&t->listeners[k], address, port))
                                return &t->listeners[k];
        return NULL;
}

static int is_inode(void *userdata, pid_t pid, uint64_t inode) {
        return inode == *(const uint64_t *) userdata;
}

int listener_process(const Listener *l, pid_t *ret) {
        _cleanup_closedir_ DIR *d = opendir("/proc");
        uint64_t inode = l->inode;
        struct dirent *de;

        if (!d)
                return -errno;
        while ((de = readdir(d))) {
                int pid;

                if (parse_int(de->d_name, &pid) < 0 || pid <= 0)
                        continue;
                if (each_socket(pid, is_inode, &inode) > 0) {
                        *ret = pid;
                        return 0;
                }
        }
        return -ESRCH;
}
