/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "test.h"

#include "sdbg/base/strv.h"
#include "sdbg/job/job.h"
#include "sdbg/text/utf8.h"

static Job read_back(const Job *j) {
        _cleanup_free_ char *text = job_to_record(j);
        Job back = JOB_INIT;

        assert_non_null(text);
        assert_true(utf8_is_valid(text, strlen(text)));
        assert_int_equal(job_from_record(&back, text), 0);
        return back;
}

static void test_round_trip(void **state) {
        _cleanup_job_ Job a = JOB_INIT, b = JOB_INIT;
        _cleanup_free_ char *text = NULL, *again = NULL;

        a.name = strdup("web");
        a.unit = strdup("bgjob-web.service");
        a.state = JOB_FAILED;
        a.result = RESULT_OOM_KILL;
        a.signal = strdup("SIGKILL");
        a.reason = strdup("killed for using more memory than memory-max (peak 512M)");
        a.pid = 4123;
        assert_int_equal(strv_extend(&a.labels, "team=core"), 0);
        a.started_at = 1795356245123456;
        a.duration = 1500 * USEC_PER_MSEC;
        a.memory_peak = 512ULL << 20;
        a.stdout_lines = 10;
        a.processes_ended = 3;
        a.processes_killed = 0;
        a.cgroup = strdup("/user.slice/caf\xE9");

        b = read_back(&a);
        assert_int_equal(b.state, a.state);
        assert_int_equal(b.result, a.result);
        assert_int_equal(b.started_at, a.started_at);
        assert_string_equal(b.cgroup, a.cgroup);
        assert_string_equal(b.labels[0], "team=core");
        text = job_to_record(&a);
        again = job_to_record(&b);
        assert_string_equal(text, again);
}

/* "unknown is null, never 0": and it stays unknown. */
static void test_unknown(void **state) {
        static const char known[] = " labels pty restarts warnings lingering waiting_for_input attached ";
        const Job a = JOB_INIT;
        _cleanup_job_ Job b = read_back(&a);
        _cleanup_json_ Json *o = job_to_json(&a);

        assert_int_equal(b.state, a.state);
        assert_int_equal(b.exit_code, -1);
        assert_int_equal(b.lines, UINT64_MAX);
        for (const Json *i = json_first(o); i; i = json_next(i)) {
                _cleanup_free_ char *text = json_to_string(i);

                assert_row(json_key(i), streq(text, "null") || strstr(known, json_key(i)));
        }
}

/* The keys that are promised, and no others. */
static void test_keys(void **state) {
        static const char contract[] =
                " name unit run state result exit_code signal reason pid command cwd description labels"
                " group pty started_at ready_at ready_ms ended_at duration_ms uptime_ms tasks cpu_ms "
                "memory_bytes"
                " memory_peak_bytes memory_max_bytes memory_high_bytes tasks_max cpu_max_percent "
                "io_read_bytes io_write_bytes cpu_stall_ms"
                " memory_stall_ms io_stall_ms ports lines bytes"
                " last_line restarts warnings lingering waiting_for_input prompt attached cursor ";
        const Job j = JOB_INIT;
        _cleanup_json_ Json *o = job_to_json(&j);
        size_t n = 0;

        for (const Json *i = json_first(o); i; i = json_next(i), n++) {
                char word[32];

                snprintf(word, sizeof(word), " %s ", json_key(i));
                assert_row(word, strstr(contract, word));
        }
        for (const char *p = contract; (p = strchr(p + 1, ' '));)
                n--;
        assert_int_equal(n, 0);
}

/* Whatever bytes a job's command, directory and labels are of, its JSON is text. */
static void test_any_bytes(void **state) {
        _cleanup_job_ Job a = JOB_INIT, b = JOB_INIT;

        a.name = strdup("web");
        a.command = strdup("echo caf\xE9");
        a.cwd = strdup("/srv/\xFF");
        a.last_line = strdup("\x80\x01");
        assert_int_equal(strv_extend(&a.labels, "caf\xE9=\xFF"), 0);
        b = read_back(&a);
        assert_string_equal(b.command, "echo caf\xEF\xBF\xBD");
}

static void test_ports(void **state) {
        _cleanup_job_ Job j = JOB_INIT;
        _cleanup_json_ Json *o = NULL;
        _cleanup_free_ char *text = NULL;

        j.ports_known = true;
        j.n_ports = 2;
        j.ports = calloc(2, sizeof(JobPort));
        j.ports[0] = (JobPort){ .port = 3000, .address = strdup("::1"), .protocol = "tcp", .pid = 7 };
        j.ports[1] = (JobPort){ .port = -1, .address = strdup("/run/x"), .protocol = "unix" };
        o = job_to_json(&j);
        text = json_to_string(json_get(o, "ports"));
        assert_string_equal(text,
                            "[{\"port\":3000,\"address\":\"::1\",\"protocol\":\"tcp\",\"pid\":7},"
                            "{\"port\":null,\"address\":\"/run/x\",\"protocol\":\"unix\",\"pid\":null}]");
}

static void test_bad_record(void **state) {
        static const char *const rows[] = {
                "",
                "null",
                "[]",
                "{",
                "{\"name\":1}",
                "{\"state\":\"asleep\"}",
                "{\"labels\":[]}",
                "{\"started_at\":\"yesterday\"}",
                "{\"pid\":-4}",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_job_ Job j = JOB_INIT;

                assert_row(rows[i], job_from_record(&j, rows[i]) == -EBADMSG);
        }
}

static void test_exit_status(void **state) {
        static const struct {
                JobResult result;
                int exit_code;
                const char *signal;
                int status;
        } rows[] = {
                { RESULT_SUCCESS, 0, NULL, 0 },         { RESULT_EXIT_CODE, 3, NULL, 3 },
                { RESULT_SIGNAL, -1, "SIGKILL", 137 },  { RESULT_CORE_DUMP, -1, "SIGSEGV", 139 },
                { RESULT_STOPPED, -1, "SIGTERM", 143 }, { RESULT_STOPPED, -1, NULL, 0 },
                { RESULT_EXEC_FAILED, 127, NULL, 127 }, { RESULT_LOST, -1, NULL, 125 },
                { RESULT_OOM_KILL, -1, NULL, 137 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Job j = JOB_INIT;

                j.result = rows[i].result;
                j.exit_code = rows[i].exit_code;
                j.signal = (char *) rows[i].signal;
                assert_int_equal(job_exit_status(&j), rows[i].status);
        }
}

static void test_has_ended(void **state) {
        for (JobState s = 0; s < _JOB_STATE_MAX; s++) {
                Job j = JOB_INIT;

                j.state = s;
                assert_int_equal(job_has_ended(&j), s == JOB_EXITED || s == JOB_FAILED);
                assert_non_null(job_state_to_string(s));
        }
        assert_null(job_state_to_string(_JOB_STATE_INVALID));
        assert_null(job_result_to_string(_RESULT_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_unknown),
                cmocka_unit_test(test_keys),        cmocka_unit_test(test_any_bytes),
                cmocka_unit_test(test_ports),       cmocka_unit_test(test_bad_record),
                cmocka_unit_test(test_exit_status), cmocka_unit_test(test_has_ended),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
