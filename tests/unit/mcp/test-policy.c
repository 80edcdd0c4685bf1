/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "mcp/policy.h"

static Verdict judge(const char *config, const char *tool, const char *arguments, Error *e) {
        _cleanup_config_ Config c = CONFIG_INIT;
        _cleanup_json_ Json *j = NULL;
        void *request = NULL;
        Verdict v;

        assert_int_equal(config_parse(&c, config, "file"), 0);
        assert_null(c.warnings);
        assert_int_equal(json_parse(arguments, strlen(arguments), &j), 0);
        assert_int_equal(tool_parse(tool_find(tool), j, &request, e), 0);
        v = policy_judge(&c, tool_find(tool), request, e);
        tool_free_request(tool_find(tool), request);
        return v;
}

static void test_verdicts(void **state) {
        static const struct {
                const char *config, *tool, *arguments;
                Verdict verdict;
        } rows[] = {
                { "", "job_start", "{\"command\":\"x\",\"env\":{\"A\":\"b\"}}", VERDICT_ALLOWED },
                { "", "job_start", "{\"command\":\"x\",\"properties\":{\"Nice\":\"5\"}}", VERDICT_REFUSED },
                { "[MCP]\nAllowProperties=yes", "job_start",
                  "{\"command\":\"x\",\"properties\":{\"Nice\":\"5\"}}", VERDICT_ALLOWED },
                { "[MCP]\nAllowEnvironment=no", "job_start", "{\"command\":\"x\",\"env\":{\"A\":\"b\"}}",
                  VERDICT_REFUSED },
                { "[MCP]\nReadOnly=yes", "job_start", "{\"command\":\"x\"}", VERDICT_REFUSED },
                { "[MCP]\nReadOnly=yes", "job_stop", "{\"name\":\"x\"}", VERDICT_REFUSED },
                { "[MCP]\nReadOnly=yes", "job_send", "{\"name\":\"x\",\"text\":\"y\"}", VERDICT_REFUSED },
                { "[MCP]\nReadOnly=yes", "job_list", "{}", VERDICT_ALLOWED },
                { "[MCP]\nReadOnly=yes", "job_wait", "{\"name\":\"x\"}", VERDICT_ALLOWED },
                { "[MCP]\nRefuseCommand=rm -rf *", "job_start", "{\"command\":\"rm -rf /\"}",
                  VERDICT_REFUSED },
                { "[MCP]\nRefuseCommand=rm -rf *", "job_start", "{\"command\":\"cd /; (rm -rf x)&& y\"}",
                  VERDICT_REFUSED },
                { "[MCP]\nRefuseCommand=rm -rf *", "job_start",
                  "{\"command\":\"rm\",\"args\":[\"-rf\",\"x\"]}", VERDICT_REFUSED },
                { "[MCP]\nRefuseCommand=rm -rf *", "job_start", "{\"command\":\"echo rm -rf x\"}",
                  VERDICT_ALLOWED },
                { "[MCP]\nAskCommand=git push*", "job_start", "{\"command\":\"make && git push\"}",
                  VERDICT_ASK },
                { "[MCP]\nAllowDirectories=/usr", "job_start", "{\"command\":\"x\",\"cwd\":\"/usr/lib\"}",
                  VERDICT_ALLOWED },
                { "[MCP]\nAllowDirectories=/usr", "job_start", "{\"command\":\"x\",\"cwd\":\"/usr/../etc\"}",
                  VERDICT_REFUSED },
                { "[MCP]\nAllowDirectories=/nonexistent", "job_start", "{\"command\":\"x\"}",
                  VERDICT_REFUSED },
                { "[MCP]\nMemoryMax=lots", "job_start", "{\"command\":\"x\"}", VERDICT_REFUSED },
                { "[MCP]\nMemoryMax=lots", "job_start", "{\"command\":\"x\",\"memory_max\":\"1G\"}",
                  VERDICT_ALLOWED },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_error_ Error e = {};
                Verdict v = judge(rows[i].config, rows[i].tool, rows[i].arguments, &e);

                assert_row(rows[i].arguments, v == rows[i].verdict);
                assert_row(rows[i].arguments, (v == VERDICT_REFUSED) == (e.message != NULL));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_verdicts) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
