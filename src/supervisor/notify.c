/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sdbg/base/fd.h"

#include "supervisor/supervisor.h"

void notify_manager(const char *format, ...) {
        const char *path = getenv("NOTIFY_SOCKET");
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;
        char text[512];
        va_list ap;
        size_t len;

        if (!path || strlen(path) >= sizeof(address.sun_path))
                return;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);

        len = strlen(path);
        memcpy(address.sun_path, path, len);
        if (address.sun_path[0] == '@')
                address.sun_path[0] = '\0';
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        /* Without the manager's ear the start job times out, which it tells by itself. */
        if (fd >= 0)
                (void) sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *) &address,
                              offsetof(struct sockaddr_un, sun_path) + len);
}
