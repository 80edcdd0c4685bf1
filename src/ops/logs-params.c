/* SPDX-License-Identifier: MIT */
#include "sdbg/ops/logs.h"

#define PARAM(name, letter, type, member, value, help)                                                       \
        { name, letter, type, offsetof(LogsRequest, member), value, help, NULL }

const Param logs_params[] = {
        PARAM("lines", 'n', PARAM_COUNT, lines, "N",
              "the last N lines (default: 200 where stdout is no terminal and nothing else says how many)"),
        PARAM("head", 0, PARAM_COUNT, head, "N", "the first N lines"),
        PARAM("all", 0, PARAM_FLAG, all, NULL, "all lines of the run, cleared ones too"),
        PARAM("follow", 'f', PARAM_FLAG, follow, NULL, "go on with new lines until the job ends"),
        PARAM("new", 0, PARAM_OPTIONAL, reader, "READER",
              "what came since this reader's last call (default: the agent's session, the terminal)"),
        PARAM("cursor", 'c', PARAM_STRING, cursor, "CURSOR", "what came after it, in later runs too"),
        PARAM("show-cursor", 0, PARAM_FLAG, show_cursor, NULL, "end with the cursor of what was shown"),
        PARAM("since", 'S', PARAM_STRING, since, "TIME", "from this time on: 10min ago, yesterday, 15:04"),
        PARAM("until", 'U', PARAM_STRING, until, "TIME", "up to this time"),
        PARAM("run", 'r', PARAM_STRING, run, "ID|-1|all", "an earlier run, or all runs"),
        PARAM("stream", 0, PARAM_STRING, stream, "stdout|stderr|pty", "only this stream"),
        PARAM("grep", 'g', PARAM_STRING, grep, "RE", "only lines that match this regular expression"),
        PARAM("ignore-case", 'i', PARAM_FLAG, ignore_case, NULL, "let --grep ignore case"),
        PARAM("invert", 'v', PARAM_FLAG, invert, NULL, "only lines that --grep does not match"),
        PARAM("errors", 'e', PARAM_FLAG, errors, NULL, "only what looks like an error, with its context"),
        PARAM("after", 'A', PARAM_COUNT, after, "N", "N lines after each line found"),
        PARAM("before", 'B', PARAM_COUNT, before, "N", "N lines before each line found"),
        PARAM("context", 'C', PARAM_COUNT, context, "N", "N lines before and after each line found"),
        PARAM("all-jobs", 0, PARAM_FLAG, all_jobs, NULL, "of all jobs, running and ended"),
        PARAM("timestamps", 't', PARAM_FLAG, timestamps, NULL, "show each line's time"),
        PARAM("raw", 0, PARAM_FLAG, raw, NULL, "the exact bytes that were printed"),
        PARAM("collapse", 0, PARAM_FLAG, collapse, NULL, "equal lines and progress once, with a count"),
        PARAM("max-bytes", 0, PARAM_SIZE, max_bytes, "SIZE",
              "at most so much: the first and last lines, those between counted"),
        PARAM("color", 0, PARAM_OPTIONAL, color, "WHEN",
              "keep colours: always, never, auto (default: on a terminal, without NO_COLOR)"),
        PARAM("no-pager", 0, PARAM_FLAG, no_pager, NULL, "no pager, also on a terminal"),
        {},
};
