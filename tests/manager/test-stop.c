/* SPDX-License-Identifier: MIT */
#include "fake.h"

#define OTHER_UNIT "bgjob-db.service"
#define STOPPED "StopUnit", .argument = UNIT, .reply = { "o", { JOB } }
#define OTHER_STOPPED "StopUnit", .argument = OTHER_UNIT, .reply = { "o", { OTHER_JOB } }
#define NO_SUCH_UNIT "StopUnit", .error = SYSTEMD_ERROR("NoSuchUnit"), .message = "Unit " UNIT " not loaded."

static const char *const one[] = { UNIT, NULL };
static const char *const two[] = { UNIT, OTHER_UNIT, NULL };

static int do_stop(Manager *m, const char *const *units, usec_t timeout) {
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

        assert_int_equal(do_stop(a, one, USEC_INFINITY), 0);
        b = fake_connect(after);
        assert_int_equal(do_stop(b, one, USEC_INFINITY), 0);
        assert_string_equal(fake_calls(FAKE_ENVIRONMENT), "StopUnit '" UNIT "' 'replace'\n");
}

static void test_private_socket(void **state) {
        static const FakeStep script[] = { { STOPPED, .after = { JOB_REMOVED(JOB, "done") } }, {} };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);

        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
}

static void test_none(void **state) {
        static const FakeStep script[] = { {} };
        static const char *const none[] = { NULL };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, none, 0), 0);
        assert_int_equal(do_stop(m, NULL, USEC_INFINITY), 0);
}

static void test_not_loaded(void **state) {
        static const FakeStep script[] = { { NO_SUCH_UNIT }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
}

/* All are asked to stop before the first is waited for; they end in any order. */
static void test_many(void **state) {
        static const FakeStep script[] = {
                { STOPPED },
                { OTHER_STOPPED, .after = { JOB_REMOVED(OTHER_JOB, "done"), JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, two, USEC_INFINITY), 0);
}

static void test_one_of_many_is_not_loaded(void **state) {
        static const FakeStep script[] = {
                { NO_SUCH_UNIT },
                { OTHER_STOPPED, .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, two, USEC_INFINITY), 0);
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

        assert_int_equal(do_stop(m, same, USEC_INFINITY), 0);
}

static void test_timeout(void **state) {
        static const FakeStep script[] = {
                { STOPPED, .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                { STOPPED, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, one, 0), -ETIMEDOUT);
        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
}

static void test_one_of_many_takes_too_long(void **state) {
        static const FakeStep script[] = {
                { STOPPED, .after = { JOB_REMOVED(JOB, "done") } },
                { OTHER_STOPPED },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, two, 1), -ETIMEDOUT);
}

static void test_refused(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .error = SD_BUS_ERROR_ACCESS_DENIED, .message = "Access denied" },
                { "StopUnit", .error = SD_BUS_ERROR_SERVICE_UNKNOWN, .message = "Nobody there" },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_stop_fails(m, one, ERROR_FAILED, "the service manager refused: Access denied");
        assert_stop_fails(m, one, ERROR_MANAGER_UNREACHABLE, "the service manager refused: Nobody there");
}

/* The others are asked and waited for all the same. */
static void test_one_of_many_is_refused(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .argument = UNIT, .error = SD_BUS_ERROR_ACCESS_DENIED,
                  .message = "Access denied" },
                { OTHER_STOPPED },
                { JOB_THERE, .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_stop_fails(m, two, ERROR_FAILED, "the service manager refused: Access denied");
}

static void test_refused_and_too_long(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .argument = UNIT, .error = SD_BUS_ERROR_ACCESS_DENIED,
                  .message = "Access denied" },
                { OTHER_STOPPED },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};

        assert_int_equal(manager_stop(m, (char *const *) two, 1, &e), -EACCES);
        assert_string_equal(e.message, "the service manager refused: Access denied");
}

/* ---- a manager that executes itself anew ---- */

static void test_tried_again(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", DISCONNECTED },
                { "StopUnit", DISCONNECTED },
                { STOPPED, .after = { JOB_REMOVED(JOB, "done") } },
                { "StopUnit", NO_REPLY },
                { NO_SUCH_UNIT },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
}

static void test_never_answers(void **state) {
        static const FakeStep rows[] = { { "StopUnit", .always = true, NO_REPLY },
                                         { "StopUnit", .always = true, DISCONNECTED } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const FakeStep script[] = { rows[i], {} };
                _cleanup_manager_ Manager *m = fake_connect(script);

                assert_stop_fails(m, one, ERROR_MANAGER_UNREACHABLE, rows[i].message);
                fake_end(FAKE_ENVIRONMENT);
        }
}

/* At the call, at the next connection, and while the job is waited for. */
static void test_reconnected(void **state) {
        static const FakeStep script[] = {
                { "StopUnit", .silent = true, .hang_up = true },
                { FAKE_ACCEPT },
                { FAKE_ACCEPT, .silent = true },
                { STOPPED, .hang_up = true },
                { FAKE_ACCEPT },
                { JOB_THERE, .hang_up = true },
                { JOB_THERE, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);

        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
        assert_string_equal(manager_transport(m), "private socket");
}

/* Another way may lead to it by then. */
static void test_reconnected_elsewhere(void **state) {
        static const FakeStep before[] = { { "StopUnit", .silent = true, .gone = true }, {} };
        static const FakeStep after[] = { { STOPPED, .after = { JOB_REMOVED(JOB, "done") } }, {} };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_BUS, before);

        fake_serve(FAKE_PRIVATE, after);
        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
        assert_string_equal(manager_transport(m), "private socket");
}

static void test_job_removed_is_missed(void **state) {
        static const FakeStep gone[] = { { STOPPED }, { JOB_GONE }, {} };
        static const FakeStep no_such_job[] = {
                { STOPPED },
                { JOB_THERE },
                { LOOK, DISCONNECTED },
                { LOOK, .error = SYSTEMD_ERROR("NoSuchJob"), .message = "Job 1 does not exist." },
                {},
        };
        static const FakeStep lost[] = { { STOPPED, .hang_up = true }, { JOB_GONE }, {} };
        _cleanup_manager_ Manager *a = fake_connect(gone), *b = NULL, *c = NULL;

        assert_int_equal(do_stop(a, one, USEC_INFINITY), 0);
        assert_string_equal(fake_calls(FAKE_ENVIRONMENT), "StopUnit '" UNIT "' 'replace'\n" GET_JOB("1"));
        b = fake_connect(no_such_job);
        assert_int_equal(do_stop(b, one, USEC_INFINITY), 0);
        fake_end(FAKE_ENVIRONMENT);
        unsetenv("DBUS_SESSION_BUS_ADDRESS");
        c = fake_connect_at(FAKE_PRIVATE, lost);
        assert_int_equal(do_stop(c, one, USEC_INFINITY), 0);
}

/* Those that are there are waited for on. */
static void test_one_of_many_is_missed(void **state) {
        static const FakeStep script[] = {
                { STOPPED },
                { OTHER_STOPPED },
                { JOB_GONE },
                { JOB_THERE },
                { JOB_THERE, .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, two, USEC_INFINITY), 0);
        assert_string_equal(fake_calls(FAKE_ENVIRONMENT),
                            "StopUnit '" UNIT "' 'replace'\nStopUnit '" OTHER_UNIT
                            "' 'replace'\n" GET_JOB("1") GET_JOB("2") GET_JOB("2"));
}

/* The job is over, and its signal comes before the answer that it is gone. */
static void test_signal_while_looking(void **state) {
        static const FakeStep script[] = {
                { STOPPED },
                { JOB_GONE, .before = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        assert_int_equal(do_stop(m, one, USEC_INFINITY), 0);
}

static void test_connection_lost(void **state) {
        static const FakeStep at_call[] = { { "StopUnit", .silent = true, .gone = true }, {} };
        static const FakeStep later[] = { { STOPPED, .gone = true }, {} };
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
                fake_test(test_one_of_many_is_refused),
                fake_test(test_refused_and_too_long),
                fake_test(test_tried_again),
                fake_test(test_never_answers),
                fake_test(test_reconnected),
                fake_test(test_reconnected_elsewhere),
                fake_test(test_job_removed_is_missed),
                fake_test(test_one_of_many_is_missed),
                fake_test(test_signal_while_looking),
                fake_test(test_connection_lost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
