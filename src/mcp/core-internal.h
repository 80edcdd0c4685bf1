/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/core.h"

/* What core.c and methods.c share. */

/* A batch of requests (JSON-RPC 2.0; taken out of MCP with 2025-06-18) is answered by one array. */
typedef struct Batch {
        Json *answers;
        size_t waiting; /* answers to come, and 1 while the batch is read */
} Batch;

typedef struct Call {
        uint64_t number;
        Json *id, *token; /* token: of progress notifications, or NULL */
        double progress;
        Batch *batch;
} Call;

struct Core {
        CoreHost host;
        Buf in, out;
        bool skipping; /* the rest of a message that is too long */
        const char *version;
        char *client;
        bool can_ask; /* the client can ask its user (elicitation, since 2025-06-18) */
        int level;    /* of log messages that are sent */
        Call calls[CALLS_MAX];
        size_t n_calls;
        uint64_t numbers;
};

/* One request as it is worked on. */
typedef struct Request {
        const Json *id, *params;
        Batch *batch;
} Request;

/* Answers a request, now. result: owned from then on; NULL stands for a want of memory. */
void core_reply(Core *c, const Request *q, Json *result);
void core_refuse(Core *c, const Request *q, int code, const char *message);

/* A method of the protocol. */
typedef struct Method {
        const char *name;
        void (*run)(Core *c, const Request *q); /* NULL: the host's */
        bool early;                             /* also before initialize */
} Method;

/* Return: NULL where there is none of that name. */
const Method *method_find(const char *name);

/* Of a log message. Return: a number that grows with its weight, -EINVAL. */
int level_from_string(const char *name);

/* The level from which on log messages are sent until the client says otherwise. */
#define LEVEL_DEFAULT 3 /* warning */
