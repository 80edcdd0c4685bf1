/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/core.h"
#include "mcp/era.h"

/* What core.c and methods.c share. */

/* A batch of requests (JSON-RPC 2.0; taken out of MCP with 2025-06-18) is answered by one array. */
typedef struct Batch {
        Json *answers;
        size_t waiting; /* answers to come, and 1 while the batch is read */
} Batch;

typedef struct Method Method;

/* One request as it is worked on. */
typedef struct Request {
        const Json *id, *params;
        Batch *batch;
        const Method *method; /* NULL: not known (yet) */
        Terms terms;
} Request;

/* A request that the host works on. */
typedef struct Call {
        uint64_t number;
        Json *id, *token; /* token: of progress notifications, or NULL */
        double progress;
        Batch *batch;
        const Method *method;
        Terms terms;
        Consent consent; /* what came with the request */
} Call;

struct Core {
        CoreHost host;
        Buf in, out;
        bool skipping;       /* the rest of a message that is too long */
        const char *version; /* of the session; NULL: there is none */
        Terms session;
        char *client;
        Call calls[CALLS_MAX];
        size_t n_calls;
        uint64_t numbers;
};

/* Answers a request, now. result: owned from then on; NULL stands for a want of memory. */
void core_reply(Core *c, const Request *q, Json *result);
void core_refuse(Core *c, const Request *q, int code, const char *message);
void core_refuse_version(Core *c, const Request *q, const char *message);

/* Return: NULL where it has been answered. */
Call *core_find(Core *c, uint64_t number);

/* Ends a call: with an answer, which is owned from then on, or NULL for none; or without a word, at the end. */
void core_finish(Core *c, Call *call, Json *answer);
void core_forget(Core *c, Call *call);

/* One of a batch's answers has come; sends them when that was the last. */
void batch_done_one(Core *c, Batch *b);

/* Of the question to the user: its id in a session, and its name in an answer that asks. */
#define ASK_PREFIX "ask-"
#define ASK_KEY "consent"

/* Keeps what the client calls itself, where it says so. info: its "clientInfo". */
void core_meet(Core *c, const Json *info);

/* When a method can be asked for. */
typedef enum When {
        WHEN_EARLY = 1,     /* before initialize */
        WHEN_SESSION = 2,   /* after it */
        WHEN_STATELESS = 4, /* by a request that stands for itself */
} When;

/* A method of the protocol. */
struct Method {
        const char *name;
        void (*run)(Core *c, const Request *q); /* NULL: the host's */
        When when;
        Lifetime lifetime; /* of its answer */
        bool listens;      /* it asks for notifications, and its answer ends them */
};

/* Return: NULL where there is none of that name. */
const Method *method_find(const char *name);

/* Return: the versions whose requests stand for themselves, newest first. */
Json *stateless_versions(void);
