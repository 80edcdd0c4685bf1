/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sdbg/agents/agents.h"
#include "sdbg/base/fd.h"

#include "agents/edit.h"

#define FILE_MAX (64 << 20)
#define KEPT ".before-sdbg"

/* Where a client keeps what; of several files the first that is there is taken, else the first. */
typedef struct Client {
        const char *name, *title;
        const char *trace;                /* below the home directory: there where the client has been run */
        const char *home_variable, *home; /* the directory of the user's files */
        const char *user[3], *project[3]; /* in that directory; in the project */
        const char *user_plugin[3], *project_plugin[3];
        const char *section;
        const char *before_command, *after_command; /* the entry's value */
        bool toml;
} Client;

/* The paths are those of the clients' manuals. */
static const Client clients[_AGENT_MAX] = {
        [AGENT_OPENCODE] = {
                .name = "opencode",
                .title = "OpenCode",
                .trace = ".config/opencode",
                .home_variable = "XDG_CONFIG_HOME",
                .home = "/.config",
                .user = { "opencode/opencode.json", "opencode/opencode.jsonc" },
                .project = { "opencode.json", "opencode.jsonc" },
                .user_plugin = { "opencode/plugin/sdbg.js", "opencode/plugins/sdbg.js" },
                .project_plugin = { ".opencode/plugin/sdbg.js", ".opencode/plugins/sdbg.js" },
                .section = "mcp",
                .before_command = "{ \"type\": \"local\", \"command\": [\"",
                .after_command = "\", \"mcp\"], \"enabled\": true }",
        },
        [AGENT_CLAUDE] = {
                .name = "claude",
                .title = "Claude Code",
                .trace = ".claude.json",
                .home_variable = "CLAUDE_CONFIG_DIR",
                .home = "",
                .user = { ".claude.json" },
                .project = { ".mcp.json" },
                .section = "mcpServers",
                .before_command = "{ \"type\": \"stdio\", \"command\": \"",
                .after_command = "\", \"args\": [\"mcp\"] }",
        },
        [AGENT_CODEX] = {
                .name = "codex",
                .title = "Codex",
                .trace = ".codex",
                .home_variable = "CODEX_HOME",
                .home = "/.codex",
                .user = { "config.toml" },
                .project = { ".codex/config.toml" },
                .section = "mcp_servers",
                .before_command = "command = \"",
                .after_command = "\"\nargs = [\"mcp\"]\n",
                .toml = true,
        },
        [AGENT_GEMINI] = {
                .name = "gemini",
                .title = "Gemini CLI",
                .trace = ".gemini",
                .home = "/.gemini",
                .user = { "settings.json" },
                .project = { ".gemini/settings.json" },
                .section = "mcpServers",
                .before_command = "{ \"command\": \"",
                .after_command = "\", \"args\": [\"mcp\"] }",
        },
};

const char *agent_client_to_string(AgentClient c) {
        return clients[c].name;
}

const char *agent_client_title(AgentClient c) {
        return clients[c].title;
}

int agent_client_from_string(const char *name) {
        for (int i = 0; i < _AGENT_MAX; i++)
                if (streq(clients[i].name, name))
                        return i;
        return -EINVAL;
}

bool agent_client_is_there(AgentClient c) {
        const char *home = getenv("HOME");
        char path[PATH_MAX];

        if (!home)
                return false;
        snprintf(path, sizeof(path), "%s/%s", home, clients[c].trace);
        return access(path, F_OK) >= 0;
}

void agent_config_done(AgentConfig *c) {
        free(c->path);
        free(c->text);
        *c = (AgentConfig){};
}

/* The directory of the user's files, the caller's to free. */
static int user_directory(const Client *c, char **ret, Error *reterr) {
        const char *set = c->home_variable ? getenv(c->home_variable) : NULL, *home = getenv("HOME");

        if (set && *set == '/')
                return (*ret = strdup(set)) ? 0 : error_oom(reterr);
        if (!home || *home != '/')
                return error_set(reterr, ERROR_FAILED, ENOENT, "HOME names no directory");
        return asprintf(ret, "%s%s", home, c->home) < 0 ? error_oom(reterr) : 0;
}

/* names: in the project's directory, or that of the user's files. */
static int choose_path(const Client *c, const char *project, const char *const *names, char **ret,
                       Error *reterr) {
        _cleanup_free_ char *directory = NULL;
        int r = 0;

        if (project)
                directory = strdup(project);
        else
                r = user_directory(c, &directory, reterr);
        if (r < 0 || !directory)
                return r < 0 ? r : error_oom(reterr);
        for (size_t i = 0; names[i]; i++) {
                _cleanup_free_ char *path = NULL;

                if (asprintf(&path, "%s/%s", directory, names[i]) < 0)
                        return error_oom(reterr);
                if (access(path, F_OK) >= 0) {
                        /* A symlink stays one. */
                        *ret = realpath(path, NULL);
                        return *ret ? 0 : error_set(reterr, ERROR_FAILED, errno, "cannot find %s", path);
                }
                if (!*ret)
                        *ret = TAKE_PTR(path);
        }
        return 0;
}

static int read_file(AgentClient client, const char *project, const char *const *names, AgentConfig *ret,
                     Error *reterr) {
        _cleanup_agent_config_ AgentConfig c = { .client = client, .mode = 0600 };
        size_t len = 0;
        struct stat st;
        int r = choose_path(&clients[client], project, names, &c.path, reterr);

        if (r < 0)
                return r;
        /* What a project holds is for all who have it; what is the user's may hold secrets. */
        if (project)
                c.mode = 0644;
        r = read_file_at(AT_FDCWD, c.path, FILE_MAX, &c.text, &len);
        if (r < 0 && r != -ENOENT)
                return error_set(reterr, ERROR_FAILED, r, "cannot read %s", c.path);
        if (r >= 0 && strlen(c.text) != len)
                return error_set(reterr, ERROR_FAILED, EBADMSG, "%s holds a NUL byte", c.path);
        if (r >= 0 && stat(c.path, &st) >= 0)
                c.mode = st.st_mode & 07777;
        *ret = c;
        c = (AgentConfig){};
        return 0;
}

int agent_config_read(AgentClient client, const char *project, AgentConfig *ret, Error *reterr) {
        const Client *c = &clients[client];

        return read_file(client, project, project ? c->project : c->user, ret, reterr);
}

int agent_plugin_read(AgentClient client, const char *project, AgentConfig *ret, Error *reterr) {
        const Client *c = &clients[client];
        const char *const *names = project ? c->project_plugin : c->user_plugin;
        int r = names[0] ? read_file(client, project, names, ret, reterr) : 0;

        return r < 0 ? r : names[0] != NULL;
}

static int explain(const AgentConfig *c, int error, Error *reterr) {
        const char *format = clients[c->client].toml ? "TOML" : "JSON";

        if (error == -EEXIST)
                error_set(reterr, ERROR_FAILED, error, "%s writes '%s' in a way that nothing can be added to",
                          c->path, clients[c->client].section);
        else if (error == -EBADMSG)
                error_set(reterr, ERROR_FAILED, error, "%s is no %s that can be edited safely", c->path,
                          format);
        else
                return error_oom(reterr);
        error_hint(reterr, "nothing was changed; mend the file, or add the entry by hand");
        return error;
}

/* A file that is not there, or empty, is taken as this. */
static const char *text_of(const AgentConfig *c) {
        const char *text = strempty(c->text);

        return !clients[c->client].toml && text[strspn(text, " \t\r\n")] == '\0' ? "{}\n" : text;
}

static int has(const AgentConfig *c) {
        const Client *k = &clients[c->client];

        return (k->toml ? toml_entry_has : json_entry_has)(text_of(c), k->section, "sdbg");
}

int agent_config_has(const AgentConfig *c, Error *reterr) {
        int r = has(c);

        return r < 0 ? explain(c, r, reterr) : r;
}

static int add(const AgentConfig *c, const char *command, char **ret) {
        const Client *k = &clients[c->client];
        _cleanup_free_ char *value = NULL;

        if (asprintf(&value, "%s%s%s", k->before_command, command, k->after_command) < 0)
                return -ENOMEM;
        return (k->toml ? toml_entry_add : json_entry_add)(text_of(c), k->section, "sdbg", value, ret);
}

int agent_config_add(const AgentConfig *c, const char *command, char **ret, Error *reterr) {
        int r;

        *ret = NULL;
        /* In both languages a string without these is written as it is. */
        if (command[strcspn(command, "\"\\\n")])
                return error_set(reterr, ERROR_FAILED, EINVAL, "cannot write the path %s into %s", command,
                                 c->path);
        r = add(c, command, ret);
        return r < 0 ? explain(c, r, reterr) : r;
}

/* Whether the file is what add() makes of `before`. */
static bool is_made_of(const AgentConfig *c, char *before, const char *command) {
        AgentConfig old = { .client = c->client, .path = c->path, .text = before };
        _cleanup_free_ char *made = NULL;

        return add(&old, command, &made) > 0 && streq(made, c->text);
}

int agent_config_remove(const AgentConfig *c, const char *command, char **ret, Error *reterr) {
        const Client *k = &clients[c->client];
        _cleanup_free_ char *path = NULL, *before = NULL;
        int r = has(c);

        *ret = NULL;
        if (r <= 0)
                return r < 0 ? explain(c, r, reterr) : 0;
        if (asprintf(&path, "%s" KEPT, c->path) < 0)
                return error_oom(reterr);
        r = read_file_at(AT_FDCWD, path, FILE_MAX, &before, NULL);
        if ((r >= 0 || r == -ENOENT) && is_made_of(c, before, command)) {
                *ret = TAKE_PTR(before);
                return 1;
        }
        r = (k->toml ? toml_entry_remove : json_entry_remove)(c->text, k->section, "sdbg", ret);
        return r < 0 ? explain(c, r, reterr) : r;
}

/* Opens the directory of a path, making it with those that lead there, and finds the name in it. */
static int open_parent(const char *path, const char **ret_name) {
        _cleanup_free_ char *p = strdup(path);
        int fd;

        if (!p)
                return -ENOMEM;
        for (char *slash = strchr(p + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(p, 0777) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        *ret_name = strrchr(path, '/') + 1;
        *strrchr(p, '/') = '\0';
        fd = open(*p ? p : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* The mode is given to the file when it is there, as the umask has a say in the making of it. */
static int replace(int dir, const char *name, const char *text, const AgentConfig *c) {
        int r = write_file_at(dir, name, text, strlen(text), c->mode);

        if (r >= 0 && c->text && fchmodat(dir, name, c->mode, 0) < 0)
                r = -errno;
        return r;
}

int agent_config_write(const AgentConfig *c, const char *text, bool keep, Error *reterr) {
        _cleanup_close_ int dir = -EBADF;
        _cleanup_free_ char *kept = NULL;
        const char *name = NULL;
        int r = 0;

        dir = open_parent(c->path, &name);
        if (dir < 0)
                return error_set(reterr, ERROR_FAILED, dir, "cannot open the directory of %s", c->path);
        if (asprintf(&kept, "%s" KEPT, name) < 0)
                return error_oom(reterr);
        if (keep && c->text)
                r = replace(dir, kept, c->text, c);
        if (r >= 0 && text)
                r = replace(dir, name, text, c);
        if (r >= 0 && !text && unlinkat(dir, name, 0) < 0)
                r = -errno;
        if (r >= 0 && !keep && unlinkat(dir, kept, 0) < 0 && errno != ENOENT)
                r = -errno;
        return r < 0 ? error_set(reterr, ERROR_FAILED, r, "cannot write %s", c->path) : 0;
}
