/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/manager/manager.h"
#include "sdbg/ops/jobs.h"
#include "sdbg/ops/param.h"

/* Exit codes (beside a job's own). */
enum {
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_NO_SUCH_JOB = 3,
        EXIT_JOB_RUNNING = 4,
        EXIT_ENDED_EARLY = 5,
        EXIT_UNREACHABLE = 6,
        EXIT_POLICY = 7,
        EXIT_TIMEOUT = 124,
        EXIT_OWN_FAILURE = 125, /* of run and wait, whose other codes are the job's */
};

typedef struct Verb Verb;

/* What one command line is about. */
typedef struct Cli {
        const Verb *verb;
        bool json, quiet, no_color, help;
        Error error;
} Cli;

/* A verb describes itself; all stand in one list, verbs.c. */
struct Verb {
        const char *name;
        const char *alias;   /* or NULL */
        const char *usage;   /* what follows the name */
        const char *summary; /* one line */
        const Param *params;
        bool takes_command;  /* options end where the operands begin */
        bool takes_ended;    /* its operands may be names of ended jobs */
        bool gives_job_code; /* its exit code is the job's; sdbg's own failures give 125 */
        size_t operands_min, operands_max;
        size_t request_size;
        const void *request_default; /* what it starts as; NULL: all zero */
        /* request: filled from the options; operands: the rest, borrowed.
         * Return: the exit code; where cli->error is set, it is shown and gives the code instead. */
        int (*run)(Cli *cli, void *request, char **operands);
};

extern const Verb *const verbs[];

const Verb *verb_find(const char *name);

/* Fills the request and the global flags from argv (argv[0] is the verb).
 * *ret_operands points into argv. Return: 0; -EINVAL with cli->error said. */
int options_parse(Cli *cli, int argc, char **argv, void *request, char ***ret_operands);

/* The exit code that an error stands for. */
int exit_code_of(const Error *e);

/* `sdbg VERB --help`, and the list of verbs. */
void help_show_verb(const Verb *v);
void help_show_all(void);

/* Connects, or says in cli->error why not. */
int cli_connect(Cli *cli, Manager **ret);
/* The same for an op that does not take "nothing" for "everything". */
int cli_connect_for(Cli *cli, const JobSelection *s, Manager **ret);
/* Says so where an op found none of the jobs that it was to change, which is no failure. */
void cli_say_if_none(const Cli *cli, const JobList *jobs);
