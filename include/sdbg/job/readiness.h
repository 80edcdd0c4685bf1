/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/job/spec.h"

/* When a job counts as ready: what its spec asks for, and when to look whether it holds. No I/O, and no
 * clock: `now` is CLOCK_MONOTONIC of the caller. */

#define READY_TIMEOUT_DEFAULT (60 * USEC_PER_SEC)

/* Return: whether the job is asked to become ready at all. */
bool spec_wants_ready(const Spec *s);

/* Reads [HOST:]PORT; an IPv6 address stands in brackets. *ret_host, which the caller frees, is NULL where
 * any will do. Return: 0; -EINVAL with reterr said; -ENOMEM. */
int ready_port_parse(const char *text, char **ret_host, int *ret_port, Error *reterr);

/* An URL of plain HTTP (RFC 9110, 4.2.1). */
typedef struct ReadyUrl {
        char *host; /* without brackets */
        int port;
        char *target;    /* path and query, as the request has it */
        char *authority; /* for the field Host */
} ReadyUrl;

/* Return: 0; -EINVAL with reterr said: no http URL, one with a password in it, …; -ENOMEM. */
int ready_url_parse(const char *text, ReadyUrl *ret, Error *reterr);
void ready_url_done(ReadyUrl *u);
#define _cleanup_ready_url_ _cleanup_(ready_url_done)

typedef enum ReadyKind {
        READY_LOG,
        READY_PORT,
        READY_HTTP,
        READY_EXEC,
} ReadyKind;

/* One thing that must hold; once it did it is not looked at again. */
typedef struct ReadyCheck {
        ReadyKind kind;
        const char *value; /* borrowed from the spec */
        bool holds;
        bool is_under_way; /* a try that takes its time */
        usec_t began;      /* the try before, or this one */
        usec_t due;        /* of the next try; READY_LOG: never */
} ReadyCheck;

typedef struct Readiness {
        ReadyCheck *checks;
        size_t n;
        usec_t started, timeout;
} Readiness;

/* A try that has not come to its end by then is given up, and made again. */
#define READY_TRY_USEC (10 * USEC_PER_SEC)

/* Return: 0, -ENOMEM. */
int readiness_init(Readiness *r, const Spec *s, usec_t now);
void readiness_done(Readiness *r);

/* Return: whether a try is to be made now; it is then under way. */
bool readiness_begin(Readiness *r, ReadyCheck *c, usec_t now);

/* Says how a try has come out. The next is made after a time that grows with how long it took so far, so
 * that the answer comes soon after it is true, and a slow job is not slowed down by being asked. */
void readiness_tell(Readiness *r, ReadyCheck *c, bool holds, usec_t now);

/* Return: whether all of it holds. */
bool readiness_holds(const Readiness *r);
/* Return: whether the time is over. */
bool readiness_is_over(const Readiness *r, usec_t now);
/* Return: when to look again, if nothing happens before. */
usec_t readiness_deadline(const Readiness *r);
