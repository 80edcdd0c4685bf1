/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/error.h"
#include "sdbg/job/spec.h"

/* What jobs that come back at boot need on disk: a unit file where the user manager looks for such
 * (systemd.unit(5)), and the spec, mode 0600 for its secrets, below $XDG_STATE_HOME/sdbg/enabled (~/.local/state
 * unless set), which the supervisor copies into the job's runtime directory. */

/* Where the job's spec is kept. Return: 0 and a path that the caller frees; negative errno with reterr said. */
int enabled_spec_path(const char *name, char **ret, Error *reterr);

/* Return: 1 and (where ret is not NULL) the spec; 0 where the job is not enabled; negative errno. */
int enabled_read_spec(const char *name, Spec *ret);

/* Writes both, and the link that starts the unit with default.target, as `systemctl enable` makes it (which
 * refuses a name that a transient unit has now); the unit file's text is made elsewhere. Return: 0, negative errno with reterr said. */
int enabled_write(const Spec *s, const char *unit, const char *unit_text, Error *reterr);

/* Removes all of them. Return: 1; 0 where there was none; negative errno with reterr said. */
int enabled_remove(const char *name, const char *unit, Error *reterr);
