/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/xattr.h>

#include "sdbg/base/fd.h"
#include "sdbg/job/name.h"
#include "sdbg/probe/cgroup.h"
#include "sdbg/runtime/jobdir.h"

#include "audit/audit.h"

/* The state as the supervisor left it, or what the spec tells where it did not come so far. */
static int load_state(Audit *a, int dir_fd, Job *j) {
        _cleanup_spec_ Spec spec = {};
        int r;

        r = jobdir_read_state(dir_fd, j);
        if (r >= 0 && streq_ptr(j->run, a->tag.run))
                return 0;
        job_done(j);
        r = jobdir_read_spec(dir_fd, &spec);
        if (r < 0)
                return r;
        j->name = TAKE_PTR(spec.name);
        j->unit = unit_from_job(j->name);
        j->run = strdup(a->tag.run);
        j->command = TAKE_PTR(spec.command);
        j->cwd = TAKE_PTR(spec.cwd);
        return j->unit && j->run ? 0 : -ENOMEM;
}

/* systemd-oomd marks what it is about to kill (src/oom/oomd-util.c), and kills the supervisor with the rest. */
static bool is_killed_by_oomd(const Job *j) {
        _cleanup_close_ int fd = j->cgroup ? cgroup_open(j->cgroup) : -EBADF;
        char value[32];

        return fd >= 0 && (fgetxattr(fd, "user.oomd_ooms", value, sizeof(value)) > 0 ||
                           fgetxattr(fd, "user.oomd_kill", value, sizeof(value)) > 0);
}

static int explain(Job *j, const char *service_result) {
        const char *status = strempty(getenv("EXIT_STATUS"));
        bool killed = !streq(strempty(getenv("EXIT_CODE")), "exited");

        free(j->reason);
        if (is_killed_by_oomd(j)) {
                j->result = RESULT_OOM_KILL;
                j->reason = strdup("killed by systemd-oomd: the machine or a slice was short of memory");
                return j->reason ? 0 : -ENOMEM;
        }
        if (streq(service_result, "oom-kill")) {
                j->result = RESULT_OOM_KILL;
                j->reason = strdup("killed by the kernel: out of memory");
                return j->reason ? 0 : -ENOMEM;
        }
        j->result = RESULT_LOST;
        return asprintf(&j->reason,
                        killed ? "its supervisor was killed%s%s, and the job with it"
                               : "its supervisor ended%s%s without writing how the job did",
                        *status ? killed ? " by SIG" : " with code " : "", status) < 0
                       ? -ENOMEM
                       : 0;
}

/* The last number given out in the ring. */
static uint64_t last_entry(const Ring *ring) {
        uint64_t pos = ring->header.tail, entry = 0;
        Batch b;

        while (ring_read(ring, &pos, &b, NULL, NULL) > 0)
                entry = b.entry;
        return entry;
}

static int append_exit_record(Audit *a, const Job *j) {
        _cleanup_free_ char *message = NULL, *json = job_to_record(j);
        _cleanup_buf_ Buf fields = {};
        Batch b = {
                .stream = STREAM_RECORD,
                .entry = last_entry(&a->ring) + 1,
                .time = now_usec(CLOCK_REALTIME),
        };

        if (!json || asprintf(&message, "%s %s", j->name, j->reason) < 0) {
                message = NULL;
                return -ENOMEM;
        }
        record_encode(&fields, &a->tag, RECORD_EXIT, message, json);
        if (fields.oom)
                return -ENOMEM;
        b.data = fields.data;
        b.len = fields.len;
        return ring_append(&a->ring, &b, a->ring.audit.verified);
}

int audit_write_end(Audit *a, int dir_fd, const char *service_result) {
        _cleanup_job_ Job j = JOB_INIT;
        int r;

        r = load_state(a, dir_fd, &j);
        if (r < 0 || job_has_ended(&j))
                return r;
        r = explain(&j, service_result);
        if (r < 0)
                return r;
        job_set_ended(&j, JOB_FAILED);
        j.ended_at = now_usec(CLOCK_REALTIME);
        if (j.started_at > 0)
                j.duration = usec_sub(j.ended_at, j.started_at);
        r = append_exit_record(a, &j);
        if (r < 0)
                return r;
        return jobdir_write_state(dir_fd, &j);
}
