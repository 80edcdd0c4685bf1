/* SPDX-License-Identifier: MIT */
#include "sdbg/base/buf.h"

#include "manager/internal.h"

#include "fake.h"
#include "render.h"

#define SIXTEEN "Abcdefghijklmnop"

static const FakeProperty of_services[] = {
        { "MemoryMax", "t" },
        { "TasksMax", "t" },
        { "RuntimeMaxUSec", "t" },
        { "TimerSlackNSec", "t" },
        { "Nice", "i" },
        { "CPUSchedulingPriority", "i" },
        { "LogRateLimitBurst", "u" },
        { "PrivateTmp", "b" },
        { "ProtectSystem", "s", "" },
        { "ReadWritePaths", "as" },
        { "IODeviceWeight", "a(st)" },
        { "CPUAffinity", "ay", "" },
        { SIXTEEN SIXTEEN SIXTEEN "AbcdefghijUSec", "t" },
        {},
};

static const FakeProperty of_units[] = { { "StartLimitBurst", "u" }, { "JobTimeoutUSec", "t" }, {} };

static const FakeStep script[] = {
        { "GetAll", .argument = "org.freedesktop.systemd1.Service", .always = true,
          .fill = fake_fill_properties, .userdata = of_services },
        { "GetAll", .argument = "org.freedesktop.systemd1.Unit", .always = true, .fill = fake_fill_properties,
          .userdata = of_units },
        {},
};

/* Return: what of the property came into the call. */
static int append(Manager *m, const char *assignment, Buf *text, Error *reterr) {
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        assert_int_equal(
                sd_bus_message_new_method_call(m->bus, &call, DESTINATION, OBJECT, INTERFACE, "Start"), 0);
        r = append_property(m, call, assignment, reterr);
        if (r < 0)
                return r;
        assert_true(sd_bus_message_seal(call, 1, 0) >= 0);
        render_values(call, text);
        buf_append_char(text, '\0');
        return 0;
}

static void assert_appended(Manager *m, const char *assignment, const char *expected) {
        _cleanup_error_ Error e = {};
        _cleanup_buf_ Buf text = {};

        if (append(m, assignment, &text, &e) < 0)
                fail_msg("%s: %s", assignment, e.message);
        assert_string_equal(text.data, expected);
        assert_null(e.code);
}

static void assert_refused(Manager *m, const char *assignment, const char *message) {
        _cleanup_error_ Error e = {};
        _cleanup_buf_ Buf text = {};

        assert_row(assignment, append(m, assignment, &text, &e) == -EINVAL);
        assert_row(assignment, streq_ptr(e.code, ERROR_USAGE));
        if (!strstr(e.message, message))
                fail_msg("%s: %s", assignment, e.message);
        assert_row(assignment, append(m, assignment, &text, NULL) == -EINVAL);
}

static void test_values(void **state) {
        static const struct {
                const char *assignment, *expected;
        } rows[] = {
                { "PrivateTmp=yes", "('PrivateTmp' <b true>)" },
                { "PrivateTmp=off", "('PrivateTmp' <b false>)" },
                { "PrivateTmp=1", "('PrivateTmp' <b true>)" },
                { "ProtectSystem=strict", "('ProtectSystem' <s 'strict'>)" },
                { "ProtectSystem=", "('ProtectSystem' <s ''>)" },
                { "ProtectSystem=a=b c", "('ProtectSystem' <s 'a=b c'>)" },
                { "MemoryMax=0", "('MemoryMax' <t 0>)" },
                { "MemoryMax=4096", "('MemoryMax' <t 4096>)" },
                { "MemoryMax=512M", "('MemoryMax' <t 536870912>)" },
                { "MemoryMax=1.5G", "('MemoryMax' <t 1610612736>)" },
                { "MemoryMax=infinity", "('MemoryMax' <t 18446744073709551615>)" },
                { "TasksMax=64", "('TasksMax' <t 64>)" },
                { "RuntimeMaxUSec=90", "('RuntimeMaxUSec' <t 90000000>)" },
                { "RuntimeMaxSec=90", "('RuntimeMaxUSec' <t 90000000>)" },
                { "RuntimeMaxSec=1min 30s", "('RuntimeMaxUSec' <t 90000000>)" },
                { "RuntimeMaxSec=infinity", "('RuntimeMaxUSec' <t 18446744073709551615>)" },
                { "JobTimeoutSec=500ms", "('JobTimeoutUSec' <t 500000>)" },
                { "TimerSlackNSec=50", "('TimerSlackNSec' <t 50>)" },
                { "Nice=-20", "('Nice' <i -20>)" },
                { "Nice=+5", "('Nice' <i 5>)" },
                { "Nice=0", "('Nice' <i 0>)" },
                { "LogRateLimitBurst=7", "('LogRateLimitBurst' <u 7>)" },
                { "StartLimitBurst=3", "('StartLimitBurst' <u 3>)" },
                { "ReadWritePaths=", "('ReadWritePaths' <as []>)" },
                { "ReadWritePaths=/a", "('ReadWritePaths' <as ['/a']>)" },
                { "ReadWritePaths= /a\t /b  ", "('ReadWritePaths' <as ['/a' '/b']>)" },
                { SIXTEEN SIXTEEN SIXTEEN "AbcdefghijSec=1",
                  "('" SIXTEEN SIXTEEN SIXTEEN "AbcdefghijUSec' <t 1000000>)" },
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_appended(m, rows[i].assignment, rows[i].expected);
}

static void test_percentages(void **state) {
        static const struct {
                const char *assignment, *expected;
        } rows[] = {
                { "CPUQuota=100%", "('CPUQuotaPerSecUSec' <t 1000000>)" },
                { "CPUQuota=150%", "('CPUQuotaPerSecUSec' <t 1500000>)" },
                { "CPUQuota=0.5%", "('CPUQuotaPerSecUSec' <t 5000>)" },
                { "CPUQuota=3200%", "('CPUQuotaPerSecUSec' <t 32000000>)" },
                { "MemoryMax=100%", "('MemoryMaxScale' <u 4294967295>)" },
                { "MemoryMax=50%", "('MemoryMaxScale' <u 2147483647>)" },
                { "TasksMax=25%", "('TasksMaxScale' <u 1073741823>)" },
                { "ManagedOOMMemoryPressureLimit=50%", "('ManagedOOMMemoryPressureLimit' <u 2147483647>)" },
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_appended(m, rows[i].assignment, rows[i].expected);
}

static void test_bad_values(void **state) {
        static const char *const rows[] = {
                "PrivateTmp=",
                "PrivateTmp=maybe",
                "PrivateTmp=2",
                "MemoryMax=",
                "MemoryMax=much",
                "MemoryMax=-1",
                "MemoryMax=1X",
                "MemoryMax=1e30",
                "MemoryMax=0%",
                "MemoryMax=-5%",
                "MemoryMax=101%",
                "MemoryMax=nan%",
                "MemoryMax=%",
                "MemoryMax=5%%",
                "CPUQuota=",
                "CPUQuota=1",
                "CPUQuota=0%",
                "CPUQuota=-1%",
                "CPUQuota=nan%",
                "CPUQuota=inf%",
                "CPUQuota=9999999%",
                "CPUQuota=50% ",
                "RuntimeMaxSec=",
                "RuntimeMaxSec=soon",
                "RuntimeMaxSec=-1",
                "RuntimeMaxUSec=1 fortnight",
                "Nice=",
                "Nice=high",
                "Nice=1.5",
                "Nice=99999999999",
                "LogRateLimitBurst=x",
                "ProtectSystem=\xff\xfe",
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_refused(m, rows[i], "' is not a value for property ");
}

static void test_no_assignment(void **state) {
        static const char *const rows[] = {
                "",
                "=",
                "=1",
                "MemoryMax",
                "MemoryMax:1",
                SIXTEEN SIXTEEN SIXTEEN SIXTEEN "=1",
                SIXTEEN SIXTEEN SIXTEEN "Abcdefghijklmno=1",
                SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN "=1",
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_refused(m, rows[i], "is not a property in the form NAME=VALUE");
}

static void test_unknown(void **state) {
        static const char *const rows[] = {
                "Frobnicate=1",
                "FrobnicateSec=1",
                "FrobnicateUSec=1",
                "Sec=1",
                "memorymax=1",
                "MemoryMa=1",
                "MemoryMax =1",
                " MemoryMax=1",
                SIXTEEN SIXTEEN SIXTEEN "AbcdefghijkSec=1",
                SIXTEEN SIXTEEN SIXTEEN "Abcdefghijklmn=1",
        };
        _cleanup_manager_ Manager *m = fake_connect(script);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_refused(m, rows[i], "systemd knows no property ");
        /* By the name that was written. */
        assert_refused(m, "FrobnicateSec=1", "no property FrobnicateSec of services");
}

static void test_types_that_cannot_be_set(void **state) {
        static const char *const rows[] = { "IODeviceWeight=/dev/sda 100", "CPUAffinity=0" };
        _cleanup_manager_ Manager *m = fake_connect(script);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_refused(m, rows[i], "write it into a drop-in of bgjob-.service.d instead");
}

/* What a job depends on: the manager is not even asked. */
static void test_own(void **state) {
        static const FakeStep nothing_asked[] = { {} };
        static const char *const rows[] = {
                "Environment=A=b",
                "EnvironmentFile=/e",
                "WorkingDirectory=/",
                "Slice=a.slice",
                "Description=x",
                "TimeoutStopSec=1",
                "TimeoutStopUSec=1",
                "KillSignal=9",
                "ExecStart=/bin/true",
                "ExecStopPost=/bin/true",
                "Type=simple",
                "NotifyAccess=all",
                "KillMode=process",
                "Delegate=no",
                "CollectMode=inactive",
                "StandardInput=tty",
                "StandardOutput=journal",
                "StandardError=null",
                "User=root",
                "UMask=0077",
                "RemainAfterExit=yes",
                "Slice=50%",
        };
        _cleanup_manager_ Manager *m = fake_connect(nothing_asked);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_refused(m, rows[i], " is sdbg's own and cannot be set");
}

static void test_own_with_an_option(void **state) {
        _cleanup_manager_ Manager *m = fake_connect(script);
        _cleanup_error_ Error directory = {}, type = {};
        _cleanup_buf_ Buf text = {};

        append(m, "WorkingDirectory=/", &text, &directory);
        assert_string_equal(directory.hint, "use --cwd");
        append(m, "Type=simple", &text, &type);
        assert_null(type.hint);
}

/* A manager that does not answer is no fault of the value. */
static void test_manager_fails(void **state) {
        static const FakeStep failing[] = {
                { "GetAll", .error = SD_BUS_ERROR_ACCESS_DENIED, .message = "not for you" },
                { "GetAll", .silent = true, .gone = true },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(failing);
        _cleanup_error_ Error denied = {}, lost = {};
        _cleanup_buf_ Buf text = {};

        assert_true(append(m, "Nice=5", &text, &denied) < 0);
        assert_string_equal(denied.code, ERROR_FAILED);
        assert_true(append(m, "Nice=5", &text, &lost) < 0);
        assert_string_equal(lost.code, ERROR_MANAGER_UNREACHABLE);
}

static void test_tried_again(void **state) {
        static const FakeStep late[] = {
                { "GetAll", DISCONNECTED },
                { "GetAll", NO_REPLY },
                { "GetAll", .fill = fake_fill_properties, .userdata = of_services },
                {},
        };
        _cleanup_manager_ Manager *m = fake_connect(late);

        assert_appended(m, "Nice=5", "('Nice' <i 5>)");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                fake_test(test_values),        fake_test(test_percentages),
                fake_test(test_bad_values),    fake_test(test_no_assignment),
                fake_test(test_unknown),       fake_test(test_types_that_cannot_be_set),
                fake_test(test_own),           fake_test(test_own_with_an_option),
                fake_test(test_manager_fails), fake_test(test_tried_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
