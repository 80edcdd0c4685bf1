/* SPDX-License-Identifier: MIT */
#pragma once

#include "cli/cli.h"

/* clang-format off */
extern const Verb
        verb_start,
        verb_run,
        verb_list,
        verb_status,
        verb_logs,
        verb_events,
        verb_wait,
        verb_stop,
        verb_kill,
        verb_restart,
        verb_pause,
        verb_resume,
        verb_clean,
        verb_doctor,
        verb_mcp,
        verb_completion,
        verb_version,
        verb_help;
/* clang-format on */
