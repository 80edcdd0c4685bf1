/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "sdbg/base/fd.h"

#include "supervisor/tap.h"

void tap_close(Tap *t) {
        t->fd = close_fd(t->fd);
        buf_done(&t->rest);
}

bool tap_is_full(const Tap *t) {
        return t->rest.len > 0;
}

void tap_put(Tap *t, const char *data, size_t len) {
        ssize_t n = 0;

        if (t->fd < 0)
                return;
        if (!tap_is_full(t)) {
                n = write(t->fd, data, len);
                if (n < 0 && errno != EAGAIN && errno != EINTR) {
                        tap_close(t);
                        return;
                }
                n = MAX(n, (ssize_t) 0);
        }
        buf_append(&t->rest, data + n, len - n);
        if (t->rest.oom)
                tap_close(t);
}

void tap_flush(Tap *t) {
        ssize_t n = t->rest.len > 0 ? write(t->fd, t->rest.data, t->rest.len) : 0;

        if (n < 0 && errno != EAGAIN && errno != EINTR)
                tap_close(t);
        else if ((size_t) MAX(n, (ssize_t) 0) == t->rest.len)
                buf_done(&t->rest);
        else
                buf_consume(&t->rest, MAX(n, (ssize_t) 0));
}
