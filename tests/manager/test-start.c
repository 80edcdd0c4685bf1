/* SPDX-License-Identifier: MIT */
#include "manager/internal.h"

#include "fake.h"

#define STARTED "StartTransientUnit", .reply = { "o", { JOB } }
#define EXISTS                                                                                               \
        "StartTransientUnit", .error = SYSTEMD_ERROR("UnitExists"),                                          \
                              .message = "Unit " UNIT " was already loaded or has a fragment file."

static const StartUnit unit = {
        .unit = UNIT,
        .slice = "bgjob-web.slice",
        .description = "The web server",
        .supervisor = "/lib/sdbg-supervisor",
        .auditor = "/lib/sdbg-audit",
        .directory = "/run/sdbg/jobs/web",
        .stop_timeout = 10 * USEC_PER_SEC,
};

/* Starts the unit, which has to be accepted. */
static void start(Manager *m, const StartUnit *u, StartOutcome expected) {
        _cleanup_error_ Error e = {};
        StartOutcome outcome = -1;
        int r = manager_start(m, u, &outcome, &e);

        if (r < 0)
                fail_msg("%s", e.message);
        assert_int_equal(outcome, expected);
        assert_null(e.code);
}

static void await_start(Manager *m, StartOutcome expected) {
        _cleanup_error_ Error e = {};
        StartOutcome outcome = -1;

        assert_int_equal(manager_await_start(m, USEC_INFINITY, &outcome, &e), 0);
        assert_int_equal(outcome, expected);
        assert_null(e.code);
}

static void assert_start_fails(const FakeStep *script, const char *code, const char *message) {
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};
        StartOutcome outcome;

        assert_row(message, manager_start(m, &unit, &outcome, &e) < 0);
        assert_row(message, streq_ptr(e.code, code));
        assert_row(message, strstr(e.message, message));
        fake_end(FAKE_ENVIRONMENT);
}

/* ---- the call ---- */

static const FakeStep accepted[] = { { STARTED }, {} };

static void test_call(void **state) {
        _cleanup_manager_ Manager *m = fake_connect(accepted);

        start(m, &unit, START_DONE);
        assert_string_equal(fake_calls(FAKE_ENVIRONMENT),
                            "StartTransientUnit 'bgjob-web.service' 'fail' ["
                            "('Description' <s 'The web server'>) "
                            "('Slice' <s 'bgjob-web.slice'>) "
                            "('Type' <s 'notify'>) "
                            "('NotifyAccess' <s 'main'>) "
                            "('KillMode' <s 'mixed'>) "
                            "('Delegate' <b true>) "
                            "('IgnoreSIGPIPE' <b false>) "
                            "('StandardInput' <s 'null'>) "
                            "('StandardOutput' <s 'null'>) "
                            "('StandardError' <s 'null'>) "
                            "('TimeoutStopUSec' <t 100000000>) "
                            "('CollectMode' <s 'inactive-or-failed'>) "
                            "('OOMPolicy' <s 'continue'>) "
                            "('ExecStart' <a(sasb) [('/lib/sdbg-supervisor'"
                            " ['/lib/sdbg-supervisor' '/run/sdbg/jobs/web'] false)]>) "
                            "('ExecStopPost' <a(sasb) [('/lib/sdbg-audit'"
                            " ['/lib/sdbg-audit' '/run/sdbg/jobs/web'] false)]>)"
                            "] []\n");
}

static void test_stop_timeout_infinity(void **state) {
        _cleanup_manager_ Manager *m = fake_connect(accepted);
        StartUnit endless = unit;

        endless.stop_timeout = USEC_INFINITY;
        start(m, &endless, START_DONE);
        assert_non_null(strstr(fake_calls(FAKE_ENVIRONMENT), "('TimeoutStopUSec' <t 18446744073709551615>)"));
}

/* Whatever the text, it is one argument of one command line, in which only '$' means something. */
static void test_texts_are_literal(void **state) {
        _cleanup_manager_ Manager *m = fake_connect(accepted);
        StartUnit odd = unit;
        const char *calls;

        odd.description = "50% of $HOME; \"\n\\x00\\\xC3\xA9";
        odd.directory = "/run/a b/$HOME/%n/${X}$$\\$";
        start(m, &odd, START_DONE);
        calls = fake_calls(FAKE_ENVIRONMENT);
        assert_non_null(strstr(calls, "<s '50% of $HOME; \"\n\\x00\\\xC3\xA9'>"));
        assert_non_null(strstr(calls, "['/lib/sdbg-supervisor' '/run/a b/$$HOME/%n/$${X}$$$$\\$$'] false)"));
        assert_non_null(strstr(calls, "['/lib/sdbg-audit' '/run/a b/$$HOME/%n/$${X}$$$$\\$$'] false)"));
}

/* All that is sent can be read by every process of the user. */
static void test_nothing_secret(void **state) {
        _cleanup_manager_ Manager *m = fake_connect(accepted);
        const char *calls;

        setenv("SDBG_TEST_TOKEN", "hunter2", 1);
        start(m, &unit, START_DONE);
        unsetenv("SDBG_TEST_TOKEN");
        calls = fake_calls(FAKE_ENVIRONMENT);
        assert_null(strstr(calls, "SDBG_TEST_TOKEN"));
        assert_null(strstr(calls, "hunter2"));
        assert_null(strstr(calls, "Environment"));
        assert_null(strstr(calls, "WorkingDirectory"));
}

static const FakeProperty types[] = { { "MemoryMax", "t" }, { "Nice", "i" }, {} };

/* After sdbg's own, so that they win. */
static void test_own_properties(void **state) {
        static const FakeStep script[] = {
                { "GetAll", .always = true, .fill = fake_fill_properties, .userdata = types },
                { STARTED },
                {},
        };
        static const char *const properties[] = { "MemoryMax=1G", "Nice=-5", NULL };
        _cleanup_manager_ Manager *m = fake_connect(script);
        StartUnit own = unit;

        own.properties = (char *const *) properties;
        start(m, &own, START_DONE);
        assert_non_null(strstr(fake_calls(FAKE_ENVIRONMENT),
                               " false)]>) ('MemoryMax' <t 1073741824>) ('Nice' <i -5>)] []\n"));
}

static void test_bad_property_is_not_sent(void **state) {
        static const FakeStep script[] = {
                { "GetAll", .always = true, .fill = fake_fill_properties, .userdata = types },
                {},
        };
        static const char *const properties[] = { "MemoryMax=1G", "Nice=very", NULL };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};
        StartUnit own = unit;
        StartOutcome outcome;

        own.properties = (char *const *) properties;
        assert_int_equal(manager_start(m, &own, &outcome, &e), -EINVAL);
        assert_string_equal(e.code, ERROR_USAGE);
        assert_string_equal(e.message, "'very' is not a value for property Nice");
        assert_true(manager_start(m, &own, &outcome, NULL) < 0);
        assert_null(strstr(fake_calls(FAKE_ENVIRONMENT), "StartTransientUnit"));
}

/* ---- a name that is taken ---- */

static void test_exists_once(void **state) {
        static const FakeStep script[] = {
                { EXISTS },
                { "ResetFailedUnit", .argument = UNIT },
                { STARTED, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        start(m, &unit, START_DONE);
        await_start(m, START_DONE);
}

static void test_exists_twice(void **state) {
        static const FakeStep script[] = { { EXISTS }, { "ResetFailedUnit" }, { EXISTS }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);

        start(m, &unit, START_EXISTS);
}

/* A unit that runs cannot be reset; what the second try says is what counts. */
static void test_reset_refused(void **state) {
        static const FakeStep script[] = {
                { EXISTS },
                { "ResetFailedUnit", .error = SYSTEMD_ERROR("NoSuchUnit"), .message = "Unit not loaded." },
                { EXISTS },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        start(m, &unit, START_EXISTS);
}

static void test_retry_refused(void **state) {
        static const FakeStep script[] = {
                { EXISTS },
                { "ResetFailedUnit" },
                { "StartTransientUnit", .error = SD_BUS_ERROR_LIMITS_EXCEEDED, .message = "Too many units." },
                {},
        };

        assert_start_fails(script, ERROR_FAILED, "the service manager refused: Too many units.");
}

/* An older manager: what it does not know is left out. */
static void test_optional_property(void **state) {
        static const FakeStep script[] = {
                { "StartTransientUnit", .error = SD_BUS_ERROR_PROPERTY_READ_ONLY,
                  .message = "Cannot set property OOMPolicy, or unknown property." },
                { STARTED, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        const char *second;

        start(m, &unit, START_DONE);
        await_start(m, START_DONE);
        second = strstr(fake_calls(FAKE_ENVIRONMENT), "OOMPolicy");
        assert_non_null(second);
        assert_null(strstr(second + 1, "OOMPolicy"));
}

/* ---- refusals ---- */

static void test_refused(void **state) {
        static const struct {
                const char *name, *message, *code;
        } rows[] = {
                { SD_BUS_ERROR_PROPERTY_READ_ONLY, "Cannot set property Frobnicate, or unknown property.",
                  ERROR_FAILED },
                { SD_BUS_ERROR_INVALID_ARGS, "Invalid CPU set: 50%s%n$1", ERROR_FAILED },
                { SD_BUS_ERROR_ACCESS_DENIED, "Interactive authentication required.", ERROR_FAILED },
                { SYSTEMD_ERROR("TransactionIsDestructive"), "There is a stop job for it.", ERROR_FAILED },
                { "com.example.NeverHeardOf", "What is this?", ERROR_FAILED },
                { SD_BUS_ERROR_SERVICE_UNKNOWN, "The name is not activatable.", ERROR_MANAGER_UNREACHABLE },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const FakeStep script[] = {
                        { "StartTransientUnit", .error = rows[i].name, .message = rows[i].message },
                        {},
                };

                assert_start_fails(script, rows[i].code, rows[i].message);
        }
}

static void test_connection_lost_at_call(void **state) {
        static const FakeStep script[] = { { "StartTransientUnit", .silent = true, .gone = true }, {} };

        assert_start_fails(script, ERROR_MANAGER_UNREACHABLE, "the service manager refused: ");
}

static void test_no_answer(void **state) {
        static const FakeStep script[] = { { "StartTransientUnit", .silent = true }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};
        StartOutcome outcome;

        assert_int_equal(sd_bus_set_method_call_timeout(m->bus, 1), 0);
        assert_int_equal(manager_start(m, &unit, &outcome, &e), -ETIMEDOUT);
        assert_string_equal(e.code, ERROR_MANAGER_UNREACHABLE);
        /* Before the client hangs up, which the fake may see first. */
        fake_end(FAKE_ENVIRONMENT);
}

/* ---- the job that starts it ---- */

static void assert_outcome(const FakeStep *script, StartOutcome expected) {
        _cleanup_manager_ Manager *m = fake_connect(script);

        start(m, &unit, START_DONE);
        await_start(m, expected);
        fake_end(FAKE_ENVIRONMENT);
}

static void test_outcomes(void **state) {
        static const struct {
                const char *result;
                StartOutcome outcome;
        } rows[] = {
                { "done", START_DONE },      { "failed", START_FAILED },  { "canceled", START_FAILED },
                { "timeout", START_FAILED }, { "skipped", START_FAILED }, { "dependency", START_FAILED },
                { "no-such", START_FAILED }, { "", START_FAILED },        { "done ", START_FAILED },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const FakeStep after[] = { { STARTED, .after = { JOB_REMOVED(JOB, rows[i].result) } }, {} };
                const FakeStep before[] = { { STARTED, .before = { JOB_REMOVED(JOB, rows[i].result) } }, {} };

                assert_outcome(after, rows[i].outcome);
                assert_outcome(before, rows[i].outcome);
        }
}

static void test_private_socket(void **state) {
        static const FakeStep script[] = { { STARTED, .after = { JOB_REMOVED(JOB, "done") } }, {} };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);

        start(m, &unit, START_DONE);
        await_start(m, START_DONE);
}

static void test_other_jobs_do_not_count(void **state) {
        static const FakeStep script[] = {
                { STARTED, .before = { JOB_REMOVED(OTHER_JOB, "failed"), JOB_REMOVED("/", "failed") },
                  .after = { JOB_REMOVED(OTHER_JOB, "failed"), JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        start(m, &unit, START_DONE);
        await_start(m, START_DONE);
}

static void test_first_result_counts(void **state) {
        static const FakeStep script[] = {
                { STARTED, .before = { JOB_REMOVED(JOB, "failed"), JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        start(m, &unit, START_DONE);
        await_start(m, START_FAILED);
}

/* One connection serves several starts. */
static void test_one_after_another(void **state) {
        static const FakeStep script[] = {
                { STARTED, .after = { JOB_REMOVED(JOB, "failed") } },
                { "StartTransientUnit", .reply = { "o", { OTHER_JOB } },
                  .before = { JOB_REMOVED(JOB, "failed"), JOB_REMOVED(OTHER_JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        start(m, &unit, START_DONE);
        await_start(m, START_FAILED);
        start(m, &unit, START_DONE);
        await_start(m, START_DONE);
}

/* A start that takes too long for one who waits can be waited for again. */
static void test_timeout(void **state) {
        static const FakeStep script[] = {
                { STARTED, .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                { "Version", .reply = { "v", { "252" } }, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_free_ char *version = NULL;
        StartOutcome outcome;

        start(m, &unit, START_DONE);
        assert_int_equal(manager_await_start(m, 0, &outcome, NULL), -ETIMEDOUT);
        assert_int_equal(manager_await_start(m, 1, &outcome, NULL), -ETIMEDOUT);
        assert_int_equal(manager_version(m, &version, NULL), 0);
        await_start(m, START_DONE);
}

static void test_connection_lost_while_waiting(void **state) {
        static const FakeStep script[] = { { STARTED, .gone = true }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};
        StartOutcome outcome;

        start(m, &unit, START_DONE);
        assert_true(manager_await_start(m, USEC_INFINITY, &outcome, &e) < 0);
        assert_string_equal(e.code, ERROR_MANAGER_UNREACHABLE);
        assert_non_null(startswith(e.message, "lost the connection to the service manager"));
}

/* ---- a manager that executes itself anew ---- */

#define LOST "StartTransientUnit", .silent = true, .hang_up = true

static const FakeProperty active[] = { { "LoadState", "s", "loaded" }, { "ActiveState", "s", "active" }, {} };
static const FakeProperty activating[] = {
        { "LoadState", "s", "loaded" },
        { "ActiveState", "s", "activating" },
        {},
};
static const FakeProperty failed[] = { { "LoadState", "s", "loaded" }, { "ActiveState", "s", "failed" }, {} };
static const FakeProperty not_found[] = {
        { "LoadState", "s", "not-found" },
        { "ActiveState", "s", "inactive" },
        {},
};
#define UNIT_IS(state) "GetAll", .argument = "", .fill = fake_fill_properties, .userdata = (state)

static void assert_outcome_at(FakePlace place, const FakeStep *script, StartOutcome expected) {
        _cleanup_manager_ Manager *m = fake_connect_at(place, script);

        start(m, &unit, START_DONE);
        await_start(m, expected);
        fake_end(place);
}

static void test_tried_again(void **state) {
        static const FakeStep script[] = {
                { "StartTransientUnit", DISCONNECTED },
                { "StartTransientUnit", NO_REPLY },
                { STARTED, .after = { JOB_REMOVED(JOB, "done") } },
                {},
        };

        assert_outcome(script, START_DONE);
}

static void test_never_answers(void **state) {
        static const FakeStep rows[] = { { "StartTransientUnit", .always = true, NO_REPLY },
                                         { "StartTransientUnit", .always = true, DISCONNECTED } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const FakeStep script[] = { rows[i], {} };

                assert_start_fails(script, ERROR_MANAGER_UNREACHABLE, rows[i].message);
        }
}

/* What the later try is refused for is what is said. */
static void test_refused_at_last(void **state) {
        static const FakeStep script[] = {
                { "StartTransientUnit", DISCONNECTED },
                { "StartTransientUnit", .error = SD_BUS_ERROR_LIMITS_EXCEEDED, .message = "Too many units." },
                {},
        };

        assert_start_fails(script, ERROR_FAILED, "the service manager refused: Too many units.");
}

static void test_reconnected(void **state) {
        static const FakeStep script[] = {
                { LOST }, { FAKE_ACCEPT }, { LOST }, { STARTED, .after = { JOB_REMOVED(JOB, "done") } }, {},
        };

        assert_outcome_at(FAKE_PRIVATE, script, START_DONE);
        assert_outcome_at(FAKE_BUS, script, START_DONE);
}

/* What the unit's state says of a start whose answer nobody heard. */
static const struct {
        const FakeProperty *state;
        StartOutcome outcome;
} outcomes[] = {
        { active, START_DONE },
        { failed, START_FAILED },
        { not_found, START_FAILED },
};

/* The call was carried out, and only its answer was lost: then no job is known, and the unit tells. */
static void test_exists_after_unsure(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(outcomes); i++) {
                const FakeStep again[] = {
                        { "StartTransientUnit", DISCONNECTED }, { EXISTS }, { UNIT_IS(outcomes[i].state) }, {}
                };
                const FakeStep anew[] = { { LOST }, { EXISTS }, { UNIT_IS(outcomes[i].state) }, {} };

                assert_outcome_at(FAKE_BUS, again, outcomes[i].outcome);
                fake_end(FAKE_BUS);
                assert_outcome_at(FAKE_PRIVATE, anew, outcomes[i].outcome);
        }
}

/* As long as it is activating, nothing is decided. */
static void test_activating_after_unsure(void **state) {
        static const FakeStep script[] = {
                { LOST }, { EXISTS }, { UNIT_IS(activating) }, { UNIT_IS(activating) }, { UNIT_IS(active) },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);
        StartOutcome outcome = -1;

        start(m, &unit, START_DONE);
        assert_int_equal(manager_await_start(m, 60 * USEC_PER_SEC, &outcome, NULL), 0);
        assert_int_equal(outcome, START_DONE);
}

static void test_activating_endlessly(void **state) {
        static const FakeStep script[] = {
                { LOST }, { EXISTS }, { UNIT_IS(activating) }, { UNIT_IS(activating) }, { UNIT_IS(active) },
                {}
        };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);

        start(m, &unit, START_DONE);
        await_start(m, START_DONE); /* USEC_INFINITY */
}

static void test_activating_for_too_long(void **state) {
        static const FakeStep script[] = { { LOST },
                                           { EXISTS },
                                           { "GetAll", .always = true, .fill = fake_fill_properties,
                                             .userdata = activating },
                                           {} };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);
        _cleanup_error_ Error e = {};
        StartOutcome outcome;

        start(m, &unit, START_DONE);
        assert_int_equal(manager_await_start(m, USEC_PER_SEC, &outcome, &e), -ETIMEDOUT);
        assert_null(e.code);
}

/* Signals of other jobs are no reason to look again at once. */
static void test_signals_while_activating(void **state) {
        static const FakeStep script[] = {
                { LOST },
                { EXISTS },
                { UNIT_IS(activating), .after = { JOB_REMOVED(OTHER_JOB, "done") } },
                { UNIT_IS(activating) },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect_at(FAKE_PRIVATE, script);
        StartOutcome outcome;

        start(m, &unit, START_DONE);
        assert_int_equal(manager_await_start(m, 1, &outcome, NULL), -ETIMEDOUT);
}

/* The name was taken before, and is so after the reset. */
static void test_exists_before_unsure(void **state) {
        static const FakeStep script[] = {
                { EXISTS }, { "ResetFailedUnit" }, { "StartTransientUnit", DISCONNECTED },
                { EXISTS }, { UNIT_IS(active) },   {},
        };

        assert_outcome(script, START_DONE);
}

static void test_job_removed_is_missed(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(outcomes); i++) {
                const FakeStep missed[] = {
                        { STARTED }, { JOB_THERE }, { JOB_GONE }, { UNIT_IS(outcomes[i].state) }, {}
                };
                const FakeStep lost[] = { { STARTED, .hang_up = true },
                                          { FAKE_ACCEPT },
                                          { JOB_GONE },
                                          { UNIT_IS(outcomes[i].state) },
                                          {} };

                assert_outcome_at(FAKE_BUS, missed, outcomes[i].outcome);
                assert_outcome_at(FAKE_PRIVATE, lost, outcomes[i].outcome);
        }
}

/* The job outlives the manager's old self: its result comes by the new connection. */
static void test_reconnected_while_waiting(void **state) {
        static const FakeStep script[] = {
                { STARTED, .hang_up = true },
                { JOB_THERE, .after = { JOB_REMOVED(JOB, "failed") } },
                {},
        };

        assert_outcome_at(FAKE_PRIVATE, script, START_FAILED);
        assert_outcome_at(FAKE_BUS, script, START_FAILED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                fake_test(test_call),
                fake_test(test_stop_timeout_infinity),
                fake_test(test_texts_are_literal),
                fake_test(test_nothing_secret),
                fake_test(test_own_properties),
                fake_test(test_bad_property_is_not_sent),
                fake_test(test_exists_once),
                fake_test(test_exists_twice),
                fake_test(test_reset_refused),
                fake_test(test_retry_refused),
                fake_test(test_optional_property),
                fake_test(test_optional_property),
                fake_test(test_refused),
                fake_test(test_connection_lost_at_call),
                fake_test(test_no_answer),
                fake_test(test_outcomes),
                fake_test(test_private_socket),
                fake_test(test_other_jobs_do_not_count),
                fake_test(test_first_result_counts),
                fake_test(test_one_after_another),
                fake_test(test_timeout),
                fake_test(test_connection_lost_while_waiting),
                fake_test(test_tried_again),
                fake_test(test_never_answers),
                fake_test(test_refused_at_last),
                fake_test(test_reconnected),
                fake_test(test_exists_after_unsure),
                fake_test(test_activating_after_unsure),
                fake_test(test_activating_endlessly),
                fake_test(test_activating_for_too_long),
                fake_test(test_signals_while_activating),
                fake_test(test_exists_before_unsure),
                fake_test(test_job_removed_is_missed),
                fake_test(test_reconnected_while_waiting),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
