/* SPDX-License-Identifier: MIT */
#include <sys/ioctl.h>
#include <unistd.h>

#include "sdbg/tty/tty.h"

int tty_raw(int fd, Tty *io) {
        struct termios raw;

        if (!io->changed) {
                if (tcgetattr(fd, &io->saved) < 0)
                        return -errno;
                io->fd = fd;
                /* Before the change: a signal handler may restore right after it. */
                io->changed = 1;
        }
        raw = io->saved;
        cfmakeraw(&raw);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        return tcsetattr(fd, TCSANOW, &raw) < 0 ? -errno : 0;
}

/* A terminal that is not this session's has no foreground: it is no shell's either. */
static bool in_background(int fd) {
        pid_t group = tcgetpgrp(fd);

        return group > 0 && group != getpgrp();
}

void tty_restore(Tty *t) {
        int saved_errno = errno;

        if (t->changed && !in_background(t->fd))
                (void) tcsetattr(t->fd, TCSANOW, &t->saved);
        t->changed = 0;
        errno = saved_errno;
}

int tty_size(int fd, unsigned *ret_columns, unsigned *ret_rows) {
        struct winsize size;

        if (ioctl(fd, TIOCGWINSZ, &size) < 0)
                return -errno;
        if (size.ws_col == 0 || size.ws_row == 0)
                return -ENODATA;
        *ret_columns = size.ws_col;
        *ret_rows = size.ws_row;
        return 0;
}
