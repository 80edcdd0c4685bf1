/* SPDX-License-Identifier: MIT */
#include "sdbg/text/detach-keys.h"
#include "sdbg/text/key.h"

int detach_keys_parse(const char *text, DetachKeys *ret) {
        int n;

        *ret = (DetachKeys){};
        if (!*text)
                return 0;
        n = keys_to_bytes(text, ret->keys, sizeof(ret->keys));
        if (n < 0)
                return n;
        ret->n = n;
        return 0;
}

bool detach_keys_feed(DetachKeys *d, const char *in, size_t len, usec_t now, char *out, size_t *ret_len) {
        size_t n = 0;

        for (size_t i = 0; i < len; i++) {
                if (d->n == 1 && d->matched == 1) {
                        d->matched = 0;
                        if (in[i] != d->keys[0]) {
                                *ret_len = n;
                                return true;
                        }
                        out[n++] = in[i];
                        continue;
                }
                if (d->n > 0 && in[i] == d->keys[d->matched]) {
                        d->since = now;
                        if (++d->matched < d->n || d->n == 1)
                                continue;
                        *ret_len = n;
                        return true;
                }
                /* Another key: what was held back was for the job. */
                memcpy(out + n, d->keys, d->matched);
                n += d->matched;
                d->matched = 0;
                if (d->n > 1 && in[i] == d->keys[0])
                        d->matched = 1;
                else
                        out[n++] = in[i];
        }
        *ret_len = n;
        return false;
}

usec_t detach_keys_deadline(const DetachKeys *d) {
        return d->n == 1 && d->matched == 1 ? d->since + DETACH_USEC : USEC_INFINITY;
}
