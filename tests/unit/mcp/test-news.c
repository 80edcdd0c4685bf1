/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "test.h"

#include "mcp/news.h"
#include "mcp/resources.h"

static Job make_job(const char *run, JobState state) {
        Job j = JOB_INIT;

        j.name = (char *) "web";
        j.run = (char *) run;
        j.state = state;
        j.reason = (char *) "exited with code 3";
        j.started_at = 1000 * USEC_PER_SEC;
        j.ready_at = 1002 * USEC_PER_SEC;
        j.ended_at = 1010 * USEC_PER_SEC;
        j.duration = 10 * USEC_PER_SEC;
        return j;
}

static void assert_told(News *n, const char *text) {
        _cleanup_json_ Json *told = news_take(n);
        const char *first = json_string(json_first(told));

        if (text)
                assert_string_equal(first, text);
        else
                assert_null(told);
}

static void test_each_thing_once(void **state) {
        Job ready = make_job("1", JOB_READY), failed = make_job("1", JOB_FAILED),
            again = make_job("2", JOB_FAILED);
        News n = {};

        assert_told(&n, NULL);
        assert_non_null(news_look(&n, &ready));
        assert_null(news_look(&n, &ready));
        assert_told(&n, "web is ready (after 2.0s)");
        assert_null(news_look(&n, &ready));
        assert_told(&n, NULL);
        assert_non_null(news_look(&n, &failed));
        assert_told(&n, "web failed: exited with code 3 (ran 10s)");
        assert_non_null(news_look(&n, &again));
        assert_told(&n, "web failed: exited with code 3 (ran 10s)");
        news_done(&n);
}

static void test_no_news(void **state) {
        Job running = make_job("1", JOB_RUNNING), failed = make_job("1", JOB_FAILED);
        News n = { .since = 1011 * USEC_PER_SEC };

        assert_null(news_look(&n, &running));
        assert_null(news_look(&n, &failed));
        assert_told(&n, NULL);
        n.since = 0;
        /* Seen before it was looked at, and between that and the telling. */
        assert_int_equal(news_seen(&n, "web", "1", JOB_FAILED), 0);
        assert_null(news_look(&n, &failed));
        assert_told(&n, NULL);
        failed.run = (char *) "2";
        assert_non_null(news_look(&n, &failed));
        assert_int_equal(news_seen(&n, "web", "2", JOB_FAILED), 0);
        assert_told(&n, NULL);
        news_done(&n);
}

static void test_many(void **state) {
        _cleanup_json_ Json *told = NULL;
        News n = {};
        size_t count = 0;
        char run[16];

        for (int i = 0; i < 1000; i++) {
                Job j;

                snprintf(run, sizeof(run), "%d", i);
                j = make_job(run, JOB_FAILED);
                assert_non_null(news_look(&n, &j));
        }
        told = news_take(&n);
        for (const Json *i = json_first(told); i; i = json_next(i))
                count++;
        assert_true(count >= 2 && count <= 50);
        assert_told(&n, NULL);
        news_done(&n);
}

static void test_uris(void **state) {
        static const struct {
                const char *uri, *job;
                ResourceKind kind;
        } rows[] = {
                { "sdbg://jobs", NULL, RESOURCE_JOBS },
                { "sdbg://jobs/web", "web", RESOURCE_JOB },
                { "sdbg://jobs/web/log", "web", RESOURCE_LOG },
                { "sdbg://jobs/", NULL, _RESOURCE_INVALID },
                { "sdbg://jobs/We b", NULL, _RESOURCE_INVALID },
                { "sdbg://jobs/web/log/x", NULL, _RESOURCE_INVALID },
                { "sdbg://jobs/web/", NULL, _RESOURCE_INVALID },
                { "sdbg://jobs/../x/log", NULL, _RESOURCE_INVALID },
                { "file:///etc/passwd", NULL, _RESOURCE_INVALID },
                { "", NULL, _RESOURCE_INVALID },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *job = NULL;

                assert_row(rows[i].uri, resource_parse(rows[i].uri, &job) == rows[i].kind);
                assert_row(rows[i].uri, streq_ptr(job, rows[i].job));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_thing_once),
                cmocka_unit_test(test_no_news),
                cmocka_unit_test(test_many),
                cmocka_unit_test(test_uris),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
