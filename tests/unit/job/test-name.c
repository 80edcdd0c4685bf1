/* SPDX-License-Identifier: MIT */
#include <regex.h>

#include "test.h"

#include "sdbg/job/name.h"

#define SIXTEEN "abcdefghijklmnop"
#define LONGEST SIXTEEN SIXTEEN SIXTEEN SIXTEEN

/* The contract's own words for a name. */
static bool matches_contract(const char *name) {
        regex_t re;
        bool found;

        assert_int_equal(regcomp(&re, "^[a-z0-9][a-z0-9._-]{0,63}$", REG_EXTENDED | REG_NOSUB), 0);
        found = regexec(&re, name, 0, NULL, 0) == 0;
        regfree(&re);
        return found;
}

static void test_check(void **state) {
        static const struct {
                const char *name;
                int job, group;
        } rows[] = {
                { "a", 0, 0 },
                { "0", 0, 0 },
                { "web", 0, 0 },
                { "npm-run-dev", 0, -EINVAL },
                { "a.b_c", 0, 0 },
                { "a--", 0, -EINVAL },
                { "1.2", 0, 0 },
                { LONGEST, 0, 0 },
                { LONGEST "x", -EINVAL, -EINVAL },
                { "", -EINVAL, -EINVAL },
                { ".", -EINVAL, -EINVAL },
                { "..", -EINVAL, -EINVAL },
                { ".hidden", -EINVAL, -EINVAL },
                { "_a", -EINVAL, -EINVAL },
                { "-a", -EINVAL, -EINVAL },
                { "Web", -EINVAL, -EINVAL },
                { "a b", -EINVAL, -EINVAL },
                { "a/b", -EINVAL, -EINVAL },
                { "../a", -EINVAL, -EINVAL },
                { "a@b", -EINVAL, -EINVAL },
                { "a\n", -EINVAL, -EINVAL },
                { "a*", -EINVAL, -EINVAL },
                { "\xC3\xA9t\xC3\xA9", -EINVAL, -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *name = rows[i].name;

                assert_row(name, job_name_check(name, NULL) == rows[i].job);
                assert_row(name, group_name_check(name, NULL) == rows[i].group);
                assert_row(name, matches_contract(name) == (rows[i].job == 0));
        }
}

static void test_check_says_why(void **state) {
        _cleanup_error_ Error empty = {}, bad = {}, overlong = {}, group = {};

        job_name_check("", &empty);
        assert_string_equal(empty.code, ERROR_USAGE);
        assert_string_equal(empty.message, "a job name cannot be empty");

        job_name_check("My App\033[31m", &bad);
        assert_string_equal(bad.message, "'My App' is not a valid job name");
        assert_non_null(strstr(bad.hint, "'my-app"));

        job_name_check(LONGEST "x", &overlong);
        assert_non_null(strstr(overlong.message, "longer than 64 characters"));

        group_name_check("a-b", &group);
        assert_string_equal(group.message, "'a-b' is not a valid group name");
}

static void test_from_text(void **state) {
        static const struct {
                const char *text, *name;
        } rows[] = {
                { "web", "web" },
                { "My App", "my-app" },
                { "  a  b  ", "a-b" },
                { "...a...", "a" },
                { "a_b.c-d", "a_b.c-d" },
                { "a/b", "a-b" },
                { "na\xC3\xAFve", "na-ve" },
                { "", "job" },
                { "---", "job" },
                { "\xE4\xB8\xAD", "job" },
                { LONGEST LONGEST, LONGEST },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *name = job_name_from_text(rows[i].text);

                assert_string_equal(name, rows[i].name);
        }
}

static void test_from_command(void **state) {
        static const struct {
                const char *argv[8];
                const char *name;
        } rows[] = {
                { { NULL }, "job" },
                { { "" }, "job" },
                { { "/" }, "job" },
                { { "make" }, "make" },
                { { "npm", "run", "dev" }, "npm-run-dev" },
                { { "npm", "run", "dev", "extra" }, "npm-run-dev" },
                { { "/usr/bin/make", "all" }, "make-all" },
                { { "./Run.sh" }, "run.sh" },
                { { "make", "-j4", "all" }, "make" },
                { { "node", "/srv/app/server.js" }, "node" },
                { { "env", "A=b", "make" }, "make" },
                { { "env" }, "env" },
                { { "sh", "-c", "a && b" }, "a-b" },
                { { "/bin/bash", "-lc", "exec npm start" }, "npm-start" },
                { { "sh", "-c", "" }, "job" },
                { { "sh", "-ce", "make all" }, "make-all" },
                { { "bash", "-l", "-o", "pipefail", "-c", "make | tee log" }, "make-tee-log" },
                { { "bash", "script", "-c", "make" }, "bash-script" },
                { { "bash", "-c" }, "bash" },
                { { "bash", "-o" }, "bash" },
                { { "zsh", "-fc", "eval \"${SETUP:=}\"; serve docs" }, "serve-docs" },
                { { "fish", "-N", "-C", "eval $SETUP", "-c", "serve docs" }, "serve-docs" },
                { { "echo", "two words" }, "echo" },
                { { "python3", "a_very_long_argument_that_tells_nothing" }, "python3" },
                { { SIXTEEN SIXTEEN SIXTEEN }, SIXTEEN SIXTEEN },
                { { "\xFF\xFE" }, "job" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *name = job_name_from_command((char *const *) rows[i].argv);

                assert_string_equal(name, rows[i].name);
        }
}

/* Any word makes a name that is valid. */
static void test_made_names_are_valid(void **state) {
        for (int a = 1; a < 256; a++)
                for (int b = 0; b < 256; b++) {
                        const char text[] = { (char) a, (char) b, 'x', (char) b, '\0' };
                        char *const argv[] = { (char *) text, (char *) text, NULL };
                        _cleanup_free_ char *from_text = job_name_from_text(text);
                        _cleanup_free_ char *from_command = job_name_from_command(argv);

                        assert_row(from_text, job_name_check(from_text, NULL) == 0);
                        assert_row(from_command, job_name_check(from_command, NULL) == 0);
                }
}

/* What systemd.unit(5) allows: 255 bytes at most, of these characters. */
static void assert_unit_name(const char *unit, const char *suffix) {
        size_t len = strlen(unit);

        assert_true(len < 256);
        assert_int_equal(strspn(unit, "abcdefghijklmnopqrstuvwxyz0123456789:-_.\\"), len);
        assert_string_equal(unit + len - strlen(suffix), suffix);
}

static void test_units(void **state) {
        static const char *const names[] = { "a", "web", "npm-run-dev", "a.service", "1.2_3", LONGEST };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *unit = unit_from_job(names[i]), *name = job_from_unit(unit);

                assert_unit_name(unit, ".service");
                assert_string_equal(name, names[i]);
        }
}

static void test_job_from_unit(void **state) {
        static const struct {
                const char *unit, *name;
        } rows[] = {
                { "bgjob-web.service", "web" },
                { "bgjob-web.scope", "web" },
                { "bgjob-a.b.service", "a.b" },
                { "bgjob-web.slice", NULL },
                { "bgjob-web.timer", NULL },
                { "bgjob-web", NULL },
                { "bgjob-.service", NULL },
                { "bgjob.slice", NULL },
                { "bgjob-", NULL },
                { "web.service", NULL },
                { "xbgjob-web.service", NULL },
                { "", NULL },
                { "bgjob-Web.service", NULL },
                { "bgjob-web@1.service", NULL },
                { "bgjob-../x.service", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *name = job_from_unit(rows[i].unit);

                assert_row(rows[i].unit, streq_ptr(name, rows[i].name));
        }
}

static void test_slices(void **state) {
        _cleanup_free_ char *all = slice_from_group(NULL), *group = slice_from_group("a.b_c");

        assert_string_equal(all, "bgjob.slice");
        assert_string_equal(group, "bgjob-a.b_c.slice");
        assert_unit_name(group, ".slice");
}

static void test_numbered(void **state) {
        _cleanup_free_ char *first = job_name_numbered("web", 1), *second = job_name_numbered("web", 2),
                            *longest = job_name_numbered(LONGEST, JOB_NAMES_TRIED);

        assert_string_equal(first, "web");
        assert_string_equal(second, "web-2");
        assert_int_equal(strlen(longest), JOB_NAME_MAX);
        assert_int_equal(job_name_check(longest, NULL), 0);
}

static void test_near(void **state) {
        static const struct {
                const char *a, *b;
                bool near;
        } rows[] = {
                { "web", "web", true },       { "web", "wbe", false },    { "web", "wep", true },
                { "server", "sevrer", true }, { "server", "serv", true }, { "web", "web-2", true },
                { "web", "api", false },      { "a", "zzz", false },      { "", "abc", false },
                { "x", LONGEST "x", false },  { "nosuch", "c", false },   { "a", "b", false },
                { "u1", "u2", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                assert_row(rows[i].b, name_is_near(rows[i].a, rows[i].b) == rows[i].near);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_check),
                cmocka_unit_test(test_check_says_why),
                cmocka_unit_test(test_from_text),
                cmocka_unit_test(test_from_command),
                cmocka_unit_test(test_made_names_are_valid),
                cmocka_unit_test(test_units),
                cmocka_unit_test(test_job_from_unit),
                cmocka_unit_test(test_slices),
                cmocka_unit_test(test_numbered),
                cmocka_unit_test(test_near),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
