/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "sdbg/wire/http.h"

static void test_answers(void **state) {
        static const struct {
                const char *text;
                int expected;
        } rows[] = {
                { "", 0 },
                { "HTTP/1.1 200 OK\r", 0 },
                { "HTTP/1.1 200 OK\r\n", 200 },
                { "HTTP/1.1 200 OK\n", 200 },
                { "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404 },
                { "HTTP/1.1 204\r\n", 204 },
                { "HTTP/1.1 204 \r\n", 204 },
                { "HTTP/1.1 999 odd\r\n", 999 },
                { "HTTP/1.1 100 Continue\r\n\r\n", 0 },
                { "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 500 Oh\r\n", 500 },
                { "HTTP/1.1 103 Early Hints\r\nLink: <HTTP/1.1 200 OK>\r\n\r\nHTTP/1.1 301 Moved\r\n", 301 },
                { "HTTP/1.1 101 Switching Protocols\r\n", -EBADMSG },
                { "HTTP/1.1 099 x\r\n", -EBADMSG },
                { "HTTP/1.1 2000 OK\r\n", -EBADMSG },
                { "HTTP/1.1 20 OK\r\n", -EBADMSG },
                { "HTTP/1.1  200 OK\r\n", -EBADMSG },
                { "HTTP/2 200\r\n", -EBADMSG },
                { "http/1.1 200 OK\r\n", -EBADMSG },
                { "\r\nHTTP/1.1 200 OK\r\n", -EBADMSG },
                { "SSH-2.0-OpenSSH_9.2\r\n", -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                HttpAnswer whole = {}, pieces = {};
                int r = 0;

                assert_row(rows[i].text,
                           http_answer_take(&whole, rows[i].text, strlen(rows[i].text)) == rows[i].expected);
                for (const char *p = rows[i].text; *p && r == 0; p++)
                        r = http_answer_take(&pieces, p, 1);
                assert_row(rows[i].text, r == rows[i].expected);
        }
}

static void test_long_reason(void **state) {
        char text[2000];
        HttpAnswer a = {};

        memset(text, 'x', sizeof(text));
        memcpy(text, BYTES("HTTP/1.1 200 "));
        text[sizeof(text) - 1] = '\n';
        assert_int_equal(http_answer_take(&a, text, sizeof(text)), 200);
}

static void test_endless(void **state) {
        char text[4096];
        HttpAnswer a = {};
        size_t n = 0;

        memset(text, 'x', sizeof(text));
        while (http_answer_take(&a, text, sizeof(text)) == 0)
                n += sizeof(text);
        assert_true(n <= HTTP_HEAD_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_answers),
                cmocka_unit_test(test_long_reason),
                cmocka_unit_test(test_endless),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
