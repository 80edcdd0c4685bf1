/* SPDX-License-Identifier: MIT */
#pragma once

#include <dirent.h>
#include <poll.h>
#include <sys/types.h>

#include "sdbg/base/time.h"

/* File descriptors and small files. Every descriptor made here is close-on-exec. */

/* Closes fd where it is >= 0; errno stays. Return: -EBADF, to store back. */
int close_fd(int fd);

static inline void close_fdp(int *fd) {
        close_fd(*fd);
}
#define _cleanup_close_ _cleanup_(close_fdp)

DEFINE_CLEANUP_FUNC(DIR *, closedir);
#define _cleanup_closedir_ _cleanup_(closedirp)

/* Opens the directory `path` below dirfd (AT_FDCWD allowed) for readdir(3), without following a final symlink.
 * Return: 0 and *ret, which the caller closes with closedir(3); negative errno. */
int open_dir_at(int dirfd, const char *path, DIR **ret);

/* Writes all of data. Return: 0, negative errno of write(2). */
int write_all(int fd, const void *data, size_t len);

/* Reads the file `path` below dirfd (AT_FDCWD allowed) whole, without following a final symlink.
 * max: largest size taken, in bytes. *ret is NUL-terminated and the caller's; ret_len may be NULL.
 * Return: 0, -EFBIG beyond max, -ENOMEM, negative errno of openat(2) or read(2). */
int read_file_at(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len);

/* Replaces `name` below dirfd by a new file with these bytes and this mode; a reader sees the old
 * or the new one, never half. Return: 0, negative errno. */
int write_file_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode);

/* Sets or clears O_NONBLOCK. Return: 0, negative errno. */
int fd_nonblock(int fd, bool on);

/* poll(2) to a time on CLOCK_MONOTONIC; one that is over is no wait, USEC_INFINITY has no end.
 * Return: how many have events, 0 where none came in time; -EINTR, other negative errno. */
int poll_until(struct pollfd *p, size_t n, usec_t until);

/* Watches the file or directory that is open as `fd`, whatever path leads to it (proc(5), /proc/PID/fd).
 * events: of inotify(7). Return: the watch's number, negative errno. */
int fd_watch(int inotify_fd, int fd, uint32_t events);

/* Removes the directory `name` below dirfd with all it holds, never following a symlink.
 * Return: 0 also where there is none, negative errno of the first failure. */
int remove_tree_at(int dirfd, const char *name);
