/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "ready/ready.h"

static void finish(Ready *r, Probe *p, bool holds, usec_t now) {
        p->socket = close_fd(p->socket);
        readiness_tell(&r->readiness, p->check, holds, now);
}

static void fail(Probe *p, const char *what, int errnum) {
        snprintf(p->text, sizeof(p->text), "%s%s%s", what, errnum ? ": " : "",
                 errnum ? strerror(errnum) : "");
        p->why = p->text;
}

/* Connects to the next address. Return: whether that is under way. */
static bool connect_next(Probe *p) {
        for (; p->address; p->address = p->address->ai_next) {
                const struct addrinfo *a = p->address;

                p->socket = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
                if (p->socket >= 0 &&
                    (connect(p->socket, a->ai_addr, a->ai_addrlen) >= 0 || errno == EINPROGRESS)) {
                        p->address = a->ai_next;
                        return true;
                }
                fail(p, "cannot connect", errno);
                p->socket = close_fd(p->socket);
        }
        return false;
}

/* "localhost" is both addresses, whatever /etc/hosts says (RFC 6761, 6.3). Return: as getaddrinfo(3). */
static int resolve(const char *host, const char *port, struct addrinfo **ret) {
        static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
        bool is_localhost = streq(host, "localhost");
        int r;

        r = getaddrinfo(is_localhost ? "127.0.0.1" : host, port, &hints, ret);
        if (r == 0 && is_localhost)
                (void) getaddrinfo("::1", port, &hints, &(*ret)->ai_next);
        return r;
}

void http_begin(Ready *r, Probe *p, usec_t now) {
        char port[8];
        int k;

        snprintf(port, sizeof(port), "%d", p->port);
        if (!p->addresses && (k = resolve(p->url.host, port, &p->addresses)) != 0) {
                fail(p, gai_strerror(k), 0);
                finish(r, p, false, now);
                return;
        }
        p->address = p->addresses;
        p->is_sent = p->is_foreign = false;
        p->answer = (HttpAnswer){};
        if (!connect_next(p))
                finish(r, p, false, now);
}

short http_events(const Probe *p) {
        return p->is_sent ? POLLIN : POLLOUT;
}

static int send_request(Probe *p) {
        _cleanup_free_ char *request = NULL;
        socklen_t size = sizeof(int);
        int errnum = 0, len;
        ssize_t n;

        if (getsockopt(p->socket, SOL_SOCKET, SO_ERROR, &errnum, &size) < 0 || errnum != 0)
                return -(errnum ?: errno);
        len = asprintf(&request,
                       "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: sdbg/" SDBG_VERSION
                       "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                       p->url.target, p->url.authority);
        if (len < 0) {
                request = NULL;
                return -ENOMEM;
        }
        /* An empty socket takes a request at once; where not, the try has failed. */
        n = send(p->socket, request, len, MSG_NOSIGNAL);
        if (n != len)
                return n < 0 ? -errno : -EMSGSIZE;
        p->is_sent = true;
        return 0;
}

/* Whether it is the job that has answered, and not somebody else who has the port. */
static bool answers_for_job(Ready *r, Probe *p) {
        char address[NI_MAXHOST] = "";
        struct sockaddr_storage peer;
        socklen_t size = sizeof(peer);

        if (r->spec.ready_anywhere)
                return true;
        if (getpeername(p->socket, (struct sockaddr *) &peer, &size) < 0 ||
            getnameinfo((struct sockaddr *) &peer, size, address, sizeof(address), NULL, 0, NI_NUMERICHOST) !=
                    0)
                return false;
        /* An address of one link has the link's name behind it. */
        address[strcspn(address, "%")] = '\0';
        p->is_foreign = !port_is_jobs(r, p, address);
        return !p->is_foreign;
}

static int read_answer(Ready *r, Probe *p, usec_t now) {
        char data[4096];
        ssize_t n = read(p->socket, data, sizeof(data));
        int status;

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0)
                return -ECONNRESET;
        status = http_answer_take(&p->answer, data, n);
        if (status > 0) {
                snprintf(p->text, sizeof(p->text), "it answers %d", status);
                p->why = p->text;
                if (status < 400 && !answers_for_job(r, p))
                        return -EADDRINUSE;
                finish(r, p, status < 400, now);
        }
        return status;
}

void http_go_on(Ready *r, Probe *p, usec_t now) {
        bool is_elsewhere;
        int k;

        if (p->socket < 0)
                return;
        k = p->is_sent ? read_answer(r, p, now) : send_request(p);
        if (k >= 0)
                return;
        if (k == -EBADMSG)
                fail(p, "what answers there does not speak HTTP/1", 0);
        else if (!p->is_foreign)
                fail(p, p->is_sent ? "no answer" : "cannot connect", -k);
        p->socket = close_fd(p->socket);
        is_elsewhere = !p->is_sent || p->is_foreign;
        p->is_sent = false;
        p->answer = (HttpAnswer){};
        /* "localhost" may be listened on at one of its addresses only. */
        if (!is_elsewhere || !connect_next(p))
                finish(r, p, false, now);
}

void http_give_up(Ready *r, Probe *p, usec_t now) {
        fail(p, p->is_sent ? "no answer" : "cannot connect", ETIMEDOUT);
        finish(r, p, false, now);
}
