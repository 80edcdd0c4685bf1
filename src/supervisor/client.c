/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include "sdbg/wire/frame.h"

#include "supervisor/client.h"

/* Of what is written to a client in one go, so that what is in no socket stays in the feed. */
#define CHUNK ((size_t) 16 * 1024)
#define IN_MAX (FRAME_HEADER + FRAME_MAX)

static void say(Client *client, FrameType type, Json *o) {
        _cleanup_free_ char *text = o ? json_to_string(o) : NULL;

        if (text)
                frame_append(&client->out, type, text, strlen(text));
        json_free(o);
}

static void say_error(Client *client, const char *code, const char *message) {
        Json *o = json_new_object();

        if (o && json_set(o, "code", json_new_string(code)) >= 0)
                (void) json_set(o, "message", json_new_string(message));
        say(client, FRAME_ERROR, o);
}

static int get_int(const Json *o, const char *key) {
        int v = -1;
        const JsonField field = { key, JSON_INT, 0, NULL };

        return json_to_fields(o, &field, 1, &v) < 0 ? -1 : v;
}

static bool get_bool(const Json *o, const char *key) {
        bool v = false;
        const JsonField field = { key, JSON_BOOL, 0, NULL };

        return json_to_fields(o, &field, 1, &v) >= 0 && v;
}

static void draw(Control *c, Client *client) {
        _cleanup_buf_ Buf b = {};

        terminal_draw(c->terminal, &b);
        for (size_t done = 0; done < b.len; done += MIN(b.len - done, FRAME_MAX))
                frame_append(&client->out, FRAME_OUTPUT, b.data + done, MIN(b.len - done, FRAME_MAX));
        client->offset = c->fed;
}

static void resize(Control *c, const Client *client, const Json *o) {
        if (!client->read_only)
                control_resize(c, get_int(o, "cols"), get_int(o, "rows"));
}

/* What the client wants: follow (the terminal's output), from_start (of it, where that is still
 * there), read_only, and its window's size. */
static void greet(Control *c, Client *client, const Json *o) {
        Json *answer = json_new_object();

        client->greeted = true;
        client->read_only = get_bool(o, "read_only");
        resize(c, client, o);
        if (answer && json_set(answer, "version", json_new_number(CONTROL_VERSION)) >= 0 &&
            json_set(answer, "run", json_new_string(c->run)) >= 0 &&
            json_set(answer, "pid", json_new_number(c->pid)) >= 0 &&
            json_set(answer, "pty", json_new_bool(c->terminal)) >= 0 &&
            json_set(answer, "input", json_new_bool(c->input.fd >= 0)) >= 0 &&
            json_set(answer, "cols", json_new_number(c->cols)) >= 0)
                (void) json_set(answer, "rows", json_new_number(c->rows));
        say(client, FRAME_HELLO, answer);
        if (!c->terminal || !get_bool(o, "follow"))
                return;
        client->follows = true;
        c->changed = true;
        if (get_bool(o, "from_start") && c->fed <= FEED_SIZE)
                client->offset = 0;
        else
                draw(c, client);
}

/* Return: whether the job takes this client's input. */
static bool may_type(const Control *c, Client *client) {
        if (client->read_only)
                say_error(client, "read-only", "attached read-only");
        else if (c->input.fd < 0 || c->input.end)
                say_error(client, "no-input", "the job takes no input");
        return !client->read_only && c->input.fd >= 0 && !c->input.end;
}

static void press(Control *c, Client *client, const Frame *f) {
        _cleanup_free_ char *name = strndup(f->data, f->len);
        _cleanup_buf_ Buf b = {};
        Key k;
        int byte;

        if (!name || key_from_string(name, &k) < 0) {
                say_error(client, "usage", "there is no such key");
                return;
        }
        byte = key_to_byte(&k);
        if (c->terminal)
                terminal_key(c->terminal, &k, &b);
        else if (byte >= 0)
                /* A pipe has no line discipline that would make a newline of it. */
                buf_append_char(&b, byte == '\r' ? '\n' : (char) byte);
        else
                say_error(client, "usage", "a job without a terminal takes no such key");
        input_add(&c->input, b.data, b.len);
}

static void paste(Control *c, const Frame *f) {
        _cleanup_buf_ Buf b = {};

        if (!c->terminal)
                return;
        terminal_paste(c->terminal, f->len == strlen("begin"), &b);
        input_add(&c->input, b.data, b.len);
}

static void show_screen(Control *c, Client *client, const Json *o) {
        if (c->terminal)
                say(client, FRAME_SCREEN, terminal_to_json(c->terminal, get_bool(o, "color")));
        else
                say_error(client, "no-terminal", "the job has no terminal");
}

static int take(Control *c, Client *client, const Frame *f) {
        _cleanup_json_ Json *o = NULL;

        if (f->type == FRAME_HELLO || f->type == FRAME_RESIZE || f->type == FRAME_SCREEN) {
                if (json_parse(f->data, f->len, &o) < 0)
                        return -EBADMSG;
        }
        if (f->type == FRAME_HELLO && !client->greeted)
                greet(c, client, o);
        else if (!client->greeted)
                return -EPROTO;
        switch (f->type) {
        case FRAME_INPUT:
        case FRAME_KEY:
        case FRAME_PASTE:
        case FRAME_END:
                if (!may_type(c, client))
                        break;
                c->typed = true;
                if (f->type == FRAME_INPUT)
                        input_add(&c->input, f->data, f->len);
                else if (f->type == FRAME_KEY)
                        press(c, client, f);
                else if (f->type == FRAME_PASTE)
                        paste(c, f);
                else
                        input_end(&c->input);
                break;
        case FRAME_SYNC:
                client->syncing = true;
                break;
        case FRAME_RESIZE:
                resize(c, client, o);
                if (client->follows && get_bool(o, "redraw"))
                        draw(c, client);
                break;
        case FRAME_SCREEN:
                show_screen(c, client, o);
                break;
        default:
                break;
        }
        return 0;
}

bool client_takes_input(const Control *c, const Client *client) {
        /* Who does not read the answers is not listened to. */
        return client->in.len < IN_MAX && client->out.len < FRAME_ANSWER_MAX &&
               c->input.queue.len < INPUT_MAX;
}

/* Takes the frames that are whole, as long as there is room for what they hold. */
static int take_frames(Control *c, Client *client) {
        size_t done = 0;
        int r = 0;

        while (r >= 0 && client->out.len < FRAME_ANSWER_MAX && c->input.queue.len < INPUT_MAX) {
                Frame f;
                ssize_t n = frame_parse(client->in.data + done, client->in.len - done, FRAME_MAX, &f);

                if (n <= 0) {
                        r = (int) n;
                        break;
                }
                r = take(c, client, &f);
                done += n;
        }
        buf_consume(&client->in, done);
        if (client->in.len == 0)
                buf_done(&client->in);
        return r;
}

int client_read(Control *c, Client *client) {
        size_t room = IN_MAX - client->in.len;
        char *p = buf_reserve(&client->in, room);
        ssize_t n;

        if (!p)
                return -ENOMEM;
        /* Gone; where there is no room this was polled for nothing else. */
        n = room > 0 ? recv(client->fd, p, room, 0) : 0;
        if (n == 0)
                return -ECONNRESET;
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        client->in.len += n;
        return take_frames(c, client);
}

static bool is_behind(const Control *c, const Client *client) {
        return client->follows && client->offset < c->fed;
}

bool client_has_output(const Control *c, const Client *client) {
        return client->out.len > 0 || is_behind(c, client);
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
                say(client, FRAME_GAP, o);
                draw(c, client);
                return;
        }
        frame_append(&client->out, FRAME_OUTPUT, c->feed + at, n);
        client->offset += n;
}

static int send_out(Client *client) {
        ssize_t n;

        if (client->out.oom)
                return -ENOMEM;
        n = send(client->fd, client->out.data, client->out.len, MSG_NOSIGNAL);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        buf_consume(&client->out, n);
        if (client->out.len == 0)
                buf_done(&client->out);
        return 1;
}

int client_write(Control *c, Client *client) {
        int r = take_frames(c, client);

        while (r >= 0) {
                if (client->out.len == 0 && is_behind(c, client))
                        take_feed(c, client);
                if (client->syncing && c->input.queue.len == 0) {
                        client->syncing = false;
                        if (c->input.refused)
                                say_error(client, "no-input", "the job has closed its stdin");
                        else
                                frame_append(&client->out, FRAME_SYNC, NULL, 0);
                }
                if (c->closing && !client->said_bye && !is_behind(c, client)) {
                        client->said_bye = true;
                        frame_append(&client->out, FRAME_BYE, NULL, 0);
                }
                if (client->out.len == 0)
                        return 0;
                r = send_out(client);
                if (r == 0)
                        return 0;
        }
        return r;
}
