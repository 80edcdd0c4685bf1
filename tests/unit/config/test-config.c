/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/base/strv.h"
#include "sdbg/config/config.h"

static void test_values(void **state) {
        _cleanup_config_ Config c = CONFIG_INIT;

        assert_int_equal(setenv("HOME", "/srv/me", true), 0);
        assert_int_equal(config_parse(&c,
                                      "# a comment\n; another\n[MCP]\r\nReadOnly = yes\n"
                                      "AllowDirectories=/srv ~/src  ~\nRefuseCommand=rm -rf *\n"
                                      "RefuseCommand= sudo *\nMaxJobs=7\nMemoryMax=1G\nMemoryMax=2G\n"
                                      "AllowEnvironment=no\n[Start]\nOutsideSandbox=1",
                                      "file"),
                         0);
        assert_null(c.warnings);
        assert_true(c.read_only);
        assert_true(c.outside_sandbox);
        assert_false(c.allow_environment);
        assert_int_equal(c.max_jobs, 7);
        assert_int_equal(strv_length(c.allow_directories), 3);
        assert_string_equal(c.allow_directories[1], "/srv/me/src");
        assert_string_equal(c.allow_directories[2], "/srv/me");
        assert_string_equal(c.refuse_commands[0], "rm -rf *");
        assert_string_equal(c.refuse_commands[1], "sudo *");
        assert_string_equal(strv_env_get(c.defaults, "memory-max"), "2G");
}

/* A second file adds to lists, replaces values, and an empty one begins a list anew. */
static void test_two_files(void **state) {
        _cleanup_config_ Config c = CONFIG_INIT;

        assert_int_equal(config_parse(&c, "[MCP]\nRefuseCommand=a\nAskCommand=b\nReadOnly=yes\n", "one"), 0);
        assert_int_equal(config_parse(&c, "[MCP]\nRefuseCommand=\nRefuseCommand=c\nReadOnly=no\n", "two"), 0);
        assert_int_equal(strv_length(c.refuse_commands), 1);
        assert_string_equal(c.refuse_commands[0], "c");
        assert_string_equal(c.ask_commands[0], "b");
        assert_false(c.read_only);
}

static void test_warnings(void **state) {
        static const struct {
                const char *text, *warning;
        } rows[] = {
                { "[MCP]\nX=1\n", "file:2: unknown key 'X'" },
                { "[MPC]\n", "file:1: unknown section [MPC]" },
                { "\nReadOnly=1\n", "file:2: 'ReadOnly' belongs to the section [MCP]" },
                { "[MCP]\nReadOnly=perhaps\n", "file:2: ReadOnly= takes yes or no, not 'perhaps'" },
                { "[MCP]\nMaxJobs=-1\n", "file:2: MaxJobs= takes a number, not '-1'" },
                { "[MCP]\nAllowDirectories=work\n", "file:2: 'work' is not an absolute path" },
                { "nonsense\n", "file:1: 'nonsense' is neither a [section] nor Key=value" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_config_ Config c = CONFIG_INIT;

                assert_int_equal(config_parse(&c, rows[i].text, "file"), 0);
                assert_row(rows[i].text, strv_length(c.warnings) == 1);
                assert_string_equal(c.warnings[0], rows[i].warning);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_values),
                cmocka_unit_test(test_two_files),
                cmocka_unit_test(test_warnings),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
