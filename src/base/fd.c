/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/fd.h"

int close_fd(int fd) {
        int saved = errno;

        if (fd >= 0)
                (void) close(fd);
        errno = saved;
        return -EBADF;
}

int write_all(int fd, const void *data, size_t len) {
        const char *p = data;

        while (len > 0) {
                ssize_t n = write(fd, p, len);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                p += n;
                len -= n;
        }
        return 0;
}

int read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_buf_ Buf b = {};

        fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
        if (fd < 0)
                return -errno;

        for (;;) {
                char *p = buf_reserve(&b, b.len < b.cap ? 1 : 4096);
                ssize_t n;

                if (!p)
                        return -ENOMEM;
                n = read(fd, p, b.cap - b.len);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                b.len += n;
                if (b.len > max)
                        return -EFBIG;
        }

        if (ret_len)
                *ret_len = b.len;
        *ret = buf_take(&b);
        return *ret ? 0 : -ENOMEM;
}

int write_file_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (asprintf(&temporary, ".%s.%d", name, getpid()) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }

        (void) unlinkat(dirfd, temporary, 0);
        fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0)
                return -errno;

        r = write_all(fd, data, len);
        if (r >= 0 && renameat(dirfd, temporary, dirfd, name) < 0)
                r = -errno;
        if (r < 0)
                (void) unlinkat(dirfd, temporary, 0);
        return r;
}

int fd_nonblock(int fd, bool on) {
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0)
                return -errno;
        flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0;
}

int poll_until(struct pollfd *p, size_t n, usec_t until) {
        usec_t left = until == USEC_INFINITY ? 0 : usec_sub(until, now_usec(CLOCK_MONOTONIC));
        struct timespec t = { .tv_sec = left / USEC_PER_SEC, .tv_nsec = left % USEC_PER_SEC * 1000 };
        int r = ppoll(p, n, until == USEC_INFINITY ? NULL : &t, NULL);

        return r < 0 ? -errno : r;
}

int fd_watch(int inotify_fd, int fd, uint32_t events) {
        char path[64];
        int wd;

        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        wd = inotify_add_watch(inotify_fd, path, events);
        return wd < 0 ? -errno : wd;
}

int open_dir_at(int dirfd, const char *path, DIR **ret) {
        int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        int r;

        if (fd < 0)
                return -errno;
        *ret = fdopendir(fd);
        if (*ret)
                return 0;
        r = -errno;
        close_fd(fd);
        return r;
}

static int remove_contents(DIR *d) {
        struct dirent *de;
        int r = 0, k;

        while ((de = readdir(d))) {
                if (streq(de->d_name, ".") || streq(de->d_name, ".."))
                        continue;
                k = remove_tree_at(dirfd(d), de->d_name);
                if (k < 0 && r >= 0)
                        r = k;
        }
        return r;
}

int remove_tree_at(int dirfd, const char *name) {
        _cleanup_closedir_ DIR *d = NULL;
        int r;

        if (unlinkat(dirfd, name, 0) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;

        r = open_dir_at(dirfd, name, &d);
        if (r < 0)
                return r;
        r = remove_contents(d);
        if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT && r >= 0)
                r = -errno;
        return r;
}
