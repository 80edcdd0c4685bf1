/* SPDX-License-Identifier: MIT */
#include <spawn.h>
#include <sys/wait.h>

#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/jobs.h"
#include "sdbg/ops/stop.h"
#include "sdbg/runtime/installed.h"
#include "sdbg/runtime/jobdir.h"
#include "sdbg/runtime/ring.h"

#include "ops/internal.h"

/* How often the auditor, which takes some seconds where journald does not follow, is run again. */
#define AUDITS_MAX 10

/* Whether the ring holds output that is nowhere else yet. */
static bool is_only_copy(int dir_fd) {
        _cleanup_ring_ Ring ring = RING_INIT;

        return ring_open(&ring, dir_fd, false) >= 0 && !ring.audit.unreadable &&
               ring.audit.verified < ring.header.head;
}

/* Has the auditor write into the journal what is not there: the one at the end of the run may have given up
 * while the machine was busy. */
static void rescue_output(const char *name, int dir_fd) {
        _cleanup_free_ char *path = installed_path("sdbg-audit"), *directory = NULL;
        pid_t pid;

        if (!path || jobdir_path(name, &directory, NULL) < 0)
                return;
        for (unsigned i = 0; i < AUDITS_MAX && is_only_copy(dir_fd); i++)
                if (posix_spawn(&pid, path, NULL, NULL, (char *[]){ path, directory, NULL }, environ) != 0 ||
                    waitpid(pid, NULL, 0) < 0)
                        return;
}

/* Forgets one job. named: it was asked for by its name, so that not doing it is worth a word.
 * Return: 1 done; 0 it is running, or its output is not in the journal yet; negative errno with reterr said. */
static int clean_one(Manager *m, const char *name, bool named, Error *reterr) {
        _cleanup_close_ int dir = jobdir_open(name, false, reterr), lock = -EBADF;
        _cleanup_free_ char *unit = unit_from_job(name);
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        if (dir < 0 || !unit)
                return dir < 0 ? dir : error_oom(reterr);
        /* The lock keeps a start of this very moment from losing its files. */
        lock = jobdir_lock(dir);
        if (lock < 0)
                return error_set(reterr, ERROR_FAILED, lock, "cannot lock the runtime files of '%s'", name);
        if (job_read_state(name, &j) == 1) {
                if (!named)
                        return 0;
                error_set(reterr, ERROR_JOB_RUNNING, 0, "job '%s' is running", name);
                error_hint(reterr, "end it with 'sdbg stop %s'", name);
                return -EBUSY;
        }
        /* A job that has just ended is still being written down. */
        r = manager_await_gone(m, unit, GONE_TIMEOUT, reterr);
        if (r == -ETIMEDOUT)
                return error_set(reterr, ERROR_TIMEOUT, r, "the unit of '%s' does not end", name);
        if (r >= 0)
                rescue_output(name, dir);
        if (r >= 0 && !named && is_only_copy(dir))
                return 0;
        if (r >= 0)
                r = jobdir_remove(name, reterr);
        return r < 0 ? r : 1;
}

static int check_known(char *const *names, char *const *all, Error *reterr) {
        STRV_FOREACH (name, names)
                if (!is_glob(*name) && !strv_contains(all, *name)) {
                        error_set(reterr, ERROR_NO_SUCH_JOB, 0, "no runtime files of a job '%s'", *name);
                        return -ENOENT;
                }
        return 0;
}

int op_clean(Manager *m, char *const *names, char ***ret, Error *reterr) {
        _cleanup_strv_free_ char **all = NULL;
        int r;

        r = jobdir_list(&all, reterr);
        if (r >= 0)
                r = check_known(names, all, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, all) {
                if (strv_length(names) > 0 && !strv_fnmatch(names, *name))
                        continue;
                r = clean_one(m, *name, strv_contains(names, *name), reterr);
                if (r > 0 && strv_extend(ret, *name) < 0)
                        r = error_oom(reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}
