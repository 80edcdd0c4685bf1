/* SPDX-License-Identifier: MIT */
#include <signal.h>

#include "test.h"

#include "sdbg/base/strv.h"
#include "sdbg/job/spec.h"
#include "sdbg/text/utf8.h"

static char *const argv[] = { (char *) "/bin/echo", (char *) "caf\xE9", (char *) "", (char *) "a\nb", NULL };
static char *const env[] = { (char *) "PATH=/bin", (char *) "BYTES=\x01\xFF\x80", (char *) "EMPTY=", NULL };
static char *const labels[] = { (char *) "team=core", NULL };
static char *const properties[] = { (char *) "CPUWeight=10", NULL };

static Spec make_spec(void) {
        Spec s = {
                .name = (char *) "web",
                .group = (char *) "front",
                .description = (char *) "the web server",
                .command = (char *) "echo",
                .labels = (char **) labels,
                .argv = (char **) argv,
                .cwd = (char *) "/srv/\xFF",
                .env = (char **) env,
                .umask = 027,
                .stop_signal = SIGINT,
                .stop_timeout = 2500 * USEC_PER_MSEC,
                .leftovers = LEFTOVERS_KILL,
                .output_max = SPEC_OUTPUT_MAX,
                .overflow = OVERFLOW_DROP,
                .properties = (char **) properties,
        };

        for (size_t i = 0; i < RLIM_NLIMITS; i++)
                s.limits[i] = (SpecLimit){ .soft = i, .hard = UINT64_MAX };
        return s;
}

static void read_back(const Spec *s, Spec *ret) {
        _cleanup_free_ char *text = spec_to_string(s);

        assert_non_null(text);
        assert_true(utf8_is_valid(text, strlen(text)));
        assert_int_equal(spec_from_string(ret, text, strlen(text)), 0);
}

static void assert_strv_equal(char *const *a, char *const *b) {
        assert_int_equal(strv_length(a), strv_length(b));
        for (size_t i = 0; i < strv_length(a); i++)
                assert_string_equal(a[i], b[i]);
}

static void test_round_trip(void **state) {
        const Spec s = make_spec();
        _cleanup_spec_ Spec t = {};

        read_back(&s, &t);
        assert_string_equal(t.name, s.name);
        assert_string_equal(t.group, s.group);
        assert_string_equal(t.description, s.description);
        assert_string_equal(t.command, s.command);
        assert_string_equal(t.cwd, s.cwd);
        assert_strv_equal(t.labels, s.labels);
        assert_strv_equal(t.argv, s.argv);
        assert_strv_equal(t.env, s.env);
        assert_strv_equal(t.properties, s.properties);
        assert_int_equal(t.umask, s.umask);
        assert_memory_equal(t.limits, s.limits, sizeof(s.limits));
        assert_int_equal(t.stop_signal, s.stop_signal);
        assert_int_equal(t.stop_timeout, s.stop_timeout);
        assert_int_equal(t.leftovers, s.leftovers);
        assert_int_equal(t.output_max, s.output_max);
        assert_int_equal(t.overflow, s.overflow);
}

/* "No limit" is one too. */
static void test_infinity(void **state) {
        Spec s = make_spec();
        _cleanup_spec_ Spec t = {};

        s.stop_timeout = USEC_INFINITY;
        s.output_max = UINT64_MAX;
        read_back(&s, &t);
        assert_int_equal(t.stop_timeout, USEC_INFINITY);
        assert_int_equal(t.output_max, UINT64_MAX);
}

/* An environment of every byte that execve(2) takes. */
static void test_every_byte(void **state) {
        Spec s = make_spec();
        char text[256] = "";
        char *one[] = { text, NULL };
        _cleanup_spec_ Spec t = {};

        for (int i = 1; i < 256; i++)
                text[i - 1] = (char) i;
        s.env = one;
        read_back(&s, &t);
        assert_strv_equal(t.env, one);
}

static void test_bad(void **state) {
        static const char *const rows[] = {
                "",
                "null",
                "[]",
                "{}",
                "{\"name\":\"web\",\"argv\":[\"a\"],\"cwd\":\"/\"}",
                "{\"name\":\"web\",\"argv\":[\"a\"],\"cwd\":\"/\",\"limits\":[]}",
                "{\"name\":\"web\",\"argv\":[\"a\"],\"cwd\":\"/\",\"limits\":[1]}",
                "{\"name\":\"web\",\"argv\":[\"a\"],\"cwd\":\"/\",\"limits\":[\"1\"]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_spec_ Spec s = {};

                assert_row(rows[i], spec_from_string(&s, rows[i], strlen(rows[i])) == -EBADMSG);
        }
}

static void test_nothing_to_run(void **state) {
        char *none[] = { NULL };
        Spec specs[] = { make_spec(), make_spec(), make_spec() };

        specs[0].argv = none;
        specs[1].cwd = NULL;
        specs[2].name = NULL;
        for (size_t i = 0; i < ELEMENTSOF(specs); i++) {
                _cleanup_free_ char *text = spec_to_string(&specs[i]);
                _cleanup_spec_ Spec t = {};

                assert_row(text, spec_from_string(&t, text, strlen(text)) == -EBADMSG);
        }
}

/* A file that was cut off anywhere is no spec. */
static void test_truncated(void **state) {
        const Spec s = make_spec();
        _cleanup_free_ char *text = spec_to_string(&s);

        for (size_t len = 0; len < strlen(text); len++) {
                _cleanup_spec_ Spec t = {};

                assert_int_equal(spec_from_string(&t, text, len), -EBADMSG);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_infinity),
                cmocka_unit_test(test_every_byte),     cmocka_unit_test(test_bad),
                cmocka_unit_test(test_nothing_to_run), cmocka_unit_test(test_truncated),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
