/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/text/key.h"
#include "sdbg/wire/frame.h"

/* What a client sends, taken apart: every frame lies within the bytes, and the walk ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *p = (const char *) data, *end = p + size;
        Frame f;
        ssize_t n;

        while ((n = frame_parse(p, end - p, FRAME_MAX, &f)) > 0) {
                _cleanup_free_ char *name = strndup(f.data, f.len);
                Key k;

                CHECK(n == (ssize_t) (FRAME_HEADER + f.len) && n <= end - p);
                CHECK(f.data >= p && f.data + f.len <= end);
                if (key_from_string(name, &k) == 0)
                        CHECK(key_to_byte(&k) < 0x80);
                (void) key_near(name);
                p += n;
        }
        CHECK(n == 0 || n == -EMSGSIZE);
        return 0;
}
