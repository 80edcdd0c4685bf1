/* SPDX-License-Identifier: MIT */
#include "sdbg/base/fd.h"
#include "sdbg/base/strv.h"
#include "sdbg/job/name.h"
#include "sdbg/ops/enable.h"
#include "sdbg/runtime/enabled.h"
#include "sdbg/runtime/jobdir.h"

#include "ops/internal.h"

/* What the job was last started with. */
static int read_spec(const char *name, Spec *ret, Error *reterr) {
        _cleanup_close_ int dir = jobdir_open(name, false, reterr);
        int r = dir < 0 ? dir : jobdir_read_spec(dir, ret);

        if (r >= 0 || (reterr && reterr->code))
                return r;
        error_set(reterr, ERROR_NO_SUCH_JOB, 0, "what job '%s' is started with is not known", name);
        error_hint(reterr, "start it with 'sdbg start -n %s …' first", name);
        return -ENOENT;
}

/* What cannot be the same after a boot. */
static int check_spec(const Spec *s, Error *reterr) {
        if (s->lifetime_pid > 0)
                return error_set(reterr, ERROR_USAGE, 0, "job '%s' ends with %s and cannot come back at boot",
                                 s->name, strempty(s->lifetime_of));
        STRV_FOREACH (p, s->properties)
                if (strchr(*p, '\n'))
                        return error_set(reterr, ERROR_USAGE, 0, "a property of job '%s' has several lines",
                                         s->name);
        return 0;
}

int op_enable(Manager *m, const char *name, Error *reterr) {
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_job_unit_ JobUnit u = {};
        _cleanup_spec_ Spec s = {};
        int r;

        r = job_name_check(name, reterr);
        if (r >= 0)
                r = check_sandbox(m, false, reterr);
        if (r >= 0)
                r = read_spec(name, &s, reterr);
        if (r >= 0)
                r = check_spec(&s, reterr);
        if (r >= 0)
                r = job_unit_make(&s, &u, reterr);
        if (r >= 0)
                r = enabled_spec_path(name, &path, reterr);
        if (r < 0)
                return r;
        text = unit_file_text(&u.unit, name, path);
        if (!text)
                return error_oom(reterr);
        r = enabled_write(&s, u.unit.unit, text, reterr);
        if (r < 0)
                return r;
        r = manager_reload(m, reterr);
        if (r < 0)
                (void) enabled_remove(name, u.unit.unit, NULL);
        return r;
}

int op_disable(Manager *m, const char *name, Error *reterr) {
        _cleanup_free_ char *unit = unit_from_job(name);
        int r;

        r = job_name_check(name, reterr);
        if (r >= 0)
                r = unit ? enabled_read_spec(name, NULL) : error_oom(reterr);
        if (r <= 0)
                return r;
        r = enabled_remove(name, unit, reterr);
        if (r < 0)
                return r;
        r = manager_reload(m, reterr);
        return r < 0 ? r : 1;
}
