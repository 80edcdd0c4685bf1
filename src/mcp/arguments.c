/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"

#include "mcp/internal.h"

#define SECONDS_MAX 1e9

/* One argument on its way into the request. */
typedef struct Argument {
        const ToolParam *tool_param;
        const Param *param;
        const char *given; /* how the client called it */
        void *base;        /* of the request struct that the parameter belongs to */
        double scale;      /* of a number: 0.001 for milliseconds */
} Argument;

static int wrong_type(const Argument *a, const char *wanted, Error *reterr) {
        return error_set(reterr, ERROR_USAGE, 0, "'%s' must be %s", a->given, wanted);
}

static int set_text(const Argument *a, const char *text, Error *reterr) {
        _cleanup_error_ Error e = {};
        int r = param_set(a->param, a->base, text, &e);

        /* The message of a command line names the option. */
        if (r < 0)
                error_set(reterr, ERROR_USAGE, 0, "'%s': %s", a->given, e.message ?: strerror(-r));
        return r;
}

static int set_seconds(const Argument *a, const Json *v, Error *reterr) {
        double d = json_number(v) * a->scale;
        char text[64];

        if (json_kind(v) == JSON_TEXT)
                return set_text(a, json_string(v), reterr);
        if (json_kind(v) != JSON_NUMBER || !(d >= 0 && d <= SECONDS_MAX))
                return wrong_type(a, a->scale < 1 ? "a number of milliseconds" : "a number of seconds",
                                  reterr);
        snprintf(text, sizeof(text), "%" PRIu64 "us", (uint64_t) (d * USEC_PER_SEC));
        return set_text(a, text, reterr);
}

static int set_number(const Argument *a, const Json *v, const char *wanted, Error *reterr) {
        double d = json_number(v);
        char text[32];

        if (json_kind(v) == JSON_TEXT)
                return set_text(a, json_string(v), reterr);
        if (json_kind(v) != JSON_NUMBER || !(fabs(d) < 0x1p53) || d != trunc(d))
                return wrong_type(a, wanted, reterr);
        snprintf(text, sizeof(text), "%.0f", d);
        return set_text(a, text, reterr);
}

static int set_string(const Argument *a, const Json *v, Error *reterr) {
        /* Some clients give ids as numbers. */
        if (json_kind(v) == JSON_NUMBER)
                return set_number(a, v, "a string", reterr);
        return json_kind(v) == JSON_TEXT ? set_text(a, json_string(v), reterr)
                                         : wrong_type(a, "a string", reterr);
}

static int set_flag(const Argument *a, const Json *v, Error *reterr) {
        int on = json_kind(v) == JSON_TRUE    ? 1
                 : json_kind(v) == JSON_FALSE ? 0
                 : json_kind(v) == JSON_TEXT  ? parse_boolean(json_string(v))
                                              : -EINVAL;

        if (on < 0)
                return wrong_type(a, "true or false", reterr);
        *(bool *) ((char *) a->base + a->param->offset) = on;
        return 0;
}

static int set_map(const Argument *a, const Json *v, Error *reterr) {
        for (const Json *i = json_first(v); i; i = json_next(i)) {
                _cleanup_free_ char *text = NULL;
                int r;

                if (json_kind(i) != JSON_TEXT && json_kind(i) != JSON_NUMBER)
                        return wrong_type(a, "an object of strings", reterr);
                r = json_kind(i) == JSON_TEXT ? asprintf(&text, "%s=%s", json_key(i), json_string(i))
                                              : asprintf(&text, "%s=%.15g", json_key(i), json_number(i));
                if (r < 0) {
                        text = NULL;
                        return error_oom(reterr);
                }
                r = strchr(json_key(i), '=') ? wrong_type(a, "an object whose names hold no '='", reterr)
                                             : set_text(a, text, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int set_list(const Argument *a, const Json *v, Error *reterr) {
        bool is_map = a->param->value && strchr(a->param->value, '=');

        if (is_map && json_kind(v) == JSON_OBJECT)
                return set_map(a, v, reterr);
        if (json_kind(v) == JSON_TEXT || (json_kind(v) == JSON_NUMBER && !is_map))
                return set_string(a, v, reterr);
        if (json_kind(v) != JSON_ARRAY)
                return wrong_type(a, is_map ? "an object of strings" : "an array of strings", reterr);
        for (const Json *i = json_first(v); i; i = json_next(i)) {
                int r = set_string(a, i, reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int set_argument(const Argument *a, const Json *v, Error *reterr) {
        if (json_kind(v) == JSON_NULL)
                return 0; /* as if it were not given */
        if (tool_param_is_seconds(a->tool_param))
                return set_seconds(a, v, reterr);
        switch (a->param->type) {
        case PARAM_FLAG:
                return set_flag(a, v, reterr);
        case PARAM_LIST:
                return set_list(a, v, reterr);
        case PARAM_COUNT:
        case PARAM_INT:
                return set_number(a, v, "a whole number", reterr);
        case PARAM_SIZE:
                return set_number(a, v, "a size like \"512M\", or a number of bytes", reterr);
        default:
                return set_string(a, v, reterr);
        }
}

/* Whether `name` is one of the words. */
static bool has_word(const char *words, const char *name) {
        size_t n = strlen(name);

        for (const char *w = words; w && *w; w += strspn(w, " ")) {
                size_t len = strcspn(w, " ");

                if (len == n && memcmp(w, name, n) == 0)
                        return true;
                w += len;
        }
        return false;
}

static const ToolParam *find_param(const Tool *t, const char *name) {
        for (const ToolParam *p = t->params; p->name; p++)
                if (streq(p->name, name))
                        return p;
        for (const ToolParam *p = t->params; p->name; p++)
                if (has_word(p->aliases, name))
                        return p;
        return NULL;
}

static int unknown_parameter(const Tool *t, const char *name, Error *reterr) {
        _cleanup_buf_ Buf near = {}, all = {};

        for (const ToolParam *p = t->params; p->name; p++) {
                buf_printf(&all, "%s%s", all.len > 0 ? ", " : "", p->name);
                if (name_is_near(name, p->name))
                        buf_printf(&near, "%s'%s'", near.len > 0 ? " or " : "", p->name);
        }
        buf_append_char(&near, '\0');
        buf_append_char(&all, '\0');
        if (near.oom || all.oom)
                return error_oom(reterr);
        error_set(reterr, ERROR_USAGE, 0, "%s: unknown parameter '%.100s'", t->name, name);
        if (near.len > 1)
                error_hint(reterr, "did you mean %s?", near.data);
        else
                error_hint(reterr, "it takes: %s", all.len > 1 ? all.data : "nothing");
        return -EINVAL;
}

static bool ends_with(const char *s, const char *end) {
        size_t n = strlen(s), m = strlen(end);

        return n >= m && streq(s + n - m, end);
}

static int take_argument(const Tool *t, const char *name, const Json *value, void *request, Error *reterr) {
        const ToolParam *p = find_param(t, name);
        size_t offset;

        if (!p)
                return unknown_parameter(t, name, reterr);
        Argument a = {
                .tool_param = p,
                .param = tool_param_of(t, p, &offset),
                .given = name,
                .scale = ends_with(name, "_ms") ? 0.001 : 1,
        };
        a.base = (char *) request + offset;
        return set_argument(&a, value, reterr);
}

/* Whether the tool has parameters that are members of this one. */
static bool has_members(const Tool *t, const char *name) {
        for (const ToolParam *p = t->params; p->name; p++) {
                const char *rest = startswith(p->name, name);

                if (rest && *rest == '.')
                        return true;
        }
        return false;
}

static int take_members(const Tool *t, const char *name, const Json *members, void *request, Error *reterr) {
        int r = 0;

        if (json_kind(members) > JSON_NULL && json_kind(members) != JSON_OBJECT)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' must be an object", name);
        for (const Json *i = json_first(members); r >= 0 && i; i = json_next(i)) {
                _cleanup_free_ char *whole = NULL;

                if (asprintf(&whole, "%s.%s", name, json_key(i)) < 0) {
                        whole = NULL;
                        return error_oom(reterr);
                }
                r = take_argument(t, whole, i, request, reterr);
        }
        return r;
}

static int take_arguments(const Tool *t, const Json *arguments, void *request, Error *reterr) {
        int r = 0;

        for (const Json *i = json_first(arguments); r >= 0 && i; i = json_next(i))
                r = has_members(t, json_key(i)) ? take_members(t, json_key(i), i, request, reterr)
                                                : take_argument(t, json_key(i), i, request, reterr);
        return r;
}

/* Whether one of the names that the parameter goes by was given. */
static bool is_given(const ToolParam *p, const Json *arguments) {
        for (const Json *i = json_first(arguments); i; i = json_next(i))
                if ((streq(json_key(i), p->name) || has_word(p->aliases, json_key(i))) &&
                    json_kind(i) != JSON_NULL)
                        return true;
        return false;
}

int tool_parse(const Tool *t, const Json *arguments, void **ret, Error *reterr) {
        void *request = calloc(1, t->request_size);
        int r;

        *ret = request;
        if (!request)
                return error_oom(reterr);
        if (t->request_default)
                memcpy(request, t->request_default, t->request_size);
        if (json_kind(arguments) > JSON_NULL && json_kind(arguments) != JSON_OBJECT)
                return error_set(reterr, ERROR_USAGE, 0, "%s: 'arguments' must be an object", t->name);
        r = take_arguments(t, arguments, request, reterr);
        for (const ToolParam *p = t->params; r >= 0 && p->name; p++)
                if (p->required && !is_given(p, arguments))
                        r = error_set(reterr, ERROR_USAGE, 0, "%s: '%s' is missing", t->name, p->name);
        return r;
}

void tool_free_request(const Tool *t, void *request) {
        if (request && t->own)
                param_free(t->own, request);
        if (request && t->op)
                param_free(t->op, (char *) request + t->op_offset);
        free(request);
}
