/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/text/status-row.h"

static bool begins_with(const char *data, const Buf *b) {
        return b->len == 0 || memcmp(data, b->data, b->len) == 0;
}

/* Where all rows are the program's, all it prints is passed on; a sequence that is not whole yet comes later. */
static void check_without_row(const char *data, size_t len) {
        _cleanup_buf_ Buf out = {};
        StatusRow s = {};

        status_row_resize(&s, 80, 2, &out);
        status_row_pass(&s, data, len, 1, &out);
        CHECK(out.len + s.n == len);
        CHECK(begins_with(data, &out));
        CHECK(memcmp(data + out.len, s.held, s.n) == 0);
}

/* However it comes in pieces. */
static void check_pieces(const char *data, size_t len) {
        _cleanup_buf_ Buf whole = {}, pieces = {};
        StatusRow a = {}, b = {};

        status_row_resize(&a, 80, 24, &whole);
        status_row_resize(&b, 80, 24, &pieces);
        status_row_pass(&a, data, len, 1, &whole);
        for (size_t i = 0; i < len; i++)
                status_row_pass(&b, data + i, 1, 1, &pieces);
        CHECK(whole.len == pieces.len && begins_with(whole.data, &pieces));
        CHECK(a.n == b.n && a.phase == b.phase && a.is_damaged == b.is_damaged && a.is_lost == b.is_lost);
        CHECK(a.n < sizeof(a.held));
        if (status_row_draw(&a, "left", "right", 1, &whole))
                CHECK(a.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        check_without_row((const char *) data, size);
        check_pieces((const char *) data, size);
        return 0;
}
