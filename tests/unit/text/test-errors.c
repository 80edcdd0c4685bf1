/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>

#include "test.h"

#include "sdbg/text/errors.h"

/* errors/ holds output of real tools, trailing white space removed. Each line has a mark in front: "E|" an
 * error, ".|" belongs to the error before it, " |" neither. */
#define SAMPLES SOURCE_DIR "/errors"

static void check_file(const ErrorPatterns *p, const char *name, FILE *f) {
        char *line = NULL;
        size_t size = 0, number = 0;
        int pattern = -1;
        ssize_t n;

        while ((n = getline(&line, &size, f)) > 0) {
                const char *text = line + 2;
                char found = ' ';
                int k;

                number++;
                if (line[n - 1] == '\n')
                        line[--n] = '\0';
                assert_true(n >= 2 && line[1] == '|');
                k = error_patterns_match(p, text, n - 2);
                if (k >= 0) {
                        found = 'E';
                        pattern = k;
                        assert_non_null(error_patterns_name(k));
                } else if (pattern >= 0 && error_patterns_goes_on(p, pattern, text, n - 2))
                        found = '.';
                else
                        pattern = -1;
                if (found != line[0])
                        fail_msg("%s:%zu: found '%c' (%s): %s", name, number, found,
                                 k >= 0 ? error_patterns_name(k) : "", line);
        }
        free(line);
        assert_true(number > 0);
}

static void test_samples(void **state) {
        _cleanup_error_patterns_ ErrorPatterns *p = NULL;
        struct dirent *de;
        int files = 0;
        DIR *d;

        assert_int_equal(error_patterns_new(&p, NULL), 0);
        d = opendir(SAMPLES);
        assert_non_null(d);
        while ((de = readdir(d))) {
                char path[512];
                FILE *f;

                if (de->d_name[0] == '.')
                        continue;
                snprintf(path, sizeof(path), "%s/%s", SAMPLES, de->d_name);
                f = fopen(path, "re");
                assert_non_null(f);
                check_file(p, de->d_name, f);
                fclose(f);
                files++;
        }
        closedir(d);
        assert_true(files >= 16);
}

static void test_line_of_a_megabyte(void **state) {
        _cleanup_error_patterns_ ErrorPatterns *p = NULL;
        size_t len = 1024 * 1024;
        char *text = malloc(len);

        assert_non_null(text);
        assert_int_equal(error_patterns_new(&p, NULL), 0);
        memset(text, 'a', len);
        assert_true(error_patterns_match(p, text, len) < 0);
        memset(text, ' ', len);
        assert_true(error_patterns_match(p, text, len) < 0);
        memcpy(text, "error: x", 8);
        assert_true(error_patterns_match(p, text, len) >= 0);
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_samples),
                cmocka_unit_test(test_line_of_a_megabyte),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
