/* SPDX-License-Identifier: MIT */
#include "sdbg/base/time.h"

#define LENGTH_MAX 100

/* The first letters of the days, as strptime(3)'s %a would take them in the locale C only. */
static const char days[][4] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };

static int midnight(usec_t now, int shift, usec_t *ret) {
        time_t t = now / USEC_PER_SEC;
        struct tm tm;

        if (!localtime_r(&t, &tm))
                return -EINVAL;
        tm.tm_mday += shift;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        tm.tm_isdst = -1;
        t = mktime(&tm);
        if (t < 0)
                return -EINVAL;
        *ret = (usec_t) t * USEC_PER_SEC;
        return 0;
}

static int parse_word(const char *s, usec_t now, usec_t *ret) {
        if (streq(s, "now")) {
                *ret = now;
                return 0;
        }
        return streq(s, "today")       ? midnight(now, 0, ret)
               : streq(s, "yesterday") ? midnight(now, -1, ret)
               : streq(s, "tomorrow")  ? midnight(now, 1, ret)
                                       : -EINVAL;
}

static int shift(const char *duration, usec_t now, bool forward, usec_t *ret) {
        usec_t d;
        int r = parse_duration(duration, &d);

        if (r < 0)
                return r;
        if (forward && d > USEC_INFINITY - 1 - now)
                return -ERANGE;
        *ret = forward ? now + d : usec_sub(now, d);
        return 0;
}

/* "+5min", "-5min", "5min ago", "5min left", and "5min", which can only mean the past here. */
static int parse_relative(const char *s, usec_t now, usec_t *ret) {
        size_t l = strlen(s);
        char text[LENGTH_MAX];

        if (*s == '+' || *s == '-')
                return shift(s + 1, now, *s == '+', ret);
        memcpy(text, s, l + 1);
        if (l > 4 && streq(s + l - 4, " ago")) {
                text[l - 4] = '\0';
                return shift(text, now, false, ret);
        }
        if (l > 5 && streq(s + l - 5, " left")) {
                text[l - 5] = '\0';
                return shift(text, now, true, ret);
        }
        /* A number alone is neither a time nor a duration. */
        return s[strspn(s, "0123456789. ")] ? shift(s, now, false, ret) : -EINVAL;
}

/* Digits behind a decimal point, to microseconds. Return: where they end. */
static const char *take_fraction(const char *s, usec_t *ret) {
        usec_t unit = USEC_PER_SEC / 10;

        for (*ret = 0; *s >= '0' && *s <= '9'; s++, unit /= 10)
                *ret += (usec_t) (*s - '0') * unit;
        return s;
}

static const char *skip_day(const char *s) {
        for (size_t i = 0; i < ELEMENTSOF(days); i++)
                if (strncasecmp(s, days[i], 3) == 0) {
                        s += strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
                        return s + strspn(s, " ,");
                }
        return s;
}

/* Return: what follows the date and time, NULL where there is neither. */
static const char *take_date_and_time(const char *s, struct tm *tm, usec_t *fraction) {
        static const char *const forms[] = {
                "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
                "%Y-%m-%d",          "%H:%M:%S",          "%H:%M"
        };
        struct tm today = *tm;

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                const char *end;

                *tm = today;
                end = strptime(s, forms[i], tm);
                if (end && *end == '.' && forms[i][strlen(forms[i]) - 1] == 'S')
                        end = take_fraction(end + 1, fraction);
                if (end && (!*end || *end == ' ' || *end == 'Z'))
                        return end;
        }
        return NULL;
}

static int parse_absolute(const char *s, usec_t now, usec_t *ret) {
        time_t t = now / USEC_PER_SEC;
        usec_t fraction = 0;
        struct tm tm, given;
        bool utc;

        if (!localtime_r(&t, &tm))
                return -EINVAL;
        tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
        s = take_date_and_time(skip_day(s), &tm, &fraction);
        if (!s)
                return -EINVAL;
        utc = streq(s, " UTC") || streq(s, "Z") || streq(s, " Z");
        if (*s && !utc)
                return -EINVAL;
        tm.tm_isdst = -1;
        given = tm;
        t = utc ? timegm(&tm) : mktime(&tm);
        /* The 31st of February was normalised. */
        if (t < 0 || tm.tm_mday != given.tm_mday || tm.tm_mon != given.tm_mon)
                return -EINVAL;
        *ret = (usec_t) t * USEC_PER_SEC + fraction;
        return 0;
}

static int parse_epoch(const char *s, usec_t *ret) {
        usec_t fraction = 0, whole = 0;

        if (*s < '0' || *s > '9')
                return -EINVAL;
        for (; *s >= '0' && *s <= '9'; s++)
                if (__builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, (usec_t) (*s - '0'), &whole))
                        return -ERANGE;
        if (*s == '.')
                s = take_fraction(s + 1, &fraction);
        if (*s)
                return -EINVAL;
        return __builtin_mul_overflow(whole, USEC_PER_SEC, &whole) ||
                               __builtin_add_overflow(whole, fraction, ret)
                       ? -ERANGE
                       : 0;
}

int parse_timestamp(const char *s, usec_t now, usec_t *ret) {
        int r;

        s += strspn(s, " \t");
        if (strlen(s) >= LENGTH_MAX)
                return -EINVAL;
        if (*s == '@')
                return parse_epoch(s + 1, ret);
        r = parse_word(s, now, ret);
        if (r < 0)
                r = parse_rfc3339(s, ret);
        if (r < 0)
                r = parse_absolute(s, now, ret);
        return r < 0 ? parse_relative(s, now, ret) : r;
}
