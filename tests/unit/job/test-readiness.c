/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/job/readiness.h"

static void test_ports(void **state) {
        static const struct {
                const char *text, *host;
                int port; /* 0: refused */
        } rows[] = {
                { "3000", NULL, 3000 },
                { "1", NULL, 1 },
                { "65535", NULL, 65535 },
                { "127.0.0.1:80", "127.0.0.1", 80 },
                { "localhost:80", "localhost", 80 },
                { "[::1]:80", "::1", 80 },
                { "", NULL, 0 },
                { "0", NULL, 0 },
                { "65536", NULL, 0 },
                { "-1", NULL, 0 },
                { "80x", NULL, 0 },
                { ":80", NULL, 0 },
                { "[]:80", NULL, 0 },
                { "::1:80", NULL, 0 },
                { "host:", NULL, 0 },
                { "99999999999999999999", NULL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_error_ Error e = {};
                _cleanup_free_ char *host = NULL;
                int port = 0, r = ready_port_parse(rows[i].text, &host, &port, &e);

                assert_row(rows[i].text, (r >= 0) == (rows[i].port > 0) && (r >= 0) == !e.code);
                if (r >= 0)
                        assert_row(rows[i].text, port == rows[i].port && streq_ptr(host, rows[i].host));
        }
}

static void test_urls(void **state) {
        static const struct {
                const char *text, *host, *authority, *target; /* host NULL: refused */
                int port;
        } rows[] = {
                { "http://localhost", "localhost", "localhost", "/", 80 },
                { "http://localhost:3000", "localhost", "localhost:3000", "/", 3000 },
                { "http://127.0.0.1:3000/a/b?c=d&e#f", "127.0.0.1", "127.0.0.1:3000", "/a/b?c=d&e", 3000 },
                { "http://h?q", "h", "h", "/?q", 80 },
                { "http://[::1]/", "::1", "[::1]", "/", 80 },
                { "http://[::1]:81/", "::1", "[::1]:81", "/", 81 },
                { "http://", NULL },
                { "http:///x", NULL },
                { "http://:80/", NULL },
                { "http://[]/", NULL },
                { "http://[::1/", NULL },
                { "http://[::1]x/", NULL },
                { "http://h:0/", NULL },
                { "http://h:/", NULL },
                { "http://h:65536/", NULL },
                { "http://u@h/", NULL },
                { "http://u:p@h/", NULL },
                { "http://h/a b", NULL },
                { "http://h/\r\nX: y", NULL },
                { "https://h/", NULL },
                { "h:80", NULL },
                { "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_error_ Error e = {};
                _cleanup_ready_url_ ReadyUrl u = {};
                int r = ready_url_parse(rows[i].text, &u, &e);

                assert_row(rows[i].text, (r >= 0) == (rows[i].host != NULL) && (r >= 0) == !e.code);
                if (r >= 0)
                        assert_row(rows[i].text,
                                   streq(u.host, rows[i].host) && streq(u.target, rows[i].target) &&
                                           streq(u.authority, rows[i].authority) && u.port == rows[i].port);
        }
}

#define SECOND USEC_PER_SEC
#define START (100 * SECOND)

static void test_order_of_tries(void **state) {
        Spec s = { .ready_log = (char *[]){ (char *) "x", NULL },
                   .ready_port = (char *[]){ (char *) "80", NULL },
                   .ready_timeout = 60 * SECOND };
        ReadyCheck *log, *port;
        Readiness r;
        usec_t now;

        assert_true(spec_wants_ready(&s));
        assert_int_equal(readiness_init(&r, &s, START), 0);
        assert_int_equal(r.n, 2);
        log = &r.checks[0];
        port = &r.checks[1];
        assert_int_equal(readiness_deadline(&r), START);
        assert_false(readiness_begin(&r, log, START));
        assert_true(readiness_begin(&r, port, START));
        assert_false(readiness_begin(&r, port, START));
        assert_int_equal(readiness_deadline(&r), START + READY_TRY_USEC);

        /* Soon at first, seldom later; never later than a sixteenth of the time after it is true. */
        readiness_tell(&r, port, false, START);
        assert_true(port->due - START >= 1 && port->due - START <= 10000);
        now = START + 4 * SECOND;
        assert_true(readiness_begin(&r, port, now));
        readiness_tell(&r, port, false, now);
        assert_true(port->due - now >= 100000 && port->due - now <= 4 * SECOND / 16);
        now = START + 50 * SECOND;
        assert_true(readiness_begin(&r, port, now));
        readiness_tell(&r, port, false, now);
        assert_true(port->due - now >= 100000 && port->due - now <= 250000);

        /* A try that took long is followed by a pause. */
        assert_true(readiness_begin(&r, port, now + SECOND));
        readiness_tell(&r, port, false, now + 9 * SECOND);
        assert_int_equal(port->due, now + 10 * SECOND);

        readiness_tell(&r, log, true, now);
        assert_false(readiness_holds(&r));
        readiness_tell(&r, port, true, now);
        assert_true(readiness_holds(&r));
        /* What held once is not taken back. */
        readiness_tell(&r, port, false, now);
        assert_true(readiness_holds(&r));
        readiness_done(&r);
}

static void test_time_is_over(void **state) {
        Spec s = { .ready_log = (char *[]){ (char *) "x", NULL }, .ready_timeout = SECOND }, none = {};
        Readiness r;

        assert_false(spec_wants_ready(&none));
        assert_int_equal(readiness_init(&r, &s, START), 0);
        assert_int_equal(readiness_deadline(&r), START + SECOND);
        assert_false(readiness_is_over(&r, START + SECOND - 1));
        assert_true(readiness_is_over(&r, START + SECOND));
        readiness_done(&r);

        s.ready_timeout = USEC_INFINITY;
        assert_int_equal(readiness_init(&r, &s, START), 0);
        assert_int_equal(readiness_deadline(&r), USEC_INFINITY);
        assert_false(readiness_is_over(&r, USEC_INFINITY - 1));
        readiness_done(&r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ports),
                cmocka_unit_test(test_urls),
                cmocka_unit_test(test_order_of_tries),
                cmocka_unit_test(test_time_is_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
