/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/wire/frame.h"

#include "supervisor/client.h"

/* A connection that does not say what it wants in this time is closed. */
#define GREETING_USEC (10 * USEC_PER_SEC)
/* One that does not read the last output holds up the end of the job for no longer than this. */
#define BYE_USEC (2 * USEC_PER_SEC)

int control_open(Control *c, int dir_fd) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };

        c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (c->fd < 0)
                return -errno;
        /* By the descriptor: a runtime directory's path may be longer than a socket's address. */
        snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/control.sock", dir_fd);
        (void) unlinkat(dir_fd, "control.sock", 0);
        if (bind(c->fd, (struct sockaddr *) &a, sizeof(a)) < 0 || chmod(a.sun_path, 0600) < 0 ||
            listen(c->fd, CLIENTS_MAX) < 0)
                return -errno;
        return 0;
}

static void free_client(Control *c, Client *client) {
        if (client->follows)
                c->changed = true;
        client->fd = close_fd(client->fd);
        client->passed = close_fd(client->passed);
        client_tty_return(&client->tty);
        buf_done(&client->in);
        buf_done(&client->out);
        client->follows = client->greeted = client->syncing = client->said_bye = false;
        c->n--;
}

void control_done(Control *c, int dir_fd) {
        for (size_t i = 0; c->clients && i < CLIENTS_MAX; i++)
                if (c->clients[i].fd >= 0)
                        free_client(c, &c->clients[i]);
        if (c->fd >= 0)
                (void) unlinkat(dir_fd, "control.sock", 0);
        c->fd = close_fd(c->fd);
        free(c->clients);
        free(c->feed);
        buf_done(&c->input.queue);
        c->input.fd = close_fd(c->input.fd);
        c->job_side = close_fd(c->job_side);
        if (c->terminal)
                terminal_free(c->terminal);
}

/* Return: whether a person's terminal answers what a program asks it. */
static bool is_answered(const Control *c) {
        for (size_t i = 0; c->n > 0 && i < CLIENTS_MAX; i++) {
                const Client *client = &c->clients[i];

                if (client->fd >= 0 && client->follows && !client->read_only && !client->tty.is_paused)
                        return true;
        }
        return false;
}

void control_feed(Control *c, const char *data, size_t len) {
        _cleanup_buf_ Buf answers = {};

        if (!c->terminal)
                return;
        terminal_write(c->terminal, data, len, is_answered(c) ? NULL : &answers);
        if (answers.len <= input_room(&c->input))
                input_add(&c->input, answers.data, answers.len);
        if (!c->feed)
                c->feed = malloc(FEED_SIZE);
        for (size_t done = 0; c->feed && done < len;) {
                size_t at = c->fed % FEED_SIZE, n = MIN(len - done, FEED_SIZE - at);

                memcpy(c->feed + at, data + done, n);
                c->fed += n;
                done += n;
        }
}

void control_resize(Control *c, int cols, int rows) {
        struct winsize size = { .ws_col = cols, .ws_row = rows };

        if (!c->terminal || cols < 1 || rows < 1 || cols > TERMINAL_COLS_MAX || rows > TERMINAL_ROWS_MAX ||
            (cols == c->cols && rows == c->rows))
                return;
        c->cols = cols;
        c->rows = rows;
        terminal_resize(c->terminal, cols, rows);
        (void) ioctl(c->input.fd, TIOCSWINSZ, &size);
}

/* ret_pid: 0 where the peer is in another PID namespace. */
static bool is_own(int fd, pid_t *ret_pid) {
        struct ucred peer;
        socklen_t len = sizeof(peer);

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
                return false;
        *ret_pid = peer.pid;
        return peer.uid == geteuid() || peer.uid == 0;
}

static Client *free_place(Control *c) {
        if (!c->clients) {
                c->clients = calloc(CLIENTS_MAX, sizeof(Client));
                for (size_t i = 0; c->clients && i < CLIENTS_MAX; i++)
                        c->clients[i] = (Client){ .fd = -EBADF, .passed = -EBADF, .tty = CLIENT_TTY_NONE };
        }
        for (size_t i = 0; c->clients && i < CLIENTS_MAX; i++)
                if (c->clients[i].fd < 0)
                        return &c->clients[i];
        return NULL;
}

static void accept_client(Control *c, usec_t now) {
        int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Client *client;
        pid_t pid;

        if (fd < 0)
                return;
        client = is_own(fd, &pid) ? free_place(c) : NULL;
        if (!client) {
                close_fd(fd);
                return;
        }
        client->fd = fd;
        client->pid = pid;
        client->since = now;
        c->n++;
}

size_t control_poll(Control *c, struct pollfd *p) {
        size_t n = 0;

        if (c->fd < 0)
                return 0;
        p[n++] = (struct pollfd){ .fd = c->closing ? -1 : c->fd, .events = POLLIN };
        p[n++] = (struct pollfd){ .fd = input_is_waiting(&c->input) ? c->input.fd : -1, .events = POLLOUT };
        for (size_t i = 0; c->n > 0 && i < CLIENTS_MAX; i++) {
                const Client *client = &c->clients[i];
                short tty = client_tty_events(&client->tty, &c->input, client_is_behind(c, client));

                if (client->fd >= 0)
                        p[n++] = (struct pollfd){ .fd = client->fd,
                                                  .events = (client_wants_more(client) ? POLLIN : 0) |
                                                            (client_has_output(c, client) ? POLLOUT : 0) };
                if (tty)
                        p[n++] = (struct pollfd){ .fd = client->tty.fd, .events = tty };
        }
        return n;
}

static const struct pollfd *find_poll(const struct pollfd *p, size_t n, int fd) {
        for (size_t i = 2; i < n; i++)
                if (p[i].fd == fd)
                        return &p[i];
        return NULL;
}

void control_dispatch(Control *c, const struct pollfd *p, size_t n, usec_t now) {
        if (n == 0)
                return;
        for (size_t i = 0; c->n > 0 && i < CLIENTS_MAX; i++) {
                Client *client = &c->clients[i];
                const struct pollfd *event = client->fd >= 0 ? find_poll(p, n, client->fd) : NULL;
                const struct pollfd *typed = client->tty.fd >= 0 ? find_poll(p, n, client->tty.fd) : NULL;
                int r = 0;

                if (client->fd >= 0 && !client->greeted && now >= client->since + GREETING_USEC)
                        r = -ETIMEDOUT;
                if (r >= 0 && event && event->revents & (POLLIN | POLLHUP | POLLERR))
                        r = client_read(c, client);
                if (r >= 0 && ((typed && typed->revents) || now >= client_tty_deadline(&client->tty)))
                        client_read_tty(c, client, now);
                if (r < 0)
                        free_client(c, client);
        }
        input_pump(&c->input);
        for (size_t i = 0; c->n > 0 && i < CLIENTS_MAX; i++)
                if (c->clients[i].fd >= 0 && client_write(c, &c->clients[i]) < 0)
                        free_client(c, &c->clients[i]);
        if (p[0].revents)
                accept_client(c, now);
}

usec_t control_deadline(const Control *c) {
        usec_t t = USEC_INFINITY;

        for (size_t i = 0; c->n > 0 && i < CLIENTS_MAX; i++) {
                const Client *client = &c->clients[i];

                if (client->fd >= 0 && !client->greeted)
                        t = MIN(t, client->since + GREETING_USEC);
                t = MIN(t, client_tty_deadline(&client->tty));
        }
        return t;
}

unsigned control_attached(const Control *c) {
        unsigned n = 0;

        for (size_t i = 0; c->n > 0 && i < CLIENTS_MAX; i++)
                n += c->clients[i].fd >= 0 && c->clients[i].follows;
        return n;
}

bool control_say_bye(Control *c, usec_t now) {
        bool done = true;

        if (!c->closing)
                c->close_by = now + BYE_USEC;
        c->closing = true;
        for (size_t i = 0; c->n > 0 && i < CLIENTS_MAX; i++) {
                Client *client = &c->clients[i];

                if (client->fd < 0)
                        continue;
                if (client_write(c, client) < 0)
                        free_client(c, client);
                else
                        done &= client->said_bye && client->out.len == 0;
        }
        return done || now >= c->close_by;
}
