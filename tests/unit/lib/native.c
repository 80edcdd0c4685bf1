/* SPDX-License-Identifier: MIT */
#include <endian.h>

#include "check.h"
#include "native.h"

/* As journald has it: A-Z, digits and '_', no digit first; a leading '_' is only for trusted fields. */
static bool name_is_valid(const char *name, size_t len) {
        if (len == 0 || len > 64 || name[0] == '_' || (name[0] >= '0' && name[0] <= '9'))
                return false;
        for (size_t i = 0; i < len; i++)
                if (!memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", name[i], 37))
                        return false;
        return true;
}

bool native_next(const char **p, const char *end, Buf *field) {
        const char *newline, *equals, *value;
        uint64_t len;

        if (*p == end)
                return false;
        newline = memchr(*p, '\n', end - *p);
        CHECK(newline);
        field->len = 0;

        equals = memchr(*p, '=', newline - *p);
        if (equals) {
                CHECK(name_is_valid(*p, equals - *p));
                buf_append(field, *p, newline - *p);
                *p = newline + 1;
                return true;
        }

        CHECK(name_is_valid(*p, newline - *p));
        value = newline + 1 + sizeof(len);
        CHECK(end - newline > (ptrdiff_t) sizeof(len));
        memcpy(&len, newline + 1, sizeof(len));
        len = le64toh(len);
        CHECK(len < (uint64_t) (end - value) && value[len] == '\n');
        buf_append(field, *p, newline - *p);
        buf_append_char(field, '=');
        buf_append(field, value, len);
        *p = value + len + 1;
        return true;
}

bool native_get(const Buf *entry, const char *name, Buf *value) {
        const char *p = entry->data, *end = p + entry->len;
        size_t l = strlen(name);
        _cleanup_buf_ Buf field = {};
        bool found = false;

        while (native_next(&p, end, &field)) {
                if (field.len <= l || memcmp(field.data, name, l) != 0 || field.data[l] != '=')
                        continue;
                CHECK(!found);
                found = true;
                value->len = 0;
                buf_append(value, field.data + l + 1, field.len - l - 1);
        }
        return found;
}
