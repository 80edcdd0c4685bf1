/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/json/json.h"
#include "sdbg/text/quote.h"
#include "sdbg/text/sanitize.h"
#include "sdbg/text/utf8.h"

#include "json/base64.h"

void json_free(Json *j) {
        cJSON_Delete(j);
}

int json_parse(const char *text, size_t len, Json **ret) {
        const char *end = NULL;
        Json *j = cJSON_ParseWithLengthOpts(text, len, &end, false);

        if (!j)
                return -EBADMSG;
        while (end < text + len && *end && strchr(" \t\r\n", *end))
                end++;
        if (end < text + len) {
                cJSON_Delete(j);
                return -EBADMSG;
        }
        *ret = j;
        return 0;
}

char *json_to_string(const Json *j) {
        return cJSON_PrintUnformatted(j);
}

Json *json_new_object(void) {
        return cJSON_CreateObject();
}

Json *json_new_array(void) {
        return cJSON_CreateArray();
}

Json *json_new_string(const char *s) {
        _cleanup_buf_ Buf clean = {};

        if (!s)
                return cJSON_CreateNull();
        if (utf8_is_valid(s, strlen(s)))
                return cJSON_CreateString(s);

        sanitize(&clean, s, strlen(s));
        buf_append_char(&clean, '\0');
        return clean.oom ? NULL : cJSON_CreateString(clean.data);
}

Json *json_new_base64(const char *data, size_t len) {
        _cleanup_free_ char *encoded = base64_encode(data, len);

        return encoded ? cJSON_CreateString(encoded) : NULL;
}

Json *json_new_number(uint64_t n) {
        return cJSON_CreateNumber((double) n);
}

Json *json_new_bool(bool b) {
        return cJSON_CreateBool(b);
}

Json *json_new_real(double d) {
        return isfinite(d) ? cJSON_CreateNumber(d) : cJSON_CreateNull();
}

Json *json_object(const char *key, ...) {
        Json *object = json_new_object();
        bool failed = !object;
        va_list ap;

        va_start(ap, key);
        for (; key; key = va_arg(ap, const char *))
                failed = json_set(object, key, va_arg(ap, Json *)) < 0 || failed;
        va_end(ap);
        if (failed) {
                json_free(object);
                return NULL;
        }
        return object;
}

Json *json_copy(const Json *j) {
        return j ? cJSON_Duplicate(j, true) : NULL;
}

Json *json_echo(const Json *j) {
        double d = json_number(j);
        char text[32];

        if (json_kind(j) != JSON_NUMBER || d != trunc(d) || fabs(d) > 1e18)
                return json_copy(j);
        snprintf(text, sizeof(text), "%.0f", d);
        return cJSON_CreateRaw(text);
}

int json_set(Json *object, const char *key, Json *value) {
        if (!object || !value || !cJSON_AddItemToObject(object, key, value)) {
                cJSON_Delete(value);
                return -ENOMEM;
        }
        return 0;
}

int json_append(Json *array, Json *value) {
        if (!array || !value || !cJSON_AddItemToArray(array, value)) {
                cJSON_Delete(value);
                return -ENOMEM;
        }
        return 0;
}

const Json *json_get(const Json *object, const char *key) {
        return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *json_string(const Json *j) {
        return cJSON_GetStringValue(j);
}

JsonKind json_kind(const Json *j) {
        return !j                  ? JSON_ABSENT
               : cJSON_IsFalse(j)  ? JSON_FALSE
               : cJSON_IsTrue(j)   ? JSON_TRUE
               : cJSON_IsNumber(j) ? JSON_NUMBER
               : cJSON_IsString(j) ? JSON_TEXT
               : cJSON_IsArray(j)  ? JSON_ARRAY
               : cJSON_IsObject(j) ? JSON_OBJECT
                                   : JSON_NULL;
}

double json_number(const Json *j) {
        return cJSON_GetNumberValue(j);
}

void json_drop(Json *object, const char *key) {
        cJSON_DeleteItemFromObjectCaseSensitive(object, key);
}

void json_drop_nulls(Json *object) {
        for (Json *i = object ? object->child : NULL, *next; i; i = next) {
                next = i->next;
                if (cJSON_IsNull(i))
                        json_free(cJSON_DetachItemViaPointer(object, i));
        }
}

const Json *json_first(const Json *j) {
        return j ? j->child : NULL;
}

const Json *json_next(const Json *item) {
        return item->next;
}

const char *json_key(const Json *item) {
        return item->string;
}

static Json *from_bytes(const char *s) {
        _cleanup_free_ char *encoded = NULL;
        Json *o;

        if (!s)
                return cJSON_CreateNull();
        if (utf8_is_valid(s, strlen(s)))
                return cJSON_CreateString(s);

        encoded = base64_encode(s, strlen(s));
        o = cJSON_CreateObject();
        if (!encoded || !cJSON_AddStringToObject(o, "base64", encoded)) {
                cJSON_Delete(o);
                return NULL;
        }
        return o;
}

static Json *from_strv(char *const *v) {
        Json *array = cJSON_CreateArray();

        STRV_FOREACH (s, v)
                if (json_append(array, from_bytes(*s)) < 0) {
                        cJSON_Delete(array);
                        return NULL;
                }
        return array;
}

static Json *from_map(char *const *v) {
        Json *object = cJSON_CreateObject();

        STRV_FOREACH (s, v) {
                const char *e = strchrnul(*s, '=');
                _cleanup_free_ char *key = printable_line(*s, e - *s, SIZE_MAX);

                if (!key || json_set(object, key, json_new_string(*e ? e + 1 : "")) < 0) {
                        cJSON_Delete(object);
                        return NULL;
                }
        }
        return object;
}

static Json *from_time(usec_t t) {
        char buf[RFC3339_MAX];

        return t ? cJSON_CreateString(format_rfc3339(buf, sizeof(buf), t)) : cJSON_CreateNull();
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
                return cJSON_CreateBool(*(const bool *) slot);
        case JSON_INT: {
                int n = *(const int *) slot;
                return n >= 0 ? cJSON_CreateNumber(n) : cJSON_CreateNull();
        }
        case JSON_U64: {
                uint64_t n = *(const uint64_t *) slot;
                return n != UINT64_MAX ? json_new_number(n) : cJSON_CreateNull();
        }
        case JSON_TIME:
                return from_time(*(const usec_t *) slot);
        case JSON_MSEC: {
                usec_t t = *(const usec_t *) slot;
                return t != USEC_INFINITY ? json_new_number(t / USEC_PER_MSEC) : cJSON_CreateNull();
        }
        case JSON_ENUM: {
                int n = *(const int *) slot;
                return n >= 0 ? cJSON_CreateString(f->names[n]) : cJSON_CreateNull();
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
        const char *s = cJSON_GetStringValue(j);
        char *copy;

        if (cJSON_IsObject(j)) {
                s = cJSON_GetStringValue(json_get(j, "base64"));
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

        if (!cJSON_IsArray(j))
                return -EBADMSG;
        /* One allocation for all: an environment may have ten thousand entries. */
        v = calloc(cJSON_GetArraySize(j) + 1, sizeof(char *));
        if (!v)
                return -ENOMEM;
        size_t n = 0;
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

        if (!cJSON_IsObject(j))
                return -EBADMSG;
        for (const Json *i = json_first(j); i; i = json_next(i)) {
                Buf b = {};

                if (!json_string(i))
                        return -EBADMSG;
                buf_printf(&b, "%s=%s", i->string, json_string(i));
                if (strv_consume(&v, buf_take(&b)) < 0)
                        return -ENOMEM;
        }
        strv_free(*ret);
        *ret = TAKE_PTR(v);
        return 0;
}

static int to_number(const Json *j, uint64_t factor, uint64_t *ret) {
        double d = cJSON_GetNumberValue(j);

        if (!(d >= 0 && d * factor < 0x1p63))
                return -EBADMSG;
        *ret = (uint64_t) d * factor;
        return 0;
}

static int to_enum(const Json *j, const char *const *names, int *ret) {
        const char *s = cJSON_GetStringValue(j);

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

        if (cJSON_IsNull(j))
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
                if (!cJSON_IsBool(j))
                        return -EBADMSG;
                *(bool *) slot = cJSON_IsTrue(j);
                return 0;
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

        if (!cJSON_IsObject(object))
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                const Json *j =
                        due && streq(due->string, fields[i].key) ? due : json_get(object, fields[i].key);
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
