/* SPDX-License-Identifier: MIT */
#include <fnmatch.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"

size_t strv_length(char *const *v) {
        size_t n = 0;

        while (v && v[n])
                n++;
        return n;
}

void strv_free(char **v) {
        STRV_FOREACH (s, v)
                free(*s);
        free(v);
}

int strv_consume(char ***v, char *s) {
        size_t n = strv_length(*v);
        char **w;

        if (!s)
                return -ENOMEM;
        w = reallocarray(*v, n + 2, sizeof(char *));
        if (!w) {
                free(s);
                return -ENOMEM;
        }
        *v = w;
        (*v)[n] = s;
        (*v)[n + 1] = NULL;
        return 0;
}

int strv_extend(char ***v, const char *s) {
        return strv_consume(v, strdup(s));
}

char **strv_copy(char *const *v) {
        char **copy = calloc(strv_length(v) + 1, sizeof(char *));
        size_t n = 0;

        if (!copy)
                return NULL;
        STRV_FOREACH (s, v) {
                copy[n] = strdup(*s);
                if (!copy[n++]) {
                        strv_free(copy);
                        return NULL;
                }
        }
        return copy;
}

bool strv_contains(char *const *v, const char *s) {
        STRV_FOREACH (p, v)
                if (streq(*p, s))
                        return true;
        return false;
}

bool is_glob(const char *s) {
        return strpbrk(s, "*?[");
}

bool strv_fnmatch(char *const *globs, const char *s) {
        STRV_FOREACH (glob, globs)
                if (fnmatch(*glob, s, 0) == 0)
                        return true;
        return false;
}

void strv_remove(char **v, const char *s) {
        STRV_FOREACH (p, v)
                if (streq(*p, s)) {
                        free(*p);
                        do
                                p[0] = p[1];
                        while (*p++);
                        return;
                }
}

char *strv_join(char *const *v, const char *separator) {
        Buf b = {};

        STRV_FOREACH (s, v) {
                if (s != v)
                        buf_append_str(&b, separator);
                buf_append_str(&b, *s);
        }
        return buf_take(&b);
}

/* Length of NAME and of its '=' in an assignment; all of it where there is no '='. */
static size_t env_prefix(const char *assignment) {
        const char *e = strchr(assignment, '=');
        return e ? (size_t) (e - assignment) + 1 : strlen(assignment);
}

const char *strv_env_get(char *const *v, const char *name) {
        size_t l = strlen(name);

        STRV_FOREACH (s, v)
                if (strncmp(*s, name, l) == 0 && (*s)[l] == '=')
                        return *s + l + 1;
        return NULL;
}

void strv_env_unset(char **v, const char *name) {
        const char *value = strv_env_get(v, name);

        if (value)
                strv_remove(v, value - strlen(name) - 1);
}

int strv_env_set(char ***v, const char *assignment) {
        size_t l = env_prefix(assignment);

        STRV_FOREACH (s, *v)
                if (strncmp(*s, assignment, l) == 0) {
                        char *copy = strdup(assignment);
                        if (!copy)
                                return -ENOMEM;
                        free(*s);
                        *s = copy;
                        return 0;
                }
        return strv_extend(v, assignment);
}
