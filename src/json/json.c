/* SPDX-License-Identifier: MIT */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/json/json.h"
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

Json *json_new_strv(char *const *v) {
        Json *array = json_new_array();

        STRV_FOREACH (s, v)
                if (json_append(array, json_new_string(*s)) < 0) {
                        json_free(array);
                        return NULL;
                }
        return array;
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
