/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "check.h"
#include "fuzz.h"

#include "sdbg/base/buf.h"
#include "sdbg/job/cursor.h"
#include "sdbg/output/excerpt.h"
#include "sdbg/text/collapse.h"
#include "sdbg/text/errors.h"
#include "sdbg/text/sanitize.h"

static void check_cursor(const char *text) {
        char again[CURSOR_TEXT_MAX];
        _cleanup_error_ Error e = {};
        Cursor c, back;
        int r;

        r = cursor_from_string(&c, text, &e);
        CHECK((r == 0) == !e.message);
        if (r < 0)
                return;
        /* Numbers may have been written with leading zeros. */
        cursor_to_string(&c, again, sizeof(again));
        CHECK(cursor_from_string(&back, again, NULL) == 0);
        CHECK(memcmp(&c, &back, sizeof(c)) == 0);
}

/* One line as text: its key says the same of itself, and no pattern runs wild. */
static void check_line(const ErrorPatterns *patterns, const char *data, size_t len) {
        _cleanup_buf_ Buf text = {}, a = {}, b = {};
        int pattern;

        sanitize(&text, data, len);
        buf_append_char(&text, '\0');
        text.len--;
        CHECK(collapse_key(&a, text.data, text.len) == collapse_key(&b, text.data, text.len));
        CHECK(a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0));
        pattern = error_patterns_match(patterns, text.data, text.len);
        CHECK(pattern >= 0 || pattern == -ENOENT);
        if (pattern >= 0)
                (void) error_patterns_goes_on(patterns, pattern, text.data, text.len);
}

/* What is shown is never more than was asked for. */
static void check_excerpt(const char *data, size_t len, bool json) {
        Excerpt e = { .max = EXCERPT_MIN + len % 300, .json = json };
        char *shown = NULL;
        size_t size = 0;

        e.f = open_memstream(&shown, &size);
        CHECK(e.f);
        while (len > 0) {
                const char *newline = memchr(data, '\n', len);
                size_t n = newline ? (size_t) (newline + 1 - data) : len;

                CHECK(excerpt_add(&e, data, n) == 0);
                data += n;
                len -= n;
        }
        CHECK(excerpt_end(&e) == 0);
        CHECK(fclose(e.f) == 0);
        CHECK(size <= e.max);
        excerpt_done(&e);
        free(shown);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static ErrorPatterns *patterns;
        const char *bytes = (const char *) data;
        _cleanup_free_ char *text = strndup(bytes, size);

        if (!patterns)
                CHECK(error_patterns_new(&patterns, NULL) == 0);
        check_cursor(text);
        check_excerpt(bytes, size, false);
        check_excerpt(bytes, size, true);
        for (size_t at = 0; at < size;) {
                const char *newline = memchr(bytes + at, '\n', size - at);
                size_t len = newline ? (size_t) (newline - bytes - at) : size - at;

                check_line(patterns, bytes + at, len);
                at += len + 1;
        }
        return 0;
}
