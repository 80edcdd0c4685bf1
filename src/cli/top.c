/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/text/quote.h"
#include "sdbg/tty/tty.h"

#include "cli/top.h"

/* XTerm Control Sequences: the alternate screen, lines that do not go on in the next one, no cursor. */
#define ENTER_SCREEN "\033[?1049h\033[?7l\033[?25l"
#define LEAVE_SCREEN "\033[?25h\033[?7h\033[?1049l"

#define TASKS_MAX 16
#define TASK_OUTPUT_MAX 4096
#define TYPED_MAX 256
#define LINES_FOLLOWED "200"

/* A `sdbg stop` or the like that was asked for; what it says is shown when it has ended. */
typedef struct Task {
        pid_t pid;
        int fd;
        Buf said;
} Task;

typedef struct Screen {
        Manager *manager;
        const TopRequest *request;
        const char *project;
        Top *top;
        Tty tty;
        int signal_fd;
        sigset_t signals_before;
        TableStyle style;
        unsigned rows;
        usec_t next; /* when to look again */
        Task tasks[TASKS_MAX];
        size_t n_tasks;
        int exit_code; /* negative: go on */
} Screen;

static int enter_screen(Screen *s) {
        int r = tty_raw(STDIN_FILENO, &s->tty);

        return r < 0 ? r : write_all(STDOUT_FILENO, ENTER_SCREEN, strlen(ENTER_SCREEN));
}

static void leave_screen(Screen *s) {
        (void) write_all(STDOUT_FILENO, LEAVE_SCREEN, strlen(LEAVE_SCREEN));
        tty_restore(&s->tty);
}

static int draw(Screen *s) {
        unsigned columns = 80;
        _cleanup_buf_ Buf out = {};
        Job *seen;
        size_t n;
        int r;

        (void) tty_size(STDOUT_FILENO, &columns, &s->rows);
        s->style.width = columns;
        seen = top_scroll(s->top, s->rows, &n);
        for (size_t i = 0; i < n; i++)
                if (seen[i].tasks == UINT64_MAX) {
                        jobs_add_detail(seen, n);
                        break;
                }
        r = top_draw(s->top, s->rows, &s->style, &out);
        return r < 0 ? r : write_all(STDOUT_FILENO, out.data, out.len);
}

static void look_again(Screen *s) {
        Error e = {};

        /* A manager that is executed anew is back in a moment. */
        if (top_sample(s->manager, &s->request->select, s->project, s->top, &e) < 0)
                top_say(s->top, "%s", strempty(e.message));
        error_clear(&e);
        s->next = now_usec(CLOCK_MONOTONIC) + s->request->delay;
}

/* Starts `sdbg ARGUMENTS`, with the caller's signals. output: where stdout and stderr go; negative: the
 * terminal. Return: its PID, negative errno. */
static pid_t start_sdbg(Screen *s, char *const *arguments, int output) {
        _cleanup_strv_free_ char **argv = NULL;
        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        pid_t pid;
        int r;

        if (strv_extend(&argv, "sdbg") < 0)
                return -ENOMEM;
        STRV_FOREACH (a, arguments)
                if (strv_extend(&argv, *a) < 0)
                        return -ENOMEM;
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        posix_spawnattr_setsigmask(&attributes, &s->signals_before);
        if (output >= 0) {
                posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
                posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
                posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
        }
        r = posix_spawn(&pid, "/proc/self/exe", &files, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
        return r > 0 ? -r : pid;
}

/* ------------------------------------------------------- stop, restart, pause */

static void start_task(Screen *s, const char *verb, const char *job) {
        int fds[2];
        pid_t pid;

        if (s->n_tasks == TASKS_MAX) {
                top_say(s->top, "%d things are under way already", TASKS_MAX);
                return;
        }
        if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
                top_say(s->top, "cannot %s %s: %s", verb, job, strerror(errno));
                return;
        }
        pid = start_sdbg(s, (char *[]){ (char *) verb, (char *) "--", (char *) job, NULL }, fds[1]);
        close_fd(fds[1]);
        if (pid < 0) {
                close_fd(fds[0]);
                top_say(s->top, "cannot %s %s: %s", verb, job, strerror(-pid));
                return;
        }
        s->tasks[s->n_tasks++] = (Task){ .pid = pid, .fd = fds[0] };
        top_say(s->top, "%s %s …", verb, job);
}

/* The first line of what it said; the hint that may follow is about the command line. */
static void end_task(Screen *s, Task *t) {
        const char *end = t->said.len > 0 ? memchr(t->said.data, '\n', t->said.len) : NULL;
        _cleanup_free_ char *line =
                end ? printable_line(t->said.data, end - t->said.data, TOP_MESSAGE_MAX - 1) : NULL;

        (void) waitpid(t->pid, NULL, 0);
        if (line)
                top_say(s->top, "%s", line);
        close_fd(t->fd);
        buf_done(&t->said);
        *t = s->tasks[--s->n_tasks];
        look_again(s);
}

/* Return: whether it has ended. */
static bool read_task(Task *t) {
        char text[512];
        ssize_t n = read(t->fd, text, sizeof(text));

        if (n < 0)
                return errno != EINTR && errno != EAGAIN;
        if (t->said.len < TASK_OUTPUT_MAX)
                buf_append(&t->said, text, n);
        return n == 0;
}

/* ------------------------------------------------------------- follow, attach */

static void quit_by(Screen *s, int signal) {
        s->exit_code = 128 + signal;
}

/* While a child has the terminal: what ends sdbg ends the child, too; Ctrl+C is the child's alone. */
static void pass_signals(Screen *s, pid_t child) {
        struct signalfd_siginfo i;

        while (read(s->signal_fd, &i, sizeof(i)) == sizeof(i))
                if (i.ssi_signo == SIGTERM || i.ssi_signo == SIGHUP) {
                        quit_by(s, (int) i.ssi_signo);
                        (void) kill(child, (int) i.ssi_signo);
                }
}

/* Return: the child's status as of waitpid(2). */
static int await_child(Screen *s, pid_t child) {
        siginfo_t ended = {};
        int status = 0;

        /* It stays a zombie until its signals are passed on, so that its PID is its own. */
        while (waitid(P_PID, child, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
                struct pollfd p = { .fd = s->signal_fd, .events = POLLIN };

                (void) poll(&p, 1, -1);
                pass_signals(s, child);
        }
        pass_signals(s, child);
        (void) waitpid(child, &status, 0);
        return status;
}

/* A message that the table would wipe away at once. */
static void wait_for_key(Screen *s) {
        static const char text[] = "[any key returns to the table]";
        struct pollfd p[] = {
                { .fd = STDIN_FILENO, .events = POLLIN },
                { .fd = s->signal_fd, .events = POLLIN },
        };
        char typed[TYPED_MAX];

        (void) write_all(STDOUT_FILENO, text, strlen(text));
        if (tty_raw(STDIN_FILENO, &s->tty) >= 0 && poll(p, ELEMENTSOF(p), -1) > 0 && p[0].revents)
                (void) !read(STDIN_FILENO, typed, sizeof(typed));
        (void) write_all(STDOUT_FILENO, "\r\n", 2);
}

static void run_in_front(Screen *s, const char *verb, char *const *arguments) {
        bool follows = streq(verb, "logs");
        int status;
        pid_t pid;

        leave_screen(s);
        pid = start_sdbg(s, arguments, -1);
        status = pid < 0 ? 0 : await_child(s, pid);
        /* Left with Ctrl+C or Ctrl+B there is nothing to be read. */
        if (s->exit_code < 0 && WIFEXITED(status) && (follows || WEXITSTATUS(status) != 0))
                wait_for_key(s);
        if (s->exit_code < 0 && enter_screen(s) < 0)
                quit_by(s, SIGHUP);
        if (pid < 0)
                top_say(s->top, "cannot start sdbg %s: %s", verb, strerror(-pid));
        look_again(s);
}

/* -------------------------------------------------------------------- events */

static void act(Screen *s, TopAction action) {
        static const char *const verbs[] = {
                [TOP_STOP] = "stop",
                [TOP_RESTART] = "restart",
                [TOP_PAUSE] = "pause",
                [TOP_RESUME] = "resume",
        };
        const Job *j = top_selected(s->top);
        _cleanup_free_ char *name = j ? strdup(j->name) : NULL;

        if (action == TOP_QUIT)
                s->exit_code = 0;
        if (action == TOP_QUIT || action == TOP_NOTHING || !name)
                return;
        if (action == TOP_FOLLOW)
                run_in_front(s, "logs",
                             (char *[]){ (char *) "logs", (char *) "-f", (char *) "-n",
                                         (char *) LINES_FOLLOWED, (char *) "--", name, NULL });
        else if (action == TOP_ATTACH)
                run_in_front(s, "attach", (char *[]){ (char *) "attach", (char *) "--", name, NULL });
        else
                start_task(s, verbs[action], name);
}

static void on_typed(Screen *s) {
        char typed[TYPED_MAX];
        ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return;
        /* The terminal is gone. */
        if (n <= 0)
                s->exit_code = 0;
        for (ssize_t at = 0; at < n && s->exit_code < 0;) {
                int key;

                at += (ssize_t) top_decode_key(typed + at, n - at, &key);
                act(s, top_key(s->top, key));
        }
}

static void on_signals(Screen *s) {
        struct signalfd_siginfo i;

        while (read(s->signal_fd, &i, sizeof(i)) == sizeof(i))
                if (i.ssi_signo == SIGCONT)
                        (void) enter_screen(s);
                else if (i.ssi_signo != SIGWINCH && i.ssi_signo != SIGCHLD)
                        quit_by(s, (int) i.ssi_signo);
}

static int block_signals(Screen *s) {
        static const int signals[] = { SIGWINCH, SIGCONT, SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT };
        sigset_t mask;

        sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                sigaddset(&mask, signals[i]);
        (void) sigprocmask(SIG_BLOCK, &mask, &s->signals_before);
        s->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        return s->signal_fd < 0 ? -errno : 0;
}

static void wait_for_events(Screen *s) {
        struct pollfd p[2 + TASKS_MAX] = {
                { .fd = STDIN_FILENO, .events = POLLIN },
                { .fd = s->signal_fd, .events = POLLIN },
        };
        size_t n = s->n_tasks;

        for (size_t i = 0; i < n; i++)
                p[2 + i] = (struct pollfd){ .fd = s->tasks[i].fd, .events = POLLIN };
        if (poll_until(p, 2 + n, s->next) < 0)
                return;
        /* From the last on: what ends is replaced by the last. */
        for (size_t i = n; i-- > 0;)
                if (p[2 + i].revents && read_task(&s->tasks[i]))
                        end_task(s, &s->tasks[i]);
        if (p[1].revents)
                on_signals(s);
        if (p[0].revents && s->exit_code < 0)
                on_typed(s);
}

int top_screen(Manager *m, const TopRequest *q, const char *project, const TableStyle *style, Top *top,
               Error *reterr) {
        Screen s = {
                .manager = m,
                .request = q,
                .project = project,
                .top = top,
                .style = *style,
                .rows = 24,
                .signal_fd = -EBADF,
                .next = now_usec(CLOCK_MONOTONIC) + q->delay,
                .exit_code = -1,
        };
        int r;

        r = block_signals(&s);
        if (r >= 0)
                r = enter_screen(&s);
        while (r >= 0 && s.exit_code < 0) {
                r = draw(&s);
                if (r < 0)
                        break;
                wait_for_events(&s);
                if (now_usec(CLOCK_MONOTONIC) >= s.next)
                        look_again(&s);
        }
        leave_screen(&s);
        for (size_t i = 0; i < s.n_tasks; i++) {
                close_fd(s.tasks[i].fd);
                buf_done(&s.tasks[i].said);
        }
        close_fd(s.signal_fd);
        (void) sigprocmask(SIG_SETMASK, &s.signals_before, NULL);
        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "cannot show the table") : s.exit_code;
}
