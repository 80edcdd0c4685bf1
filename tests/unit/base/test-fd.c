/* SPDX-License-Identifier: MIT */
#include <sys/inotify.h>
#include <sys/stat.h>

#include "test.h"
#include "tmpdir.h"

static void make_file(int dirfd, const char *name, const char *text) {
        _cleanup_close_ int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write_all(fd, text, strlen(text)), 0);
}

static bool exists(int dirfd, const char *name) {
        return faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

static void test_close_keeps_errno(void **state) {
        int fd = dup(STDERR_FILENO);

        errno = EILSEQ;
        assert_int_equal(close_fd(fd), -EBADF);
        assert_int_equal(close_fd(-EBADF), -EBADF);
        assert_int_equal(errno, EILSEQ);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void test_nonblock(void **state) {
        int fds[2];
        char c;

        assert_int_equal(pipe(fds), 0);
        assert_int_equal(fd_nonblock(fds[0], true), 0);
        assert_int_equal(read(fds[0], &c, 1), -1);
        assert_int_equal(errno, EAGAIN);
        assert_int_equal(fd_nonblock(fds[0], false), 0);
        assert_false(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
        close_fd(fds[0]);
        close_fd(fds[1]);
        assert_int_equal(fd_nonblock(-1, true), -EBADF);
}

static void test_write_and_read(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t len;

        make_file(t.fd, "file", "old, and longer");
        assert_int_equal(write_file_at(t.fd, "file", BYTES("n\0w"), 0600), 0);
        assert_int_equal(read_file_at(t.fd, "file", 3, &text, &len), 0);
        assert_int_equal(len, 3);
        assert_memory_equal(text, "n\0w", 4);
        assert_int_equal(fstatat(t.fd, "file", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_read_large(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_free_ char *data = calloc(1, 1000000), *copy = NULL;
        size_t len;

        memset(data, 'x', 1000000);
        assert_int_equal(write_file_at(t.fd, "file", data, 1000000, 0600), 0);
        assert_int_equal(read_file_at(t.fd, "file", SIZE_MAX, &copy, &len), 0);
        assert_int_equal(len, 1000000);
        assert_memory_equal(copy, data, len);
}

static void test_read_refuses(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        char *text = NULL;

        make_file(t.fd, "file", "text");
        assert_int_equal(symlinkat("file", t.fd, "link"), 0);
        assert_int_equal(mkdirat(t.fd, "directory", 0700), 0);

        assert_int_equal(read_file_at(t.fd, "none", 100, &text, NULL), -ENOENT);
        assert_int_equal(read_file_at(t.fd, "link", 100, &text, NULL), -ELOOP);
        assert_int_equal(read_file_at(t.fd, "directory", 100, &text, NULL), -EISDIR);
        assert_int_equal(read_file_at(t.fd, "file", 3, &text, NULL), -EFBIG);
        assert_null(text);
}

/* A symlink in the way is replaced; what it points to stays as it is. */
static void test_write_replaces_symlink(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_free_ char *victim = NULL, *text = NULL;

        make_file(t.fd, "victim", "precious");
        assert_int_equal(symlinkat("victim", t.fd, "link"), 0);
        assert_int_equal(write_file_at(t.fd, "link", BYTES("new"), 0600), 0);
        assert_int_equal(read_file_at(t.fd, "victim", 100, &victim, NULL), 0);
        assert_string_equal(victim, "precious");
        assert_int_equal(read_file_at(t.fd, "link", 100, &text, NULL), 0);
        assert_string_equal(text, "new");
}

static void test_open_dir(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        _cleanup_closedir_ DIR *d = NULL;
        DIR *none = NULL;

        make_file(t.fd, "file", "");
        assert_int_equal(symlinkat(".", t.fd, "link"), 0);
        assert_int_equal(open_dir_at(t.fd, "file", &none), -ENOTDIR);
        assert_int_equal(open_dir_at(t.fd, "link", &none), -ENOTDIR);
        assert_int_equal(open_dir_at(t.fd, "none", &none), -ENOENT);
        assert_null(none);
        assert_int_equal(open_dir_at(t.fd, ".", &d), 0);
        assert_non_null(readdir(d));
}

static void test_watch(void **state) {
        _cleanup_close_ int inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();
        char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
        const struct inotify_event *e = (const struct inotify_event *) buf;
        int wd = fd_watch(inotify_fd, t.fd, IN_CREATE);

        assert_true(wd > 0);
        assert_int_equal(fd_watch(inotify_fd, -EBADF, IN_CREATE), -ENOENT);
        make_file(t.fd, "file", "");
        assert_true(read(inotify_fd, buf, sizeof(buf)) > 0);
        assert_int_equal(e->wd, wd);
        assert_string_equal(e->name, "file");
}

static void test_poll_until(void **state) {
        _cleanup_close_ int reader = -EBADF, writer = -EBADF;
        struct pollfd p = { .events = POLLIN };
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        p.fd = reader = ends[0];
        writer = ends[1];
        assert_int_equal(poll_until(&p, 1, 0), 0);
        assert_int_equal(poll_until(&p, 1, now_usec(CLOCK_MONOTONIC) + 1), 0);
        assert_int_equal(write(writer, "x", 1), 1);
        assert_int_equal(poll_until(&p, 1, USEC_INFINITY), 1);
        assert_int_equal(p.revents, POLLIN);
        assert_int_equal(poll_until(&p, 1, 0), 1);
}

static void test_remove_tree(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();

        assert_int_equal(mkdirat(t.fd, "a", 0700), 0);
        assert_int_equal(mkdirat(t.fd, "a/b", 0700), 0);
        assert_int_equal(mkdirat(t.fd, "a/b/c", 0700), 0);
        make_file(t.fd, "a/file", "");
        assert_int_equal(symlinkat("nowhere", t.fd, "a/b/dangling"), 0);
        make_file(t.fd, "other", "");

        assert_int_equal(remove_tree_at(t.fd, "a"), 0);
        assert_false(exists(t.fd, "a"));
        assert_true(exists(t.fd, "other"));
        assert_int_equal(remove_tree_at(t.fd, "a"), 0);
        assert_int_equal(remove_tree_at(t.fd, "other"), 0);
        assert_false(exists(t.fd, "other"));
}

static void test_remove_tree_follows_no_symlink(void **state) {
        _cleanup_tmpdir_ TmpDir t = tmpdir_make();

        assert_int_equal(mkdirat(t.fd, "outside", 0700), 0);
        make_file(t.fd, "outside/file", "");
        assert_int_equal(mkdirat(t.fd, "tree", 0700), 0);
        assert_int_equal(symlinkat("../outside", t.fd, "tree/link"), 0);
        assert_int_equal(symlinkat("outside", t.fd, "link"), 0);

        assert_int_equal(remove_tree_at(t.fd, "tree"), 0);
        assert_int_equal(remove_tree_at(t.fd, "link"), 0);
        assert_false(exists(t.fd, "tree"));
        assert_false(exists(t.fd, "link"));
        assert_true(exists(t.fd, "outside/file"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_close_keeps_errno),
                cmocka_unit_test(test_nonblock),
                cmocka_unit_test(test_write_and_read),
                cmocka_unit_test(test_read_large),
                cmocka_unit_test(test_read_refuses),
                cmocka_unit_test(test_write_replaces_symlink),
                cmocka_unit_test(test_open_dir),
                cmocka_unit_test(test_watch),
                cmocka_unit_test(test_poll_until),
                cmocka_unit_test(test_remove_tree),
                cmocka_unit_test(test_remove_tree_follows_no_symlink),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
