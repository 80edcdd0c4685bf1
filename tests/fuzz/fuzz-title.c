/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/text/utf8.h"

#include "terminal/title.h"

/* However it comes in pieces. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data;
        Title a = {}, b = {};

        title_take(&a, text, size);
        for (size_t i = 0; i < size; i++)
                title_take(&b, text + i, 1);
        CHECK(strcmp(a.text, b.text) == 0 && a.phase == b.phase && a.n == b.n);
        CHECK(a.n < sizeof(a.next) && strlen(a.text) < sizeof(a.text));
        CHECK(!utf8_is_valid(text, size) || utf8_is_valid(a.text, strlen(a.text)));
        return 0;
}
