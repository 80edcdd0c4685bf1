/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/text/quote.h"
#include "sdbg/text/sanitize.h"

static size_t count_newlines(const char *data, size_t len) {
        size_t n = 0;

        for (size_t i = 0; i < len; i++)
                n += data[i] == '\n';
        return n;
}

static void check_sanitize(const char *data, size_t len) {
        _cleanup_buf_ Buf once = {}, twice = {};

        sanitize(&once, data, len);
        CHECK(sanitize_is_clean(once.data, once.len));
        CHECK(count_newlines(once.data, once.len) == count_newlines(data, len));
        if (sanitize_is_clean(data, len))
                CHECK(once.len == len && (len == 0 || memcmp(once.data, data, len) == 0));

        sanitize(&twice, once.data, once.len);
        CHECK(twice.len == once.len);
        CHECK(once.len == 0 || memcmp(once.data, twice.data, once.len) == 0);
}

/* Colours are all that is kept beside the text: without them it is clean. */
static void check_keep_color(const char *data, size_t len) {
        _cleanup_buf_ Buf kept = {}, plain = {};

        sanitize_keep_color(&kept, data, len);
        for (size_t i = 0; i < kept.len; i++) {
                if (kept.data[i] != '\033') {
                        buf_append_char(&plain, kept.data[i]);
                        continue;
                }
                CHECK(++i < kept.len && kept.data[i] == '[');
                do
                        CHECK(++i < kept.len);
                while ((kept.data[i] >= '0' && kept.data[i] <= '9') || kept.data[i] == ';' ||
                       kept.data[i] == ':');
                CHECK(kept.data[i] == 'm');
        }
        CHECK(sanitize_is_clean(plain.data, plain.len));
}

static void check_cut(const char *data, size_t len) {
        size_t cut = sanitize_cut(data, len);

        CHECK(cut <= len);
        CHECK(cut > 0 || len == 0);
}

static void check_line(const char *data, size_t len) {
        _cleanup_free_ char *line = printable_line(data, len, 20);

        CHECK(strlen(line) <= 20 + strlen("…"));
        CHECK(sanitize_is_clean(line, strlen(line)) && !strpbrk(line, "\n\t"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data;

        check_sanitize(text, size);
        check_keep_color(text, size);
        check_cut(text, size);
        check_line(text, size);
        return 0;
}
