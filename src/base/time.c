/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/time.h"

usec_t now_usec(clockid_t clock) {
        struct timespec ts;

        (void) clock_gettime(clock, &ts);
        return (usec_t) ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

/* The units of systemd.time(7). */
static const struct {
        const char *name;
        usec_t usec;
} units[] = {
        { "seconds", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "s", USEC_PER_SEC },
        { "minutes", 60 * USEC_PER_SEC },
        { "minute", 60 * USEC_PER_SEC },
        { "min", 60 * USEC_PER_SEC },
        { "m", 60 * USEC_PER_SEC },
        { "msec", USEC_PER_MSEC },
        { "ms", USEC_PER_MSEC },
        { "hours", 3600 * USEC_PER_SEC },
        { "hour", 3600 * USEC_PER_SEC },
        { "hr", 3600 * USEC_PER_SEC },
        { "h", 3600 * USEC_PER_SEC },
        { "days", 86400 * USEC_PER_SEC },
        { "day", 86400 * USEC_PER_SEC },
        { "d", 86400 * USEC_PER_SEC },
        { "weeks", 7 * 86400 * USEC_PER_SEC },
        { "week", 7 * 86400 * USEC_PER_SEC },
        { "w", 7 * 86400 * USEC_PER_SEC },
        { "months", 2629800 * USEC_PER_SEC },
        { "month", 2629800 * USEC_PER_SEC },
        { "years", 31557600 * USEC_PER_SEC },
        { "year", 31557600 * USEC_PER_SEC },
        { "y", 31557600 * USEC_PER_SEC },
        { "usec", 1 },
        { "us", 1 },
};

static const char blanks[] = " \t";

/* The unit at *s, or seconds where there is none; 0 for a word that is no unit. */
static usec_t take_unit(const char **s) {
        size_t l = strspn(*s, "abcdefghijklmnopqrstuvwxyz");

        if (l == 0)
                return USEC_PER_SEC;
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (strlen(units[i].name) == l && strncmp(*s, units[i].name, l) == 0) {
                        *s += l;
                        return units[i].usec;
                }
        return 0;
}

/* The digits after a decimal point as a part of `unit`. */
static usec_t take_fraction(const char **s, usec_t *weights, size_t *n) {
        usec_t value = 0;

        *weights = 1;
        for (*n = 0; **s >= '0' && **s <= '9'; (*s)++, (*n)++)
                if (*weights < 1000000) {
                        value = value * 10 + (**s - '0');
                        *weights *= 10;
                }
        return value;
}

/* One "<number>[.<fraction>][unit]". */
static int take_term(const char **s, usec_t *total) {
        usec_t whole = 0, fraction = 0, weight = 1, unit, term;
        size_t n = strspn(*s, "0123456789"), n_fraction = 0;

        for (size_t i = 0; i < n; i++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (usec_t) ((*s)[i] - '0'), &whole))
                        return -ERANGE;
        *s += n;
        if (**s == '.') {
                (*s)++;
                fraction = take_fraction(s, &weight, &n_fraction);
        }
        if (n + n_fraction == 0)
                return -EINVAL;

        *s += strspn(*s, blanks);
        unit = take_unit(s);
        if (unit == 0)
                return -EINVAL;
        if (__builtin_mul_overflow(whole, unit, &term) ||
            __builtin_add_overflow(term, fraction * unit / weight, &term) ||
            __builtin_add_overflow(*total, term, total) || *total == USEC_INFINITY)
                return -ERANGE;
        return 0;
}

int parse_duration(const char *s, usec_t *ret) {
        usec_t total = 0;
        int r;

        s += strspn(s, blanks);
        if (streq(s, "infinity")) {
                *ret = USEC_INFINITY;
                return 0;
        }
        do {
                r = take_term(&s, &total);
                if (r < 0)
                        return r;
                s += strspn(s, blanks);
        } while (*s);

        *ret = total;
        return 0;
}

char *format_duration(char *buf, size_t size, usec_t t) {
        usec_t s = t / USEC_PER_SEC;

        if (t == USEC_INFINITY)
                snprintf(buf, size, "infinity");
        else if (t < USEC_PER_SEC)
                snprintf(buf, size, "%" PRIu64 "ms", t / USEC_PER_MSEC);
        else if (s < 10)
                snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "s", s, t % USEC_PER_SEC / 100000);
        else if (s < 60)
                snprintf(buf, size, "%" PRIu64 "s", s);
        else if (s < 3600)
                snprintf(buf, size, "%" PRIu64 "min %" PRIu64 "s", s / 60, s % 60);
        else if (s < 86400)
                snprintf(buf, size, "%" PRIu64 "h %" PRIu64 "min", s / 3600, s % 3600 / 60);
        else
                snprintf(buf, size, "%" PRIu64 "d %" PRIu64 "h", s / 86400, s % 86400 / 3600);
        return buf;
}

char *format_local_time(char *buf, size_t size, usec_t realtime) {
        time_t t = realtime / USEC_PER_SEC;
        struct tm tm;

        strftime(buf, size, "%Y-%m-%d %H:%M:%S", localtime_r(&t, &tm));
        return buf;
}

char *format_rfc3339(char *buf, size_t size, usec_t realtime) {
        time_t t = realtime / USEC_PER_SEC;
        struct tm tm;
        long offset;

        (void) localtime_r(&t, &tm);
        offset = tm.tm_gmtoff / 60;
        snprintf(buf, size, "%04d-%02d-%02dT%02d:%02d:%02d.%06u%c%02ld:%02ld", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (unsigned) (realtime % USEC_PER_SEC), offset < 0 ? '-' : '+', labs(offset) / 60,
                 labs(offset) % 60);
        return buf;
}

/* "Z" or "+hh:mm", in seconds. */
static int parse_zone(const char *s, long *ret) {
        unsigned hours, minutes;
        int end = 0;

        if (streq(s, "Z")) {
                *ret = 0;
                return 0;
        }
        if ((*s != '+' && *s != '-') || s[1 + strspn(s + 1, "0123456789:")])
                return -EINVAL;
        if (sscanf(s + 1, "%2u:%2u%n", &hours, &minutes, &end) != 2 || s[1 + end])
                return -EINVAL;
        *ret = (hours * 3600L + minutes * 60L) * (*s == '-' ? -1 : 1);
        return 0;
}

int parse_rfc3339(const char *s, usec_t *ret) {
        struct tm tm = {};
        usec_t fraction = 0, weight = 1;
        long zone;
        size_t n;
        time_t t;

        s = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
        if (!s)
                return -EINVAL;
        if (*s == '.') {
                s++;
                fraction = take_fraction(&s, &weight, &n);
        }
        if (parse_zone(s, &zone) < 0)
                return -EINVAL;
        t = timegm(&tm);
        if (t < zone)
                return -EINVAL;
        *ret = (usec_t) (t - zone) * USEC_PER_SEC + fraction * USEC_PER_SEC / weight;
        return 0;
}
