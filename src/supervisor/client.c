/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>

#include "supervisor/client.h"

#define IN_MAX (FRAME_HEADER + FRAME_MAX)

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

static void resize(Control *c, const Client *client, const Wish *w) {
        if (!client->read_only)
                control_resize(c, w->cols, w->rows);
}

static void borrow_tty(Client *client, const Wish *w) {
        if (client->follows && client->passed >= 0)
                (void) client_tty_borrow(&client->tty, TAKE_FD(client->passed), client->pid, w->detach_keys,
                                         w->read_only);
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
        client_say(client, FRAME_HELLO, answer);
        if (!client->follows)
                return;
        c->changed = true;
        if (w->from_start && c->fed <= FEED_SIZE)
                client->offset = 0;
        else
                client_draw(c, client);
}

/* Return: whether the job takes this client's input. */
static bool may_type(const Control *c, Client *client) {
        if (client->read_only)
                client_say_error(client, "read-only", "attached read-only");
        else if (c->input.fd < 0 || c->input.end)
                client_say_error(client, "no-input", "the job takes no input");
        return !client->read_only && c->input.fd >= 0 && !c->input.end;
}

static void press(Control *c, Client *client, const Frame *f) {
        _cleanup_free_ char *name = strndup(f->data, f->len);
        _cleanup_buf_ Buf b = {};
        Key k;
        int byte;

        if (!name || key_from_string(name, &k) < 0) {
                client_say_error(client, "usage", "there is no such key");
                return;
        }
        byte = key_to_byte(&k);
        if (c->terminal)
                terminal_key(c->terminal, &k, &b);
        else if (byte >= 0)
                /* A pipe has no line discipline that would make a newline of it. */
                buf_append_char(&b, byte == '\r' ? '\n' : (char) byte);
        else
                client_say_error(client, "usage", "a job without a terminal takes no such key");
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
                client_say(client, FRAME_SCREEN, terminal_to_json(c->terminal, w->color));
        else
                client_say_error(client, "no-terminal", "the job has no terminal");
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
                        client_draw(c, client);
                break;
        case FRAME_SCREEN:
                show_screen(c, client, &w);
                break;
        case FRAME_DETACH:
                client_give_tty_back(c, client);
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

bool client_wants_more(const Client *client) {
        return client->in.len < IN_MAX && is_heard(client);
}

/* Return: whether there is room for what the frame holds. */
static bool has_room(const Control *c, const Frame *f) {
        return f->type < FRAME_INPUT || f->type > FRAME_END || c->input.queue.len < INPUT_MAX;
}

int client_take_frames(Control *c, Client *client) {
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
        return client_take_frames(c, client);
}

void client_read_tty(Control *c, Client *client, usec_t now) {
        int r = client_tty_read(&client->tty, &c->input, now);

        if (r > 0)
                c->typed = true;
        if (r < 0)
                client_give_tty_back(c, client);
}
