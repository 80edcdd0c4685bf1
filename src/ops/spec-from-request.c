/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/caller.h"
#include "sdbg/terminal/terminal.h"
#include "sdbg/text/quote.h"
#include "sdbg/text/utf8.h"

#include "ops/internal.h"

#define ENV_FILE_MAX ((size_t) 4 * 1024 * 1024)
#define LABELS_MAX 32
#define LABEL_MAX 256
#define DESCRIPTION_MAX 256

static bool has_white_space(const char *s) {
        return strpbrk(s, " \t\n") != NULL;
}

/* What is executed, and how it is shown. */
static int set_command(const StartRequest *q, Spec *s, Error *reterr) {
        const char *line = q->shell;

        if (line && strv_length(q->command) > 0)
                return error_set(reterr, ERROR_USAGE, 0, "give either -c or a command, not both");
        if (!line && strv_length(q->command) == 0) {
                error_set(reterr, ERROR_USAGE, 0, "no command was given");
                error_hint(reterr, "for example: sdbg start -- npm run dev");
                return -EINVAL;
        }
        /* `sdbg start "make && ./run"`: one operand with white space can only be meant for a shell. */
        if (!line && strv_length(q->command) == 1 && has_white_space(q->command[0]))
                line = q->command[0];
        if (line ? !*line : !*q->command[0])
                return error_set(reterr, ERROR_USAGE, 0, "the command is empty");

        s->argv = line ? strv_copy((char *[]){ (char *) "/bin/sh", (char *) "-c", (char *) line, NULL })
                       : strv_copy(q->command);
        s->command = line ? printable_line(line, strlen(line), COMMAND_SHOWN_MAX)
                          : quote_command(q->command, COMMAND_SHOWN_MAX);
        return s->argv && s->command ? 0 : error_oom(reterr);
}

static int set_cwd(const StartRequest *q, Spec *s, Error *reterr) {
        char path[PATH_MAX];
        struct stat st;

        if (!q->cwd) {
                if (!getcwd(path, sizeof(path))) {
                        error_set(reterr, ERROR_FAILED, errno, "the current directory cannot be told");
                        error_hint(reterr, "it may have been removed; give one with --cwd");
                        return -EINVAL;
                }
        } else if (!realpath(q->cwd, path))
                return error_set(reterr, ERROR_USAGE, errno, "cannot use directory '%s'", q->cwd);
        if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
                return error_set(reterr, ERROR_USAGE, ENOTDIR, "cannot use directory '%s'", path);
        s->cwd = strdup(path);
        return s->cwd ? 0 : error_oom(reterr);
}

/* One line of an environment file: NAME=VALUE, '#' comments, one pair of quotes around the value. */
static int add_env_line(Spec *s, char *line, unsigned number, const char *path, Error *reterr) {
        size_t len;
        char *e;

        line += strspn(line, " \t");
        len = strlen(line);
        while (len > 0 && strchr(" \t\r", line[len - 1]))
                line[--len] = '\0';
        if (len == 0 || *line == '#')
                return 0;
        if (startswith(line, "export "))
                line += strlen("export ");
        e = strchr(line, '=');
        if (!e || e == line || strcspn(line, " \t") < (size_t) (e - line))
                return error_set(reterr, ERROR_USAGE, 0, "%s:%u: not in the form NAME=VALUE", path, number);

        len = strlen(e + 1);
        if (len >= 1 && strchr("'\"", e[1])) {
                if (len < 2 || e[len] != e[1])
                        return error_set(reterr, ERROR_USAGE, 0, "%s:%u: the quote is not closed", path,
                                         number);
                e[len] = '\0';
                memmove(e + 1, e + 2, len - 1);
        }
        return strv_env_set(&s->env, line) < 0 ? error_oom(reterr) : 0;
}

static int add_env_file(const char *path, Spec *s, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        unsigned number = 1;
        size_t len;
        int r;

        r = read_file_at(AT_FDCWD, path, ENV_FILE_MAX, &text, &len);
        if (r < 0)
                return error_set(reterr, ERROR_USAGE, r, "cannot read environment file '%s'", path);
        if (strlen(text) != len)
                return error_set(reterr, ERROR_USAGE, 0, "environment file '%s' has a NUL byte in it", path);
        for (char *line = text, *next; *line; line = next, number++) {
                next = strchrnul(line, '\n');
                if (*next)
                        *next++ = '\0';
                r = add_env_line(s, line, number, path, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The caller's environment, then the file's, then each -e. With --clean-env only what a login gives. */
static int set_env(const StartRequest *q, Spec *s, Error *reterr) {
        static const char *const kept[] = { "HOME", "USER", "LOGNAME",        "SHELL",
                                            "PATH", "LANG", "XDG_RUNTIME_DIR" };
        int r;

        for (size_t i = 0; q->clean_env && i < ELEMENTSOF(kept); i++)
                STRV_FOREACH (e, environ)
                        if (strncmp(*e, kept[i], strlen(kept[i])) == 0 && (*e)[strlen(kept[i])] == '=' &&
                            strv_extend(&s->env, *e) < 0)
                                return error_oom(reterr);
        if (!q->clean_env && !(s->env = strv_copy(environ)))
                return error_oom(reterr);

        if (q->cwd && !q->clean_env) {
                /* Shells believe $PWD where it is right. */
                _cleanup_free_ char *pwd = strv_join((char *[]){ (char *) "PWD", s->cwd, NULL }, "=");

                if (!pwd || strv_env_set(&s->env, pwd) < 0)
                        return error_oom(reterr);
        }
        r = q->env_file ? add_env_file(q->env_file, s, reterr) : 0;
        if (r < 0)
                return r;
        STRV_FOREACH (e, q->env) {
                _cleanup_free_ char *inherited = NULL;
                const char *value;

                if (**e == '=' || !**e)
                        return error_set(reterr, ERROR_USAGE, 0, "'%s' is not in the form NAME=VALUE", *e);
                if (!strchr(*e, '=')) {
                        /* -e NAME takes the caller's value along, as docker has it. */
                        value = getenv(*e);
                        if (!value)
                                continue;
                        inherited = strv_join((char *[]){ *e, (char *) value, NULL }, "=");
                }
                if (strv_env_set(&s->env, inherited ?: *e) < 0)
                        return error_oom(reterr);
        }
        return 0;
}

static int set_labels(const StartRequest *q, Spec *s, Error *reterr) {
        if (strv_length(q->labels) > LABELS_MAX)
                return error_set(reterr, ERROR_USAGE, 0, "more than %d labels", LABELS_MAX);
        STRV_FOREACH (l, q->labels) {
                const char *e = strchr(*l, '=');

                if (!e || e == *l || strlen(*l) > LABEL_MAX || !utf8_is_valid(*l, strlen(*l)) ||
                    strpbrk(*l, "\n\r"))
                        return error_set(reterr, ERROR_USAGE, 0,
                                         "'%s' is not a label: KEY=VALUE on one line, up to %d bytes", *l,
                                         LABEL_MAX);
                if (strv_env_set(&s->labels, *l) < 0)
                        return error_oom(reterr);
        }
        return 0;
}

static void set_limits(Spec *s) {
        mode_t mask = umask(0);

        (void) umask(mask);
        s->umask = mask;
        for (int i = 0; i < RLIM_NLIMITS; i++) {
                struct rlimit l = { RLIM_INFINITY, RLIM_INFINITY };

                (void) getrlimit(i, &l);
                s->limits[i] = (SpecLimit){ l.rlim_cur, l.rlim_max };
        }
}

static int set_texts(const StartRequest *q, Spec *s, Error *reterr) {
        int r;

        if (q->group) {
                r = group_name_check(q->group, reterr);
                if (r < 0)
                        return r;
                s->group = strdup(q->group);
        }
        if (q->description)
                s->description = printable_line(q->description, strlen(q->description), DESCRIPTION_MAX);
        /* In the unit's file a backslash at the end would go on with the next line. */
        for (size_t n = s->description ? strlen(s->description) : 0; n > 0 && s->description[n - 1] == '\\';
             n--)
                s->description[n - 1] = '\0';
        if (q->properties)
                s->properties = strv_copy(q->properties);
        return (q->group && !s->group) || (q->description && !s->description) ||
                               (q->properties && !s->properties)
                       ? error_oom(reterr)
                       : 0;
}

static int set_restart(const StartRequest *q, Spec *s, Error *reterr) {
        s->restart = q->restart;
        s->restart_delay = q->restart_delay ?: SPEC_RESTART_DELAY;
        s->restart_max = UINT64_MAX;
        if (q->restart == RESTART_NO && (q->restart_delay > 0 || q->restart_max)) {
                error_set(reterr, ERROR_USAGE, 0, "--restart-%s means nothing without --restart",
                          q->restart_max ? "max" : "delay");
                error_hint(reterr, "add --restart on-failure or --restart always");
                return -EINVAL;
        }
        if (q->restart_max && (parse_u64(q->restart_max, &s->restart_max) < 0 || s->restart_max == 0))
                return error_set(reterr, ERROR_USAGE, 0,
                                 "'%s' is not a value for --restart-max: a number from 1 on is wanted",
                                 q->restart_max);
        return 0;
}

/* What programs may expect of the emulator; an attached terminal is taken for the same. */
#define TERM "TERM=xterm-256color"

static int set_terminal(const StartRequest *q, Spec *s, Error *reterr) {
        const char *term = strv_env_get(s->env, "TERM");

        s->pty = q->pty;
        s->input = q->input;
        if (q->size && !q->pty)
                return error_set(reterr, ERROR_USAGE, 0, "--size is of a terminal: give --pty too");
        s->cols = TERMINAL_COLS;
        s->rows = TERMINAL_ROWS;
        if (q->size) {
                char end;

                if (sscanf(q->size, "%dx%d%c", &s->cols, &s->rows, &end) != 2 || s->cols < 1 || s->rows < 1 ||
                    s->cols > TERMINAL_COLS_MAX || s->rows > TERMINAL_ROWS_MAX)
                        return error_set(reterr, ERROR_USAGE, 0,
                                         "'%s' is not a terminal's size: COLSxROWS, up to %dx%d", q->size,
                                         TERMINAL_COLS_MAX, TERMINAL_ROWS_MAX);
        }
        if (!q->pty)
                return 0;
        strv_env_unset(s->env, "COLUMNS");
        strv_env_unset(s->env, "LINES");
        if (q->keep_term && term && !streq(term, "dumb"))
                return 0;
        STRV_FOREACH (e, q->env)
                if (startswith(*e, "TERM=") || streq(*e, "TERM"))
                        return 0;
        return strv_env_set(&s->env, TERM) < 0 ? error_oom(reterr) : 0;
}

int spec_from_request(const StartRequest *q, Spec *s, Error *reterr) {
        int r;

        *s = (Spec){
                .stop_signal = q->stop_signal ?: SIGTERM,
                .stop_timeout = q->stop_timeout ?: SPEC_STOP_TIMEOUT,
                .lifetime_pid = -1,
                .timeout = q->timeout ?: USEC_INFINITY,
                .idle_timeout = q->idle_timeout ?: USEC_INFINITY,
                .leftovers = q->leftovers,
                .output_max = q->output_max ?: SPEC_OUTPUT_MAX,
                .overflow = q->overflow,
        };
        s->asked_by = q->caller ? strdup(q->caller) : caller_describe(getppid(), NULL);
        if (!s->asked_by)
                return error_oom(reterr);
        set_limits(s);
        r = set_command(q, s, reterr);
        if (r >= 0)
                r = set_cwd(q, s, reterr);
        if (r >= 0)
                r = set_env(q, s, reterr);
        if (r >= 0)
                r = set_terminal(q, s, reterr);
        if (r >= 0)
                r = set_labels(q, s, reterr);
        if (r >= 0)
                r = set_texts(q, s, reterr);
        if (r >= 0)
                r = spec_set_readiness(q, s, reterr);
        if (r >= 0)
                r = set_restart(q, s, reterr);
        if (r >= 0)
                r = limits_set(q, s, reterr);
        if (r >= 0)
                r = lifetime_set(q->lifetime, s, reterr);
        return r;
}
