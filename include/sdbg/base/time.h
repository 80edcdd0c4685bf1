/* SPDX-License-Identifier: MIT */
#pragma once

#include <inttypes.h>
#include <time.h>

#include "sdbg/base/macro.h"

/* Times and durations in microseconds. */
typedef uint64_t usec_t;

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC ((usec_t) 1000)
#define USEC_PER_SEC ((usec_t) 1000000)

/* Return: the clock's time now. */
usec_t now_usec(clockid_t clock);

/* a - b, but 0 instead of less. */
static inline usec_t usec_sub(usec_t a, usec_t b) {
        return a > b ? a - b : 0;
}

/* a + b, but USEC_INFINITY instead of more. */
static inline usec_t usec_add(usec_t a, usec_t b) {
        return b < USEC_INFINITY - a ? a + b : USEC_INFINITY;
}

/* Reads a duration as systemd.time(7) writes it: "90" (seconds), "1.5s", "2min 30s", "infinity".
 * Return: 0, -EINVAL, -ERANGE. */
int parse_duration(const char *s, usec_t *ret);

/* "4min 3s", "1.2s", "340ms": at most two units, for people. Return: a static-size copy in `buf`. */
char *format_duration(char *buf, size_t size, usec_t t);

/* "2026-11-22 15:04:05", in local time, for people. Return: buf, which should hold LOCAL_TIME_MAX bytes. */
#define LOCAL_TIME_MAX 32
char *format_local_time(char *buf, size_t size, usec_t realtime);

/* RFC 3339 with microseconds and zone: "2026-11-22T15:04:05.123456+01:00", in local time.
 * Return: buf, which should hold RFC3339_MAX bytes. */
#define RFC3339_MAX 40
char *format_rfc3339(char *buf, size_t size, usec_t realtime);

/* The reverse; fractions and "Z" allowed. Return: 0, -EINVAL. */
int parse_rfc3339(const char *s, usec_t *ret);

/* A point in time as systemd.time(7) and journalctl(1) write it: "2026-11-22 15:04:05.5", "2026-11-22",
 * "15:04", with a weekday before it or "UTC" behind it; "now", "today", "yesterday", "tomorrow"; "-5min",
 * "+5min", "5min ago", "@1395716396"; RFC 3339; and "5min", which is that long ago. Local time where no
 * zone is given. now: CLOCK_REALTIME. Return: 0, -EINVAL, -ERANGE. */
int parse_timestamp(const char *s, usec_t now, usec_t *ret);
