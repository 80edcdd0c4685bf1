/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/base/strv.h"

static void test_null_is_empty(void **state) {
        _cleanup_strv_free_ char **copy = strv_copy(NULL);
        _cleanup_free_ char *joined = strv_join(NULL, ", ");

        assert_int_equal(strv_length(NULL), 0);
        assert_false(strv_contains(NULL, "x"));
        assert_null(strv_env_get(NULL, "x"));
        assert_non_null(copy);
        assert_null(copy[0]);
        assert_string_equal(joined, "");
        strv_free(NULL);
}

static void test_extend(void **state) {
        _cleanup_strv_free_ char **v = NULL;

        assert_int_equal(strv_extend(&v, "one"), 0);
        assert_int_equal(strv_consume(&v, strdup("two")), 0);
        assert_int_equal(strv_consume(&v, NULL), -ENOMEM);
        assert_int_equal(strv_length(v), 2);
        assert_string_equal(v[0], "one");
        assert_string_equal(v[1], "two");
        assert_null(v[2]);
        assert_true(strv_contains(v, "two"));
        assert_false(strv_contains(v, "tw"));
}

static void test_copy_is_deep(void **state) {
        char *v[] = { (char *) "a", (char *) "b", NULL };
        _cleanup_strv_free_ char **copy = strv_copy(v);

        assert_int_equal(strv_length(copy), 2);
        for (size_t i = 0; i < 2; i++) {
                assert_string_equal(copy[i], v[i]);
                assert_ptr_not_equal(copy[i], v[i]);
        }
}

static void test_join(void **state) {
        char *v[] = { (char *) "a", (char *) "", (char *) "c", NULL };
        _cleanup_free_ char *joined = strv_join(v, ", ");

        assert_string_equal(joined, "a, , c");
}

static void test_foreach(void **state) {
        char *v[] = { (char *) "a", (char *) "b", NULL };
        size_t n = 0;

        STRV_FOREACH (s, v)
                assert_string_equal(*s, v[n++]);
        assert_int_equal(n, 2);
}

static void test_env(void **state) {
        _cleanup_strv_free_ char **env = NULL;

        assert_int_equal(strv_env_set(&env, "PATHS=x"), 0);
        assert_int_equal(strv_env_set(&env, "PATH=/bin"), 0);
        assert_int_equal(strv_env_set(&env, "EMPTY="), 0);
        assert_int_equal(strv_env_set(&env, "PATH=/usr/bin"), 0);
        assert_int_equal(strv_length(env), 3);
        assert_string_equal(strv_env_get(env, "PATH"), "/usr/bin");
        assert_string_equal(strv_env_get(env, "PATHS"), "x");
        assert_string_equal(strv_env_get(env, "EMPTY"), "");
        assert_null(strv_env_get(env, "PAT"));
}

static void test_globs(void **state) {
        char *globs[] = { (char *) "web", (char *) "a?c*", NULL };

        assert_true(strv_fnmatch(globs, "web"));
        assert_true(strv_fnmatch(globs, "abc"));
        assert_true(strv_fnmatch(globs, "abc/d"));
        assert_false(strv_fnmatch(globs, "webs"));
        assert_false(strv_fnmatch(globs, "ac"));
        assert_false(strv_fnmatch(NULL, "web"));
        assert_false(is_glob("web"));
        assert_true(is_glob("a?c") && is_glob("*") && is_glob("[ab]"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_null_is_empty), cmocka_unit_test(test_extend),
                cmocka_unit_test(test_copy_is_deep),  cmocka_unit_test(test_join),
                cmocka_unit_test(test_foreach),       cmocka_unit_test(test_env),
                cmocka_unit_test(test_globs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
