/* SPDX-License-Identifier: MIT */
#pragma once

#include "supervisor/control.h"

/* One connection of the control socket. */

/* Takes what the client sends. Return: 0; a negative errno where the connection is to be closed. */
int client_read(Control *c, Client *client);

/* Takes what is typed at the terminal that it has lent. */
void client_read_tty(Control *c, Client *client, usec_t now);

/* Gives the client what is due. Return: as client_read(). */
int client_write(Control *c, Client *client);

/* Return: whether more is taken from it: not while what it has sent waits for room in the job's input. */
bool client_takes_frames(const Client *client);
/* Return: whether there is more for its socket; what it has not been shown yet of the terminal. */
bool client_has_output(const Control *c, const Client *client);
bool client_is_behind(const Control *c, const Client *client);
