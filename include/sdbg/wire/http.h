/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/macro.h"

/* The answer to a request of HTTP/1 (RFC 9112), as far as its status. Zero-initialised it is at the
 * beginning. */
typedef struct HttpAnswer {
        char line[64]; /* the beginning of the present line */
        size_t len;
        size_t taken;    /* bytes so far */
        bool is_interim; /* the head of a 1xx answer is being passed over */
} HttpAnswer;

/* A server that sends more than this without a status speaks something else. */
#define HTTP_HEAD_MAX ((size_t) 64 * 1024)

/* Takes the next bytes. Return: the status, 200 to 999; 0: more is needed; -EBADMSG: this is not HTTP/1. */
int http_answer_take(HttpAnswer *a, const char *data, size_t len);
