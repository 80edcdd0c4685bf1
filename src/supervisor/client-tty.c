/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/probe/process.h"

#include "supervisor/client-tty.h"

#define TYPED_MAX ((size_t) 4096)

int client_tty_borrow(ClientTty *t, int fd, pid_t owner, const char *detach_keys, bool read_only) {
        _cleanup_close_ int tty = fd, stat = owner > 0 ? process_open(owner) : -ESRCH;
        DetachKeys keys;

        if (stat < 0 || !isatty(tty) || !(fcntl(tty, F_GETFL) & O_NONBLOCK) ||
            detach_keys_parse(strempty(detach_keys), &keys) < 0)
                return -EINVAL;
        *t = (ClientTty){ .fd = TAKE_FD(tty), .owner = TAKE_FD(stat), .read_only = read_only, .keys = keys };
        return 0;
}

bool client_tty_is_lent(const ClientTty *t) {
        return t->fd >= 0;
}

void client_tty_return(ClientTty *t) {
        close_fd(t->fd);
        close_fd(t->owner);
        buf_done(&t->out);
        *t = CLIENT_TTY_NONE;
}

/* Return: whether it may be used now. */
static bool is_ours(ClientTty *t) {
        if (!t->is_paused)
                t->is_paused = process_is_halted(t->owner);
        return !t->is_paused;
}

/* Return: how much may be read: some also while the job's input is full, so that the keys to leave are seen. */
static size_t room(const ClientTty *t, const Input *input) {
        return t->read_only ? TYPED_MAX : input_room(input) ?: TYPED_MAX - t->ahead;
}

int client_tty_read(ClientTty *t, Input *input, usec_t now) {
        char in[TYPED_MAX], out[TYPED_MAX + sizeof(t->keys.keys)];
        size_t len;
        ssize_t n;
        bool leave;

        if (now >= client_tty_deadline(t))
                return -ECANCELED;
        if (room(t, input) == 0 || !is_ours(t))
                return 0;
        n = read(t->fd, in, MIN(sizeof(in), room(t, input)));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return -EIO;
        t->ahead = input_room(input) > 0 ? 0 : t->ahead + n;
        leave = detach_keys_feed(&t->keys, in, n, now, out, &len);
        if (!t->read_only)
                input_add(input, out, len);
        return leave ? -ECANCELED : len > 0 && !t->read_only;
}

int client_tty_write(ClientTty *t) {
        while (t->out.len > 0) {
                ssize_t n;

                if (!is_ours(t))
                        return 0;
                n = write(t->fd, t->out.data, t->out.len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 0 : -EIO;
                buf_consume(&t->out, n);
        }
        buf_done(&t->out);
        return 1;
}

short client_tty_events(const ClientTty *t, const Input *input, bool wants_output) {
        if (t->fd < 0 || t->is_paused)
                return 0;
        return (room(t, input) > 0 ? POLLIN : 0) | (wants_output || t->out.len > 0 ? POLLOUT : 0);
}

usec_t client_tty_deadline(const ClientTty *t) {
        return t->fd >= 0 ? detach_keys_deadline(&t->keys) : USEC_INFINITY;
}
