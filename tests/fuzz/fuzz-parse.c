/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/base/parse.h"
#include "sdbg/base/time.h"
#include "sdbg/job/name.h"

#define YEAR_10000 ((usec_t) 253402300800 * USEC_PER_SEC)
#define ZONE_MAX (100 * 3600 * USEC_PER_SEC + 100 * 60 * USEC_PER_SEC)

static bool is_parse_result(int r) {
        return r == 0 || r == -EINVAL || r == -ERANGE;
}

static void check_numbers(const char *text) {
        char buf[64];
        uint64_t u;
        int r, i;

        r = parse_u64(text, &u);
        CHECK(is_parse_result(r));
        r = parse_int(text, &i);
        CHECK(is_parse_result(r));
        r = parse_boolean(text);
        CHECK(r == 0 || r == 1 || r == -EINVAL);
        r = signal_from_string(text);
        CHECK(r == -EINVAL || (r > 0 && r <= 64));

        r = parse_size(text, &u);
        CHECK(is_parse_result(r));
        if (r >= 0 && u != UINT64_MAX) {
                CHECK(u < 1ULL << 63);
                CHECK(parse_size(format_size(buf, sizeof(buf), u), &u) == 0);
        }
}

static void check_times(const char *text) {
        char buf[64];
        usec_t t, back;
        int r;

        r = parse_duration(text, &t);
        CHECK(is_parse_result(r));
        if (r >= 0)
                CHECK(parse_duration(format_duration(buf, sizeof(buf), t), &back) == 0);

        r = parse_timestamp(text, 1700000000 * USEC_PER_SEC, &t);
        CHECK(is_parse_result(r));
        r = parse_rfc3339(text, &t);
        CHECK(r == 0 || r == -EINVAL);
        if (r >= 0) {
                format_rfc3339(buf, sizeof(buf), t);
                CHECK(t < YEAR_10000 + ZONE_MAX);
                CHECK(strlen(buf) < RFC3339_MAX);
                CHECK(t >= YEAR_10000 || (parse_rfc3339(buf, &back) == 0 && back == t));
        }
}

static void check_names(const char *text) {
        char *const argv[] = { (char *) text, (char *) text, NULL };
        _cleanup_free_ char *name = job_name_from_text(text);
        _cleanup_free_ char *from_command = job_name_from_command(argv);
        _cleanup_free_ char *job = job_from_unit(text);
        _cleanup_error_ Error e = {};

        CHECK(job_name_check(name, NULL) == 0);
        CHECK(job_name_check(from_command, NULL) == 0);
        CHECK(!job || job_name_check(job, NULL) == 0);
        CHECK((job_name_check(text, &e) == 0) == !e.message);
        (void) name_is_near(text, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *) data, size);

        check_numbers(text);
        check_times(text);
        check_names(text);
        return 0;
}
