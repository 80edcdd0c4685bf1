/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>

#include "sdbg/base/parse.h"

int parse_u64(const char *s, uint64_t *ret) {
        uint64_t v = 0;

        if (!*s)
                return -EINVAL;
        for (; *s; s++) {
                if (*s < '0' || *s > '9')
                        return -EINVAL;
                if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t) (*s - '0'), &v))
                        return -ERANGE;
        }
        *ret = v;
        return 0;
}

int parse_int(const char *s, int *ret) {
        bool negative = *s == '-';
        uint64_t v;
        int r;

        r = parse_u64(*s == '-' || *s == '+' ? s + 1 : s, &v);
        if (r < 0)
                return r;
        if (v > (uint64_t) INT_MAX)
                return -ERANGE;
        *ret = negative ? -(int) v : (int) v;
        return 0;
}

static const char suffixes[] = "BKMGTP";

int parse_size(const char *s, uint64_t *ret) {
        uint64_t factor = 1;
        const char *suffix;
        double v;
        char *end;

        if (streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        if (!isdigit((unsigned char) *s) || (s[0] == '0' && (s[1] | 32) == 'x'))
                return -EINVAL;
        v = strtod(s, &end);
        if (*end) {
                suffix = strchr(suffixes, toupper((unsigned char) *end));
                if (!suffix || !*suffix)
                        return -EINVAL;
                factor = 1ULL << (10 * (suffix - suffixes));
                end++;
                if (factor > 1 && (streq(end, "iB") || streq(end, "B")))
                        end = strchr(end, '\0');
        }
        if (*end)
                return -EINVAL;
        v *= factor;
        if (!isfinite(v) || v >= 0x1p63)
                return -ERANGE;
        *ret = v;
        return 0;
}

char *format_size(char *buf, size_t size, uint64_t bytes) {
        double v = bytes;
        size_t i = 0;

        while (v >= 1024 && i + 2 < sizeof(suffixes)) {
                v /= 1024;
                i++;
        }
        snprintf(buf, size, v < 10 && i > 0 ? "%.1f%c" : "%.0f%c", v, suffixes[i]);
        return buf;
}

char *format_count(char *buf, size_t size, uint64_t n) {
        char digits[24];
        int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);
        size_t at = 0;

        for (int i = 0; i < len && at + 2 < size; i++) {
                if (i > 0 && (len - i) % 3 == 0)
                        buf[at++] = ',';
                buf[at++] = digits[i];
        }
        buf[at] = '\0';
        return buf;
}

int parse_boolean(const char *s) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0)
                        return 1;
                if (strcasecmp(s, no[i]) == 0)
                        return 0;
        }
        return -EINVAL;
}

static const struct {
        int number;
        const char *name;
} signals[] = {
        { SIGHUP, "SIGHUP" },       { SIGINT, "SIGINT" },       { SIGQUIT, "SIGQUIT" },
        { SIGILL, "SIGILL" },       { SIGTRAP, "SIGTRAP" },     { SIGABRT, "SIGABRT" },
        { SIGBUS, "SIGBUS" },       { SIGFPE, "SIGFPE" },       { SIGKILL, "SIGKILL" },
        { SIGUSR1, "SIGUSR1" },     { SIGSEGV, "SIGSEGV" },     { SIGUSR2, "SIGUSR2" },
        { SIGPIPE, "SIGPIPE" },     { SIGALRM, "SIGALRM" },     { SIGTERM, "SIGTERM" },
        { SIGSTKFLT, "SIGSTKFLT" }, { SIGCHLD, "SIGCHLD" },     { SIGCONT, "SIGCONT" },
        { SIGSTOP, "SIGSTOP" },     { SIGTSTP, "SIGTSTP" },     { SIGTTIN, "SIGTTIN" },
        { SIGTTOU, "SIGTTOU" },     { SIGURG, "SIGURG" },       { SIGXCPU, "SIGXCPU" },
        { SIGXFSZ, "SIGXFSZ" },     { SIGVTALRM, "SIGVTALRM" }, { SIGPROF, "SIGPROF" },
        { SIGWINCH, "SIGWINCH" },   { SIGIO, "SIGIO" },         { SIGPWR, "SIGPWR" },
        { SIGSYS, "SIGSYS" },
};

int signal_from_string(const char *s) {
        int n;

        if (parse_int(s, &n) >= 0)
                return n > 0 && n < NSIG ? n : -EINVAL;
        if (strncasecmp(s, "SIG", 3) == 0)
                s += 3;
        if (strncasecmp(s, "RTMIN+", 6) == 0 && parse_int(s + 6, &n) >= 0)
                return n >= 0 && n <= SIGRTMAX - SIGRTMIN ? SIGRTMIN + n : -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                if (strcasecmp(s, signals[i].name + 3) == 0)
                        return signals[i].number;
        return -EINVAL;
}

const char *signal_to_string(int signal) {
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                if (signals[i].number == signal)
                        return signals[i].name;
        return NULL;
}
