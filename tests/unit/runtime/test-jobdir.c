/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "test.h"
#include "tmpdir.h"

#include "sdbg/base/strv.h"
#include "sdbg/runtime/jobdir.h"

#define NOBODY 65534

/* Each test has a runtime directory of its own. */
static TmpDir runtime;

static int setup(void **state) {
        runtime = tmpdir_make();
        return setenv("XDG_RUNTIME_DIR", runtime.path, 1);
}

static int teardown(void **state) {
        tmpdir_remove(&runtime);
        return 0;
}

static mode_t mode_of(const char *path) {
        struct stat st;

        assert_row(path, fstatat(runtime.fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0);
        return st.st_mode & 07777;
}

static void open_and_close(const char *name) {
        assert_true(close_fd(jobdir_open(name, true, NULL)) < 0);
}

static void assert_refused(const char *name) {
        _cleanup_error_ Error e = {};
        int fd = jobdir_open(name, true, &e);

        assert_int_equal(fd, -EPERM);
        assert_string_equal(e.code, ERROR_BAD_RUNTIME_DIR);
        assert_non_null(e.hint);
}

/* Nothing is wrong with the directory, and nobody is told to remove it. */
static void test_no_descriptors_left(void **state) {
        int lowest = dup(STDIN_FILENO);
        struct rlimit before, few;
        _cleanup_error_ Error e = {};

        close(lowest);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        few = (struct rlimit){ .rlim_cur = lowest + 1, .rlim_max = before.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        assert_int_equal(jobdir_open("web", true, &e), -EMFILE);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_string_equal(e.code, ERROR_FAILED);
        assert_null(e.hint);
}

static void test_open(void **state) {
        _cleanup_close_ int made = -EBADF, again = -EBADF;
        _cleanup_free_ char *path = NULL;
        _cleanup_error_ Error e = {};
        struct stat a, b;

        assert_int_equal(jobdir_open("web", false, &e), -ENOENT);
        assert_null(e.code);

        made = jobdir_open("web", true, &e);
        assert_true(made >= 0);
        assert_true(fcntl(made, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(mode_of("sdbg"), 0700);
        assert_int_equal(mode_of("sdbg/jobs"), 0700);
        assert_int_equal(mode_of("sdbg/jobs/web"), 0700);

        again = jobdir_open("web", false, &e);
        assert_int_equal(fstat(made, &a), 0);
        assert_int_equal(fstat(again, &b), 0);
        assert_int_equal(a.st_ino, b.st_ino);

        assert_int_equal(jobdir_path("web", &path, &e), 0);
        assert_non_null(startswith(path, runtime.path));
        assert_int_equal(stat(path, &b), 0);
        assert_int_equal(a.st_ino, b.st_ino);
}

static void test_open_to_others(void **state) {
        static const char *const paths[] = { "sdbg/jobs/web", "sdbg/jobs", "sdbg" };
        static const mode_t modes[] = { 0701, 0750, 0777, 01777 };

        open_and_close("web");
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                for (size_t j = 0; j < ELEMENTSOF(modes); j++) {
                        assert_int_equal(fchmodat(runtime.fd, paths[i], modes[j], 0), 0);
                        assert_refused("web");
                }
                assert_int_equal(fchmodat(runtime.fd, paths[i], 0700, 0), 0);
        }
        open_and_close("web");
}

static void test_of_another_user(void **state) {
        static const char *const paths[] = { "sdbg/jobs/web", "sdbg/jobs", "sdbg" };

        if (geteuid() != 0)
                skip();
        open_and_close("web");
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                assert_int_equal(fchownat(runtime.fd, paths[i], NOBODY, NOBODY, 0), 0);
                assert_refused("web");
                assert_int_equal(fchownat(runtime.fd, paths[i], 0, 0, 0), 0);
        }
}

static void test_symlink(void **state) {
        assert_int_equal(mkdirat(runtime.fd, "elsewhere", 0700), 0);
        open_and_close("web");

        assert_int_equal(symlinkat("../../elsewhere", runtime.fd, "sdbg/jobs/link"), 0);
        assert_refused("link");

        assert_int_equal(remove_tree_at(runtime.fd, "sdbg"), 0);
        assert_int_equal(symlinkat("elsewhere", runtime.fd, "sdbg"), 0);
        assert_refused("web");
        assert_int_equal(faccessat(runtime.fd, "elsewhere/jobs", F_OK, 0), -1);
}

static void test_file_in_the_way(void **state) {
        assert_int_equal(write_file_at(runtime.fd, "sdbg", "", 0, 0600), 0);
        assert_refused("web");
}

/* A runtime directory that is not the user's own alone is not used. */
static void assert_not_taken(const char *path) {
        _cleanup_free_ char *found = NULL;
        _cleanup_error_ Error e = {};

        assert_int_equal(setenv("XDG_RUNTIME_DIR", path, 1), 0);
        if (runtime_dir(&found, &e) < 0)
                assert_string_equal(e.code, ERROR_MANAGER_UNREACHABLE);
        else
                assert_row(path, !streq(found, path));
}

static void test_runtime_dir(void **state) {
        _cleanup_free_ char *found = NULL, *path = NULL;

        assert_int_equal(runtime_dir(&found, NULL), 0);
        assert_string_equal(found, runtime.path);

        assert_not_taken("");
        assert_not_taken(".");
        assert_not_taken("/nonexistent/runtime");
        assert_int_equal(symlinkat(runtime.path, runtime.fd, "link"), 0);
        assert_true(asprintf(&path, "%s/link", runtime.path) > 0);
        assert_not_taken(path);
}

static void test_runtime_dir_of_another_user(void **state) {
        if (geteuid() != 0)
                skip();
        assert_int_equal(fchown(runtime.fd, NOBODY, NOBODY), 0);
        assert_not_taken(runtime.path);
        assert_int_equal(fchown(runtime.fd, 0, 0), 0);
}

static void test_runtime_dir_open_to_others(void **state) {
        assert_int_equal(fchmod(runtime.fd, 01777), 0);
        assert_not_taken(runtime.path);
}

static void test_spec(void **state) {
        char *argv[] = { (char *) "make", (char *) "caf\xE9", NULL };
        const Spec s = { .name = (char *) "web", .argv = argv, .cwd = (char *) "/" };
        _cleanup_close_ int fd = jobdir_open("web", true, NULL);
        _cleanup_spec_ Spec t = {};

        assert_int_equal(jobdir_read_spec(fd, &t), -ENOENT);
        assert_int_equal(jobdir_write_spec(fd, &s), 0);
        assert_int_equal(mode_of("sdbg/jobs/web/spec.json"), 0600);
        assert_int_equal(jobdir_read_spec(fd, &t), 0);
        assert_string_equal(t.argv[1], argv[1]);

        spec_done(&t);
        assert_int_equal(write_file_at(fd, "spec.json", "{", 1, 0600), 0);
        assert_int_equal(jobdir_read_spec(fd, &t), -EBADMSG);
}

static void test_state(void **state) {
        _cleanup_close_ int fd = jobdir_open("web", true, NULL);
        _cleanup_job_ Job a = JOB_INIT, b = JOB_INIT;

        a.state = JOB_RUNNING;
        a.pid = 4123;
        assert_int_equal(jobdir_read_state(fd, &b), -ENOENT);
        assert_int_equal(jobdir_write_state(fd, &a), 0);
        a.pid = 4124;
        assert_int_equal(jobdir_write_state(fd, &a), 0);
        assert_int_equal(jobdir_read_state(fd, &b), 0);
        assert_int_equal(b.state, JOB_RUNNING);
        assert_int_equal(b.pid, 4124);
}

static void test_stop_timeout(void **state) {
        static const usec_t rows[] = { 0, 1, 10 * USEC_PER_SEC, USEC_INFINITY };
        _cleanup_close_ int fd = jobdir_open("web", true, NULL);
        usec_t t;

        assert_int_equal(jobdir_read_stop_timeout(fd, &t), -ENOENT);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                assert_int_equal(jobdir_write_stop_timeout(fd, rows[i]), 0);
                assert_int_equal(jobdir_read_stop_timeout(fd, &t), 0);
                assert_int_equal(t, rows[i]);
        }
}

/* The spec stays, for a restart. */
static void test_forget_run(void **state) {
        static const char *const run[] = { "state.json", "ring", "stop-timeout" };
        _cleanup_close_ int fd = jobdir_open("web", true, NULL);

        assert_int_equal(write_file_at(fd, "spec.json", "", 0, 0600), 0);
        for (size_t i = 0; i < ELEMENTSOF(run); i++)
                assert_int_equal(write_file_at(fd, run[i], "", 0, 0600), 0);
        assert_int_equal(jobdir_forget_run(fd), 0);
        for (size_t i = 0; i < ELEMENTSOF(run); i++)
                assert_int_equal(faccessat(fd, run[i], F_OK, 0), -1);
        assert_int_equal(faccessat(fd, "spec.json", F_OK, 0), 0);
        assert_int_equal(jobdir_forget_run(fd), 0);
}

static void test_list_and_remove(void **state) {
        _cleanup_strv_free_ char **empty = NULL, **names = NULL, **rest = NULL;
        _cleanup_free_ char *joined = NULL;
        _cleanup_close_ int jobs = -EBADF;

        assert_int_equal(jobdir_list(&empty, NULL), 0);
        assert_int_equal(strv_length(empty), 0);

        open_and_close("web");
        open_and_close("api-2");
        open_and_close("api");
        jobs = jobs_open(NULL);
        assert_int_equal(mkdirat(jobs, ".hidden", 0700), 0);
        assert_int_equal(jobdir_list(&names, NULL), 0);
        joined = strv_join(names, " ");
        assert_string_equal(joined, "api api-2 web");

        assert_int_equal(jobdir_remove("api", NULL), 0);
        assert_int_equal(jobdir_remove("api", NULL), 0);
        assert_int_equal(jobdir_list(&rest, NULL), 0);
        assert_int_equal(strv_length(rest), 2);
}

static void test_lock(void **state) {
        _cleanup_close_ int fd = jobdir_open("web", true, NULL), other = -EBADF;
        int lock = jobdir_lock(fd);

        assert_true(lock >= 0);
        other = openat(fd, "lock", O_RDWR | O_CLOEXEC);
        assert_int_equal(flock(other, LOCK_EX | LOCK_NB), -1);
        assert_int_equal(errno, EWOULDBLOCK);
        close_fd(lock);
        assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_no_descriptors_left),
                TEST(test_open),
                TEST(test_open_to_others),
                TEST(test_of_another_user),
                TEST(test_symlink),
                TEST(test_file_in_the_way),
                TEST(test_runtime_dir),
                TEST(test_runtime_dir_of_another_user),
                TEST(test_runtime_dir_open_to_others),
                TEST(test_spec),
                TEST(test_state),
                TEST(test_stop_timeout),
                TEST(test_forget_run),
                TEST(test_list_and_remove),
                TEST(test_lock),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
