/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sdbg/base/fd.h"
#include "sdbg/ops/ports.h"
#include "sdbg/probe/cgroup.h"

/* The cgroup of the job's processes: beside the supervisor's, or an adopted job's whole scope. */
static int open_cgroup(const Job *j, bool is_scope) {
        _cleanup_free_ char *path = NULL;

        if (!j->cgroup)
                return -ENODATA;
        if (asprintf(&path, "%s%s", j->cgroup, is_scope ? "" : "/job") < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return cgroup_open(path);
}

static bool is_scope(const Job *j) {
        const char *dot = j->unit ? strrchr(j->unit, '.') : NULL;
        return dot && streq(dot, ".scope");
}

void jobs_add_ports(Job *jobs, size_t n, PortDetail detail) {
        _cleanup_port_table_ PortTable table = {};
        bool is_read = false;

        for (size_t i = 0; i < n; i++) {
                Job *j = &jobs[i];
                _cleanup_close_ int fd = -EBADF;

                job_forget_ports(j);
                if (job_has_ended(j)) {
                        j->ports_known = true;
                        continue;
                }
                if (!is_read && port_table_read(detail, &table) < 0)
                        return;
                is_read = true;
                fd = open_cgroup(j, is_scope(j));
                j->ports_known = fd >= 0 && ports_of_cgroup(&table, fd, detail, is_scope(j), &j->ports,
                                                            &j->n_ports) >= 0;
        }
}
