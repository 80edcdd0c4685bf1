/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>

#include "sdbg/base/strv.h"
#include "sdbg/probe/project.h"
#include "sdbg/text/quote.h"

#include "mcp/policy.h"
#include "mcp/start-call.h"

static Verdict refuse(Error *reterr, const char *what, const char *key) {
        error_set(reterr, ERROR_POLICY, 0, "refused by policy: %s", what);
        error_hint(reterr, "%s in sdbg.conf says so; the user can change that, or do it with 'sdbg start'",
                   key);
        return VERDICT_REFUSED;
}

/* Whether the glob fits the whole line or one of the commands in it. */
static bool fits(const char *glob, const char *line) {
        static const char separators[] = ";&|\n()";

        if (fnmatch(glob, line, 0) == 0)
                return true;
        for (const char *p = line; *p;) {
                _cleanup_free_ char *command = NULL;
                size_t len;

                p += strspn(p, separators);
                p += strspn(p, " \t");
                len = strcspn(p, separators);
                command = strndup(p, len);
                for (size_t n = len; command && n > 0 && strchr(" \t", command[n - 1]); n--)
                        command[n - 1] = '\0';
                /* Without memory it is taken for one that fits: nothing passes that should not. */
                if (!command || (*command && fnmatch(glob, command, 0) == 0))
                        return true;
                p += len;
        }
        return false;
}

static const char *find_fitting(char *const *globs, const char *line) {
        STRV_FOREACH (g, globs)
                if (fits(*g, line))
                        return *g;
        return NULL;
}

char *policy_command(const Tool *t, const void *request) {
        const StartCall *c = request;
        _cleanup_strv_free_ char **argv = NULL;

        if (t != &tool_start)
                return NULL;
        if (!c->args)
                return strdup(c->command);
        if (strv_extend(&argv, c->command) < 0)
                return NULL;
        STRV_FOREACH (a, c->args)
                if (strv_extend(&argv, *a) < 0)
                        return NULL;
        return quote_command(argv, SIZE_MAX / 2);
}

static bool directory_is_allowed(const Config *c, const char *cwd) {
        _cleanup_free_ char *path = realpath(cwd ?: ".", NULL);

        STRV_FOREACH (d, c->allow_directories) {
                _cleanup_free_ char *allowed = realpath(*d, NULL);

                if (path && allowed && path_is_below(path, allowed))
                        return true;
        }
        return strv_length(c->allow_directories) == 0;
}

/* Whether the call has left the parameter as it was. */
static bool is_unset(const Param *p, const StartRequest *q) {
        static const StartRequest none;
        size_t size = p->type == PARAM_FLAG  ? sizeof(bool)
                      : p->type == PARAM_INT ? sizeof(int)
                                             : sizeof(uint64_t);

        return memcmp((const char *) q + p->offset, (const char *) &none + p->offset, size) == 0;
}

static int set_defaults(const Config *c, StartRequest *q, Error *reterr) {
        for (const Param *p = start_params; p->name; p++) {
                const char *value = strv_env_get(c->defaults, p->name);
                int r = value && is_unset(p, q) ? param_set(p, q, value, reterr) : 0;

                if (r < 0) {
                        error_prefix(reterr, "sdbg.conf, [MCP]");
                        return r;
                }
        }
        return 0;
}

static Verdict judge_start(const Config *c, StartCall *call, Error *reterr) {
        _cleanup_free_ char *line = policy_command(&tool_start, call);

        if (!line) {
                error_oom(reterr);
                return VERDICT_REFUSED;
        }
        if (find_fitting(c->refuse_commands, line))
                return refuse(reterr, "this command is not to be run by agents", "RefuseCommand=");
        if (!directory_is_allowed(c, call->start.cwd))
                return refuse(reterr, "agents may not run commands in this directory", "AllowDirectories=");
        if (call->start.env && !c->allow_environment)
                return refuse(reterr, "agents may not set environment variables", "AllowEnvironment=");
        if (call->start.properties && !c->allow_properties)
                return refuse(reterr, "agents may not set properties of units", "AllowProperties=");
        if (set_defaults(c, &call->start, reterr) < 0)
                return VERDICT_REFUSED;
        call->max_jobs = c->max_jobs;
        call->start.outside_sandbox = c->outside_sandbox;
        return find_fitting(c->ask_commands, line) ? VERDICT_ASK : VERDICT_ALLOWED;
}

Verdict policy_judge(const Config *c, const Tool *t, void *request, Error *reterr) {
        if (c->read_only && t->kind == TOOL_CHANGES)
                return refuse(reterr, "agents may only look", "ReadOnly=");
        return t == &tool_start ? judge_start(c, request, reterr) : VERDICT_ALLOWED;
}
