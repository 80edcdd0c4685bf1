/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"

/* sdbg.conf: /etc/sdbg/sdbg.conf, then $XDG_CONFIG_HOME/sdbg/sdbg.conf (~/.config where that is not set), in
 * the form of systemd.syntax(7). A later value replaces an earlier one; those of a list are added, and an
 * empty one forgets what was there before. */

typedef struct Config {
        /* [Start] */
        bool outside_sandbox; /* start jobs from within other namespaces than the service manager's */

        /* [MCP]: what agents may do through `sdbg mcp` */
        bool read_only;
        char **allow_directories; /* absolute; empty: all */
        char **refuse_commands;   /* globs; of the whole command line, or one of the commands in it */
        char **ask_commands;      /* the same, for what the user is asked first */
        uint64_t max_jobs;        /* of agents, at the same time; UINT64_MAX: no limit */
        bool allow_environment, allow_properties;
        char **defaults; /* "memory-max=2G": of start's options that a call does not give */

        char **warnings; /* "/etc/sdbg/sdbg.conf:7: unknown key 'X'"; the key is passed over */
} Config;

#define CONFIG_INIT                                                                                          \
        (Config) {                                                                                           \
                .max_jobs = UINT64_MAX, .allow_environment = true                                            \
        }

/* Frees what it holds; it is then as CONFIG_INIT. */
void config_done(Config *c);
#define _cleanup_config_ _cleanup_(config_done)

/* Adds what the text of a file says. path: for the warnings. Return: 0, -ENOMEM. */
int config_parse(Config *c, const char *text, const char *path);

/* Reads both files into *c, which starts as CONFIG_INIT; one that is not there is none; one that cannot be
 * read is a warning. Return: 0, -ENOMEM. */
int config_load(Config *c);
