/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include "sdbg/wire/frame.h"

#include "supervisor/client.h"

/* Of what is written to a client in one go, so that what is in no socket stays in the feed. */
#define CHUNK ((size_t) 16 * 1024)
/* For a terminal that is slower than the job, so that what is printed in a burst is shown whole; a socket has a
 * buffer of its own. */
#define HELD_MAX ((size_t) 256 * 1024)
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

/* What a client may want by a frame of JSON. */
typedef struct Wish {
        bool follow;     /* the terminal's output */
        bool from_start; /* all of it, where that is still there */
        bool read_only;
        char *detach_keys; /* at the terminal that it lends */
        int cols, rows;    /* of its window */
        bool redraw;       /* the screen is wanted anew */
        bool color;        /* of the screen */
} Wish;

static const JsonField wish_fields[] = {
        { "follow", JSON_BOOL, offsetof(Wish, follow), NULL },
        { "from_start", JSON_BOOL, offsetof(Wish, from_start), NULL },
        { "read_only", JSON_BOOL, offsetof(Wish, read_only), NULL },
        { "detach_keys", JSON_STRING, offsetof(Wish, detach_keys), NULL },
        { "cols", JSON_INT, offsetof(Wish, cols), NULL },
        { "rows", JSON_INT, offsetof(Wish, rows), NULL },
        { "redraw", JSON_BOOL, offsetof(Wish, redraw), NULL },
        { "color", JSON_BOOL, offsetof(Wish, color), NULL },
};

static void wish_done(Wish *w) {
        json_free_fields(wish_fields, ELEMENTSOF(wish_fields), w);
}

static int read_wish(const Frame *f, Wish *ret) {
        _cleanup_json_ Json *o = NULL;
        int r = json_parse(f->data, f->len, &o);

        return r < 0 ? r : json_to_fields(o, wish_fields, ELEMENTSOF(wish_fields), ret);
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

static void draw(Control *c, Client *client) {
        _cleanup_buf_ Buf b = {};

        terminal_draw(c->terminal, &b);
        show(client, b.data, b.len);
        client->offset = c->fed;
}

static void resize(Control *c, const Client *client, const Wish *w) {
        if (!client->read_only)
                control_resize(c, w->cols, w->rows);
}

static void borrow_tty(Client *client, const Wish *w) {
        if (client->follows && client->passed >= 0)
                (void) client_tty_borrow(&client->tty, TAKE_FD(client->passed), client->pid, w->detach_keys,
                                         w->read_only);
}

static void give_tty_back(Control *c, Client *client) {
        client_tty_return(&client->tty);
        client->follows = false;
        c->changed = true;
        frame_append(&client->out, FRAME_DETACH, NULL, 0);
}

static void greet(Control *c, Client *client, const Wish *w) {
        Json *answer = json_new_object();

        client->greeted = true;
        client->read_only = w->read_only;
        client->follows = c->terminal && w->follow;
        resize(c, client, w);
        borrow_tty(client, w);
        if (answer && json_set(answer, "version", json_new_number(CONTROL_VERSION)) >= 0 &&
            json_set(answer, "run", json_new_string(c->run)) >= 0 &&
            json_set(answer, "pid", json_new_number(c->pid)) >= 0 &&
            json_set(answer, "pty", json_new_bool(c->terminal)) >= 0 &&
            json_set(answer, "input", json_new_bool(c->input.fd >= 0)) >= 0 &&
            json_set(answer, "lent", json_new_bool(client_tty_is_lent(&client->tty))) >= 0 &&
            json_set(answer, "cols", json_new_number(c->cols)) >= 0)
                (void) json_set(answer, "rows", json_new_number(c->rows));
        say(client, FRAME_HELLO, answer);
        if (!client->follows)
                return;
        c->changed = true;
        if (w->from_start && c->fed <= FEED_SIZE)
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

static void show_screen(Control *c, Client *client, const Wish *w) {
        if (c->terminal)
                say(client, FRAME_SCREEN, terminal_to_json(c->terminal, w->color));
        else
                say_error(client, "no-terminal", "the job has no terminal");
}

static int take(Control *c, Client *client, const Frame *f) {
        _cleanup_(wish_done) Wish w = {};

        if ((f->type == FRAME_HELLO || f->type == FRAME_RESIZE || f->type == FRAME_SCREEN) &&
            read_wish(f, &w) < 0)
                return -EBADMSG;
        if (f->type == FRAME_HELLO && !client->greeted)
                greet(c, client, &w);
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
                resize(c, client, &w);
                if (client->follows && w.redraw)
                        draw(c, client);
                break;
        case FRAME_SCREEN:
                show_screen(c, client, &w);
                break;
        case FRAME_DETACH:
                give_tty_back(c, client);
                break;
        default:
                break;
        }
        return 0;
}

/* Who does not read the answers is not listened to. */
static bool is_heard(const Client *client) {
        return client->out.len + client->tty.out.len < FRAME_ANSWER_MAX;
}

bool client_takes_frames(const Client *client) {
        return client->in.len < IN_MAX && is_heard(client);
}

/* Return: whether there is room for what the frame holds. */
static bool has_room(const Control *c, const Frame *f) {
        return f->type < FRAME_INPUT || f->type > FRAME_END || c->input.queue.len < INPUT_MAX;
}

/* Takes the frames that are whole, as far as there is room. */
static int take_frames(Control *c, Client *client) {
        size_t done = 0;
        int r = 0;

        while (r >= 0 && is_heard(client)) {
                Frame f;
                ssize_t n = frame_parse(client->in.data + done, client->in.len - done, FRAME_MAX, &f);

                if (n <= 0) {
                        r = (int) n;
                        break;
                }
                if (!has_room(c, &f))
                        break;
                r = take(c, client, &f);
                done += n;
        }
        buf_consume(&client->in, done);
        if (client->in.len == 0)
                buf_done(&client->in);
        return r;
}

/* recv(2), with the descriptor that a client sends before it has greeted. */
static ssize_t receive(Client *client, void *p, size_t size) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec v = { .iov_base = p, .iov_len = size };
        struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
        const struct cmsghdr *h;
        ssize_t n;

        if (!client->greeted && client->passed < 0) {
                m.msg_control = &control;
                /* Room for one; the kernel closes what is beyond it (unix(7)). */
                m.msg_controllen = CMSG_LEN(sizeof(int));
        }
        n = recvmsg(client->fd, &m, MSG_CMSG_CLOEXEC);
        h = n > 0 && m.msg_control ? CMSG_FIRSTHDR(&m) : NULL;
        if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
            h->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(&client->passed, CMSG_DATA(h), sizeof(int));
        return n;
}

int client_read(Control *c, Client *client) {
        size_t room = IN_MAX - client->in.len;
        char *p = buf_reserve(&client->in, room);
        ssize_t n;

        if (!p)
                return -ENOMEM;
        /* Gone; where there is no room this was polled for nothing else. */
        n = room > 0 ? receive(client, p, room) : 0;
        if (n == 0)
                return -ECONNRESET;
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        client->in.len += n;
        /* It speaks, so it is not stopped. */
        client->tty.is_paused = false;
        return take_frames(c, client);
}

void client_read_tty(Control *c, Client *client, usec_t now) {
        int r = client_tty_read(&client->tty, &c->input, now);

        if (r > 0)
                c->typed = true;
        if (r < 0)
                give_tty_back(c, client);
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
                say(client, FRAME_GAP, o);
                draw(c, client);
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
                        say_error(client, "no-input", "the job has closed its stdin");
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
                give_tty_back(c, client);
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
        int r = take_frames(c, client);

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
