/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/adopt.h"
#include "sdbg/ops/jobs.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/probe/process.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/text/quote.h"

#include "ops/internal.h"

/* A tree that grows faster than this many rounds of moving it is not caught. */
#define ROUNDS 100
#define START_TIMEOUT (30 * USEC_PER_SEC)
#define COMMAND_MAX ((size_t) 8 * 1024 * 1024)

#define PARAM(name, letter, type, member, value, help)                                                       \
        { name, letter, type, offsetof(AdoptRequest, member), value, help, NULL }

const Param adopt_params[] = {
        PARAM("name", 'n', PARAM_STRING, name, "NAME", "the job's name; else made from the command"),
        PARAM("label", 'l', PARAM_LIST, labels, "KEY=VALUE", "mark the job, to select it by"),
        PARAM("group", 'g', PARAM_STRING, group, "GROUP",
              "put the job into a group, which is a slice of its own"),
        PARAM("description", 0, PARAM_STRING, description, "TEXT", "what systemctl shows for the unit"),
        {},
};

static bool is_ancestor(pid_t pid) {
        ProcessIdentity p = { .parent = getpid() };

        for (pid_t i = getpid(); i > 1; i = p.parent)
                if (i == pid)
                        return true;
                else if (process_identify(i, &p) < 0)
                        break;
        return false;
}

/* The job whose cgroup this is: "…/bgjob-web.service/job" → "web". Return: the caller frees it; NULL: none. */
static char *job_of_cgroup(const char *path) {
        for (const char *p = path; (p = strstr(p, "/" UNIT_PREFIX)); p++) {
                _cleanup_free_ char *unit = strndup(p + 1, strcspn(p + 1, "/"));
                char *name = unit ? job_from_unit(unit) : NULL;

                if (name)
                        return name;
        }
        return NULL;
}

/* What must not, or need not, be moved. */
static int check_process(pid_t pid, Error *reterr) {
        _cleanup_free_ char *group = NULL, *job = NULL;
        ProcessIdentity p;

        if (pid == 1)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "PID 1 is the machine's first process and cannot be adopted");
        if (process_identify(pid, &p) < 0 || p.is_zombie)
                return error_set(reterr, ERROR_USAGE, 0, "there is no process %d", (int) pid);
        if (p.uid != geteuid())
                return error_set(reterr, ERROR_USAGE, 0, "process %d (%s) belongs to another user", (int) pid,
                                 p.name);
        if (is_ancestor(pid))
                return error_set(reterr, ERROR_USAGE, 0, "process %d (%s) is %s", (int) pid, p.name,
                                 pid == getpid() ? "this sdbg itself" : "what has called this sdbg");
        if (cgroup_of(pid, &group) < 0)
                return error_set(reterr, ERROR_FAILED, 0, "the control group of process %d cannot be told",
                                 (int) pid);
        job = job_of_cgroup(group);
        if (job) {
                error_set(reterr, ERROR_JOB_RUNNING, 0, "process %d (%s) is in job '%s' already", (int) pid,
                          p.name, job);
                error_hint(reterr, "'sdbg status %s' shows it", job);
                return -EEXIST;
        }
        if (strstr(group, "/init.scope"))
                return error_set(reterr, ERROR_USAGE, 0, "process %d (%s) is the service manager", (int) pid,
                                 p.name);
        return 0;
}

/* Its command line as words. */
static char **read_command(pid_t pid) {
        _cleanup_free_ char *text = NULL;
        char path[64], **argv = NULL;
        size_t len;

        snprintf(path, sizeof(path), "/proc/%d/cmdline", (int) pid);
        if (read_file_at(AT_FDCWD, path, COMMAND_MAX, &text, &len) < 0)
                return NULL;
        for (size_t i = 0; i < len; i += strlen(text + i) + 1)
                if (strv_extend(&argv, text + i) < 0)
                        break;
        return argv;
}

static int describe(const AdoptRequest *q, pid_t pid, Job *j) {
        _cleanup_strv_free_ char **argv = read_command(pid);
        char link[64], cwd[PATH_MAX];
        ssize_t n;

        snprintf(link, sizeof(link), "/proc/%d/cwd", (int) pid);
        n = readlink(link, cwd, sizeof(cwd) - 1);
        j->command = argv ? quote_command(argv, COMMAND_SHOWN_MAX) : NULL;
        j->cwd = n > 0 ? strndup(cwd, n) : NULL;
        j->group = q->group ? strdup(q->group) : NULL;
        j->description = q->description ? printable_line(q->description, strlen(q->description), 256) : NULL;
        j->labels = strv_copy(q->labels);
        j->pid = pid;
        j->state = JOB_RUNNING;
        j->started_at = process_started(pid);
        if (j->name)
                return 0;
        j->name = q->name ? strdup(q->name) : job_name_from_command(argv ?: (char *[]){ NULL });
        return j->name ? 0 : -ENOMEM;
}

static int make_scope(Manager *m, const AdoptRequest *q, Job *j, Error *reterr) {
        _cleanup_free_ char *slice = slice_from_group(q->group), *fallback = NULL;
        StartOutcome outcome;
        int r;

        if (!slice || asprintf(&fallback, "Adopted job %s", j->name) < 0 ||
            asprintf(&j->unit, UNIT_PREFIX "%s.scope", j->name) < 0)
                return error_oom(reterr);
        ScopeUnit s = {
                .unit = j->unit, .slice = slice, .description = j->description ?: fallback, .pid = j->pid
        };

        r = manager_start_scope(m, &s, &outcome, reterr);
        if (r >= 0 && outcome == START_EXISTS)
                return error_set(reterr, ERROR_JOB_RUNNING, EEXIST, "a unit of the name %s is there already",
                                 j->unit);
        if (r >= 0)
                r = manager_await_start(m, START_TIMEOUT, &outcome, reterr);
        if (r == -ETIMEDOUT)
                return error_set(reterr, ERROR_TIMEOUT, r, "the service manager did not make the scope");
        if (r >= 0 && outcome != START_DONE) {
                error_set(reterr, ERROR_FAILED, 0, "systemd could not move process %d", j->pid);
                error_hint(reterr, "'journalctl --user -u %s' tells why", j->unit);
                return -EIO;
        }
        return r;
}

/* Where it is now, and by which name. */
static int read_unit(Manager *m, Job *j, Error *reterr) {
        _cleanup_unit_status_ UnitStatus status = {};
        int r = manager_query(m, j->unit, &status, reterr);

        if (r < 0)
                return r;
        j->run = TAKE_PTR(status.invocation);
        j->cgroup = TAKE_PTR(status.control_group);
        return j->run && j->cgroup ? 0
                                   : error_set(reterr, ERROR_FAILED, 0, "process %d has just ended", j->pid);
}

/* Moves those of the tree that are not in the scope. Return: how many there were; negative errno with reterr
 * said. */
static int move_rest(Manager *m, const Job *j, Error *reterr) {
        _cleanup_free_ pid_t *tree = NULL;
        ssize_t n = process_tree(j->pid, &tree);
        int moved = 0;

        for (ssize_t i = 0; i < n; i++) {
                _cleanup_free_ char *group = NULL;
                _cleanup_error_ Error e = {};
                ProcessIdentity p;

                /* Those in a job of their own, as of an sdbg that runs among them, stay there. */
                if (cgroup_of(tree[i], &group) < 0 || startswith(group, j->cgroup) ||
                    strstr(group, "/" UNIT_PREFIX))
                        continue;
                if (manager_attach(m, j->unit, tree[i], &e) >= 0)
                        moved++;
                else if (process_identify(tree[i], &p) >= 0 && !p.is_zombie)
                        return error_set(reterr, ERROR_FAILED, 0, "process %d of the tree: %s", (int) tree[i],
                                         e.message);
        }
        return n < 0 ? error_set(reterr, ERROR_FAILED, (int) n, "the processes cannot be listed") : moved;
}

/* Until no new ones show: what a moved process starts is in the scope by itself. */
static int move_tree(Manager *m, const Job *j, size_t *ret, Error *reterr) {
        *ret = 1;
        for (int i = 0; i < ROUNDS; i++) {
                int n = move_rest(m, j, reterr);

                if (n <= 0)
                        return n;
                *ret += n;
        }
        return error_set(reterr, ERROR_FAILED, 0, "the tree of process %d grows faster than it can be moved",
                         j->pid);
}

/* Under the lock of the name. */
static int adopt_locked(Manager *m, const AdoptRequest *q, int dir_fd, Job *j, size_t *ret_tree,
                        Error *reterr) {
        _cleanup_free_ char *message = NULL;
        int r;

        r = jobdir_forget_run(dir_fd);
        if (r >= 0)
                r = jobdir_remove_spec(dir_fd);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot write the job's runtime files");
        r = make_scope(m, q, j, reterr);
        if (r >= 0)
                r = read_unit(m, j, reterr);
        if (r < 0)
                return r;
        r = jobdir_write_state(dir_fd, j);
        if (r < 0)
                return error_set(reterr, ERROR_FAILED, r, "cannot write the job's runtime files");
        r = move_tree(m, j, ret_tree, reterr);
        if (r < 0)
                return r;
        if (asprintf(&message, "%s adopted, PID %d, %zu process%s", j->name, j->pid, *ret_tree,
                     *ret_tree == 1 ? "" : "es") < 0)
                return error_oom(reterr);
        record_send(j, RECORD_START, message);
        return 0;
}

/* Return: as op_adopt(); -EEXIST where the name is taken. */
static int adopt_named(Manager *m, const AdoptRequest *q, Job *j, size_t *ret_tree, Error *reterr) {
        _cleanup_close_ int dir = -EBADF, lock = lock_name(j->name, &dir, reterr);
        _cleanup_job_ Job other = JOB_INIT;

        if (lock < 0)
                return lock;
        if (job_read_state(j->name, &other) == 1) {
                error_set(reterr, ERROR_JOB_RUNNING, 0, "a job '%s' is running already", j->name);
                error_hint(reterr, "give another name with -n");
                return -EEXIST;
        }
        return adopt_locked(m, q, dir, j, ret_tree, reterr);
}

/* The name made from the command, with -2, -3, … where it is taken. */
static int adopt_unnamed(Manager *m, const AdoptRequest *q, Job *j, size_t *ret_tree, Error *reterr) {
        _cleanup_free_ char *base = strdup(j->name);
        int r = -EEXIST;

        for (unsigned i = 1; base && r == -EEXIST && i <= JOB_NAMES_TRIED; i++) {
                error_clear(reterr);
                free(j->name);
                j->name = job_name_numbered(base, i);
                r = j->name ? adopt_named(m, q, j, ret_tree, reterr) : error_oom(reterr);
        }
        return base ? r : error_oom(reterr);
}

int op_adopt(Manager *m, const AdoptRequest *q, Job *ret, size_t *ret_tree, Error *reterr) {
        int pid, r;

        if (parse_int(q->pid, &pid) < 0 || pid <= 0)
                return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a PID", q->pid);
        r = q->name ? job_name_check(q->name, reterr) : 0;
        if (r >= 0 && q->group)
                r = group_name_check(q->group, reterr);
        if (r >= 0)
                r = check_process(pid, reterr);
        if (r < 0)
                return r;
        if (describe(q, pid, ret) < 0)
                return error_oom(reterr);
        r = q->name ? adopt_named(m, q, ret, ret_tree, reterr) : adopt_unnamed(m, q, ret, ret_tree, reterr);
        if (r < 0)
                return r;
        (void) adopted_look(ret);
        return 0;
}
