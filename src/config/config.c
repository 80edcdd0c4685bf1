/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/config/config.h"

#define FILE_MAX ((size_t) 256 * 1024)

typedef enum KeyType {
        KEY_BOOL,    /* bool */
        KEY_COUNT,   /* uint64_t */
        KEY_PATTERN, /* char **: each value is one, blanks and all */
        KEY_PATHS,   /* char **: several in a value; "~" stands for the home directory */
        KEY_DEFAULT, /* one of Config.defaults */
} KeyType;

static const struct {
        const char *section, *key;
        KeyType type;
        size_t offset;
        const char *option; /* KEY_DEFAULT: start's */
} keys[] = {
        { "Start", "OutsideSandbox", KEY_BOOL, offsetof(Config, outside_sandbox), NULL },
        { "MCP", "ReadOnly", KEY_BOOL, offsetof(Config, read_only), NULL },
        { "MCP", "AllowDirectories", KEY_PATHS, offsetof(Config, allow_directories), NULL },
        { "MCP", "RefuseCommand", KEY_PATTERN, offsetof(Config, refuse_commands), NULL },
        { "MCP", "AskCommand", KEY_PATTERN, offsetof(Config, ask_commands), NULL },
        { "MCP", "MaxJobs", KEY_COUNT, offsetof(Config, max_jobs), NULL },
        { "MCP", "AllowEnvironment", KEY_BOOL, offsetof(Config, allow_environment), NULL },
        { "MCP", "AllowProperties", KEY_BOOL, offsetof(Config, allow_properties), NULL },
        { "MCP", "MemoryMax", KEY_DEFAULT, 0, "memory-max" },
        { "MCP", "MemoryHigh", KEY_DEFAULT, 0, "memory-high" },
        { "MCP", "Cpu", KEY_DEFAULT, 0, "cpu" },
        { "MCP", "TasksMax", KEY_DEFAULT, 0, "tasks-max" },
        { "MCP", "Timeout", KEY_DEFAULT, 0, "timeout" },
        { "MCP", "IdleTimeout", KEY_DEFAULT, 0, "idle-timeout" },
        { "MCP", "OutputMax", KEY_DEFAULT, 0, "output-max" },
        { "MCP", "Lifetime", KEY_DEFAULT, 0, "lifetime" },
};

void config_done(Config *c) {
        strv_free(c->allow_directories);
        strv_free(c->refuse_commands);
        strv_free(c->ask_commands);
        strv_free(c->defaults);
        strv_free(c->warnings);
        *c = CONFIG_INIT;
}

/* Where in which file. */
typedef struct Place {
        const char *path;
        unsigned line;
        const char *section; /* NULL: before the first */
} Place;

static int _printf_(3, 4) warn(Config *c, const Place *p, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        char *whole = NULL;
        va_list ap;
        int r;

        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL;
                return -ENOMEM;
        }
        r = p->line > 0 ? asprintf(&whole, "%s:%u: %s", p->path, p->line, text)
                        : asprintf(&whole, "%s: %s", p->path, text);
        return r < 0 ? -ENOMEM : strv_consume(&c->warnings, whole);
}

static int add_path(Config *c, const Place *p, char ***slot, const char *path) {
        const char *home = getenv("HOME");
        char *whole = NULL;

        if (*path == '/')
                return strv_extend(slot, path);
        if (*path != '~' || (path[1] && path[1] != '/') || !home)
                return warn(c, p, "'%s' is not an absolute path", path);
        return asprintf(&whole, "%s%s", home, path + 1) < 0 ? -ENOMEM : strv_consume(slot, whole);
}

static int add_paths(Config *c, const Place *p, char ***slot, char *value) {
        char *rest = NULL;
        int r = 0;

        for (char *path = strtok_r(value, " \t", &rest); r >= 0 && path; path = strtok_r(NULL, " \t", &rest))
                r = add_path(c, p, slot, path);
        return r;
}

/* One value for each option: the newest. */
static int set_default(Config *c, const char *option, const char *value) {
        char *text;

        return asprintf(&text, "%s=%s", option, value) < 0 ? -ENOMEM
                                                           : strv_env_set(&c->defaults, text) < 0
                       ? free(text),
               -ENOMEM : (free(text), 0);
}

static int set_value(Config *c, const Place *p, size_t key, char *value) {
        void *slot = (char *) c + keys[key].offset;
        bool is_list = keys[key].type == KEY_PATTERN || keys[key].type == KEY_PATHS;
        uint64_t n;
        int b;

        if (is_list && !*value) {
                strv_free(*(char ***) slot);
                *(char ***) slot = NULL;
                return 0;
        }
        switch (keys[key].type) {
        case KEY_BOOL:
                b = parse_boolean(value);
                if (b < 0)
                        return warn(c, p, "%s= takes yes or no, not '%s'", keys[key].key, value);
                *(bool *) slot = b;
                return 0;
        case KEY_COUNT:
                if (parse_u64(value, &n) < 0)
                        return warn(c, p, "%s= takes a number, not '%s'", keys[key].key, value);
                *(uint64_t *) slot = n;
                return 0;
        case KEY_PATTERN:
                return strv_extend(slot, value);
        case KEY_PATHS:
                return add_paths(c, p, slot, value);
        case KEY_DEFAULT:
                return set_default(c, keys[key].option, value);
        }
        return 0;
}

static int take_assignment(Config *c, const Place *p, const char *key, char *value) {
        const char *elsewhere = NULL;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!streq(keys[i].key, key))
                        continue;
                if (p->section && streq(keys[i].section, p->section))
                        return set_value(c, p, i, value);
                elsewhere = keys[i].section;
        }
        if (elsewhere)
                return warn(c, p, "'%s' belongs to the section [%s]", key, elsewhere);
        return warn(c, p, "unknown key '%s'", key);
}

static bool is_section(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(keys[i].section, name))
                        return true;
        return false;
}

/* Takes the white space off both ends. */
static char *strip(char *s) {
        size_t n;

        s += strspn(s, " \t\r");
        for (n = strlen(s); n > 0 && strchr(" \t\r", s[n - 1]); n--)
                ;
        s[n] = '\0';
        return s;
}

static int take_line(Config *c, Place *p, char *line) {
        size_t n;
        char *e;

        line = strip(line);
        n = strlen(line);
        if (n == 0 || *line == '#' || *line == ';')
                return 0;
        if (*line == '[' && line[n - 1] == ']') {
                line[n - 1] = '\0';
                p->section = line + 1;
                return is_section(p->section) ? 0 : warn(c, p, "unknown section [%s]", p->section);
        }
        e = strchr(line, '=');
        if (!e)
                return warn(c, p, "'%s' is neither a [section] nor Key=value", line);
        *e = '\0';
        return take_assignment(c, p, strip(line), strip(e + 1));
}

int config_parse(Config *c, const char *text, const char *path) {
        _cleanup_free_ char *copy = strdup(text);
        Place p = { .path = path };
        int r = 0;

        if (!copy)
                return -ENOMEM;
        for (char *line = copy, *next; r >= 0 && line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                p.line++;
                r = take_line(c, &p, line);
        }
        return r;
}

static int load_file(Config *c, const char *path) {
        /* What is kept with others of its kind is often linked to. */
        _cleanup_free_ char *real = realpath(path, NULL), *text = NULL;
        Place p = { .path = path };
        int r;

        if (!real && (errno == ENOENT || errno == ENOTDIR))
                return 0;
        r = real ? read_file_at(AT_FDCWD, real, FILE_MAX, &text, NULL) : -errno;
        return r < 0 ? warn(c, &p, "cannot be read: %s", strerror(-r)) : config_parse(c, text, path);
}

int config_load(Config *c) {
        const char *directory = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
        _cleanup_free_ char *path = NULL;
        int r;

        r = load_file(c, "/etc/sdbg/sdbg.conf");
        if (r < 0 || ((!directory || *directory != '/') && !home))
                return r;
        if (directory && *directory == '/')
                r = asprintf(&path, "%s/sdbg/sdbg.conf", directory);
        else
                r = asprintf(&path, "%s/.config/sdbg/sdbg.conf", home);
        if (r < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return load_file(c, path);
}
