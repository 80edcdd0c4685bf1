/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "supervisor/stdio.h"

static int open_pipe(int *ret_supervisor, int *ret_job, bool job_reads) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        *ret_supervisor = ends[job_reads];
        *ret_job = ends[!job_reads];
        return fd_nonblock(*ret_supervisor, true);
}

static int open_pipes(Supervisor *s, JobStdio *io) {
        Output *o = &s->output;
        int r;

        r = open_pipe(&o->fds[STREAM_STDOUT], &io->fds[STDOUT_FILENO], false);
        if (r >= 0)
                r = open_pipe(&o->fds[STREAM_STDERR], &io->fds[STDERR_FILENO], false);
        if (r < 0)
                return r;
        /* What was typed for the run before is not for this one. */
        buf_done(&s->control.input.queue);
        s->control.input.end = s->control.input.refused = false;
        s->control.input.fd = close_fd(s->control.input.fd);
        if (s->spec.input)
                return open_pipe(&s->control.input.fd, &io->fds[STDIN_FILENO], true);
        io->fds[STDIN_FILENO] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return io->fds[STDIN_FILENO] < 0 ? -errno : 0;
}

static void feed_terminal(void *userdata, const char *data, size_t len) {
        control_feed(userdata, data, len);
}

/* A new terminal, both sides. The supervisor keeps the job's side open, so that the terminal lives as long as
 * the job, over its restarts and though for a moment no process of it may have it open. */
static int make_terminal(Supervisor *s) {
        Control *c = &s->control;
        struct winsize size = { .ws_col = s->spec.cols, .ws_row = s->spec.rows };
        struct termios t;

        c->terminal = terminal_new(s->spec.cols, s->spec.rows);
        if (!c->terminal)
                return -ENOMEM;
        c->cols = s->spec.cols;
        c->rows = s->spec.rows;
        c->input.pty = true;
        c->input.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (c->input.fd < 0 || grantpt(c->input.fd) < 0 || unlockpt(c->input.fd) < 0)
                return -errno;
        /* By the other side, not by its path, which in another mount namespace may be another's (Linux 4.13). */
        c->job_side = ioctl(c->input.fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (c->job_side < 0)
                return -errno;
        if (tcgetattr(c->job_side, &t) >= 0) {
                t.c_iflag |= IUTF8;
                (void) tcsetattr(c->job_side, TCSANOW, &t);
        }
        (void) ioctl(c->input.fd, TIOCSWINSZ, &size);
        s->output.on_terminal = feed_terminal;
        s->output.userdata = c;
        return 0;
}

static int open_terminal(Supervisor *s, JobStdio *io) {
        Control *c = &s->control;
        int r;

        r = c->terminal ? 0 : make_terminal(s);
        if (r < 0)
                return r;
        /* Descriptors of their own: these are closed with the run. */
        s->output.fds[STREAM_PTY] = fcntl(c->input.fd, F_DUPFD_CLOEXEC, 3);
        if (s->output.fds[STREAM_PTY] < 0)
                return -errno;
        for (int i = 0; i < 3; i++) {
                io->fds[i] = fcntl(c->job_side, F_DUPFD_CLOEXEC, 3);
                if (io->fds[i] < 0)
                        return -errno;
        }
        return 0;
}

int stdio_open(Supervisor *s, JobStdio *io) {
        return s->spec.pty ? open_terminal(s, io) : open_pipes(s, io);
}

void stdio_close(JobStdio *io) {
        for (size_t i = 0; i < ELEMENTSOF(io->fds); i++)
                io->fds[i] = close_fd(io->fds[i]);
}

int stdio_connect(const Supervisor *s, const JobStdio *io) {
        /* The controlling terminal of this session, which setsid() has begun. */
        if (s->spec.pty && ioctl(io->fds[STDIN_FILENO], TIOCSCTTY, 0) < 0)
                return -errno;
        for (int i = 0; i < 3; i++)
                if (dup2(io->fds[i], i) < 0)
                        return -errno;
        return 0;
}
