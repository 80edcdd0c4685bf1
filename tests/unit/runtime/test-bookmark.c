/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/stat.h>

#include "test.h"
#include "tmpdir.h"

#include "sdbg/runtime/bookmark.h"

/* Each test has a state directory of its own. */
static TmpDir state_home;

static int setup(void **state) {
        state_home = tmpdir_make();
        return setenv("XDG_STATE_HOME", state_home.path, 1);
}

static int teardown(void **state) {
        tmpdir_remove(&state_home);
        return 0;
}

static void assert_loaded(const char *reader, const char *key, const char *wanted) {
        _cleanup_free_ char *cursor = NULL;

        assert_int_equal(bookmark_load(reader, key, &cursor, NULL), wanted != NULL);
        assert_true(streq_ptr(cursor, wanted));
}

static void test_each_reader_has_its_own(void **state) {
        assert_loaded("a", "log.web", NULL);
        assert_int_equal(bookmark_store("a", "log.web", "1", NULL), 0);
        assert_int_equal(bookmark_store("b", "log.web", "2", NULL), 0);
        assert_int_equal(bookmark_store("a", "events", "3", NULL), 0);
        assert_int_equal(bookmark_store("b", "log.web", "4", NULL), 0);
        assert_loaded("a", "log.web", "1");
        assert_loaded("b", "log.web", "4");
        assert_loaded("a", "events", "3");
        assert_loaded("b", "events", NULL);
}

static void test_is_private(void **state) {
        struct stat st;

        assert_int_equal(bookmark_store("a", "events", "1", NULL), 0);
        assert_int_equal(fstatat(state_home.fd, "sdbg/readers/a@events", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(fstatat(state_home.fd, "sdbg/readers", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
}

static void test_names(void **state) {
        static const char *const bad[] = { "", "a/b", "/", "a b", "a@b", "ü", "a\n" };
        char longest[READER_NAME_MAX + 2];

        memset(longest, 'a', sizeof(longest));
        longest[READER_NAME_MAX + 1] = '\0';
        assert_int_equal(reader_check(longest, NULL), -EINVAL);
        longest[READER_NAME_MAX] = '\0';
        assert_int_equal(reader_check(longest, NULL), 0);
        assert_int_equal(reader_check("claude:0-a.B_9", NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_error_ Error e = {};

                assert_row(bad[i], bookmark_store(bad[i], "events", "1", &e) == -EINVAL);
                assert_row(bad[i], streq(e.code, ERROR_USAGE) && e.hint);
        }
}

static void test_default(void **state) {
        _cleanup_free_ char *plain = NULL, *claude = NULL, *odd = NULL;

        unsetenv("CLAUDE_CODE_SESSION_ID");
        unsetenv("CODEX_SESSION_ID");
        unsetenv("CODEX_THREAD_ID");
        unsetenv("OPENCODE_SESSION_ID");
        unsetenv("OPENCODE_PID");
        plain = reader_default();
        assert_int_equal(reader_check(plain, NULL), 0);
        setenv("OPENCODE_SESSION_ID", "../../etc/passwd and more", 1);
        odd = reader_default();
        assert_string_equal(odd, "opencode:..-..-etc-passwd-and-more");
        setenv("CLAUDE_CODE_SESSION_ID", "4f-11", 1);
        claude = reader_default();
        assert_string_equal(claude, "claude:4f-11");
        unsetenv("CLAUDE_CODE_SESSION_ID");
        unsetenv("OPENCODE_SESSION_ID");
}

static void test_number_is_bounded(void **state) {
        char name[32];
        int dir;

        assert_int_equal(bookmark_store("first", "events", "1", NULL), 0);
        dir = openat(state_home.fd, "sdbg/readers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(dir >= 0);
        for (int i = 0; i < BOOKMARKS_MAX - 1; i++) {
                snprintf(name, sizeof(name), "r%d@events", i);
                close_fd(openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        }
        assert_int_equal(utimensat(dir, "first@events",
                                   (const struct timespec[2]){ { .tv_sec = 1 }, { .tv_sec = 1 } }, 0),
                         0);
        assert_loaded("first", "events", "1");
        assert_int_equal(bookmark_store("last", "events", "2", NULL), 0);
        assert_loaded("first", "events", NULL);
        assert_loaded("last", "events", "2");
        close_fd(dir);
}

static void test_directory_that_cannot_be_made(void **state) {
        _cleanup_free_ char *cursor = NULL;
        _cleanup_error_ Error e = {};

        assert_int_equal(write_file_at(state_home.fd, "sdbg", "", 0, 0600), 0);
        assert_true(bookmark_load("a", "events", &cursor, &e) < 0);
        assert_string_equal(e.code, ERROR_FAILED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_each_reader_has_its_own, setup, teardown),
                cmocka_unit_test_setup_teardown(test_is_private, setup, teardown),
                cmocka_unit_test_setup_teardown(test_names, setup, teardown),
                cmocka_unit_test_setup_teardown(test_default, setup, teardown),
                cmocka_unit_test_setup_teardown(test_number_is_bounded, setup, teardown),
                cmocka_unit_test_setup_teardown(test_directory_that_cannot_be_made, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
