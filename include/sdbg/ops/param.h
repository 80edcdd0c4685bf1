/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* One parameter of an op: the one table from which options, help, completions and input schemas are
 * made. A parameter fills a field of the op's request struct, which starts as all zero. */
typedef enum ParamType {
        PARAM_FLAG,     /* bool */
        PARAM_STRING,   /* char * */
        PARAM_LIST,     /* char **: may be given several times */
        PARAM_COUNT,    /* uint64_t */
        PARAM_INT,      /* int */
        PARAM_DURATION, /* usec_t, more than 0 */
        PARAM_SIZE,     /* uint64_t, in bytes, more than 0 */
        PARAM_SIGNAL,   /* int */
        PARAM_CHOICE,   /* int: index into choices */
        PARAM_OPTIONAL, /* char *: given without a value, it is "" */
} ParamType;

typedef struct Param {
        const char *name; /* "stop-timeout"; ends the table where it is NULL */
        char letter;      /* 'n' for -n, or 0 */
        ParamType type;
        size_t offset;     /* of the field in the request */
        const char *value; /* how help calls the value: "NAME" */
        const char *help;  /* one line, without final stop */
        const char *const *choices;
} Param;

/* Stores `text` (NULL for a flag) in the request. Return: 0; -EINVAL with reterr said; -ENOMEM. */
int param_set(const Param *p, void *request, const char *text, Error *reterr);

/* Frees what the parameters of a request own. */
void param_free(const Param *params, void *request);
