/* SPDX-License-Identifier: MIT */
#include <endian.h>

#include "sdbg/wire/frame.h"

/* Little-endian, so that a supervisor in another machine's personality reads the same. */
typedef struct Header {
        uint32_t len;
        uint8_t type;
        uint8_t reserved[3];
} Header;

_Static_assert(sizeof(Header) == FRAME_HEADER, "the header has no padding");

void frame_append(Buf *b, FrameType type, const void *data, size_t len) {
        Header h = { .len = htole32(len), .type = type };

        buf_append(b, &h, sizeof(h));
        buf_append(b, data, len);
}

ssize_t frame_parse(const char *data, size_t len, size_t max, Frame *ret) {
        Header h;
        size_t payload;

        if (len < sizeof(h))
                return 0;
        memcpy(&h, data, sizeof(h));
        payload = le32toh(h.len);
        if (payload > max)
                return -EMSGSIZE;
        if (len - sizeof(h) < payload)
                return 0;
        *ret = (Frame){ .type = h.type, .data = data + sizeof(h), .len = payload };
        return sizeof(h) + payload;
}
