/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sdbg/base/fd.h"
#include "sdbg/control/control.h"
#include "sdbg/runtime/jobdir.h"

/* A supervisor answers at once, unless the machine is very busy. */
#define ANSWER_USEC (10 * USEC_PER_SEC)
#define READ_SIZE ((size_t) 64 * 1024)
#define QUEUE_MAX ((size_t) 32 * 1024)

struct Connection {
        int fd;
        Buf in, out;
        size_t used; /* of `in`, by the frame that was given out */
};

void connection_free(Connection *c) {
        close_fd(c->fd);
        buf_done(&c->in);
        buf_done(&c->out);
        free(c);
}

int connection_fd(const Connection *c) {
        return c->fd;
}

static int await(const Connection *c, short events, usec_t until) {
        struct pollfd p = { .fd = c->fd, .events = events };
        int n = poll_until(&p, 1, until);

        return n > 0 ? p.revents : n;
}

/* Return: how many bytes came; 0: none now; -ECONNRESET. */
static ssize_t receive(Connection *c) {
        char *p = buf_reserve(&c->in, READ_SIZE);
        ssize_t n = p ? recv(c->fd, p, READ_SIZE, MSG_DONTWAIT) : -1;

        if (!p)
                return -ENOMEM;
        if (n == 0)
                return -ECONNRESET;
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        c->in.len += n;
        return n;
}

static int flush(Connection *c) {
        if (c->out.oom)
                return -ENOMEM;
        while (c->out.len > 0) {
                ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
                int r;

                if (n >= 0) {
                        buf_consume(&c->out, n);
                        continue;
                }
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
                r = await(c, POLLOUT | POLLIN, USEC_INFINITY);
                if (r > 0 && r & POLLIN)
                        r = (int) receive(c);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return 0;
}

int connection_queue(Connection *c, FrameType type, const void *data, size_t len) {
        frame_append(&c->out, type, data, len);
        return c->out.len > QUEUE_MAX ? flush(c) : 0;
}

int connection_send(Connection *c, FrameType type, const void *data, size_t len) {
        int r = connection_queue(c, type, data, len);

        return r < 0 ? r : flush(c);
}

int connection_next(Connection *c, usec_t timeout, Frame *ret) {
        usec_t deadline = timeout == USEC_INFINITY ? USEC_INFINITY : now_usec(CLOCK_MONOTONIC) + timeout;

        buf_consume(&c->in, c->used);
        c->used = 0;
        for (;;) {
                ssize_t n = frame_parse(c->in.data, c->in.len, FRAME_ANSWER_MAX, ret);
                int r;

                if (n < 0)
                        return (int) n;
                if (n > 0) {
                        c->used = n;
                        return 1;
                }
                n = receive(c);
                if (n < 0)
                        return (int) n;
                if (n > 0)
                        continue;
                r = await(c, POLLIN, deadline);
                if (r <= 0)
                        return r;
        }
}

int connection_error(const Frame *f, const char *job, Error *reterr) {
        _cleanup_json_ Json *o = NULL;
        const char *code = NULL, *message = NULL;

        if (json_parse(f->data, f->len, &o) >= 0) {
                code = json_string(json_get(o, "code"));
                message = json_string(json_get(o, "message"));
        }
        error_set(reterr, code && streq(code, "usage") ? ERROR_USAGE : ERROR_FAILED, 0, "job '%s': %s", job,
                  message ?: "it refuses");
        return -EINVAL;
}

static int open_socket(const char *job, Error *reterr) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        _cleanup_close_ int dir = jobdir_open(job, false, reterr), fd = -EBADF;

        if (dir < 0)
                return dir;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        /* By the descriptor: a runtime directory's path may be longer than a socket's address. */
        snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control.sock", dir);
        if (connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0)
                return errno == ENOENT ? -EOPNOTSUPP : -errno;
        return TAKE_FD(fd);
}

/* Begins to send what waits, with a descriptor beside its first byte. An older supervisor's recv(2) drops it. */
static int send_with_descriptor(Connection *c, int fd) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { .header = { .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS,
                                  .cmsg_len = CMSG_LEN(sizeof(int)) } };
        struct iovec v = { .iov_base = c->out.data, .iov_len = c->out.len };
        struct msghdr m = {
                .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        ssize_t n;

        if (c->out.oom)
                return -ENOMEM;
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
        n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
        if (n < 0)
                return -errno;
        buf_consume(&c->out, n);
        return 0;
}

static int say_hello(Connection *c, const Greeting *g) {
        _cleanup_json_ Json *o = json_new_object();
        _cleanup_free_ char *text = NULL;
        int r;

        if (!o || json_set(o, "version", json_new_number(CONTROL_VERSION)) < 0 ||
            json_set(o, "follow", json_new_bool(g->follow)) < 0 ||
            json_set(o, "from_start", json_new_bool(g->from_start)) < 0 ||
            json_set(o, "read_only", json_new_bool(g->read_only)) < 0 ||
            json_set(o, "detach_keys", json_new_string(g->detach_keys)) < 0)
                return -ENOMEM;
        if (g->cols > 0 && (json_set(o, "cols", json_new_number(g->cols)) < 0 ||
                            json_set(o, "rows", json_new_number(g->rows)) < 0))
                return -ENOMEM;
        text = json_to_string(o);
        if (!text)
                return -ENOMEM;
        frame_append(&c->out, FRAME_HELLO, text, strlen(text));
        r = g->tty > 0 ? send_with_descriptor(c, g->tty) : 0;
        return r < 0 ? r : flush(c);
}

static int hear_hello(Connection *c, JobSide *ret) {
        static const JsonField fields[] = {
                { "version", JSON_INT, offsetof(JobSide, version), NULL },
                { "pty", JSON_BOOL, offsetof(JobSide, pty), NULL },
                { "input", JSON_BOOL, offsetof(JobSide, input), NULL },
                { "lent", JSON_BOOL, offsetof(JobSide, lent), NULL },
                { "cols", JSON_INT, offsetof(JobSide, cols), NULL },
                { "rows", JSON_INT, offsetof(JobSide, rows), NULL },
        };
        _cleanup_json_ Json *o = NULL;
        Frame f;
        int r;

        do
                r = connection_next(c, ANSWER_USEC, &f);
        while (r == -EINTR);
        if (r <= 0)
                return r < 0 ? r : -ETIMEDOUT;
        if (f.type != FRAME_HELLO)
                return -EPROTO;
        *ret = (JobSide){};
        r = json_parse(f.data, f.len, &o);
        return r < 0 ? r : json_to_fields(o, fields, ELEMENTSOF(fields), ret);
}

int control_connect(const char *job, const Greeting *g, Connection **ret, JobSide *ret_side, Error *reterr) {
        _cleanup_connection_ Connection *c = calloc(1, sizeof(Connection));
        int r;

        if (!c)
                return error_oom(reterr);
        c->fd = r = open_socket(job, reterr);
        if (r == -ENOENT || r == -ECONNREFUSED)
                return error_set(reterr, ERROR_JOB_NOT_RUNNING, 0,
                                 "job '%s' cannot be talked to: it is not running", job);
        if (r == -EOPNOTSUPP) {
                error_set(
                        reterr, ERROR_FAILED, 0,
                        "job '%s' has no control socket: it has just ended, or was started by an older sdbg",
                        job);
                error_hint(reterr, "list, logs and stop work; 'sdbg restart %s' starts it with this version",
                           job);
                return r;
        }
        if (r >= 0)
                r = say_hello(c, g);
        if (r >= 0)
                r = hear_hello(c, ret_side);
        if (r < 0) {
                error_set(reterr, ERROR_FAILED, r, "cannot talk to the supervisor of job '%s'", job);
                return r;
        }
        if (ret_side->version != CONTROL_VERSION) {
                error_set(reterr, ERROR_FAILED, 0,
                          "job '%s' was started by a version of sdbg that speaks otherwise (%d)", job,
                          ret_side->version);
                error_hint(reterr, "list, logs and stop work; 'sdbg restart %s' starts it with this version",
                           job);
                return -EPROTO;
        }
        *ret = TAKE_PTR(c);
        return 0;
}
