/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/wire/frame.h"

#include "supervisor/control.h"

/* One connection of the control socket. */

/* Takes what the client sends. Return: 0; a negative errno where the connection is to be closed. */
int client_read(Control *c, Client *client);

/* Takes the frames that are there and whole, as far as there is room for what they hold. Return: as client_read(). */
int client_take_frames(Control *c, Client *client);

/* Takes what is typed at the terminal that it has lent. */
void client_read_tty(Control *c, Client *client, usec_t now);

/* Gives the client what is due. Return: as client_read(). */
int client_write(Control *c, Client *client);

/* Return: whether it is to be polled for more: not while what it has sent waits for room in the job's input. */
bool client_wants_more(const Client *client);
/* Return: whether there is more for its socket; what it has not been shown yet of the terminal. */
bool client_has_output(const Control *c, const Client *client);
bool client_is_behind(const Control *c, const Client *client);

/* client-out.c: put into its buffers what it is to get: a frame (whose JSON is owned from then on), an error, the
 * screen, and the terminal that it has lent. */
void client_say(Client *client, FrameType type, Json *o);
void client_say_error(Client *client, const char *code, const char *message);
void client_draw(Control *c, Client *client);
void client_give_tty_back(Control *c, Client *client);
