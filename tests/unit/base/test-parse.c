/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <signal.h>

#include "test.h"

#include "sdbg/base/parse.h"

static void test_u64(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t value;
        } rows[] = {
                { "0", 0, 0 },
                { "007", 0, 7 },
                { "18446744073709551615", 0, UINT64_MAX },
                { "18446744073709551616", -ERANGE, 0 },
                { "99999999999999999999999", -ERANGE, 0 },
                { "", -EINVAL, 0 },
                { "-1", -EINVAL, 0 },
                { "+1", -EINVAL, 0 },
                { " 1", -EINVAL, 0 },
                { "1 ", -EINVAL, 0 },
                { "0x10", -EINVAL, 0 },
                { "1.0", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t value = 0;

                assert_row(rows[i].text, parse_u64(rows[i].text, &value) == rows[i].r);
                assert_row(rows[i].text, value == rows[i].value);
        }
}

static void test_int(void **state) {
        static const struct {
                const char *text;
                int r, value;
        } rows[] = {
                { "0", 0, 0 },
                { "-0", 0, 0 },
                { "+5", 0, 5 },
                { "-5", 0, -5 },
                { "2147483647", 0, INT_MAX },
                { "-2147483647", 0, -INT_MAX },
                { "2147483648", -ERANGE, 0 },
                { "-2147483649", -ERANGE, 0 },
                { "", -EINVAL, 0 },
                { "-", -EINVAL, 0 },
                { "+-5", -EINVAL, 0 },
                { "--5", -EINVAL, 0 },
                { "5x", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int value = 0;

                assert_row(rows[i].text, parse_int(rows[i].text, &value) == rows[i].r);
                assert_row(rows[i].text, value == rows[i].value);
        }
}

static void test_size(void **state) {
        static const struct {
                const char *text;
                int r;
                uint64_t value;
        } rows[] = {
                { "0", 0, 0 },
                { "12", 0, 12 },
                { "12B", 0, 12 },
                { "1K", 0, 1024 },
                { "1k", 0, 1024 },
                { "1KB", 0, 1024 },
                { "1KiB", 0, 1024 },
                { "512M", 0, 512ULL << 20 },
                { "1.5G", 0, 3ULL << 29 },
                { "2T", 0, 2ULL << 40 },
                { "1P", 0, 1ULL << 50 },
                { "infinity", 0, UINT64_MAX },
                { "999999P", -ERANGE, 0 },
                { "1e400", -ERANGE, 0 },
                { "", -EINVAL, 0 },
                { "M", -EINVAL, 0 },
                { "-1", -EINVAL, 0 },
                { "+1", -EINVAL, 0 },
                { ".5G", -EINVAL, 0 },
                { "1 G", -EINVAL, 0 },
                { "1GG", -EINVAL, 0 },
                { "1BB", -EINVAL, 0 },
                { "1X", -EINVAL, 0 },
                { "0x10", -EINVAL, 0 },
                { "nan", -EINVAL, 0 },
                { "inf", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint64_t value = 0;

                assert_row(rows[i].text, parse_size(rows[i].text, &value) == rows[i].r);
                assert_row(rows[i].text, value == rows[i].value);
        }
}

static void test_format_size(void **state) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } rows[] = {
                { 0, "0B" },
                { 12, "12B" },
                { 1023, "1023B" },
                { 1024, "1.0K" },
                { 900 * 1024, "900K" },
                { 3ULL << 29, "1.5G" },
                { 512ULL << 20, "512M" },
                { UINT64_MAX, "16384P" },
        };
        char buf[FORMAT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_string_equal(format_size(buf, sizeof(buf), rows[i].bytes), rows[i].text);
}

static void test_boolean(void **state) {
        static const struct {
                const char *text;
                int value;
        } rows[] = {
                { "yes", 1 },    { "no", 0 },      { "true", 1 },       { "false", 0 },      { "on", 1 },
                { "off", 0 },    { "1", 1 },       { "0", 0 },          { "YES", 1 },        { "Off", 0 },
                { "", -EINVAL }, { "2", -EINVAL }, { "yess", -EINVAL }, { " yes", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i].text, parse_boolean(rows[i].text) == rows[i].value);
}

static void test_signal(void **state) {
        static const struct {
                const char *text;
                int number;
        } rows[] = {
                { "TERM", SIGTERM }, { "SIGTERM", SIGTERM },    { "sigterm", SIGTERM }, { "term", SIGTERM },
                { "15", SIGTERM },   { "KILL", SIGKILL },       { "USR1", SIGUSR1 },    { "64", 64 },
                { "65", -EINVAL },   { "0", -EINVAL },          { "-9", -EINVAL },      { "", -EINVAL },
                { "SIG", -EINVAL },  { "SIGSIGTERM", -EINVAL }, { "TERM ", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i].text, signal_from_string(rows[i].text) == rows[i].number);
}

static void test_signal_names(void **state) {
        for (int s = 1; s < 32; s++) {
                assert_non_null(signal_to_string(s));
                assert_int_equal(signal_from_string(signal_to_string(s)), s);
        }
        assert_null(signal_to_string(0));
        assert_null(signal_to_string(-1));
        assert_null(signal_to_string(1000));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_u64),          cmocka_unit_test(test_int),
                cmocka_unit_test(test_size),         cmocka_unit_test(test_format_size),
                cmocka_unit_test(test_boolean),      cmocka_unit_test(test_signal),
                cmocka_unit_test(test_signal_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
