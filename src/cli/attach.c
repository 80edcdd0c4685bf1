/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/control/control.h"
#include "sdbg/tty/tty.h"

#include "cli/attach.h"
#include "sdbg/text/detach-keys.h"
#include "cli/status-line.h"

#define DETACH_KEYS "C-b"
#define TYPED_MAX 4096
/* How long a supervisor that does not answer is waited for before the terminal is used again. */
#define RETURN_USEC USEC_PER_SEC

/* What a job may have switched on at the terminal: the alternate screen, mouse reports, pasting marks,
 * application keys, a scroll region, a hidden cursor, colours (XTerm Control Sequences). */
#define RESET                                                                                                \
        "\033[?1047l\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1004l\033[?2004l\033[?1l\033>"         \
        "\0337\033[r\0338\033[?7h\033[?25h\033[m"

typedef struct Session {
        Connection *connection;
        DetachKeys keys;
        Tty tty;
        StatusLine status_line;
        int signal_fd;
        bool read_only;
        bool is_lent; /* the supervisor reads and writes the terminal */
        usec_t detach_at;
        const char *job;
        Error *reterr;
} Session;

/* redraw: somebody else may have written on this terminal, or it has moved what was on it. */
static int send_size(Session *s, bool redraw) {
        unsigned cols = 0, rows = 0;
        char text[64];

        if (tty_size(STDOUT_FILENO, &cols, &rows) >= 0)
                rows = status_line_resize(&s->status_line, (int) cols, (int) rows);
        snprintf(text, sizeof(text), "{\"cols\":%u,\"rows\":%u,\"redraw\":%s}", cols, rows,
                 redraw || status_line_is_on(&s->status_line) ? "true" : "false");
        return connection_send(s->connection, FRAME_RESIZE, text, strlen(text));
}

/* Return: an AttachEnd where it is over, else -EAGAIN; other negative errno. */
static int on_signal(Session *s) {
        struct signalfd_siginfo i;
        int r = -EAGAIN;

        while (read(s->signal_fd, &i, sizeof(i)) == sizeof(i)) {
                if (i.ssi_signo == SIGCONT)
                        (void) tty_raw(STDIN_FILENO, &s->tty);
                if (i.ssi_signo == SIGWINCH || i.ssi_signo == SIGCONT)
                        (void) send_size(s, i.ssi_signo == SIGCONT);
                else
                        r = ATTACH_DETACHED;
        }
        return r;
}

static int on_typed(Session *s, usec_t now) {
        char in[TYPED_MAX], out[TYPED_MAX + sizeof(s->keys.keys)];
        ssize_t n = read(STDIN_FILENO, in, sizeof(in));
        size_t len;
        bool leave;
        int r = 0;

        if (n < 0)
                return errno == EINTR || errno == EAGAIN ? -EAGAIN : ATTACH_DETACHED;
        if (n == 0)
                return ATTACH_DETACHED;
        leave = detach_keys_feed(&s->keys, in, n, now, out, &len);
        if (len > 0 && !s->read_only)
                r = connection_send(s->connection, FRAME_INPUT, out, len);
        return leave ? ATTACH_DETACHED : r < 0 ? ATTACH_LOST : -EAGAIN;
}

static int on_frames(Session *s, usec_t now) {
        Frame f;
        int r;

        while ((r = connection_next(s->connection, 0, &f)) > 0)
                switch (f.type) {
                case FRAME_OUTPUT:
                        if (status_line_pass(&s->status_line, f.data, f.len, now) < 0)
                                return ATTACH_DETACHED;
                        if (status_line_wants_screen(&s->status_line))
                                (void) send_size(s, true);
                        break;
                case FRAME_BYE:
                        s->is_lent = false;
                        return ATTACH_ENDED;
                case FRAME_DETACH:
                        s->is_lent = false;
                        return ATTACH_DETACHED;
                case FRAME_ERROR:
                        return connection_error(&f, s->job, s->reterr);
                default:
                        break;
                }
        return r == 0 || r == -EINTR ? -EAGAIN : ATTACH_LOST;
}

static usec_t leave_at(const Session *s) {
        return MIN(detach_keys_deadline(&s->keys), s->detach_at);
}

static int session_loop(Session *s) {
        int r = on_frames(s, now_usec(CLOCK_MONOTONIC));

        while (r == -EAGAIN) {
                struct pollfd p[] = {
                        { .fd = s->is_lent ? -1 : STDIN_FILENO, .events = POLLIN },
                        { .fd = connection_fd(s->connection), .events = POLLIN },
                        { .fd = s->signal_fd, .events = POLLIN },
                };
                usec_t now;

                if (poll_until(p, ELEMENTSOF(p), MIN(leave_at(s), s->status_line.next)) < 0)
                        continue;
                now = now_usec(CLOCK_MONOTONIC);
                if (p[1].revents)
                        r = on_frames(s, now);
                if (r == -EAGAIN && p[2].revents)
                        r = on_signal(s);
                if (r == -EAGAIN && p[0].revents)
                        r = on_typed(s, now);
                if (r == -EAGAIN && now >= leave_at(s))
                        r = ATTACH_DETACHED;
                if (r == -EAGAIN && now >= s->status_line.next)
                        status_line_tick(&s->status_line, now);
        }
        return r;
}

static int block_signals(Session *s, sigset_t *ret_before) {
        static const int signals[] = { SIGWINCH, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
        sigset_t mask;

        sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                sigaddset(&mask, signals[i]);
        (void) sigprocmask(SIG_BLOCK, &mask, ret_before);
        s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        return s->signal_fd < 0 ? -errno : 0;
}

/* The terminal once more, for the supervisor: O_NONBLOCK is a property of the open file description, and that of stdin
 * is shared with the shell. Not where the status line needs to see all output.
 * Return: a descriptor; 0 where there is none to lend. */
static int open_tty(const Session *s) {
        struct stat in, out;
        int fd;

        if (status_line_is_on(&s->status_line) || fstat(STDIN_FILENO, &in) < 0 ||
            fstat(STDOUT_FILENO, &out) < 0 || in.st_rdev != out.st_rdev)
                return 0;
        fd = open("/proc/self/fd/0", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        return MAX(fd, 0);
}

/* Asks for the terminal back, so that nothing is printed on it later. */
static void take_tty_back(Session *s) {
        Frame f;

        if (!s->is_lent || connection_send(s->connection, FRAME_DETACH, NULL, 0) < 0)
                return;
        while (connection_next(s->connection, RETURN_USEC, &f) > 0 && f.type != FRAME_DETACH)
                ;
}

static int greet(Session *s, const AttachOptions *o) {
        Greeting g = { .follow = true,
                       .from_start = o->from_start,
                       .read_only = o->read_only,
                       .tty = open_tty(s),
                       .detach_keys = o->detach_keys ?: DETACH_KEYS };
        unsigned cols, rows;
        JobSide side = {};
        int r;

        if (tty_size(STDOUT_FILENO, &cols, &rows) >= 0) {
                rows = status_line_resize(&s->status_line, (int) cols, (int) rows);
                g.cols = o->read_only ? 0 : (int) cols;
                g.rows = o->read_only ? 0 : (int) rows;
        }
        r = control_connect(s->job, &g, &s->connection, &side, s->reterr);
        if (g.tty > 0)
                close_fd(g.tty);
        s->is_lent = side.lent;
        if (r < 0 || side.pty)
                return r;
        return error_set(s->reterr, ERROR_FAILED, 0, "job '%s' has no terminal", s->job);
}

int attach_terminal(const char *job, const AttachOptions *o, Error *reterr) {
        Session s = {
                .signal_fd = -EBADF,
                .status_line = STATUS_LINE_NONE,
                .read_only = o->read_only,
                .detach_at = o->detach_after ? now_usec(CLOCK_MONOTONIC) + o->detach_after : USEC_INFINITY,
                .job = job,
                .reterr = reterr,
        };
        sigset_t before;
        int r;

        if (detach_keys_parse(o->detach_keys ?: DETACH_KEYS, &s.keys) < 0) {
                error_set(reterr, ERROR_USAGE, 0, "'%s' are no keys to detach with", o->detach_keys);
                error_hint(reterr, "for example C-b, or ctrl-p,ctrl-q");
                return -EINVAL;
        }
        if (o->status_line)
                status_line_begin(&s.status_line, job, o->detach_keys ?: DETACH_KEYS, o->read_only);
        r = block_signals(&s, &before);
        if (r >= 0)
                r = tty_raw(STDIN_FILENO, &s.tty);
        if (r >= 0)
                r = greet(&s, o);
        if (r >= 0) {
                r = session_loop(&s);
                take_tty_back(&s);
                (void) write_all(STDOUT_FILENO, RESET, strlen(RESET));
        }
        status_line_end(&s.status_line);
        tty_restore(&s.tty);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        close_fd(s.signal_fd);
        if (s.connection)
                connection_free(s.connection);
        return r;
}

void attach_say_detached(const char *job) {
        fprintf(stderr, "\r\n[%s goes on in the background; 'sdbg attach %s' returns to it]\n", job, job);
}
