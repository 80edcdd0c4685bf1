/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/doctor/doctor.h"
#include "sdbg/output/show.h"
#include "sdbg/output/style.h"

#include "cli/verbs.h"

static void show_option_as(char letter, const char *name, const char *before, const char *value,
                           const char *after, const char *help) {
        char text[64];

        snprintf(text, sizeof(text), "%c%c%s--%s%s%s%s", letter ? '-' : ' ', letter ?: ' ',
                 letter ? ", " : "  ", name, before, value, after);
        printf(strlen(text) > 30 ? "  %s\n%34s" : "  %-30s%s", text, strlen(text) > 30 ? "" : "  ");
        put_words(stdout, help);
        fputc('\n', stdout);
}

static void show_option(char letter, const char *name, const char *value, const char *help) {
        show_option_as(letter, name, value ? " " : "", strempty(value), "", help);
}

static void show_global_options(void) {
        show_option(0, "json", NULL, "print JSON");
        show_option('q', "quiet", NULL, "print only what was asked for");
        show_option(0, "no-color", NULL, "print no colours");
        show_option('h', "help", NULL, "show this help");
}

void help_show_verb(const Verb *v) {
        printf("usage: sdbg %s ", v->name);
        put_words(stdout, v->usage);
        printf("\n\n%s.\n\nOptions:\n", v->summary);
        for (const Param *p = v->params; p && p->name; p++)
                if (p->type == PARAM_OPTIONAL)
                        show_option_as(p->letter, p->name, "[=", strempty(p->value), "]", p->help);
                else
                        show_option(p->letter, p->name, p->value, p->help);
        show_global_options();
}

void help_show_all(void) {
        put_words(stdout, "usage: sdbg [--json] [--no-color] [-q] VERB [OPTION…] [ARGUMENT…]\n\n");
        printf("Background jobs as systemd user units, their output in the journal.\n\nVerbs:\n");
        for (size_t i = 0; verbs[i]; i++)
                printf("  %-12s%s\n", verbs[i]->name, verbs[i]->summary);
        printf("\nOptions of every verb:\n");
        show_global_options();
        printf("\n'sdbg VERB --help' shows the options of one.\n");
}

static int run_help(Cli *cli, void *request, char **operands) {
        const Verb *v = operands[0] ? verb_find(operands[0]) : NULL;

        if (operands[0] && !v) {
                error_set(&cli->error, ERROR_USAGE, 0, "unknown verb '%s'", operands[0]);
                return -EINVAL;
        }
        if (v)
                help_show_verb(v);
        else
                help_show_all();
        return 0;
}

const Verb verb_help = {
        .name = "help",
        .usage = "[VERB]",
        .summary = "show the verbs, or the options of one",
        .operands_max = 1,
        .run = run_help,
};

static int run_version(Cli *cli, void *request, char **operands) {
        Json *o;

        if (!cli->json) {
                printf("sdbg %s\n", SDBG_VERSION);
                return 0;
        }
        o = json_new_object();
        if (json_set(o, "version", json_new_string(SDBG_VERSION)) < 0) {
                json_free(o);
                return error_oom(&cli->error);
        }
        return show_json(stdout, o);
}

const Verb verb_version = {
        .name = "version",
        .usage = "",
        .summary = "show the version",
        .run = run_version,
};

typedef struct DoctorRequest {
        bool fix;
} DoctorRequest;

static const Param doctor_params[] = {
        { "fix", 0, PARAM_FLAG, offsetof(DoctorRequest, fix), NULL,
          "mend what can be mended (switch lingering on)", NULL },
        {},
};

static int run_doctor(Cli *cli, void *request, char **operands) {
        _cleanup_check_list_ CheckList checks = {};
        const DoctorRequest *q = request;
        int r;

        r = q->fix ? doctor_fix(&checks) : 0;
        if (r >= 0)
                r = doctor_run(&checks);
        if (r < 0)
                return error_oom(&cli->error);
        r = cli->json ? show_checks_json(stdout, &checks) : show_checks(stdout, &checks);
        return r < 0 ? r : doctor_worst(&checks) == CHECK_FAIL ? EXIT_FAILED : 0;
}

const Verb verb_doctor = {
        .name = "doctor",
        .usage = "[--fix]",
        .summary = "check everything that sdbg needs, with the command that mends it",
        .params = doctor_params,
        .request_size = sizeof(DoctorRequest),
        .run = run_doctor,
};

/* The shells' scripts ask for words; what there is stands in the verbs' own tables. */
static const char *const completions[][2] = {
        { "bash", "_sdbg() {\n"
                  "\tmapfile -t COMPREPLY < <(compgen -W \"$(sdbg completion words \"${COMP_WORDS[1]}\")\" "
                  "-- \"$2\")\n"
                  "}\n"
                  "complete -o default -F _sdbg sdbg\n" },
        { "zsh", "#compdef sdbg\n"
                 "_sdbg() { compadd -- ${(f)\"$(sdbg completion words \"${words[2]}\")\"} }\n"
                 "compdef _sdbg sdbg\n" },
        { "fish", "complete -c sdbg -f -a '(sdbg completion words (commandline -opc)[2])'\n" },
};

/* All that may follow: the verbs, or the options of one and the jobs there are. */
static int complete_words(Cli *cli, const char *verb) {
        const Verb *v = verb ? verb_find(verb) : NULL;
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_job_list_ JobList jobs = {};

        for (size_t i = 0; !v && verbs[i]; i++)
                printf("%s\n", verbs[i]->name);
        if (!v)
                return 0;
        for (const Param *p = v->params; p && p->name; p++)
                printf("--%s\n", p->name);
        if (v->takes_command || !strstr(v->usage, "NAME") || manager_connect(&m, NULL) < 0 ||
            jobs_select(m, &(JobSelection){}, JOB_STATE, v->takes_ended, &jobs, NULL) < 0)
                return 0;
        for (size_t i = 0; i < jobs.n; i++)
                printf("%s\n", jobs.jobs[i].name);
        return 0;
}

static int run_completion(Cli *cli, void *request, char **operands) {
        if (streq(operands[0], "words"))
                return complete_words(cli, operands[1]);
        for (size_t i = 0; i < ELEMENTSOF(completions); i++)
                if (streq(completions[i][0], operands[0])) {
                        fputs(completions[i][1], stdout);
                        return 0;
                }
        error_set(&cli->error, ERROR_USAGE, 0, "no completion for '%s': bash, zsh or fish", operands[0]);
        return -EINVAL;
}

const Verb verb_completion = {
        .name = "completion",
        .usage = "bash|zsh|fish",
        .summary = "print the shell's completion script",
        .operands_min = 1,
        .operands_max = 2,
        .run = run_completion,
};
