/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/text/quote.h"

#define FIRST "abcdefghijklmnopqrstuvwxyz0123456789"

static int name_check(const char *what, const char *s, const char *allowed, Error *reterr) {
        _cleanup_free_ char *shown = NULL, *near = NULL;
        size_t len = strlen(s);

        if (len > 0 && len <= JOB_NAME_MAX && strchr(FIRST, s[0]) && strspn(s, allowed) == len)
                return 0;

        shown = printable_line(s, len, 80);
        if (len == 0)
                error_set(reterr, ERROR_USAGE, 0, "a %s name cannot be empty", what);
        else if (len > JOB_NAME_MAX)
                error_set(reterr, ERROR_USAGE, 0, "%s name '%s' is longer than %d characters", what,
                          strempty(shown), JOB_NAME_MAX);
        else
                error_set(reterr, ERROR_USAGE, 0, "'%s' is not a valid %s name", strempty(shown), what);

        near = job_name_from_text(s);
        error_hint(reterr, "use letters a-z, digits%s, beginning with a letter or digit%s%s%s",
                   strchr(allowed, '-') ? ", '.', '_' and '-'" : ", '.' and '_'",
                   near && len > 0 && strchr(allowed, '-') ? "; for example '" : "",
                   near && len > 0 && strchr(allowed, '-') ? near : "",
                   near && len > 0 && strchr(allowed, '-') ? "'" : "");
        return -EINVAL;
}

int job_name_check(const char *s, Error *reterr) {
        return name_check("job", s, FIRST "._-", reterr);
}

int group_name_check(const char *s, Error *reterr) {
        return name_check("group", s, FIRST "._", reterr);
}

char *job_name_from_text(const char *s) {
        Buf b = {};

        for (; *s && b.len < JOB_NAME_MAX; s++) {
                char c = *s >= 'A' && *s <= 'Z' ? *s | 32 : *s;

                if (strchr(FIRST, c))
                        buf_append_char(&b, c);
                else if (b.len > 0 && strchr("._-", c))
                        buf_append_char(&b, c);
                else if (b.len > 0 && b.data[b.len - 1] != '-')
                        buf_append_char(&b, '-');
        }
        while (b.len > 0 && strchr("-._", b.data[b.len - 1]))
                b.len--;
        if (b.len == 0)
                buf_append_str(&b, "job");
        return buf_take(&b);
}

/* Words of a command that tell people apart what runs; three are enough. */
#define NAME_WORDS 3
#define NAME_FROM_COMMAND_MAX 32

/* The words of a shell's command line, roughly: enough to make a name of. */
static char **split_words(const char *line) {
        _cleanup_free_ char *copy = strdup(line);
        char **words = NULL, *state = NULL;

        for (char *w = copy ? strtok_r(copy, " \t\n;&|", &state) : NULL; w;
             w = strtok_r(NULL, " \t\n;&|", &state))
                if (strv_extend(&words, w) < 0)
                        break;
        return words;
}

static bool is_shell(const char *path) {
        static const char *const shells[] = { "sh", "bash", "dash", "zsh", "ksh", "fish", NULL };
        const char *slash = strrchr(path, '/');

        return strv_contains((char *const *) shells, slash ? slash + 1 : path);
}

/* Passes over what only says how the command is run: `env A=b`, `nice`, `eval "${SETUP:=}";`, …. */
static char *const *skip_wrappers(char *const *argv) {
        static const char *const wrappers[] = {
                "env", "eval", "exec", "nice", "nohup", "sudo", "time", NULL
        };

        while (*argv && argv[1] && (strv_contains((char *const *) wrappers, *argv) || strchr(*argv, '=')))
                argv++;
        return argv;
}

/* The command line that a shell is given with -c, after options such as `-l` and `-o pipefail`; or NULL. */
static const char *shell_line(char *const *argv) {
        if (!*argv || !is_shell(*argv))
                return NULL;
        while (*++argv && **argv == '-') {
                if ((*argv)[1] != '-' && strchr(*argv, 'c'))
                        return argv[1];
                if (strchr("oOC", (*argv)[strlen(*argv) - 1]) && argv[1])
                        argv++;
        }
        return NULL;
}

static char *name_from_words(char *const *argv);

char *job_name_numbered(const char *base, unsigned n) {
        char *name;

        if (asprintf(&name, n > 1 ? "%.*s-%u" : "%.*s", JOB_NAME_MAX - (int) strlen("-1000"), base, n) < 0)
                return NULL;
        return name;
}

char *job_name_from_command(char *const *argv) {
        const char *line;

        argv = skip_wrappers(argv);
        line = shell_line(argv);
        if (line) {
                _cleanup_strv_free_ char **words = split_words(line);

                return name_from_words(skip_wrappers(words ?: (char *[]){ NULL }));
        }
        return name_from_words(argv);
}

static char *name_from_words(char *const *argv) {
        _cleanup_buf_ Buf b = {};
        size_t words = 0;

        STRV_FOREACH (arg, argv) {
                const char *slash = strrchr(*arg, '/');
                const char *word = slash && slash[1] ? slash + 1 : *arg;

                if (words > 0 && (**arg == '-' || strpbrk(*arg, " \t\n=") || slash))
                        break;
                if (b.len + strlen(word) > NAME_FROM_COMMAND_MAX && words > 0)
                        break;
                if (words++ > 0)
                        buf_append_char(&b, '-');
                buf_append_str(&b, word);
                if (words == NAME_WORDS)
                        break;
        }
        if (b.len > NAME_FROM_COMMAND_MAX)
                b.len = NAME_FROM_COMMAND_MAX;
        buf_append_char(&b, '\0');
        return b.oom ? NULL : job_name_from_text(b.data);
}

char *unit_from_job(const char *name) {
        char *unit;

        return asprintf(&unit, UNIT_PREFIX "%s.service", name) < 0 ? NULL : unit;
}

char *job_from_unit(const char *unit) {
        const char *name = startswith(unit, UNIT_PREFIX), *dot;
        _cleanup_free_ char *job = NULL;

        if (!name)
                return NULL;
        dot = strrchr(name, '.');
        if (!dot || dot == name || (!streq(dot, ".service") && !streq(dot, ".scope")))
                return NULL;
        job = strndup(name, dot - name);
        return job && job_name_check(job, NULL) >= 0 ? TAKE_PTR(job) : NULL;
}

char *slice_from_group(const char *group) {
        char *slice;

        if (!group)
                return strdup(JOB_SLICE);
        return asprintf(&slice, UNIT_PREFIX "%s.slice", group) < 0 ? NULL : slice;
}

bool name_is_near(const char *a, const char *b) {
        size_t la = strlen(a), lb = strlen(b), previous[JOB_NAME_MAX + 1], current[JOB_NAME_MAX + 1];

        if (la > JOB_NAME_MAX || lb > JOB_NAME_MAX)
                return false;
        if (MIN(la, lb) >= 3 && (strstr(b, a) || strstr(a, b)))
                return true;

        /* Levenshtein's distance, row by row. */
        for (size_t j = 0; j <= lb; j++)
                previous[j] = j;
        for (size_t i = 1; i <= la; i++) {
                current[0] = i;
                for (size_t j = 1; j <= lb; j++) {
                        size_t change = previous[j - 1] + (a[i - 1] != b[j - 1]);
                        current[j] = MIN(change, MIN(previous[j], current[j - 1]) + 1);
                }
                memcpy(previous, current, sizeof(previous));
        }
        return previous[lb] <= (MIN(la, lb) >= 4 ? 2 : 1) && previous[lb] < MAX(la, lb);
}
