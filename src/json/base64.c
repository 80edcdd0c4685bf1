/* SPDX-License-Identifier: MIT */
#include "json/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const char *data, size_t len) {
        const unsigned char *p = (const unsigned char *) data;
        char *s = malloc((len + 2) / 3 * 4 + 1), *q = s;

        if (!s)
                return NULL;
        for (size_t i = 0; i < len; i += 3) {
                uint32_t v = (uint32_t) p[i] << 16;

                v |= i + 1 < len ? (uint32_t) p[i + 1] << 8 : 0;
                v |= i + 2 < len ? p[i + 2] : 0;
                *q++ = digits[v >> 18];
                *q++ = digits[v >> 12 & 63];
                *q++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
                *q++ = i + 2 < len ? digits[v & 63] : '=';
        }
        *q = '\0';
        return s;
}

char *base64_decode(const char *s) {
        size_t len = strlen(s), padding = 0, n = 0;
        uint32_t v = 0;
        char *out;

        while (padding < 2 && padding < len && s[len - 1 - padding] == '=')
                padding++;
        if (len % 4 != 0 || !(out = malloc(len / 4 * 3 + 1)))
                return NULL;

        for (size_t i = 0; i < len; i++) {
                const char *d = i < len - padding ? memchr(digits, s[i], 64) : digits;

                if (!d) {
                        free(out);
                        return NULL;
                }
                v = v << 6 | (uint32_t) (d - digits);
                if (i % 4 == 3) {
                        out[n++] = v >> 16 & 0xFF;
                        out[n++] = v >> 8 & 0xFF;
                        out[n++] = v & 0xFF;
                }
        }
        out[n - padding] = '\0';
        return out;
}
