/* SPDX-License-Identifier: MIT */
#include "fake.h"

#define OTHER_UNIT "bgjob-db.service"
#define STOPPED "StopUnit", .argument = UNIT, .reply = { "o", { JOB } }
#define OTHER_STOPPED "StopUnit", .argument = OTHER_UNIT, .reply = { "o", { OTHER_JOB } }
#define NO_SUCH_UNIT "StopUnit", .error = SYSTEMD_ERROR("NoSuchUnit"), .message = "Unit " UNIT " not loaded."

static const char *const one[] = { UNIT, NULL };
static const char *const two[] = { UNIT, OTHER_UNIT, NULL };

static int stop(Manager *m, const char *const *units, usec_t timeout) {
        _cleanup_error_ Error e = {};
        int r = manager_stop(m, (char *const *) units, timeout, &e);

        assert_null(e.code);
        return r;
}

static void assert_stop_fails(Manager *m, const char *const *units, const char *code, const char *message) {
        _cleanup_error_ Error e = {};

        assert_row(message, manager_stop(m, (char *const *) units, USEC_INFINITY, &e) < 0);
        assert_row(message, streq_ptr(e.code, code));
        assert_row(message, strstr(e.message, message));
}

static void test_done(void **state) {
        static const FakeStep before[] = { { STOPPED, .before = { JOB_REMOVED(JOB, "done") } }, {} };
        static const FakeStep after[] = { { STOPPED, .after = { JOB_REMOVED(JOB, "done") } }, {} };
        _cleanup_manager_ Manager *a = fake_connect(before), *b = NULL;

        assert_int_equal(stop(a, one, USEC_INFINITY), 0);
        b = fake_connect(after);
        assert_int_equal(stop(b, one, USEC_INFINITY), 0);
        assert_string_equal(fake_calls(FAKE_ENVIRONMENT), "StopUnit '" UNIT "' 'replace'\n");
}

static void test_private_socket(void **state) {
        static const FakeStep script[] = { { STOPPED, .after = { JOB_REMOVED(JOB, "done") } }, {} };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);

        assert_int_equal(stop(m, one, USEC_INFINITY), 0);
}

static void test_none(void **state) {
        static const FakeStep script[] = { {} };
        static const char *const none[] = { NULL };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(stop(m, none, 0), 0);
        assert_int_equal(stop(m, NULL, USEC_INFINITY), 0);
}

static void test_not_loaded(void **state) {
        static const FakeStep script[] = { { NO_SUCH_UNIT }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(stop(m, one, USEC_INFINITY), 0);
}

/* All are asked to stop before the first is waited for; they end in any order. */
static void test_many(void **state) {
        static const FakeStep script[] = {
                { STOPPED },
                { OTHER_STOPPED, .after = { JOB_REMOVED(OTHER_JOB, "done"), JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(stop(m, two, USEC_INFINITY), 0);
}

static void test_one_of_many_is_not_loaded(void **state) {
        static const FakeStep script[] = {
                { NO_SUCH_UNIT },
                { OTHER_STOPPED, .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(stop(m, two, USEC_INFINITY), 0);
}

/* The manager answers with the job that is queued already. */
static void test_same_unit_twice(void **state) {
        static const FakeStep script[] = {
                { STOPPED },
                { STOPPED, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        static const char *const same[] = { UNIT, UNIT, NULL };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(stop(m, same, USEC_INFINITY), 0);
}

static void test_timeout(void **state) {
        static const FakeStep script[] = {
                { STOPPED, .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                { STOPPED, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(stop(m, one, 0), -ETIMEDOUT);
        assert_int_equal(stop(m, one, USEC_INFINITY), 0);
}

static void test_one_of_many_takes_too_long(void **state) {
        static const FakeStep script[] = {
                { STOPPED, .after = { JOB_REMOVED(JOB, "done") } },
                { OTHER_STOPPED },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(stop(m, two, 1), -ETIMEDOUT);
}

static void test_refused(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .error = SD_BUS_ERROR_ACCESS_DENIED, .message = "Access denied" },
                { "StopUnit", .error = SD_BUS_ERROR_NO_REPLY, .message = "The manager went away" },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_stop_fails(m, one, ERROR_FAILED, "the service manager refused: Access denied");
        assert_stop_fails(m, one, ERROR_MANAGER_UNREACHABLE, "The manager went away");
}

static void test_connection_lost(void **state) {
        static const FakeStep at_call[] = { { "StopUnit", .silent = true, .hang_up = true }, {} };
        static const FakeStep later[] = { { STOPPED, .hang_up = true }, {} };
        _cleanup_manager_ Manager *a = fake_connect(at_call), *b = NULL;

        assert_stop_fails(a, one, ERROR_MANAGER_UNREACHABLE, "the service manager refused: ");
        b = fake_connect(later);
        assert_stop_fails(b, one, ERROR_MANAGER_UNREACHABLE, "lost the connection to the service manager");
        /* And it does not come back. */
        assert_stop_fails(b, one, ERROR_MANAGER_UNREACHABLE, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                fake_test(test_done),
                fake_test(test_private_socket),
                fake_test(test_none),
                fake_test(test_not_loaded),
                fake_test(test_many),
                fake_test(test_one_of_many_is_not_loaded),
                fake_test(test_same_unit_twice),
                fake_test(test_timeout),
                fake_test(test_one_of_many_takes_too_long),
                fake_test(test_refused),
                fake_test(test_connection_lost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
