/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "json/base64.h"

/* RFC 4648, section 10. */
static void test_vectors(void **state) {
        static const struct {
                const char *plain, *encoded;
        } rows[] = {
                { "", "" },
                { "f", "Zg==" },
                { "fo", "Zm8=" },
                { "foo", "Zm9v" },
                { "foob", "Zm9vYg==" },
                { "fooba", "Zm9vYmE=" },
                { "foobar", "Zm9vYmFy" },
                { "\xFF\xFE\xFD", "//79" },
                { "\xFB\xF0", "+/A=" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *encoded = base64_encode(rows[i].plain, strlen(rows[i].plain));
                _cleanup_free_ char *plain = base64_decode(rows[i].encoded);

                assert_string_equal(encoded, rows[i].encoded);
                assert_string_equal(plain, rows[i].plain);
        }
}

static void test_every_byte(void **state) {
        char bytes[256] = "";

        for (size_t i = 1; i < sizeof(bytes); i++)
                bytes[i - 1] = (char) i;
        for (size_t len = 0; len < sizeof(bytes); len++) {
                _cleanup_free_ char *encoded = base64_encode(bytes, len), *back = base64_decode(encoded);

                assert_int_equal(strlen(back), len);
                assert_memory_equal(back, bytes, len);
        }
}

static void test_bad(void **state) {
        static const char *const rows[] = {
                "Z",        "Zg",     "Zg=",  "Zg===", "====", "=Zg=",    "Z===",
                "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm9-",  "Zm9_", "Zm9\xFF",
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *plain = base64_decode(rows[i]);

                assert_row(rows[i], !plain);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vectors),
                cmocka_unit_test(test_every_byte),
                cmocka_unit_test(test_bad),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
