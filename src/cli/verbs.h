/* SPDX-License-Identifier: MIT */
#pragma once

#include "cli/cli.h"

extern const Verb verb_start;
extern const Verb verb_run;
extern const Verb verb_list;
extern const Verb verb_status;
extern const Verb verb_logs;
extern const Verb verb_clear;
extern const Verb verb_wait;
extern const Verb verb_events;
extern const Verb verb_stop;
extern const Verb verb_kill;
extern const Verb verb_pause;
extern const Verb verb_resume;
extern const Verb verb_adopt;
extern const Verb verb_enable;
extern const Verb verb_disable;
extern const Verb verb_restart;
extern const Verb verb_send;
extern const Verb verb_attach;
extern const Verb verb_screen;
extern const Verb verb_top;
extern const Verb verb_clean;
extern const Verb verb_doctor;
extern const Verb verb_mcp;
extern const Verb verb_agents;
extern const Verb verb_completion;
extern const Verb verb_shell_init;
extern const Verb verb_version;
extern const Verb verb_help;
