/* SPDX-License-Identifier: MIT */
#include <termios.h>
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "supervisor/input.h"

size_t input_room(const Input *i) {
        return i->fd >= 0 && i->queue.len < INPUT_MAX ? INPUT_MAX - i->queue.len : 0;
}

void input_add(Input *i, const char *data, size_t len) {
        buf_append(&i->queue, data, len);
}

void input_end(Input *i) {
        struct termios t;

        if (!i->pty)
                i->end = true;
        else if (tcgetattr(i->fd, &t) >= 0)
                input_add(i, (const char *) &t.c_cc[VEOF], 1);
}

void input_pump(Input *i) {
        while (i->fd >= 0 && i->queue.len > 0) {
                ssize_t n = write(i->fd, i->queue.data, i->queue.len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < 0) {
                        /* Nobody reads the pipe any more. */
                        buf_done(&i->queue);
                        i->end = i->refused = true;
                        break;
                }
                buf_consume(&i->queue, n);
        }
        if (i->queue.len == 0)
                buf_done(&i->queue);
        if (i->end && !i->pty)
                i->fd = close_fd(i->fd);
}

bool input_is_waiting(const Input *i) {
        return i->fd >= 0 && i->queue.len > 0;
}
