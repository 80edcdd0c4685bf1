/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/readiness.h"

/* Between two tries: a sixteenth of the time gone by, in these bounds. */
#define INTERVAL_MIN (5 * USEC_PER_MSEC)
#define INTERVAL_MAX (250 * USEC_PER_MSEC)
/* A try that takes long, as a command may, is followed by a pause as long, but not longer than this. */
#define PAUSE_MAX USEC_PER_SEC

bool spec_wants_ready(const Spec *s) {
        return strv_length(s->ready_log) + strv_length(s->ready_port) + strv_length(s->ready_http) +
                       strv_length(s->ready_exec) >
               0;
}

static int parse_port(const char *text, int *ret) {
        uint64_t port;

        if (parse_u64(text, &port) < 0 || port < 1 || port > 65535)
                return -EINVAL;
        *ret = port;
        return 0;
}

int ready_port_parse(const char *text, char **ret_host, int *ret_port, Error *reterr) {
        const char *colon = strrchr(text, ':'), *host = text;
        size_t len = colon ? colon - text : 0;

        *ret_host = NULL;
        if (parse_port(colon ? colon + 1 : text, ret_port) < 0)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "'%s' is not a port: [HOST:]PORT, from 1 to 65535, is wanted", text);
        if (!colon)
                return 0;
        if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
                host++;
                len -= 2;
        } else if (memchr(host, ':', len)) {
                error_set(reterr, ERROR_USAGE, 0, "'%s': which of it is the port?", text);
                error_hint(reterr, "an IPv6 address stands in brackets: [::1]:3000");
                return -EINVAL;
        }
        if (len == 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s': there is no host before the colon", text);
        *ret_host = strndup(host, len);
        return *ret_host ? 0 : error_oom(reterr);
}

void ready_url_done(ReadyUrl *u) {
        free(u->host);
        free(u->target);
        free(u->authority);
        *u = (ReadyUrl){};
}

/* What is between "http://" and the path. */
static int parse_authority(const char *text, const char *authority, ReadyUrl *ret, Error *reterr) {
        const char *close = *authority == '[' ? strchr(authority, ']') : NULL;
        const char *host = authority, *colon = strchr(close ?: authority, ':');
        size_t len = colon ? (size_t) (colon - authority) : strlen(authority);

        ret->port = 80;
        if (colon && parse_port(colon + 1, &ret->port) < 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s': its port is not one from 1 to 65535", text);
        if (close) {
                host++;
                len = close - host;
                if (close[1] != '\0' && close + 1 != colon)
                        len = 0;
        }
        if (len == 0 || (*authority == '[' && !close))
                return error_set(reterr, ERROR_USAGE, 0, "'%s': there is no host in it", text);
        ret->host = strndup(host, len);
        return ret->host ? 0 : error_oom(reterr);
}

/* White space and control bytes would end the request's line, or begin another. */
static bool is_clean(const char *s) {
        for (; *s; s++)
                if ((unsigned char) *s <= ' ' || *s == 127)
                        return false;
        return true;
}

int ready_url_parse(const char *text, ReadyUrl *ret, Error *reterr) {
        const char *rest = startswith(text, "http://");
        size_t authority, target;

        *ret = (ReadyUrl){};
        if (startswith(text, "https://")) {
                error_set(reterr, ERROR_USAGE, 0, "'%s': only http is spoken here, not https", text);
                error_hint(reterr, "use --ready-exec 'curl -fsk %s', or --ready-port", text);
                return -EINVAL;
        }
        if (!rest || !is_clean(text))
                return error_set(reterr, ERROR_USAGE, 0,
                                 "'%s' is not an URL: http://HOST[:PORT][/PATH] is wanted", text);
        authority = strcspn(rest, "/?#");
        target = strcspn(rest + authority, "#"); /* a fragment is not sent */
        ret->authority = strndup(rest, authority);
        if (!ret->authority || asprintf(&ret->target, "%s%.*s", rest[authority] == '/' ? "" : "/",
                                        (int) target, rest + authority) < 0) {
                ret->target = NULL;
                return error_oom(reterr);
        }
        if (strchr(ret->authority, '@')) {
                error_set(reterr, ERROR_USAGE, 0, "'%s': no user or password can be in it", text);
                error_hint(reterr, "use --ready-exec with a command that knows it");
                return -EINVAL;
        }
        return parse_authority(text, ret->authority, ret, reterr);
}

static size_t add_checks(Readiness *r, ReadyKind kind, char *const *values, usec_t now) {
        STRV_FOREACH (v, values)
                r->checks[r->n++] = (ReadyCheck){
                        .kind = kind,
                        .value = *v,
                        .began = now,
                        .due = kind == READY_LOG ? USEC_INFINITY : now,
                };
        return r->n;
}

int readiness_init(Readiness *r, const Spec *s, usec_t now) {
        size_t n = strv_length(s->ready_log) + strv_length(s->ready_port) + strv_length(s->ready_http) +
                   strv_length(s->ready_exec);

        *r = (Readiness){ .started = now, .timeout = s->ready_timeout };
        r->checks = calloc(n + 1, sizeof(ReadyCheck));
        if (!r->checks)
                return -ENOMEM;
        add_checks(r, READY_LOG, s->ready_log, now);
        add_checks(r, READY_PORT, s->ready_port, now);
        add_checks(r, READY_HTTP, s->ready_http, now);
        add_checks(r, READY_EXEC, s->ready_exec, now);
        return 0;
}

void readiness_done(Readiness *r) {
        free(r->checks);
        *r = (Readiness){};
}

bool readiness_begin(Readiness *r, ReadyCheck *c, usec_t now) {
        if (c->holds || c->is_under_way || now < c->due)
                return false;
        c->is_under_way = true;
        c->began = now;
        return true;
}

void readiness_tell(Readiness *r, ReadyCheck *c, bool holds, usec_t now) {
        usec_t interval = MIN(MAX((now - r->started) / 16, INTERVAL_MIN), INTERVAL_MAX);

        c->is_under_way = false;
        c->holds |= holds;
        interval = MAX(interval, MIN(now - c->began, PAUSE_MAX));
        c->due = c->kind == READY_LOG ? USEC_INFINITY : now + interval;
}

bool readiness_holds(const Readiness *r) {
        for (size_t i = 0; i < r->n; i++)
                if (!r->checks[i].holds)
                        return false;
        return true;
}

bool readiness_is_over(const Readiness *r, usec_t now) {
        return now >= usec_add(r->started, r->timeout);
}

usec_t readiness_deadline(const Readiness *r) {
        usec_t t = usec_add(r->started, r->timeout);

        for (size_t i = 0; i < r->n; i++) {
                const ReadyCheck *c = &r->checks[i];

                if (!c->holds)
                        t = MIN(t, c->is_under_way ? c->began + READY_TRY_USEC : c->due);
        }
        return t;
}
