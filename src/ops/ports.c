/* SPDX-License-Identifier: MIT */
#include "sdbg/base/fd.h"
#include "sdbg/ops/ports.h"
#include "sdbg/probe/cgroup.h"

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
                if (table.n == 0 && detail == PORTS_TCP) {
                        j->ports_known = true;
                        continue;
                }
                fd = cgroup_open_of_job(j);
                j->ports_known = fd >= 0 && ports_of_cgroup(&table, fd, detail, job_is_scope(j), &j->ports,
                                                            &j->n_ports) >= 0;
        }
}
