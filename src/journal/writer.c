/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/journal/writer.h"

/* What libsystemd asks for too; the kernel grants up to net.core.wmem_max. */
#define SEND_BUFFER (8 * 1024 * 1024)

void journal_writer_done(JournalWriter *w) {
        w->fd = close_fd(w->fd);
}

static int writer_connect(JournalWriter *w) {
        static const struct sockaddr_un address = {
                .sun_family = AF_UNIX,
                .sun_path = "/run/systemd/journal/socket",
        };
        _cleanup_close_ int fd = -EBADF;
        int size = SEND_BUFFER;

        if (w->fd >= 0)
                return 0;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -ENOTCONN;
        w->fd = TAKE_FD(fd);
        return 0;
}

/* A datagram that holds nothing but a sealed memfd with the entry in it. */
static int send_memfd(JournalWriter *w, const void *data, size_t len) {
        _cleanup_close_ int fd = -EBADF;
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct msghdr m = { .msg_control = &control, .msg_controllen = sizeof(control) };
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        int r;

        fd = memfd_create("sdbg-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        r = write_all(fd, data, len);
        if (r < 0)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;

        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(int));
        return sendmsg(w->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int journal_send(JournalWriter *w, const void *data, size_t len) {
        int r;

        r = writer_connect(w);
        if (r < 0)
                return r;
        r = send(w->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
        if (r == -EMSGSIZE || r == -ENOBUFS)
                r = send_memfd(w, data, len);
        if (r == -ECONNREFUSED || r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE) {
                journal_writer_done(w);
                return -ENOTCONN;
        }
        return r;
}

static int wait_writable(JournalWriter *w, usec_t deadline) {
        struct pollfd p = { .fd = w->fd, .events = POLLOUT };
        usec_t left = usec_sub(deadline, now_usec(CLOCK_MONOTONIC));
        int r;

        if (left == 0)
                return -ETIMEDOUT;
        r = poll(&p, 1, MIN(left / USEC_PER_MSEC + 1, (usec_t) 1000));
        return r < 0 && errno != EINTR ? -errno : 0;
}

int journal_send_wait(JournalWriter *w, const void *data, size_t len, usec_t timeout) {
        usec_t deadline = now_usec(CLOCK_MONOTONIC) + timeout;
        int r;

        while ((r = journal_send(w, data, len)) == -EAGAIN) {
                r = wait_writable(w, deadline);
                if (r < 0)
                        return r;
        }
        return r;
}

int journal_barrier(JournalWriter *w, usec_t timeout) {
        /* A comment line: journald reads it and stores nothing. It is larger than the send buffer
         * leaves room for, so that the socket becomes writable only when it has been read (Linux:
         * a datagram socket is writable while a quarter of its buffer is used at most). journald
         * works off one datagram before it reads the next: when this one has been read, all before
         * it are done with. */
        char line[2048];
        usec_t deadline = now_usec(CLOCK_MONOTONIC) + timeout;
        int small = 1, r;

        if (w->fd < 0)
                return -ENOTCONN;
        memset(line, '#', sizeof(line));
        line[sizeof(line) - 1] = '\n';

        if (setsockopt(w->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)) < 0)
                return -errno;
        r = journal_send_wait(w, line, sizeof(line), timeout);
        while (r >= 0) {
                struct pollfd p = { .fd = w->fd, .events = POLLOUT };

                r = poll(&p, 1, 0) < 0 ? -errno : 0;
                if (r < 0 || (p.revents & (POLLOUT | POLLERR)))
                        break;
                r = wait_writable(w, deadline);
        }
        journal_writer_done(w);
        return r;
}
