/* SPDX-License-Identifier: MIT */
#pragma once

#include "supervisor/control.h"

/* One connection of the control socket. */

/* Takes what the client sends. Return: 0; a negative errno where the connection is to be closed. */
int client_read(Control *c, Client *client);

/* Gives the client what is due. Return: as client_read(). */
int client_write(Control *c, Client *client);

/* Return: whether more is taken from it: not while the job's input is full. */
bool client_takes_input(const Control *c, const Client *client);
bool client_has_output(const Control *c, const Client *client);
