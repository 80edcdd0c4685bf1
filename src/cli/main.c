/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/output/show.h"

#include "cli/cli.h"

static const struct {
        const char *code;
        int exit_code;
} exit_codes[] = {
        { ERROR_USAGE, EXIT_USAGE },
        { ERROR_NO_SUCH_JOB, EXIT_NO_SUCH_JOB },
        { ERROR_JOB_RUNNING, EXIT_JOB_RUNNING },
        { ERROR_ENDED_EARLY, EXIT_ENDED_EARLY },
        { ERROR_EXEC_FAILED, EXIT_ENDED_EARLY },
        { ERROR_READY_TIMEOUT, EXIT_ENDED_EARLY },
        { ERROR_PORT_IN_USE, EXIT_ENDED_EARLY },
        { ERROR_MANAGER_UNREACHABLE, EXIT_UNREACHABLE },
        { ERROR_JOURNAL_UNREACHABLE, EXIT_UNREACHABLE },
        { ERROR_BAD_RUNTIME_DIR, EXIT_UNREACHABLE },
        { ERROR_POLICY, EXIT_POLICY },
        { ERROR_TIMEOUT, EXIT_TIMEOUT },
};

int exit_code_of(const Error *e) {
        for (size_t i = 0; i < ELEMENTSOF(exit_codes); i++)
                if (streq(exit_codes[i].code, e->code))
                        return exit_codes[i].exit_code;
        return EXIT_FAILED;
}

int cli_connect(Cli *cli, Manager **ret) {
        return manager_connect(ret, &cli->error);
}

int cli_connect_for(Cli *cli, const JobSelection *s, Manager **ret) {
        if (!job_selection_is_empty(s))
                return cli_connect(cli, ret);
        error_set(&cli->error, ERROR_USAGE, 0, "%s: no job was named", cli->verb->name);
        error_hint(&cli->error, "give names or globs, --group, --label, --here or --all");
        return -EINVAL;
}

void cli_say_if_none(const Cli *cli, const JobList *jobs) {
        if (jobs->n == 0 && !cli->json && !cli->quiet)
                fprintf(stderr, "No such jobs are running.\n");
}

/* Takes the global options before the verb. Return: the index of the verb in argv; argc where none is. */
static int take_globals(Cli *cli, int argc, char **argv) {
        int i;

        for (i = 1; i < argc && argv[i][0] == '-'; i++)
                if (streq(argv[i], "--json"))
                        cli->json = true;
                else if (streq(argv[i], "--no-color"))
                        cli->no_color = true;
                else if (streq(argv[i], "-q") || streq(argv[i], "--quiet"))
                        cli->quiet = true;
                else if (streq(argv[i], "-h") || streq(argv[i], "--help"))
                        cli->help = true;
                else if (streq(argv[i], "--version")) {
                        argv[i] = (char *) "version";
                        return i;
                } else {
                        error_set(&cli->error, ERROR_USAGE, 0, "unknown option '%s' before the verb",
                                  argv[i]);
                        error_hint(&cli->error, "'sdbg help' shows how it is used");
                        return -EINVAL;
                }
        return i;
}

static int unknown_verb(Cli *cli, const char *name) {
        error_set(&cli->error, ERROR_USAGE, 0, "unknown verb '%s'", name);
        error_hint(&cli->error, "'sdbg help' shows the verbs");
        for (size_t i = 0; verbs[i]; i++)
                if (name_is_near(name, verbs[i]->name))
                        error_hint(&cli->error, "did you mean 'sdbg %s'?", verbs[i]->name);
        return -EINVAL;
}

static int run_verb(Cli *cli, int argc, char **argv) {
        _cleanup_free_ void *request = calloc(1, cli->verb->request_size ?: 1);
        char **operands;
        int r;

        if (!request)
                return error_oom(&cli->error);
        if (cli->verb->request_default)
                memcpy(request, cli->verb->request_default, cli->verb->request_size);
        r = options_parse(cli, argc, argv, request, &operands);
        if (r >= 0) {
                if (cli->help)
                        help_show_verb(cli->verb);
                else
                        r = cli->verb->run(cli, request, operands);
        }
        if (cli->verb->params)
                param_free(cli->verb->params, request);
        return r;
}

static int dispatch(Cli *cli, int argc, char **argv) {
        int first = take_globals(cli, argc, argv);

        if (first < 0)
                return first;
        if (first == argc) {
                if (!cli->help) {
                        error_set(&cli->error, ERROR_USAGE, 0, "no verb was given");
                        error_hint(&cli->error,
                                   "for example: sdbg start -- npm run dev; 'sdbg help' shows the verbs");
                        return -EINVAL;
                }
                help_show_all();
                return 0;
        }
        cli->verb = verb_find(argv[first]);
        return cli->verb ? run_verb(cli, argc - first, argv + first) : unknown_verb(cli, argv[first]);
}

/* Return: 0, or the errno of what could not be written. */
static int finish_output(void) {
        bool failed = ferror(stdout);

        if (fflush(stdout) != 0)
                return errno;
        if (!failed)
                return 0;
        /* Why an earlier write failed is no longer known; the next one fails for the same reason. */
        clearerr(stdout);
        return fputc('\n', stdout) == EOF || fflush(stdout) != 0 ? errno : EIO;
}

/* Where the caller has closed stdin, stdout or stderr, no file or socket of ours takes its number and then what
 * is printed. Nothing can be written to what stands there now: what cannot be printed is still noticed. */
static void keep_standard_fds(void) {
        int fd = open("/dev/null", O_RDONLY);

        while (fd >= 0 && fd <= STDERR_FILENO)
                fd = dup(fd);
        if (fd >= 0)
                close(fd);
}

int main(int argc, char *argv[]) {
        Cli cli = {};
        int failed, r;

        (void) setlocale(LC_CTYPE, "");
        /* Whoever reads the output may go at any time; some callers leave the signal ignored. */
        (void) signal(SIGPIPE, SIG_DFL);
        keep_standard_fds();
        r = dispatch(&cli, argc, argv);
        if (cli.error.code) {
                show_error(&cli.error, cli.json);
                r = exit_code_of(&cli.error);
                if (cli.verb && cli.verb->gives_job_code && (r == EXIT_FAILED || r == EXIT_UNREACHABLE))
                        r = EXIT_OWN_FAILURE;
                error_clear(&cli.error);
        }
        failed = finish_output();
        if (failed && r == 0) {
                fprintf(stderr, "sdbg: cannot write the output: %s\n", strerror(failed));
                r = EXIT_FAILED;
        }
        return r < 0 ? EXIT_FAILED : r;
}
