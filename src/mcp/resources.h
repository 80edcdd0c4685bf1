/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/json/json.h"

/* Jobs as resources: sdbg://jobs, sdbg://jobs/NAME and sdbg://jobs/NAME/log. */

typedef enum ResourceKind {
        RESOURCE_JOBS,
        RESOURCE_JOB,
        RESOURCE_LOG,
        _RESOURCE_INVALID = -EINVAL,
} ResourceKind;

/* *ret_job: the job's name, which the caller frees; NULL for RESOURCE_JOBS, and where it is none.
 * Return: the kind; _RESOURCE_INVALID for what is no such URI. */
ResourceKind resource_parse(const char *uri, char **ret_job);

/* The answers made of a tool's facts: to resources/list, of job_list's; and to resources/read. Return: the
 * caller frees it; NULL without memory. */
Json *resource_list(const Json *facts, bool first_page);
Json *resource_contents(const char *uri, const Json *facts);
