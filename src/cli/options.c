/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <limits.h>

#include "sdbg/base/buf.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"

#include "cli/cli.h"

/* Options that every verb has, told apart from the verb's own by their numbers. */
enum { OPTION_JSON = CHAR_MAX + 1, OPTION_NO_COLOR, OPTION_QUIET, OPTION_HELP, OPTION_PARAM };

static const struct option global_options[] = {
        { "json", no_argument, NULL, OPTION_JSON },
        { "no-color", no_argument, NULL, OPTION_NO_COLOR },
        { "quiet", no_argument, NULL, OPTION_QUIET },
        { "help", no_argument, NULL, OPTION_HELP },
};

static int has_argument(const Param *p) {
        return p->type == PARAM_FLAG       ? no_argument
               : p->type == PARAM_OPTIONAL ? optional_argument
                                           : required_argument;
}

static size_t count_params(const Verb *v) {
        size_t n = 0;

        while (v->params && v->params[n].name)
                n++;
        return n;
}

/* getopt_long(3)'s tables out of the verb's. */
static int make_tables(const Verb *v, struct option **ret_options, char **ret_letters) {
        size_t n = count_params(v);
        struct option *options = calloc(ELEMENTSOF(global_options) + n + 1, sizeof(struct option));
        Buf letters = {};

        /* '+': what follows the first operand belongs to the command; ':' tells missing values apart. */
        buf_append_str(&letters, v->takes_command ? "+:qh" : ":qh");
        if (!options)
                return -ENOMEM;
        memcpy(options, global_options, sizeof(global_options));
        for (size_t i = 0; i < n; i++) {
                const Param *p = &v->params[i];

                options[ELEMENTSOF(global_options) + i] =
                        (struct option){ p->name, has_argument(p), NULL, OPTION_PARAM + (int) i };
                if (p->letter) {
                        buf_append_char(&letters, p->letter);
                        if (has_argument(p) == required_argument)
                                buf_append_char(&letters, ':');
                }
        }
        *ret_options = options;
        *ret_letters = buf_take(&letters);
        return *ret_letters ? 0 : -ENOMEM;
}

static const Param *param_of_letter(const Verb *v, int letter) {
        for (const Param *p = v->params; p && p->name; p++)
                if (p->letter == letter)
                        return p;
        return NULL;
}

static int unknown_option(Cli *cli, const char *text, const struct option *options) {
        Error *e = &cli->error;
        _cleanup_free_ char *name = strndup(text, strcspn(text, "="));

        error_set(e, ERROR_USAGE, 0, "%s: unknown option '%s'", cli->verb->name, text);
        for (const struct option *o = options; startswith(text, "--") && o->name; o++)
                if (name && name_is_near(name + 2, o->name)) {
                        error_hint(e, "did you mean --%s? 'sdbg %s --help' shows all", o->name,
                                   cli->verb->name);
                        return -EINVAL;
                }
        error_hint(e, "'sdbg %s --help' shows the options%s", cli->verb->name,
                   cli->verb->takes_command ? "; those of your command come after its name" : "");
        return -EINVAL;
}

static int take_option(Cli *cli, int c, char **argv, const struct option *options, void *request) {
        const Param *p;

        switch (c) {
        case OPTION_JSON:
                cli->json = true;
                return 0;
        case OPTION_NO_COLOR:
                cli->no_color = true;
                return 0;
        case 'q':
        case OPTION_QUIET:
                cli->quiet = true;
                return 0;
        case 'h':
        case OPTION_HELP:
                cli->help = true;
                return 0;
        case '?':
                return unknown_option(cli, argv[optind - 1], options);
        case ':':
                error_set(&cli->error, ERROR_USAGE, 0, "%s: option '%s' wants a value", cli->verb->name,
                          argv[optind - 1]);
                return -EINVAL;
        }
        p = c >= OPTION_PARAM ? &cli->verb->params[c - OPTION_PARAM] : param_of_letter(cli->verb, c);
        return param_set(p, request, optarg, &cli->error);
}

int options_parse(Cli *cli, int argc, char **argv, void *request, char ***ret_operands) {
        _cleanup_free_ struct option *options = NULL;
        _cleanup_free_ char *letters = NULL;
        size_t n;
        int c, r;

        r = make_tables(cli->verb, &options, &letters);
        if (r < 0)
                return error_oom(&cli->error);
        opterr = 0;
        optind = 0;
        while ((c = getopt_long(argc, argv, letters, options, NULL)) >= 0) {
                r = take_option(cli, c, argv, options, request);
                if (r < 0)
                        return r;
        }
        *ret_operands = argv + optind;
        n = argc - optind;
        if (cli->help || (n >= cli->verb->operands_min && n <= cli->verb->operands_max))
                return 0;
        error_set(&cli->error, ERROR_USAGE, 0,
                  n < cli->verb->operands_min ? "%s: something is missing" : "%s: too many operands",
                  cli->verb->name);
        error_hint(&cli->error, "usage: sdbg %s %s", cli->verb->name, cli->verb->usage);
        return -EINVAL;
}
