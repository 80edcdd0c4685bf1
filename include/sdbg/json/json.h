/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/time.h"

/* JSON (RFC 8259), and structs to and from it by a table of their fields. The only module that sees
 * the JSON library. */

typedef struct cJSON Json;

/* Frees a value with all that is in it; NULL is none. */
void json_free(Json *j);
DEFINE_CLEANUP_FUNC(Json *, json_free);
#define _cleanup_json_ _cleanup_(json_freep)

/* Reads one document of `len` bytes. Return: 0 and *ret, which the caller frees; -EBADMSG for what is
 * no JSON, with bytes after it, or nested deeper than 1000. */
int json_parse(const char *text, size_t len, Json **ret);

/* Return: the document on one line, NUL-terminated, that the caller frees; NULL without memory. */
char *json_to_string(const Json *j);

/* New values, which the caller frees or gives to a parent. Return: NULL without memory. */
Json *json_new_object(void);
Json *json_new_array(void);
/* Bytes that are no valid UTF-8 are shown as U+FFFD. NULL becomes null. */
Json *json_new_string(const char *s);
/* The strings of a vector, each as json_new_string(). */
Json *json_new_strv(char *const *v);
/* `len` bytes in base64, as a string. */
Json *json_new_base64(const char *data, size_t len);
/* Exact up to 2^53. */
Json *json_new_number(uint64_t n);
Json *json_new_bool(bool b);

/* The same out of a real number; null where it is infinite or none. */
Json *json_new_real(double d);

/* An object of the keys and values given, which it owns from then on, also on failure; ends with NULL.
 * Return: NULL without memory, or where one of the values is NULL. */
Json *json_object(const char *key, ...) __attribute__((sentinel));

/* Return: a deep copy that the caller frees; NULL without memory, or of NULL. */
Json *json_copy(const Json *j);

/* The same for what is given back as it came: a whole number is printed to its last digit, where cJSON rounds those
 * beyond 15. The copy can only be printed. */
Json *json_echo(const Json *j);

/* Puts `value` (which the parent owns from then on, also on failure) into an object or array.
 * Return: 0, -ENOMEM (also where value is NULL, so that calls nest). */
int json_set(Json *object, const char *key, Json *value);
int json_append(Json *array, Json *value);

/* Return: the member, borrowed; NULL where it is not there. */
const Json *json_get(const Json *object, const char *key);
/* Return: the string, borrowed; NULL where j is none. */
const char *json_string(const Json *j);

/* What a value is. */
typedef enum JsonKind {
        JSON_ABSENT, /* NULL */
        JSON_NULL,
        JSON_FALSE,
        JSON_TRUE,
        JSON_NUMBER,
        JSON_TEXT,
        JSON_ARRAY,
        JSON_OBJECT,
} JsonKind;

/* Return: the kind; JSON_ABSENT of NULL. */
JsonKind json_kind(const Json *j);
/* Return: the number; NAN where j is none. */
double json_number(const Json *j);

/* Takes a member out of an object, where it is there. */
void json_drop(Json *object, const char *key);

/* Takes the members that are null out of an object. */
void json_drop_nulls(Json *object);

/* Walks an array or object: for (const Json *i = json_first(j); i; i = json_next(i)). */
const Json *json_first(const Json *j);
const Json *json_next(const Json *item);
/* Return: the item's key in its object, borrowed. */
const char *json_key(const Json *item);

/* How a field of a struct stands in JSON; "unknown" is null there and the value named here. */
typedef enum JsonType {
        JSON_STRING,  /* char *; NULL */
        JSON_BYTES,   /* char *; NULL: text exact to the byte, base64 in an object where it is no UTF-8 */
        JSON_BYTES_V, /* char **: the same, as an array */
        JSON_MAP,     /* char ** of key=value, as an object */
        JSON_BOOL,    /* bool */
        JSON_INT,     /* int; negative */
        JSON_U64,     /* uint64_t; UINT64_MAX */
        JSON_TIME,    /* usec_t on CLOCK_REALTIME, as RFC 3339; 0 */
        JSON_MSEC,    /* usec_t, in milliseconds; USEC_INFINITY */
        JSON_ENUM,    /* int with a table of names; negative */
} JsonType;

typedef struct JsonField {
        const char *key;
        JsonType type;
        size_t offset;
        const char *const *names; /* JSON_ENUM: by value, NULL at the end */
} JsonField;

/* Adds the fields of the struct at `base` to the object. Return: 0, -ENOMEM. */
int json_from_fields(Json *object, const JsonField *fields, size_t n, const void *base);

/* Fills the struct at `base`, whose pointers must be NULL or owned. Keys that are not there leave
 * their field as it is; unknown keys are passed over, so that a newer writer may add some.
 * Return: 0; -EBADMSG for a value of another type; -ENOMEM. */
int json_to_fields(const Json *object, const JsonField *fields, size_t n, void *base);

/* Frees what the fields own. */
void json_free_fields(const JsonField *fields, size_t n, void *base);
