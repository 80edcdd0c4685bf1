/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/job/job.h"
#include "sdbg/job/spec.h"
#include "sdbg/probe/ports.h"

/* Fills in where jobs listen. What has ended listens nowhere; where the kernel does not tell, it stays
 * unknown. */
void jobs_add_ports(Job *jobs, size_t n, PortDetail detail);

/* Looks whether somebody listens already where the job is to become ready, who would be taken for it, or in
 * its way. Return: 0; -EADDRINUSE with reterr said, naming the process (port-in-use). */
int check_ports_free(const Spec *s, Error *reterr);

/* Where a job has ended for want of a port, as its last lines or its spec tell, adds a hint that names who
 * has it. */
void hint_port_holder(const Spec *s, const Job *j, Error *reterr);
