/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "fake.h"

static const FakeStep healthy[] = { {} };
static const FakeStep no_systemd[] = {
        { "GetConnectionCredentials", .always = true, .error = SD_BUS_ERROR_NAME_HAS_NO_OWNER,
          .message = "no such name" },
        {},
};

static void assert_reached(const char *transport) {
        _cleanup_free_ char *version = NULL;
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_error_ Error e = {};

        assert_int_equal(manager_connect(&m, &e), 0);
        assert_null(e.code);
        assert_string_equal(manager_transport(m), transport);
        assert_int_equal(manager_version(m, &version, &e), 0);
        assert_string_equal(version, "252");
}

static void assert_unreachable(const char *row) {
        _cleanup_error_ Error e = {};
        Manager *m = NULL;

        assert_row(row, manager_connect(&m, &e) < 0);
        assert_row(row, !m);
        assert_row(row, streq_ptr(e.code, ERROR_MANAGER_UNREACHABLE));
        assert_row(row, startswith(e.message, "cannot reach the user's service manager: "));
        assert_row(row, e.errnum > 0);
        assert_row(row, e.hint && strstr(e.hint, "sdbg doctor"));
        assert_row(row, manager_connect(&m, NULL) < 0);
}

static void test_environment(void **state) {
        fake_serve(FAKE_ENVIRONMENT, healthy);
        assert_reached("bus");
}

/* Without $DBUS_SESSION_BUS_ADDRESS the bus is where $XDG_RUNTIME_DIR says. */
static void test_runtime_dir(void **state) {
        fake_serve(FAKE_BUS, healthy);
        setenv("XDG_RUNTIME_DIR", fake_runtime_dir(), 1);
        assert_reached("bus");
}

static void test_no_environment(void **state) {
        fake_serve(FAKE_BUS, healthy);
        assert_reached("bus");
}

static void test_private_socket(void **state) {
        fake_serve(FAKE_PRIVATE, healthy);
        assert_reached("private socket");
}

static void test_bus_before_private_socket(void **state) {
        static const FakeStep never[] = { { "Version", .always = true, .hang_up = true }, {} };

        fake_serve(FAKE_PRIVATE, never);
        fake_serve(FAKE_BUS, healthy);
        assert_reached("bus");
}

/* Whoever can make that socket could otherwise pass for the manager. */
static void test_private_socket_of_another(void **state) {
        fake_serve(FAKE_PRIVATE, healthy);
        fake_set_peer(geteuid() + 1, getpid());
        assert_unreachable("another user's");
        fake_set_peer(0, getpid());
        assert_reached("private socket");
}

static const struct {
        const char *address, *runtime_dir;
} bad_environments[] = {
        { NULL, NULL },
        { "", NULL },
        { "nonsense", NULL },
        { "unix:", NULL },
        { "unix:path=", NULL },
        { "unix:path=/nonexistent/bus", NULL },
        { "unix:path=/dev/null", NULL },
        { "unix:abstract=sdbg-test-nobody-listens", NULL },
        { "tcp:host=999.999.999.999,port=none", NULL },
        { "unixexec:", NULL },
        { ";;;,,,===", NULL },
        { "unix:path=%zz", NULL },
        { NULL, "" },
        { NULL, "/nonexistent" },
        { NULL, "not/absolute" },
        { NULL, "/dev/null" },
        { "nonsense", "/nonexistent" },
};

static const char *set_bad_environment(size_t i) {
        const char *address = bad_environments[i].address, *dir = bad_environments[i].runtime_dir;

        if (address)
                setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
        else
                unsetenv("DBUS_SESSION_BUS_ADDRESS");
        if (dir)
                setenv("XDG_RUNTIME_DIR", dir, 1);
        else
                unsetenv("XDG_RUNTIME_DIR");
        return address ?: strempty(dir);
}

static void test_bad_environment(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(bad_environments); i++)
                assert_unreachable(set_bad_environment(i));
}

/* What the environment says wrongly does no harm where the manager is in its usual place. */
static void test_bad_environment_is_passed_over(void **state) {
        fake_serve(FAKE_BUS, healthy);
        for (size_t i = 0; i < ELEMENTSOF(bad_environments); i++) {
                set_bad_environment(i);
                assert_reached("bus");
        }
}

static void test_bus_without_systemd(void **state) {
        fake_serve(FAKE_ENVIRONMENT, no_systemd);
        assert_unreachable("no systemd");
        fake_serve(FAKE_PRIVATE, healthy);
        assert_reached("private socket");
}

/* $DBUS_SESSION_BUS_ADDRESS may be left over from another user, or be the system's bus. */
static void test_bus_of_another(void **state) {
        fake_serve(FAKE_ENVIRONMENT, healthy);
        fake_set_peer(geteuid() + 1, getpid());
        assert_unreachable("another user's");
        fake_set_peer(geteuid(), 1);
        assert_unreachable("the system's");
        fake_set_peer(geteuid(), getpid());
        assert_reached("bus");
}

/* Something listens, but it does not speak D-Bus. */
static void test_no_bus_at_all(void **state) {
        static const FakeStep rows[] = {
                { FAKE_ACCEPT, .always = true },
                { FAKE_ACCEPT, .always = true, .raw = "\r\n", .raw_len = sizeof("\r\n") - 1 },
                { FAKE_ACCEPT, .always = true, .raw = "HTTP/1.1 400 Bad Request\r\n\r\n",
                  .raw_len = sizeof("HTTP/1.1 400 Bad Request\r\n\r\n") - 1 },
                { FAKE_ACCEPT, .always = true, .raw = "\0\0\0\0\377\377\377\377",
                  .raw_len = sizeof("\0\0\0\0\377\377\377\377") - 1 },
                { FAKE_ACCEPT, .always = true, .raw = "ERROR\r\n", .raw_len = sizeof("ERROR\r\n") - 1 },
                { FAKE_ACCEPT, .always = true, .raw = "OK 0123\r\n", .raw_len = sizeof("OK 0123\r\n") - 1 },
                { FAKE_ACCEPT, .always = true, .raw = "OK 00112233445566778899aabbccddeeff\r\nl\2",
                  .raw_len = sizeof("OK 00112233445566778899aabbccddeeff\r\nl\2") - 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const FakeStep script[] = { rows[i], {} };

                fake_serve(FAKE_ENVIRONMENT, script);
                assert_unreachable(strempty(rows[i].raw));
                fake_end(FAKE_ENVIRONMENT);
        }
}

static void test_bus_that_hangs_up(void **state) {
        static const FakeStep script[] = {
                { "GetConnectionCredentials", .always = true, .silent = true, .hang_up = true }, {}
        };

        fake_serve(FAKE_ENVIRONMENT, script);
        assert_unreachable("hangs up");
}

/* A bus whose daemon is stuck: connected to, and then nothing is said. */
static void test_no_word(void **state) {
        static const FakeStep script[] = { { FAKE_ACCEPT, .always = true, .silent = true }, {} };

        fake_serve(FAKE_BUS, script);
        assert_unreachable("the bus");
        fake_serve(FAKE_PRIVATE, script);
        assert_unreachable("all");
        fake_serve(FAKE_PRIVATE, healthy);
        assert_reached("private socket");
}

static void test_no_word_from_environment(void **state) {
        static const FakeStep script[] = { { FAKE_ACCEPT, .always = true, .silent = true }, {} };

        fake_serve(FAKE_PRIVATE, healthy);
        fake_serve(FAKE_ENVIRONMENT, script);
        assert_reached("private socket");
}

static void test_version_refused(void **state) {
        static const FakeStep script[] = {
                { "Version", .error = SD_BUS_ERROR_ACCESS_DENIED, .message = "not for you" },
                { "Version", .silent = true, .hang_up = true },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error denied = {}, lost = {};
        char *version = NULL;

        assert_true(manager_version(m, &version, &denied) < 0);
        assert_string_equal(denied.code, ERROR_FAILED);
        assert_string_equal(denied.message, "cannot ask the user's service manager: not for you");
        assert_true(manager_version(m, &version, &lost) < 0);
        assert_string_equal(lost.code, ERROR_MANAGER_UNREACHABLE);
        assert_null(version);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                fake_test(test_environment),
                fake_test(test_runtime_dir),
                fake_test(test_no_environment),
                fake_test(test_private_socket),
                fake_test(test_bus_before_private_socket),
                fake_test(test_private_socket_of_another),
                fake_test(test_bad_environment),
                fake_test(test_bad_environment_is_passed_over),
                fake_test(test_bus_without_systemd),
                fake_test(test_bus_of_another),
                fake_test(test_no_bus_at_all),
                fake_test(test_bus_that_hangs_up),
                fake_test(test_no_word),
                fake_test(test_no_word_from_environment),
                fake_test(test_version_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
