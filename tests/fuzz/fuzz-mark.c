/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "ops/event-mark.h"

/* What could be read is written so that it can be read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *) data, size), *printed = NULL, *again = NULL;
        EventMark m;
        int r;

        CHECK(text);
        r = event_mark_from_string(&m, text);
        CHECK(r == 0 || r == -EBADMSG);
        if (r < 0)
                return 0;
        printed = event_mark_to_string(&m);
        event_mark_done(&m);
        CHECK(printed);
        CHECK(event_mark_from_string(&m, printed) == 0);
        again = event_mark_to_string(&m);
        event_mark_done(&m);
        CHECK(again && streq(again, printed));
        return 0;
}
