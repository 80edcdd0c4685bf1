/* SPDX-License-Identifier: MIT */
#include "manager/internal.h"

#include "fake.h"

static const StartUnit unit = {
        .unit = UNIT,
        .slice = "bgjob-g.slice",
        .description = "100% of $HOME\nand more",
        .supervisor = "/opt/a b/$x/%h/\"sdbg-supervisor\"",
        .auditor = "/lib/sdbg-audit",
        .directory = "/run/user/1/sdbg/jobs/web",
        .stop_timeout = 10 * USEC_PER_SEC,
};

static void assert_has(const char *text, const char *line) {
        _cleanup_free_ char *whole = NULL;

        assert_true(asprintf(&whole, "\n%s\n", line) > 0);
        if (!strstr(text, whole))
                fail_msg("no line '%s' in:\n%s", line, text);
}

static void test_literal(void **state) {
        _cleanup_free_ char *text = unit_file_text(&unit, "web", "/home/a$b/50%.json");

        assert_has(text, "Description=100%% of $HOME and more");
        assert_has(text, "ExecStart= \"/opt/a b/$$x/%%h/\\\"sdbg-supervisor\\\"\" \"%t/sdbg/jobs/web\" "
                         "\"/home/a$$b/50%%.json\"");
        assert_has(text, "ExecStopPost= \"/lib/sdbg-audit\" \"%t/sdbg/jobs/web\"");
        assert_has(text, "Slice=bgjob-g.slice");
        assert_has(text, "TimeoutStopSec=100000000us");
        assert_has(text, "WantedBy=default.target");
        assert_null(strstr(text, "MemoryMax"));
}

static void test_limits(void **state) {
        StartUnit u = unit;
        _cleanup_free_ char *text = NULL;

        u.memory_max = 64 << 20;
        u.tasks_max = 102;
        u.cpu_max = 150;
        u.stop_timeout = USEC_INFINITY;
        u.properties = (char *[]){ (char *) "CPUWeight=20", (char *) "Nice=5", NULL };
        text = unit_file_text(&u, "web", "/s.json");
        assert_has(text, "MemoryMax=67108864");
        assert_has(text, "TasksMax=102");
        assert_has(text, "CPUQuota=150%");
        assert_has(text, "TimeoutStopSec=infinity");
        assert_has(text, "CPUWeight=20");
        assert_has(text, "Nice=5");
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_literal), cmocka_unit_test(test_limits) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
