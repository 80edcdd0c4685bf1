/* SPDX-License-Identifier: MIT */
#include <wchar.h>

#include "sdbg/text/utf8.h"

int utf8_decode(const char *p, size_t len, uint32_t *ret) {
        static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
        unsigned char first = p[0];
        uint32_t c;
        int n;

        if (first < 0x80) {
                n = 1;
                c = first;
        } else if (first >= 0xC2 && first < 0xE0) {
                n = 2;
                c = first & 0x1F;
        } else if (first >= 0xE0 && first < 0xF0) {
                n = 3;
                c = first & 0x0F;
        } else if (first >= 0xF0 && first < 0xF5) {
                n = 4;
                c = first & 0x07;
        } else
                return -EINVAL;

        for (int i = 1; i < n; i++) {
                if ((size_t) i >= len)
                        return -EAGAIN;
                if (((unsigned char) p[i] & 0xC0) != 0x80)
                        return -EINVAL;
                c = c << 6 | ((unsigned char) p[i] & 0x3F);
        }
        if (c < smallest[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
                return -EINVAL;

        if (ret)
                *ret = c;
        return n;
}

bool utf8_is_valid(const char *p, size_t len) {
        while (len > 0) {
                int n = utf8_decode(p, len, NULL);

                if (n < 0)
                        return false;
                p += n;
                len -= n;
        }
        return true;
}

int utf8_columns(uint32_t c) {
        int n = c >= ' ' && c <= '~' ? 1 : wcwidth((wchar_t) c);
        return n < 0 ? 1 : n;
}
