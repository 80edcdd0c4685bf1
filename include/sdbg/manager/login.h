/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "sdbg/base/error.h"

/* systemd-logind (org.freedesktop.login1(5)), over the system bus. */

/* The login session of the caller: that of $XDG_SESSION_ID where it is one of this user's, else that of the
 * process. Its leader is the process that ends with the login.
 * Return: 0 and the session's name, which the caller frees; negative errno with reterr said. */
int login_session(char **ret_session, pid_t *ret_leader, Error *reterr);

/* Keeps the user manager running when the user has logged out. Return: 0, negative errno with reterr said. */
int login_enable_linger(Error *reterr);
