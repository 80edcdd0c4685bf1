/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sdbg/agents/agents.h"
#include "sdbg/base/buf.h"
#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/base/time.h"
#include "sdbg/config/config.h"
#include "sdbg/doctor/doctor.h"
#include "sdbg/journal/reader.h"
#include "sdbg/journal/writer.h"
#include "sdbg/manager/login.h"
#include "sdbg/manager/manager.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/installed.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/runtime/ring.h"
#include "sdbg/wire/entry.h"

#define SYSTEMD_OLDEST 252
#define JOURNAL_TIMEOUT (2 * USEC_PER_SEC)

static const char *const status_names[] = { "ok", "warn", "fail" };

const char *check_status_to_string(CheckStatus s) {
        return status_names[s];
}

void check_list_done(CheckList *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->checks[i].message);
                free(l->checks[i].remedy);
        }
        free(l->checks);
        *l = (CheckList){};
}

CheckStatus doctor_worst(const CheckList *l) {
        CheckStatus worst = CHECK_OK;

        for (size_t i = 0; i < l->n; i++)
                worst = MAX(worst, l->checks[i].status);
        return worst;
}

static int _printf_(5, 6)
        add(CheckList *l, const char *name, CheckStatus status, const char *remedy, const char *format, ...) {
        Check *c;
        va_list ap;
        int r;

        if (!GROW(l->checks, l->n))
                return -ENOMEM;
        c = &l->checks[l->n];
        *c = (Check){ .name = name, .status = status };
        va_start(ap, format);
        r = vasprintf(&c->message, format, ap);
        va_end(ap);
        if (r < 0)
                return -ENOMEM;
        l->n++;
        c->remedy = remedy ? strdup(remedy) : NULL;
        return remedy && !c->remedy ? -ENOMEM : 0;
}

static int check_runtime_dir(CheckList *l) {
        _cleanup_error_ Error e = {};
        _cleanup_close_ int fd = jobs_open(&e);
        struct statvfs vfs;
        char room[16];

        if (fd < 0)
                return add(l, "runtime-dir", CHECK_FAIL, e.hint, "%s", e.message);
        if (fstatvfs(fd, &vfs) >= 0 && vfs.f_bavail * vfs.f_frsize < RING_KEPT)
                return add(l, "runtime-dir", CHECK_WARN, "sdbg clean",
                           "the runtime directory has %s left, which is less than one job may need",
                           format_size(room, sizeof(room), vfs.f_bavail * vfs.f_frsize));
        return add(l, "runtime-dir", CHECK_OK, NULL, "the runtime directory is the user's own");
}

static int check_installed(CheckList *l) {
        static const char *const names[] = { "sdbg-supervisor", "sdbg-ready", "sdbg-audit" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = installed_path(names[i]);

                if (!path || access(path, X_OK) < 0)
                        return add(l, "installation", CHECK_FAIL,
                                   "install sdbg again: meson install -C build", "%s is missing at %s",
                                   names[i], strempty(path));
        }
        return add(l, "installation", CHECK_OK, NULL, "the in-unit executables are there");
}

static int check_manager(CheckList *l) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_error_ Error e = {};
        _cleanup_free_ char *version = NULL;
        int r;

        if (manager_connect(&m, &e) < 0 || manager_version(m, &version, &e) < 0) {
                r = add(l, "bus", CHECK_FAIL, "loginctl enable-linger; or log in by ssh or at the console",
                        "%s", e.message);
                return r;
        }
        r = add(l, "bus", CHECK_OK, NULL, "the user's service manager answers (%s)", manager_transport(m));
        if (r < 0)
                return r;
        if (atoi(version) < SYSTEMD_OLDEST)
                return add(l, "systemd", CHECK_FAIL, "upgrade the distribution",
                           "systemd %s is older than %d", version, SYSTEMD_OLDEST);
        return add(l, "systemd", CHECK_OK, NULL, "systemd %s", version);
}

/* Return: 1, 0, -ENODATA for a user without a name. */
static int is_lingering(void) {
        const struct passwd *pw = getpwuid(geteuid());
        _cleanup_free_ char *path = NULL;

        if (!pw || asprintf(&path, "/var/lib/systemd/linger/%s", pw->pw_name) < 0)
                return -ENODATA;
        return access(path, F_OK) >= 0;
}

bool doctor_is_lingering(void) {
        return is_lingering() > 0;
}

char *doctor_linger_warning(void) {
        if (!getenv("SSH_CONNECTION") || is_lingering() != 0)
                return NULL;
        return strdup("lingering is off: this job ends some seconds after your last logout ('loginctl "
                      "enable-linger', "
                      "or 'sdbg doctor --fix', keeps it)");
}

static int check_linger(CheckList *l) {
        int r = is_lingering();

        if (r < 0)
                return add(l, "linger", CHECK_WARN, NULL, "this user has no name in the user database");
        if (r == 0)
                return add(l, "linger", CHECK_WARN, "loginctl enable-linger",
                           "off: all jobs end some seconds after the last logout");
        return add(l, "linger", CHECK_OK, NULL, "on: jobs outlive the login");
}

int doctor_fix(CheckList *ret) {
        _cleanup_error_ Error e = {};

        if (is_lingering() != 0)
                return 0;
        if (login_enable_linger(&e) < 0)
                return add(ret, "fix-linger", CHECK_FAIL, "sudo loginctl enable-linger $USER", "%s",
                           e.message);
        return add(ret, "fix-linger", CHECK_OK, NULL, "lingering was switched on");
}

/* Sends a line and looks whether it comes back: the only proof that the journal can be read. */
static int probe_journal(bool *ret_readable) {
        _cleanup_journal_writer_ JournalWriter w = JOURNAL_WRITER_INIT;
        _cleanup_journal_reader_ JournalReader *reader = NULL;
        _cleanup_buf_ Buf entry = {};
        char id[40];
        uint64_t number;
        int r;

        snprintf(id, sizeof(id), "doctor-%d-%" PRIu64, (int) getpid(), now_usec(CLOCK_REALTIME));
        /* A pool that floods seldom use, so that a full one does not look like a missing journal. */
        buf_printf(&entry,
                   "PRIORITY=7\nSYSLOG_IDENTIFIER=sdbg\nSDBG_DOCTOR=%s\nMESSAGE=checking the journal\n", id);
        r = entry.oom ? -ENOMEM : journal_send_wait(&w, entry.data, entry.len, JOURNAL_TIMEOUT);
        if (r >= 0)
                r = journal_barrier(&w, JOURNAL_TIMEOUT);
        if (r < 0)
                return r;
        r = journal_reader_open(&reader, NULL);
        if (r >= 0)
                r = journal_reader_match(reader, "SDBG_DOCTOR", id);
        if (r >= 0)
                r = journal_reader_seek_head(reader);
        if (r >= 0)
                r = journal_reader_next_number(reader, &number);
        *ret_readable = r > 0;
        return r < 0 ? r : 0;
}

char *doctor_journal_warning(void) {
        _cleanup_journal_reader_ JournalReader *reader = NULL;

        if (jobs_first_time("journal-checked") <= 0)
                return NULL;
        /* Looked at from outside only: an entry of this process would carry its command line into the
         * journal, with all that -e gave. A user's own file comes with the first entry. */
        if (journal_reader_open(&reader, NULL) < 0 || journal_reader_is_readable(reader) ||
            access("/var/log/journal", F_OK) >= 0)
                return NULL;
        return strdup(
                "this user cannot read the journal; of each job only the newest output is kept, until the "
                "next run ('sdbg doctor' tells how to mend it)");
}

static int check_journal(CheckList *l) {
        bool readable = false, persistent = access("/var/log/journal", F_OK) >= 0;
        int r = probe_journal(&readable);

        if (r < 0) {
                r = add(l, "journal", CHECK_FAIL, "systemctl status systemd-journald",
                        "journald does not answer: %s", strerror(-r));
                return r;
        }
        if (readable)
                r = add(l, "journal", CHECK_OK, NULL, "this user's entries can be written and read");
        else
                r = add(l, "journal", CHECK_WARN,
                        persistent
                                ? "sudo usermod -aG systemd-journal $USER"
                                : "sudo mkdir -p /var/log/journal && sudo systemctl restart systemd-journald",
                        "this user cannot read its entries; only the last 8 MiB of each job's output are "
                        "kept");
        if (r < 0)
                return r;
        return persistent ? add(l, "journal-storage", CHECK_OK, NULL, "persistent")
                          : add(l, "journal-storage", CHECK_WARN,
                                "sudo mkdir -p /var/log/journal && sudo systemctl restart systemd-journald",
                                "volatile: all logs are gone at reboot");
}

static int check_rate_limit(CheckList *l) {
        _cleanup_free_ char *text = NULL;

        /* journald's own configuration; the manual of what it means is journald.conf(5). */
        if (read_file_at(AT_FDCWD, "/etc/systemd/journald.conf", 65536, &text, NULL) >= 0 &&
            strstr(text, "\nRateLimitIntervalSec=0"))
                return add(l, "rate-limit", CHECK_OK, NULL, "journald drops nothing");
        return add(l, "rate-limit", CHECK_OK, NULL,
                   "journald's limit is on; jobs stay far below it, other services of yours may not");
}

static int check_cgroup(CheckList *l) {
        _cleanup_free_ char *path = NULL, *controllers = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (cgroup_of(0, &path) < 0)
                return add(l, "cgroup", CHECK_FAIL, "boot with systemd.unified_cgroup_hierarchy=1",
                           "no version 2 control groups");
        free(path);
        path = NULL;
        if (asprintf(&path, "/user.slice/user-%d.slice/user@%d.service", (int) geteuid(), (int) geteuid()) <
            0)
                return -ENOMEM;
        fd = cgroup_open(path);
        if (fd < 0 || read_file_at(fd, "cgroup.controllers", 4096, &controllers, NULL) < 0)
                return add(l, "cgroup", CHECK_WARN, NULL,
                           "the user manager's control group cannot be seen from here");
        controllers[strcspn(controllers, "\n")] = '\0';
        if (!strstr(controllers, "memory") || !strstr(controllers, "pids"))
                return add(l, "cgroup", CHECK_WARN,
                           "sudo systemctl edit user@.service   # [Service] Delegate=pids memory cpu",
                           "not all controllers are delegated (%s): memory and task limits have no effect",
                           *controllers ? controllers : "none");
        return add(l, "cgroup", CHECK_OK, NULL, "delegated controllers: %s", controllers);
}

static int check_config(CheckList *l) {
        _cleanup_config_ Config c = CONFIG_INIT;
        int r = config_load(&c);

        if (r < 0)
                return r;
        STRV_FOREACH (w, c.warnings) {
                r = add(l, "config", CHECK_WARN, "correct or remove that line", "%s", *w);
                if (r < 0)
                        return r;
        }
        return c.warnings
                       ? 0
                       : add(l, "config", CHECK_OK, NULL, "sdbg.conf holds nothing that is not understood");
}

static int check_sandbox(CheckList *l) {
        _cleanup_manager_ Manager *m = NULL;
        const char *kind;

        if (manager_connect(&m, NULL) < 0)
                return 0; /* told already */
        kind = manager_foreign_namespace(m);
        return kind ? add(l, "sandbox", CHECK_WARN, "give 'sdbg start' --outside-sandbox where that is meant",
                          "this is another %s namespace than the service manager's: jobs run outside of it",
                          kind)
                    : add(l, "sandbox", CHECK_OK, NULL, "jobs run where they are asked for");
}

/* Of a client that uses sdbg. */
static int check_plugin(CheckList *l, AgentClient client) {
        const char *name = agent_client_to_string(client), *title = agent_client_title(client);
        _cleanup_agent_config_ AgentConfig plugin = {};
        _cleanup_error_ Error e = {};
        int r = agent_plugin_read(client, NULL, &plugin, &e);

        if (r < 0)
                return add(l, name, CHECK_WARN, strempty(e.hint), "%s: %s", title, e.message);
        if (r == 0 || agent_plugin_is_ours(&plugin))
                return add(l, name, CHECK_OK, NULL, "%s uses sdbg", title);
        if (!plugin.text)
                return add(l, name, CHECK_OK, NULL,
                           "%s uses sdbg, but not the plugin that tells it of ends; 'sdbg agents install %s' "
                           "adds it",
                           title, name);
        return add(l, name, CHECK_WARN, "sdbg agents install opencode",
                   "%s uses sdbg with the plugin of another version", title);
}

static int check_agent(CheckList *l, AgentClient client) {
        const char *name = agent_client_to_string(client), *title = agent_client_title(client);
        _cleanup_agent_config_ AgentConfig config = {};
        _cleanup_error_ Error e = {};
        int r = agent_config_read(client, NULL, &config, &e);

        if (r >= 0)
                r = agent_config_has(&config, &e);
        if (r < 0)
                return add(l, name, CHECK_WARN, strempty(e.hint), "%s: %s", title, e.message);
        if (r == 0)
                return add(l, name, CHECK_OK, NULL,
                           "%s does not use sdbg; 'sdbg agents install %s' changes that", title, name);
        return check_plugin(l, client);
}

/* The agents that this user has; it is no fault that one of them does without sdbg. */
static int check_agents(CheckList *l) {
        int r = 0;

        for (AgentClient c = 0; r >= 0 && c < _AGENT_MAX; c++)
                if (agent_client_is_there(c))
                        r = check_agent(l, c);
        return r;
}

int doctor_run(CheckList *ret) {
        static int (*const checks[])(CheckList *) = {
                check_installed,  check_runtime_dir, check_manager, check_linger,  check_journal,
                check_rate_limit, check_cgroup,      check_config,  check_sandbox, check_agents,
        };

        for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
                int r = checks[i](ret);
                if (r < 0)
                        return r;
        }
        return 0;
}
