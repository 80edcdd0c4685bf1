/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "fake.h"

#define GET_ALL "GetAll", .argument = "", .fill = fake_fill_properties
#define INVOCATION_BYTES "\x01\x23\x45\x67\x89\xab\xcd\xef\xff\x80\x7f\x10\x20\x30\x40\x50"
#define INVOCATION "0123456789abcdefff807f1020304050"

static const FakeProperty running[] = {
        { "LoadState", "s", "loaded" },
        { "ActiveState", "s", "active" },
        { "SubState", "s", "running" },
        { "Result", "s", "success" },
        { "ControlGroup", "s", "/user.slice/" UNIT },
        { "InvocationID", "ay", INVOCATION_BYTES },
        { "MainPID", "u", .number = 4242 },
        { "NRestarts", "u", .number = UINT32_MAX },
        { "MemoryMax", "t", .number = 1 << 30 },
        { "ActiveEnterTimestamp", "t", .number = 1700000000000000 },
        {},
};

static const FakeProperty not_found[] = {
        { "LoadState", "s", "not-found" },
        { "ActiveState", "s", "inactive" },
        { "SubState", "s", "dead" },
        { "ControlGroup", "s", "" },
        { "InvocationID", "ay", "" },
        { "MainPID", "u" },
        { "MemoryMax", "t", .number = UINT64_MAX },
        {},
};

/* What any unit has besides, and what a later systemd may have. */
static const FakeProperty unknown[] = {
        { "Id", "s", UNIT },
        { "MainPIDs", "u", .number = 1 },
        { "mainpid", "u", .number = 1 },
        { "", "s", "" },
        { "Names", "as" },
        { "CanStart", "b", .number = 1 },
        { "OOMScoreAdjust", "i", .number = -100 },
        { "ExecStart", "a(sasbttttuii)" },
        { "Job", "a{s(uo)}" },
        { "Following", "o", "/" },
        { "MainPID", "u", .number = 7 },
        { "Frobnication", "aaaa{sv}" },
        {},
};

static const FakeProperty twice[] = {
        { "SubState", "s", "dead" },
        { "SubState", "s", "running" },
        { "InvocationID", "ay", "\x01" },
        { "InvocationID", "ay", "\xff\x00" },
        { "MainPID", "u", .number = 1 },
        { "MainPID", "u", .number = 2 },
        {},
};

static const FakeProperty none[] = { {} };

static void query_once(const FakeProperty *properties, UnitStatus *ret) {
        const FakeStep script[] = { { GET_ALL, .userdata = properties }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};

        assert_int_equal(manager_query(m, UNIT, ret, &e), 0);
        assert_null(e.code);
        assert_string_equal(fake_calls(FAKE_ENVIRONMENT), "/unit/bgjob_2dweb_2eservice GetAll ''\n");
}

static void assert_status_equal(const char *row, const UnitStatus *a, const UnitStatus *b) {
        assert_row(row, streq_ptr(a->load_state, b->load_state));
        assert_row(row, streq_ptr(a->active_state, b->active_state));
        assert_row(row, streq_ptr(a->sub_state, b->sub_state));
        assert_row(row, streq_ptr(a->result, b->result));
        assert_row(row, streq_ptr(a->control_group, b->control_group));
        assert_row(row, streq_ptr(a->invocation, b->invocation));
        assert_row(row, a->main_pid == b->main_pid);
        assert_row(row, a->n_restarts == b->n_restarts);
        assert_row(row, a->memory_max == b->memory_max);
        assert_row(row, a->active_enter == b->active_enter);
}

/* ---- one unit ---- */

static void test_query(void **state) {
        static const struct {
                const char *name;
                const FakeProperty *properties;
                UnitStatus expected;
        } rows[] = {
                { "running",
                  running,
                  { (char *) "loaded", (char *) "active", (char *) "running", (char *) "success",
                    (char *) "/user.slice/" UNIT, (char *) INVOCATION, 4242, UINT32_MAX, 1 << 30,
                    1700000000000000 } },
                { "not found",
                  not_found,
                  { .load_state = (char *) "not-found",
                    .active_state = (char *) "inactive",
                    .sub_state = (char *) "dead",
                    .control_group = (char *) "",
                    .invocation = (char *) "",
                    .memory_max = UINT64_MAX } },
                { "unknown properties", unknown, { .main_pid = 7, .memory_max = UINT64_MAX } },
                { "the last one counts",
                  twice,
                  { .sub_state = (char *) "running",
                    .invocation = (char *) "ff",
                    .main_pid = 2,
                    .memory_max = UINT64_MAX } },
                { "none", none, { .memory_max = UINT64_MAX } },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_unit_status_ UnitStatus status;

                query_once(rows[i].properties, &status);
                assert_status_equal(rows[i].name, &status, &rows[i].expected);
        }
}

static void test_status_is_active(void **state) {
        static const struct {
                const char *load, *active;
                bool expected;
        } rows[] = {
                { "loaded", "active", true },
                { "loaded", "activating", true },
                { "loaded", "deactivating", true },
                { "loaded", "reloading", true },
                { "loaded", "inactive", false },
                { "loaded", "failed", false },
                { "not-found", "inactive", false },
                { "not-found", "active", false },
                { "bad-setting", "inactive", false },
                { NULL, NULL, false },
                { NULL, "active", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const UnitStatus status = { .load_state = (char *) rows[i].load,
                                            .active_state = (char *) rows[i].active };

                assert_row(strempty(rows[i].active), unit_status_is_active(&status) == rows[i].expected);
        }
}

static void test_status_done_twice(void **state) {
        UnitStatus status;

        query_once(running, &status);
        unit_status_done(&status);
        assert_null(status.load_state);
        unit_status_done(&status);
}

static void test_query_fails(void **state) {
        static const FakeStep script[] = {
                { "GetAll", .error = SD_BUS_ERROR_ACCESS_DENIED, .message = "not for you" },
                { "GetAll", .silent = true, .gone = true },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error denied = {}, lost = {};
        _cleanup_unit_status_ UnitStatus status = {};

        assert_true(manager_query(m, UNIT, &status, &denied) < 0);
        assert_string_equal(denied.code, ERROR_FAILED);
        assert_string_equal(denied.message, "cannot ask the service manager about the unit: not for you");
        assert_true(manager_query(m, UNIT, &status, &lost) < 0);
        assert_string_equal(lost.code, ERROR_MANAGER_UNREACHABLE);
}

/* Scripts of a manager that executes itself anew, before the call's proper answer. */
#define TRIED_AGAIN(member, ...)                                                                             \
        {                                                                                                    \
                { (member), DISCONNECTED }, { (member), DISCONNECTED }, { __VA_ARGS__ }, {                   \
                }                                                                                            \
        }
#define RECONNECTED(member, ...)                                                                             \
        {                                                                                                    \
                { (member), .silent = true, .hang_up = true }, { FAKE_ACCEPT }, { (member), NO_REPLY },      \
                        { __VA_ARGS__ }, {                                                                   \
                }                                                                                            \
        }

static void assert_queried(FakePlace place, const FakeStep *script) {
        _cleanup_manager_ Manager *m = fake_connect_at(place, script);
        _cleanup_unit_status_ UnitStatus status = {};
        _cleanup_error_ Error e = {};

        if (manager_query(m, UNIT, &status, &e) < 0)
                fail_msg("%s", e.message);
        assert_null(e.code);
        assert_int_equal(status.main_pid, 4242);
        fake_end(place);
}

static void test_query_tried_again(void **state) {
        static const FakeStep again[] = TRIED_AGAIN("GetAll", GET_ALL, .userdata = running);
        static const FakeStep anew[] = RECONNECTED("GetAll", GET_ALL, .userdata = running);

        assert_queried(FAKE_ENVIRONMENT, again);
        assert_queried(FAKE_PRIVATE, anew);
}

/* ---- all units ---- */

#define ROW "(ssssssouso)"

static int fill_units(sd_bus_message *reply, const void *userdata) {
        int r = sd_bus_message_open_container(reply, 'a', ROW);

        for (size_t i = 0; r >= 0 && i < *(const size_t *) userdata; i++) {
                char unit[64];

                snprintf(unit, sizeof(unit), "bgjob-%zu.service", i);
                r = sd_bus_message_append(reply, ROW, unit, "Job \xE2\x84\x96 1", "loaded", "active",
                                          "running", "", UNIT_PATH, 0, "", "/");
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void assert_listed(size_t n) {
        const FakeStep script[] = { { "ListUnitsByPatterns", .fill = fill_units, .userdata = &n }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_unit_list_ UnitList list = {};

        assert_int_equal(manager_list(m, &list, NULL), 0);
        assert_int_equal(list.n, n);
        for (size_t i = 0; i < n; i++) {
                char unit[64];

                snprintf(unit, sizeof(unit), "bgjob-%zu.service", i);
                assert_string_equal(list.rows[i].unit, unit);
                assert_string_equal(list.rows[i].description, "Job \xE2\x84\x96 1");
                assert_string_equal(list.rows[i].active_state, "active");
                assert_string_equal(list.rows[i].sub_state, "running");
        }
        assert_string_equal(fake_calls(FAKE_ENVIRONMENT),
                            "ListUnitsByPatterns [] ['bgjob-*.service' 'bgjob-*.scope']\n");
}

static void test_list(void **state) {
        assert_listed(0);
        assert_listed(1);
        assert_listed(1000);
}

static void test_list_fails(void **state) {
        static const FakeStep script[] = {
                { "ListUnitsByPatterns", .error = SD_BUS_ERROR_ACCESS_DENIED, .message = "not for you" },
                { "ListUnitsByPatterns", .silent = true, .gone = true },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error denied = {}, lost = {};
        _cleanup_unit_list_ UnitList list = {};

        assert_true(manager_list(m, &list, &denied) < 0);
        assert_string_equal(denied.code, ERROR_FAILED);
        assert_string_equal(denied.message, "cannot list the units: not for you");
        assert_true(manager_list(m, &list, &lost) < 0);
        assert_string_equal(lost.code, ERROR_MANAGER_UNREACHABLE);
        assert_int_equal(list.n, 0);
}

static void assert_listed_late(FakePlace place, const FakeStep *script, size_t n) {
        _cleanup_manager_ Manager *m = fake_connect_at(place, script);
        _cleanup_unit_list_ UnitList list = {};
        _cleanup_error_ Error e = {};

        if (manager_list(m, &list, &e) < 0)
                fail_msg("%s", e.message);
        assert_null(e.code);
        assert_int_equal(list.n, n);
        fake_end(place);
}

static void test_list_tried_again(void **state) {
        static const size_t n = 3;
        static const FakeStep again[] =
                TRIED_AGAIN("ListUnitsByPatterns", "ListUnitsByPatterns", .fill = fill_units, .userdata = &n);
        static const FakeStep anew[] =
                RECONNECTED("ListUnitsByPatterns", "ListUnitsByPatterns", .fill = fill_units, .userdata = &n);

        assert_listed_late(FAKE_ENVIRONMENT, again, n);
        assert_listed_late(FAKE_PRIVATE, anew, n);
}

/* ---- until a unit is gone ---- */

static void assert_gone(FakePlace place, const FakeStep *script) {
        _cleanup_manager_ Manager *m = fake_connect_at(place, script);

        assert_int_equal(manager_await_gone(m, UNIT, USEC_INFINITY, NULL), 0);
        assert_string_equal(fake_calls(place), "Subscribe \n"
                                               "/unit/bgjob_2dweb_2eservice GetAll ''\n");
}

static void test_gone_already(void **state) {
        static const FakeStep script[] = { { GET_ALL, .userdata = not_found }, {} };

        assert_gone(FAKE_ENVIRONMENT, script);
        assert_gone(FAKE_PRIVATE, script);
}

static void test_gone_later(void **state) {
        static const FakeStep script[] = {
                { GET_ALL, .userdata = running,
                  .after = { UNIT_REMOVED("bgjob-we.service"), UNIT_REMOVED(UNIT) } },
                {},
        };

        assert_gone(FAKE_ENVIRONMENT, script);
        assert_gone(FAKE_PRIVATE, script);
}

/* It goes while the question about it is under way. */
static void test_gone_meanwhile(void **state) {
        static const FakeStep script[] = {
                { GET_ALL, .userdata = running, .before = { UNIT_REMOVED(UNIT) } },
                {},
        };

        assert_gone(FAKE_ENVIRONMENT, script);
}

static void test_gone_subscribed_before(void **state) {
        static const FakeStep script[] = {
                { "Subscribe", .error = SYSTEMD_ERROR("AlreadySubscribed"), .message = "Already." },
                { GET_ALL, .userdata = running, .after = { UNIT_REMOVED(UNIT) } },
                {},
        };

        assert_gone(FAKE_ENVIRONMENT, script);
}

static void test_gone_timeout(void **state) {
        static const FakeStep script[] = {
                { GET_ALL, .userdata = running, .after = { UNIT_REMOVED("bgjob-other.service") } },
                { GET_ALL, .userdata = running, .after = { UNIT_REMOVED(UNIT) } },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};

        assert_int_equal(manager_await_gone(m, UNIT, 0, &e), -ETIMEDOUT);
        assert_null(e.code);
        assert_int_equal(manager_await_gone(m, UNIT, USEC_INFINITY, &e), 0);
}

static void test_gone_connection_lost(void **state) {
        static const FakeStep script[] = { { GET_ALL, .userdata = running, .gone = true }, {} };
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error e = {};

        assert_true(manager_await_gone(m, UNIT, USEC_INFINITY, &e) < 0);
        assert_string_equal(e.code, ERROR_MANAGER_UNREACHABLE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                fake_test(test_query),
                fake_test(test_status_is_active),
                fake_test(test_status_done_twice),
                fake_test(test_query_fails),
                fake_test(test_query_tried_again),
                fake_test(test_list),
                fake_test(test_list_fails),
                fake_test(test_list_tried_again),
                fake_test(test_gone_already),
                fake_test(test_gone_later),
                fake_test(test_gone_meanwhile),
                fake_test(test_gone_subscribed_before),
                fake_test(test_gone_timeout),
                fake_test(test_gone_connection_lost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
