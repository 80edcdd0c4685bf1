/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>

#include "sdbg/base/strv.h"
#include "sdbg/job/readiness.h"
#include "sdbg/text/regex.h"

#include "ops/internal.h"

/* Of all kinds together. */
#define CHECKS_MAX 32

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b) {
        if (!a || a->sa_family != b->sa_family)
                return false;
        if (a->sa_family == AF_INET)
                return ((const struct sockaddr_in *) a)->sin_addr.s_addr ==
                       ((const struct sockaddr_in *) b)->sin_addr.s_addr;
        return a->sa_family == AF_INET6 &&
               memcmp(&((const struct sockaddr_in6 *) a)->sin6_addr,
                      &((const struct sockaddr_in6 *) b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

/* All of 127.0.0.0/8 is this machine, and so is 0.0.0.0, by which it is often called. */
static bool is_loopback(const struct sockaddr *a) {
        const struct sockaddr_in *v4 = (const void *) a;
        const struct sockaddr_in6 *v6 = (const void *) a;

        if (a->sa_family == AF_INET)
                return v4->sin_addr.s_addr == 0 || ntohl(v4->sin_addr.s_addr) >> 24 == 127;
        return a->sa_family == AF_INET6 &&
               (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) || IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr));
}

static bool is_of_this_machine(const struct sockaddr *a) {
        struct ifaddrs *all = NULL;
        bool found = is_loopback(a);

        if (found || getifaddrs(&all) < 0)
                return found;
        for (const struct ifaddrs *i = all; !found && i; i = i->ifa_next)
                found = is_same_host(i->ifa_addr, a);
        freeifaddrs(all);
        return found;
}

/* flags: of getaddrinfo(3). Return: 1 all that the host stands for is this machine; 0; -EINVAL with reterr
 * said: it stands for nothing. */
static int check_host(const char *host, int flags, const char *text, Error *reterr) {
        const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags };
        struct addrinfo *found = NULL;
        bool is_local = true;
        int r;

        r = getaddrinfo(host, NULL, &hints, &found);
        if (r != 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s': host '%s': %s", text, host, gai_strerror(r));
        for (const struct addrinfo *a = found; a; a = a->ai_next)
                is_local = is_local && is_of_this_machine(a->ai_addr);
        freeaddrinfo(found);
        return is_local;
}

static int check_port(const char *text, Error *reterr) {
        _cleanup_free_ char *host = NULL;
        int port, r;

        r = ready_port_parse(text, &host, &port, reterr);
        if (r < 0 || !host || streq(host, "localhost"))
                return r;
        r = check_host(host, AI_NUMERICHOST, text, reterr);
        if (r != 0)
                return MIN(r, 0);
        return error_set(reterr, ERROR_USAGE, 0, "'%s': %s is no address of this machine", text, host);
}

static int check_url(const char *text, bool anywhere, Error *reterr) {
        _cleanup_ready_url_ ReadyUrl u = {};
        int r;

        r = ready_url_parse(text, &u, reterr);
        if (r < 0 || anywhere || streq(u.host, "localhost"))
                return r;
        r = check_host(u.host, 0, text, reterr);
        if (r != 0)
                return MIN(r, 0);
        error_set(reterr, ERROR_USAGE, 0, "'%s': %s is not this machine", text, u.host);
        error_hint(reterr, "--ready-anywhere allows it");
        return -EINVAL;
}

static int check_log(const char *text, Error *reterr) {
        _cleanup_regex_ Regex *regex = NULL;
        int r = regex_compile(text, false, &regex, reterr);

        if (r < 0)
                error_prefix(reterr, "--ready-log");
        return r;
}

static int check_all(const Spec *s, Error *reterr) {
        int r = 0;

        STRV_FOREACH (text, s->ready_log)
                r = r < 0 ? r : check_log(*text, reterr);
        STRV_FOREACH (text, s->ready_port)
                r = r < 0 ? r : check_port(*text, reterr);
        STRV_FOREACH (text, s->ready_http)
                r = r < 0 ? r : check_url(*text, s->ready_anywhere, reterr);
        STRV_FOREACH (text, s->ready_exec)
                if (r >= 0 && !**text)
                        r = error_set(reterr, ERROR_USAGE, 0, "the command of --ready-exec is empty");
        return r;
}

static int check_together(const StartRequest *q, Error *reterr) {
        size_t n = strv_length(q->ready_log) + strv_length(q->ready_port) + strv_length(q->ready_http) +
                   strv_length(q->ready_exec);

        if (n > CHECKS_MAX)
                return error_set(reterr, ERROR_USAGE, 0, "more than %d things that make it ready",
                                 CHECKS_MAX);
        if (q->ready_timeout > 0 && n == 0) {
                error_set(reterr, ERROR_USAGE, 0, "--ready-timeout without anything that makes it ready");
                error_hint(reterr, "add --ready-log, --ready-port, --ready-http or --ready-exec");
                return -EINVAL;
        }
        if (q->ready_anywhere && !q->ready_http)
                return error_set(reterr, ERROR_USAGE, 0, "--ready-anywhere without --ready-http");
        return 0;
}

static int copy(char *const *from, char ***to) {
        *to = from ? strv_copy(from) : NULL;
        return from && !*to ? -ENOMEM : 0;
}

int spec_set_readiness(const StartRequest *q, Spec *s, Error *reterr) {
        int r;

        r = check_together(q, reterr);
        if (r < 0)
                return r;
        s->ready_timeout = q->ready_timeout ?: READY_TIMEOUT_DEFAULT;
        s->ready_anywhere = q->ready_anywhere;
        if (copy(q->ready_log, &s->ready_log) < 0 || copy(q->ready_port, &s->ready_port) < 0 ||
            copy(q->ready_http, &s->ready_http) < 0 || copy(q->ready_exec, &s->ready_exec) < 0)
                return error_oom(reterr);
        return check_all(s, reterr);
}
