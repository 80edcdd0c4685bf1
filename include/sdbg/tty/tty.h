/* SPDX-License-Identifier: MIT */
#pragma once

#include <signal.h>
#include <termios.h>

#include "sdbg/base/macro.h"

/* The terminal that sdbg itself runs on: raw mode, the way back from it, and the window's size. */

/* A terminal whose modes were changed. All zero is one that was not: restoring it does nothing. */
typedef struct Tty {
        int fd;
        struct termios saved;
        volatile sig_atomic_t changed;
} Tty;

/* Makes the terminal raw as cfmakeraw(3) does: each byte comes as it is typed, without echo, signals and
 * translation; read(2) waits for one byte. What was typed ahead stays. On one that `io` has changed
 * already (after SIGCONT, when a shell had the terminal meanwhile) the modes to return to stay the first
 * ones. `io` must live until tty_restore(). A process in the background is stopped by SIGTTOU, as
 * tcsetattr(3) has it, unless it blocks or ignores the signal.
 * Return: 0, -ENOTTY where fd is no terminal, negative errno. */
int tty_raw(int fd, Tty *io);

/* Sets the modes back as they were before tty_raw(); the second time it does nothing. Where this process
 * is in the background, the terminal is someone else's by now and is left alone.
 * Safe in signal handlers and atexit(3) functions: tcsetattr(3), tcgetpgrp(3) and getpgrp(2) are on the
 * list of signal-safety(7), and nothing waits for output to drain. errno stays. */
void tty_restore(Tty *t);
#define _cleanup_tty_ _cleanup_(tty_restore)

/* The window's size in characters, by TIOCGWINSZ (ioctl_tty(2)). SIGWINCH tells of changes.
 * Return: 0, -ENOTTY where fd is no terminal, -ENODATA where the terminal does not know (a serial line
 * reports 0), negative errno. */
int tty_size(int fd, unsigned *ret_columns, unsigned *ret_rows);
