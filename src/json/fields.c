/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/json/json.h"
#include "sdbg/text/quote.h"
#include "sdbg/text/utf8.h"

#include "json/base64.h"

static Json *from_bytes(const char *s) {
        if (!s || utf8_is_valid(s, strlen(s)))
                return json_new_string(s);
        return json_object("base64", json_new_base64(s, strlen(s)), NULL);
}

static Json *from_strv(char *const *v) {
        Json *array = json_new_array();

        STRV_FOREACH (s, v)
                if (json_append(array, from_bytes(*s)) < 0) {
                        json_free(array);
                        return NULL;
                }
        return array;
}

static Json *from_map(char *const *v) {
        Json *object = json_new_object();

        STRV_FOREACH (s, v) {
                const char *e = strchrnul(*s, '=');
                _cleanup_free_ char *key = printable_line(*s, e - *s, SIZE_MAX);

                if (!key || json_set(object, key, json_new_string(*e ? e + 1 : "")) < 0) {
                        json_free(object);
                        return NULL;
                }
        }
        return object;
}

static Json *from_time(usec_t t) {
        char buf[RFC3339_MAX];

        return json_new_string(t ? format_rfc3339(buf, sizeof(buf), t) : NULL);
}

static Json *from_field(const JsonField *f, const void *slot) {
        switch (f->type) {
        case JSON_STRING:
                return json_new_string(*(char *const *) slot);
        case JSON_BYTES:
                return from_bytes(*(char *const *) slot);
        case JSON_BYTES_V:
                return from_strv(*(char **const *) slot);
        case JSON_MAP:
                return from_map(*(char **const *) slot);
        case JSON_BOOL:
                return json_new_bool(*(const bool *) slot);
        case JSON_INT: {
                int n = *(const int *) slot;
                return n >= 0 ? json_new_number(n) : json_new_string(NULL);
        }
        case JSON_U64: {
                uint64_t n = *(const uint64_t *) slot;
                return n != UINT64_MAX ? json_new_number(n) : json_new_string(NULL);
        }
        case JSON_TIME:
                return from_time(*(const usec_t *) slot);
        case JSON_MSEC: {
                usec_t t = *(const usec_t *) slot;
                return t != USEC_INFINITY ? json_new_number(t / USEC_PER_MSEC) : json_new_string(NULL);
        }
        case JSON_ENUM: {
                int n = *(const int *) slot;
                return json_new_string(n >= 0 ? f->names[n] : NULL);
        }
        }
        return NULL;
}

int json_from_fields(Json *object, const JsonField *fields, size_t n, const void *base) {
        for (size_t i = 0; i < n; i++) {
                Json *value = from_field(&fields[i], (const char *) base + fields[i].offset);

                if (json_set(object, fields[i].key, value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int to_bytes(const Json *j, char **ret) {
        const char *s = json_string(j);
        char *copy;

        if (json_kind(j) == JSON_OBJECT) {
                s = json_string(json_get(j, "base64"));
                if (!s || !(copy = base64_decode(s)))
                        return -EBADMSG;
        } else if (!s)
                return -EBADMSG;
        else if (!(copy = strdup(s)))
                return -ENOMEM;

        free(*ret);
        *ret = copy;
        return 0;
}

static int to_strv(const Json *j, char ***ret) {
        _cleanup_strv_free_ char **v = NULL;
        size_t n = 0;

        if (json_kind(j) != JSON_ARRAY)
                return -EBADMSG;
        for (const Json *i = json_first(j); i; i = json_next(i))
                n++;
        /* One array for all: an environment may have ten thousand entries. */
        v = calloc(n + 1, sizeof(char *));
        if (!v)
                return -ENOMEM;
        n = 0;
        for (const Json *i = json_first(j); i; i = json_next(i)) {
                int r = to_bytes(i, &v[n++]);
                if (r < 0)
                        return r;
        }
        strv_free(*ret);
        *ret = TAKE_PTR(v);
        return 0;
}

static int to_map(const Json *j, char ***ret) {
        _cleanup_strv_free_ char **v = NULL;

        if (json_kind(j) != JSON_OBJECT)
                return -EBADMSG;
        for (const Json *i = json_first(j); i; i = json_next(i)) {
                Buf b = {};

                if (!json_string(i))
                        return -EBADMSG;
                buf_printf(&b, "%s=%s", json_key(i), json_string(i));
                if (strv_consume(&v, buf_take(&b)) < 0)
                        return -ENOMEM;
        }
        strv_free(*ret);
        *ret = TAKE_PTR(v);
        return 0;
}

static int to_bool(const Json *j, bool *ret) {
        JsonKind kind = json_kind(j);

        if (kind != JSON_TRUE && kind != JSON_FALSE)
                return -EBADMSG;
        *ret = kind == JSON_TRUE;
        return 0;
}

static int to_number(const Json *j, uint64_t factor, uint64_t *ret) {
        double d = json_number(j);

        if (!(d >= 0 && d * factor < 0x1p63))
                return -EBADMSG;
        *ret = (uint64_t) d * factor;
        return 0;
}

static int to_enum(const Json *j, const char *const *names, int *ret) {
        const char *s = json_string(j);

        for (int i = 0; s && names[i]; i++)
                if (streq(names[i], s)) {
                        *ret = i;
                        return 0;
                }
        return -EBADMSG;
}

static int to_field(const JsonField *f, const Json *j, void *slot) {
        uint64_t n = 0;
        int r = 0;

        if (json_kind(j) == JSON_NULL)
                return 0;
        switch (f->type) {
        case JSON_STRING:
        case JSON_BYTES:
                return to_bytes(j, slot);
        case JSON_BYTES_V:
                return to_strv(j, slot);
        case JSON_MAP:
                return to_map(j, slot);
        case JSON_BOOL:
                return to_bool(j, slot);
        case JSON_INT:
                r = to_number(j, 1, &n) < 0 || n > INT_MAX ? -EBADMSG : 0;
                if (r >= 0)
                        *(int *) slot = n;
                return r;
        case JSON_U64:
                return to_number(j, 1, slot);
        case JSON_TIME:
                return json_string(j) && parse_rfc3339(json_string(j), slot) >= 0 ? 0 : -EBADMSG;
        case JSON_MSEC:
                return to_number(j, USEC_PER_MSEC, slot);
        case JSON_ENUM:
                return to_enum(j, f->names, slot);
        }
        return -EBADMSG;
}

int json_to_fields(const Json *object, const JsonField *fields, size_t n, void *base) {
        const Json *due = json_first(object); /* written by the same table, the fields come in its order */

        if (json_kind(object) != JSON_OBJECT)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                const Json *j =
                        due && streq(json_key(due), fields[i].key) ? due : json_get(object, fields[i].key);
                int r = j ? to_field(&fields[i], j, (char *) base + fields[i].offset) : 0;

                if (r < 0)
                        return r;
                if (j)
                        due = json_next(j);
        }
        return 0;
}

void json_free_fields(const JsonField *fields, size_t n, void *base) {
        for (size_t i = 0; i < n; i++) {
                char *slot = (char *) base + fields[i].offset;

                switch (fields[i].type) {
                case JSON_STRING:
                case JSON_BYTES:
                        free(*(char **) slot);
                        *(char **) slot = NULL;
                        break;
                case JSON_BYTES_V:
                case JSON_MAP:
                        strv_free(*(char ***) slot);
                        *(char ***) slot = NULL;
                        break;
                default:
                        break;
                }
        }
}
