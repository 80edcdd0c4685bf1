/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include "supervisor/client.h"

/* Of what is written to a client in one go, so that what is in no socket stays in the feed. */
#define CHUNK ((size_t) 16 * 1024)
/* For a terminal that is slower than the job, so that what is printed in a burst is shown whole; a socket has a
 * buffer of its own. */
#define HELD_MAX ((size_t) 1024 * 1024)

void client_say(Client *client, FrameType type, Json *o) {
        _cleanup_free_ char *text = o ? json_to_string(o) : NULL;

        if (text)
                frame_append(&client->out, type, text, strlen(text));
        json_free(o);
}

void client_say_error(Client *client, const char *code, const char *message) {
        Json *o = json_new_object();

        if (o && json_set(o, "code", json_new_string(code)) >= 0)
                (void) json_set(o, "message", json_new_string(message));
        client_say(client, FRAME_ERROR, o);
}

static void show(Client *client, const char *data, size_t len) {
        if (client_tty_is_lent(&client->tty))
                buf_append(&client->tty.out, data, len);
        else
                for (size_t done = 0; done < len; done += MIN(len - done, FRAME_MAX))
                        frame_append(&client->out, FRAME_OUTPUT, data + done, MIN(len - done, FRAME_MAX));
}

/* Return: whether there is room for more of the terminal's output. */
static bool takes_output(const Client *client) {
        if (client_tty_is_lent(&client->tty))
                return client->tty.out.len < HELD_MAX && !client->tty.is_paused;
        return client->out.len == 0;
}

void client_draw(Control *c, Client *client) {
        _cleanup_buf_ Buf b = {};

        terminal_draw(c->terminal, &b);
        show(client, b.data, b.len);
        client->offset = c->fed;
}

void client_give_tty_back(Control *c, Client *client) {
        client_tty_return(&client->tty);
        client->follows = false;
        c->changed = true;
        frame_append(&client->out, FRAME_DETACH, NULL, 0);
}

bool client_is_behind(const Control *c, const Client *client) {
        return client->follows && client->offset < c->fed;
}

bool client_has_output(const Control *c, const Client *client) {
        return client->out.len > 0 || (!client_tty_is_lent(&client->tty) && client_is_behind(c, client));
}

/* Takes the next piece of the terminal's output; a client that is too far behind gets the screen. */
static void take_feed(Control *c, Client *client) {
        size_t at = client->offset % FEED_SIZE;
        uint64_t behind = c->fed - client->offset;
        size_t n = MIN(MIN(behind, (uint64_t) CHUNK), (uint64_t) (FEED_SIZE - at));

        if (behind > FEED_SIZE) {
                Json *o = json_new_object();

                if (o)
                        (void) json_set(o, "bytes", json_new_number(behind));
                client_say(client, FRAME_GAP, o);
                client_draw(c, client);
                return;
        }
        show(client, c->feed + at, n);
        client->offset += n;
}

static int send_out(Client *client) {
        ssize_t n;

        if (client->out.len == 0)
                return 0;
        n = send(client->fd, client->out.data, client->out.len, MSG_NOSIGNAL);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        buf_consume(&client->out, n);
        if (client->out.len == 0)
                buf_done(&client->out);
        return 1;
}

/* Puts what is due into the client's buffers. */
static void fill(Control *c, Client *client) {
        while (takes_output(client) && client_is_behind(c, client))
                take_feed(c, client);
        if (client->syncing && c->input.queue.len == 0) {
                client->syncing = false;
                if (c->input.refused)
                        client_say_error(client, "no-input", "the job has closed its stdin");
                else
                        frame_append(&client->out, FRAME_SYNC, NULL, 0);
        }
        if (c->closing && !client->said_bye && !client_is_behind(c, client)) {
                client->said_bye = true;
                frame_append(&client->out, FRAME_BYE, NULL, 0);
        }
}

/* Return: whether there is room for more. */
static bool print(Control *c, Client *client) {
        int r = client->tty.out.len > 0 ? client_tty_write(&client->tty) : 0;

        if (r < 0)
                client_give_tty_back(c, client);
        return r != 0;
}

/* The client prints the rest itself: its terminal may take longer than there is a supervisor. */
static void leave_rest(Client *client) {
        _cleanup_buf_ Buf rest = client->tty.out;

        client->tty.out = (Buf){};
        client_tty_return(&client->tty);
        show(client, rest.data, rest.len);
}

int client_write(Control *c, Client *client) {
        int r = client_take_frames(c, client);

        if (c->closing && client_tty_is_lent(&client->tty))
                leave_rest(client);
        while (r >= 0) {
                bool printed;

                fill(c, client);
                if (client->out.oom || client->tty.out.oom)
                        return -ENOMEM;
                printed = print(c, client);
                r = send_out(client);
                if (r == 0 && !printed)
                        return 0;
        }
        return r;
}
