/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/core.h"
#include "mcp/news.h"
#include "mcp/policy.h"
#include "mcp/worker.h"

/* The calls under way, from what a client asks for to its answer. */

/* A call that waits for the user's consent. */
typedef struct Asked {
        uint64_t call;
        const Tool *tool;
        void *request;
} Asked;

typedef struct Calls {
        Core *core;
        Config config;
        Asked asked[CALLS_MAX];
        size_t n_asked;
        Session session;
        News news;
        Worker workers[CALLS_MAX];
        size_t n;
} Calls;

void calls_done(Calls *c);

/* Begins what the core hands over, see CoreHost. */
void calls_begin(Calls *c, uint64_t call, const char *method, const Json *params);

/* Gives up a call. One that changes something goes on; its answer is passed over. */
void calls_cancel(Calls *c, uint64_t call);

/* Goes on with a call that the user was asked about. */
void calls_answered(Calls *c, uint64_t call, bool agreed);

/* Reads from a worker, and answers its call when it is done. The last worker takes its place then. */
void calls_read(Calls *c, size_t i);

/* Tells the clients that asked for it how far their calls are. now: CLOCK_MONOTONIC. */
void calls_tell_progress(Calls *c, usec_t now);

/* The client has gone: nobody waits any more. */
void calls_end_waits(Calls *c);
