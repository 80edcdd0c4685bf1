/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/base/strv.h"

#include "mcp/tools.h"

static int parse(const char *tool, const char *arguments, void **ret, Error *e) {
        _cleanup_json_ Json *j = NULL;

        assert_int_equal(json_parse(arguments, strlen(arguments), &j), 0);
        return tool_parse(tool_find(tool), j, ret, e);
}

/* Arguments, and what the refusal says; NULL: they are taken. */
static void test_arguments(void **state) {
        static const struct {
                const char *tool, *arguments, *message;
        } rows[] = {
                { "job_start", "{\"command\":\"x\"}", NULL },
                { "job_start", "{\"cmd\":\"x\",\"workdir\":\"/\",\"run_in_background\":true}", NULL },
                { "job_start", "{\"command\":\"x\",\"args\":[\"a\",1],\"env\":{\"A\":\"b\",\"N\":3}}", NULL },
                { "job_start", "{\"command\":\"x\",\"env\":[\"A=b\"],\"name\":null}", NULL },
                { "job_start", "{\"command\":\"x\",\"yield_seconds\":0.5,\"stop_timeout_seconds\":2}", NULL },
                { "job_start", "{\"command\":\"x\",\"output_max\":\"1G\"}", NULL },
                { "job_start", "{\"command\":\"x\",\"output_max\":1000}", NULL },
                { "job_start", "{}", "'command' is missing" },
                { "job_start", "[]", "must be an object" },
                { "job_start", "{\"command\":null}", "'command' is missing" },
                { "job_start", "{\"command\":[\"x\"]}", "'command' must be a string" },
                { "job_start", "{\"command\":\"x\",\"args\":{\"a\":1}}",
                  "'args' must be an array of strings" },
                { "job_start", "{\"command\":\"x\",\"args\":[[]]}", "'args' must be a string" },
                { "job_start", "{\"command\":\"x\",\"env\":7}", "'env' must be an object of strings" },
                { "job_start", "{\"command\":\"x\",\"env\":{\"A\":{}}}",
                  "'env' must be an object of strings" },
                { "job_start", "{\"command\":\"x\",\"yield_seconds\":-1}", "a number of seconds" },
                { "job_start", "{\"command\":\"x\",\"yield_seconds\":1e99}", "a number of seconds" },
                { "job_start", "{\"command\":\"x\",\"yield_time_ms\":[]}", "a number of milliseconds" },
                { "job_start", "{\"command\":\"x\",\"if_running\":\"maybe\"}", "'if_running'" },
                { "job_start", "{\"command\":\"x\",\"stop_signal\":\"LOUD\"}", "'stop_signal'" },
                { "job_start", "{\"command\":\"x\",\"run_in_background\":\"perhaps\"}", "true or false" },
                { "job_start", "{\"command\":\"x\",\"nmae\":\"y\"}", "unknown parameter 'nmae'" },
                { "job_logs", "{\"bash_id\":\"web\",\"filter\":\"x\",\"limit\":5}", NULL },
                { "job_logs", "{\"id\":3}", NULL },
                { "job_logs", "{\"name\":\"web\",\"lines\":1.5}", "a whole number" },
                { "job_logs", "{\"name\":\"web\",\"lines\":-1}", "'lines'" },
                { "job_wait", "{\"name\":\"web\",\"timeout_ms\":1500}", NULL },
                { "job_list", "null", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_error_ Error e = {};
                void *request = NULL;
                int r = parse(rows[i].tool, rows[i].arguments, &request, &e);

                assert_row(rows[i].arguments, r == (rows[i].message ? -EINVAL : 0));
                if (rows[i].message)
                        assert_row(rows[i].arguments, strstr(e.message, rows[i].message));
                tool_free_request(tool_find(rows[i].tool), request);
        }
}

static void test_near_names(void **state) {
        _cleanup_error_ Error e = {};
        void *request = NULL;

        assert_int_equal(parse("job_start", "{\"command\":\"x\",\"comand\":\"y\"}", &request, &e), -EINVAL);
        assert_non_null(strstr(e.hint, "'command'"));
        tool_free_request(tool_find("job_start"), request);
}

/* Every parameter stands in a table, and every schema can be made. */
static void test_schemas(void **state) {
        for (size_t i = 0; tools[i]; i++) {
                _cleanup_json_ Json *in = tool_input_schema(tools[i]), *out = tool_output_schema(tools[i]);

                assert_row(tools[i]->name, in && out);
                assert_row(tools[i]->name, json_get(json_get(out, "properties"), "state"));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_arguments),
                cmocka_unit_test(test_near_names),
                cmocka_unit_test(test_schemas),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
