/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"
#include "sdbg/probe/ports.h"

/* Fills in where jobs listen. What has ended listens nowhere; where the kernel does not tell, it stays
 * unknown. */
void jobs_add_ports(Job *jobs, size_t n, PortDetail detail);
