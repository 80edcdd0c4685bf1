/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "test.h"

#include "sdbg/base/time.h"

/* 2023-11-14T22:13:20Z, a Tuesday; in the zone below, 2023-11-15 03:43:20. */
#define NOW (1700000000 * USEC_PER_SEC)
#define ZONE_SEC 19800

static const struct {
        const char *text;
        usec_t wanted;
} good[] = {
        { "now", NOW },
        { "today", (1700006400 - ZONE_SEC) * USEC_PER_SEC },
        { "yesterday", (1699920000 - ZONE_SEC) * USEC_PER_SEC },
        { "tomorrow", (1700092800 - ZONE_SEC) * USEC_PER_SEC },
        { "-5min", NOW - 300 * USEC_PER_SEC },
        { "+5min", NOW + 300 * USEC_PER_SEC },
        { "10 min ago", NOW - 600 * USEC_PER_SEC },
        { "1h 30min ago", NOW - 5400 * USEC_PER_SEC },
        { "2 years ago", NOW - 2 * 31557600 * USEC_PER_SEC },
        { "5s left", NOW + 5 * USEC_PER_SEC },
        { "10m", NOW - 600 * USEC_PER_SEC },
        { "@1395716396", 1395716396 * USEC_PER_SEC },
        { "@1.5", 1500000 },
        { "2012-11-23 11:12:13", (1353669133 - ZONE_SEC) * USEC_PER_SEC },
        { "2012-11-23 11:12:13.25", (1353669133 - ZONE_SEC) * USEC_PER_SEC + 250000 },
        { "2012-11-23T11:12:13", (1353669133 - ZONE_SEC) * USEC_PER_SEC },
        { "2012-11-23 11:12", (1353669120 - ZONE_SEC) * USEC_PER_SEC },
        { "2012-11-23", (1353628800 - ZONE_SEC) * USEC_PER_SEC },
        { "Fri 2012-11-23 11:12:13", (1353669133 - ZONE_SEC) * USEC_PER_SEC },
        { "2012-11-23 11:12:13 UTC", 1353669133 * USEC_PER_SEC },
        { "2012-11-23T11:12:13Z", 1353669133 * USEC_PER_SEC },
        { "2012-11-23T11:12:13.000001+01:00", (1353669133 - 3600) * USEC_PER_SEC + 1 },
        { "11:12:13", (1700006400 + 40333 - ZONE_SEC) * USEC_PER_SEC },
        { "11:12", (1700006400 + 40320 - ZONE_SEC) * USEC_PER_SEC },
};

static const char *const bad[] = {
        "",          "foo",         "gestern",    "90",
        "1.5",       "2012-13-01",  "2012-02-31", "2012-11-23 25:00",
        "@",         "@x",          "@-1",        "5 parsecs ago",
        "ago",       "-",           "+",          "2012-11-23 11:12:13 MARS",
        "11:12:13x", "yesterday x", "-5min ago",
};

static void test_good(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                usec_t t = 0;
                int r = parse_timestamp(good[i].text, NOW, &t);

                assert_row(good[i].text, r == 0);
                if (t != good[i].wanted)
                        fail_msg("%s: %" PRIu64 " is not %" PRIu64, good[i].text, t, good[i].wanted);
        }
}

static void test_bad(void **state) {
        char longest[300];
        usec_t t;

        memset(longest, '9', sizeof(longest));
        longest[sizeof(longest) - 1] = '\0';
        assert_true(parse_timestamp(longest, NOW, &t) < 0);
        longest[0] = '@';
        assert_true(parse_timestamp(longest, NOW, &t) < 0);
        longest[40] = '\0';
        assert_int_equal(parse_timestamp(longest, NOW, &t), -ERANGE);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_row(bad[i], parse_timestamp(bad[i], NOW, &t) < 0);
}

static int setup(void **state) {
        /* POSIX form, so that no zone files are needed: 5:30 hours east. */
        setenv("TZ", "IST-5:30", 1);
        tzset();
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_good),
                cmocka_unit_test(test_bad),
        };

        return cmocka_run_group_tests(tests, setup, NULL);
}
