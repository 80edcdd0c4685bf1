/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "test.h"

#include "sdbg/base/time.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static void set_zone(const char *zone) {
        assert_int_equal(setenv("TZ", zone, 1), 0);
        tzset();
}

static void test_parse_duration(void **state) {
        static const struct {
                const char *text;
                usec_t value;
        } rows[] = {
                { "0", 0 },
                { "90", 90 * USEC_PER_SEC },
                { "1.5s", 1500 * USEC_PER_MSEC },
                { "1.5", 1500 * USEC_PER_MSEC },
                { ".5s", 500 * USEC_PER_MSEC },
                { "250ms", 250 * USEC_PER_MSEC },
                { "3us", 3 },
                { "2min 30s", 150 * USEC_PER_SEC },
                { "1h30m", 90 * MINUTE },
                { " 1 h  2 min ", 62 * MINUTE },
                { "1d", DAY },
                { "2weeks", 14 * DAY },
                { "1.0000019s", 1000001 },
                { "0.5us", 0 },
                { "infinity", USEC_INFINITY },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                usec_t value = 0;

                assert_row(rows[i].text, parse_duration(rows[i].text, &value) == 0);
                assert_row(rows[i].text, value == rows[i].value);
        }
}

static void test_parse_duration_refuses(void **state) {
        static const struct {
                const char *text;
                int r;
        } rows[] = {
                { "", -EINVAL },
                { " ", -EINVAL },
                { "s", -EINVAL },
                { ".", -EINVAL },
                { "-1", -EINVAL },
                { "1x", -EINVAL },
                { "1S", -EINVAL },
                { "1s,", -EINVAL },
                { "1e3", -EINVAL },
                { "0x10", -EINVAL },
                { "soon", -EINVAL },
                { "infinity s", -EINVAL },
                { "18446744073709551615us", -ERANGE },
                { "18446744073709551616us", -ERANGE },
                { "99999999999999999999", -ERANGE },
                { "99999999999999w", -ERANGE },
                { "18446744073709551614us 2us", -ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                usec_t value = 42;

                assert_row(rows[i].text, parse_duration(rows[i].text, &value) == rows[i].r);
                assert_row(rows[i].text, value == 42);
        }
}

static void test_format_duration(void **state) {
        static const struct {
                usec_t value;
                const char *text;
        } rows[] = {
                { 0, "0ms" },
                { 340 * USEC_PER_MSEC, "340ms" },
                { 1200 * USEC_PER_MSEC, "1.2s" },
                { 42 * USEC_PER_SEC, "42s" },
                { 4 * MINUTE + 3 * USEC_PER_SEC, "4min 3s" },
                { 2 * HOUR + 5 * MINUTE, "2h 5min" },
                { 3 * DAY + 4 * HOUR, "3d 4h" },
                { USEC_INFINITY, "infinity" },
        };
        char buf[FORMAT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                usec_t back = 0;

                assert_string_equal(format_duration(buf, sizeof(buf), rows[i].value), rows[i].text);
                assert_row(buf, parse_duration(buf, &back) == 0);
                assert_row(buf, back == rows[i].value);
        }
}

static void test_format_rfc3339(void **state) {
        static const struct {
                const char *zone;
                usec_t value;
                const char *text;
        } rows[] = {
                { "UTC0", 0, "1970-01-01T00:00:00.000000+00:00" },
                { "CET-1", 1795356245123456, "2026-11-22T15:04:05.123456+01:00" },
                { "IST-5:30", 1795356245000001, "2026-11-22T19:34:05.000001+05:30" },
                { "NST3:30", 1795356245000000, "2026-11-22T10:34:05.000000-03:30" },
        };
        char buf[RFC3339_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                set_zone(rows[i].zone);
                assert_string_equal(format_rfc3339(buf, sizeof(buf), rows[i].value), rows[i].text);
        }
}

/* Also in the hour that a clock set back repeats. */
static void test_format_local_time(void **state) {
        char buf[LOCAL_TIME_MAX];

        set_zone("CET-1");
        assert_string_equal(format_local_time(buf, sizeof(buf), 1795356245123456), "2026-11-22 15:04:05");
}

static void test_rfc3339_round_trip(void **state) {
        static const char *const zones[] = { "UTC0", "EST5EDT,M3.2.0,M11.1.0", "CHAST-12:45", "X12" };
        const usec_t repeated = 1793512800 * USEC_PER_SEC; /* 2026-11-01T06:00:00Z */

        for (size_t i = 0; i < ELEMENTSOF(zones); i++) {
                set_zone(zones[i]);
                for (usec_t t = repeated - DAY; t < repeated + DAY; t += 7 * MINUTE + 1234567) {
                        char buf[RFC3339_MAX];
                        usec_t back = 0;

                        format_rfc3339(buf, sizeof(buf), t);
                        assert_row(buf, parse_rfc3339(buf, &back) == 0);
                        assert_row(buf, back == t);
                }
        }
}

static void test_parse_rfc3339(void **state) {
        static const struct {
                const char *text;
                usec_t value;
        } rows[] = {
                { "1970-01-01T00:00:00Z", 0 },
                { "1970-01-01T01:00:00+01:00", 0 },
                { "1970-01-01T00:00:01.5Z", 1500 * USEC_PER_MSEC },
                { "1970-01-01T00:00:00.123456789Z", 123456 },
                { "2026-11-22T14:04:05Z", 1795356245 * USEC_PER_SEC },
                { "2024-02-29T00:00:00-00:30", 1709166600 * USEC_PER_SEC },
        };

        set_zone("EST5EDT");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                usec_t value = 1;

                assert_row(rows[i].text, parse_rfc3339(rows[i].text, &value) == 0);
                assert_row(rows[i].text, value == rows[i].value);
        }
}

static void test_parse_rfc3339_refuses(void **state) {
        static const char *const rows[] = {
                "",
                "now",
                "2026-11-22",
                "2026-11-22T14:04:05",
                "2026-11-22 14:04:05Z",
                "2026-11-22T14:04Z",
                "2026-13-22T14:04:05Z",
                "2026-11-32T14:04:05Z",
                "2026-11-22T25:04:05Z",
                "2026-11-22T14:04:05ZZ",
                "2026-11-22T14:04:05+01",
                "2026-11-22T14:04:05+0100",
                "2026-11-22T14:04:05+01:00x",
                "2026-11-22T14:04:05--1:00",
                "1969-12-31T23:59:59Z",
                "1970-01-01T00:00:00+01:00",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                usec_t value = 42;

                assert_row(rows[i], parse_rfc3339(rows[i], &value) == -EINVAL);
                assert_row(rows[i], value == 42);
        }
}

static void test_sub(void **state) {
        assert_int_equal(usec_sub(5, 3), 2);
        assert_int_equal(usec_sub(3, 5), 0);
        assert_int_equal(usec_sub(USEC_INFINITY, 1), USEC_INFINITY - 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse_duration),
                cmocka_unit_test(test_parse_duration_refuses),
                cmocka_unit_test(test_format_duration),
                cmocka_unit_test(test_format_rfc3339),
                cmocka_unit_test(test_format_local_time),
                cmocka_unit_test(test_rfc3339_round_trip),
                cmocka_unit_test(test_parse_rfc3339),
                cmocka_unit_test(test_parse_rfc3339_refuses),
                cmocka_unit_test(test_sub),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
