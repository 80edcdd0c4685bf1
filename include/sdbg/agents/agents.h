/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/error.h"

/* The configuration files of coding agents, and sdbg's entry in them: that they run `sdbg mcp`. The rest of a
 * file stays as it is, comments too. */

typedef enum AgentClient {
        AGENT_OPENCODE,
        AGENT_CLAUDE,
        AGENT_CODEX,
        AGENT_GEMINI,
        _AGENT_MAX,
} AgentClient;

/* Return: the client of that name, -EINVAL for another name. */
int agent_client_from_string(const char *name);

/* Return: the name that the command line takes: "claude"; static. */
const char *agent_client_to_string(AgentClient c);

/* What people call it: "Claude Code". */
const char *agent_client_title(AgentClient c);

/* Return: whether this user has the client: it has left a directory or file of its own. */
bool agent_client_is_there(AgentClient c);

typedef struct AgentConfig {
        AgentClient client;
        char *path; /* symlinks resolved */
        char *text; /* NULL: there is no file */
        mode_t mode;
} AgentConfig;

/* Reads the client's configuration: the user's, or the one in the directory `project` where that is not NULL.
 * Return: 0; negative errno with reterr said: -EFBIG beyond 64 MiB, … */
int agent_config_read(AgentClient c, const char *project, AgentConfig *ret, Error *reterr);

/* Frees what it holds; it is then empty. */
void agent_config_done(AgentConfig *c);
#define _cleanup_agent_config_ _cleanup_(agent_config_done)

/* Finds the plugin that comes with sdbg for this client, as agent_config_read(): it tells a session when a job ends.
 * Return: 1; 0 where there is none for this client; negative errno with reterr said. */
int agent_plugin_read(AgentClient c, const char *project, AgentConfig *ret, Error *reterr);

/* Return: whether the file is there as this version of sdbg brings it. */
bool agent_plugin_is_ours(const AgentConfig *p);

/* Writes it as this version brings it, or removes it, with its directory where nothing else is in that.
 * Return: 0; negative errno with reterr said. */
int agent_plugin_write(const AgentConfig *p, Error *reterr);
int agent_plugin_remove(const AgentConfig *p, Error *reterr);

/* Return: whether sdbg has an entry in it; negative errno with reterr said for a file that is not understood. */
int agent_config_has(const AgentConfig *c, Error *reterr);

/* What the file becomes when it is to run `command mcp`, the caller's to free.
 * Return: 1; 0 where there is an entry already (*ret is NULL); negative errno with reterr said. */
int agent_config_add(const AgentConfig *c, const char *command, char **ret, Error *reterr);

/* What the file becomes without the entry, the caller's to free; NULL: it goes, nothing else was in it. Where the
 * file is still as agent_config_write() left it, that is to the byte what it was before.
 * Return: 1; 0 where there is no entry; negative errno with reterr said. */
int agent_config_remove(const AgentConfig *c, const char *command, char **ret, Error *reterr);

/* Replaces the file in one step, with the mode that it has; NULL: removes it. With `keep`, what it was is kept
 * beside it as FILE.before-sdbg, else that is removed. Return: 0; negative errno with reterr said. */
int agent_config_write(const AgentConfig *c, const char *text, bool keep, Error *reterr);
