/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli/verbs.h"

/* packaging/shell/sdbg.*, made into strings by the build. */
extern const char shell_init_bash[], shell_init_zsh[], shell_init_fish[];

static const struct {
        const char *shell, *script;
} scripts[] = {
        { "bash", shell_init_bash },
        { "zsh", shell_init_zsh },
        { "fish", shell_init_fish },
};

static int run_shell_init(Cli *cli, void *request, char **operands) {
        for (size_t i = 0; i < ELEMENTSOF(scripts); i++)
                if (streq(scripts[i].shell, operands[0])) {
                        fputs(scripts[i].script, stdout);
                        return 0;
                }
        error_set(&cli->error, ERROR_USAGE, 0, "no script for '%s': bash, zsh or fish", operands[0]);
        return -EINVAL;
}

const Verb verb_shell_init = {
        .name = "shell-init",
        .usage = "bash|zsh|fish",
        .summary = "print the shell's script: Ctrl+B starts what is typed as a job",
        .operands_min = 1,
        .operands_max = 1,
        .run = run_shell_init,
};
