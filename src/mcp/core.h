/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/json/json.h"

/* The protocol without I/O: bytes of the client in, bytes for the client out. What takes time is handed
 * to the host as a call, and answered when the host has a result; calls end in any order. */

/* A longer message is refused; what it holds is passed over unread. */
#define MESSAGE_MAX ((size_t) 1024 * 1024)
#define CALLS_MAX 128
/* Calls of subscriptions/listen among them, which stay. */
#define LISTENING_MAX 32

/* JSON-RPC 2.0, and those of MCP. */
enum {
        RPC_PARSE_ERROR = -32700,
        RPC_INVALID_REQUEST = -32600,
        RPC_METHOD_NOT_FOUND = -32601,
        RPC_INVALID_PARAMS = -32602,
        RPC_INTERNAL_ERROR = -32603,
        RPC_NOT_FOUND = -32002, /* of a resource; since 2026-07-28 RPC_INVALID_PARAMS */
        RPC_UNSUPPORTED_VERSION = -32022,
};

typedef struct CoreHost {
        void *userdata;
        /* Begins what a method asks for; core_result() or core_error() answers it, now or later.
         * method: static; params: borrowed, NULL where none were given. */
        void (*begin)(void *userdata, uint64_t call, const char *method, const Json *params);
        /* The client does not want the answer any more, and gets none. */
        void (*cancel)(void *userdata, uint64_t call);
        /* The user has answered core_ask(), which said CONSENT_LATER. */
        void (*answered)(void *userdata, uint64_t call, bool agreed);
        /* The client wants to hear of changes to a resource, or no longer. Return: whether it will. */
        bool (*subscribe)(void *userdata, const char *uri, bool on);
} CoreHost;

typedef struct Core Core;

int core_new(Core **ret, const CoreHost *host);
void core_free(Core *c);
DEFINE_CLEANUP_FUNC(Core *, core_free);
#define _cleanup_core_ _cleanup_(core_freep)

/* Takes what the client has sent, any number of bytes. */
void core_feed(Core *c, const char *data, size_t len);

/* What is to be sent to the client; the host takes from its front. */
Buf *core_output(Core *c);

/* Answers a call and forgets it; one that was cancelled is passed over. `result` is owned from then on;
 * NULL stands for a want of memory. */
void core_result(Core *c, uint64_t call, Json *result);
void core_error(Core *c, uint64_t call, int code, const char *message);

/* The same where a resource is not there. */
void core_not_found(Core *c, uint64_t call, const char *uri, const char *message);

typedef enum Consent {
        CONSENT_IMPOSSIBLE, /* the client cannot ask its user */
        CONSENT_LATER,      /* CoreHost.answered() tells */
        CONSENT_AGAIN,      /* this call is over; with what the user says the client makes another */
        CONSENT_GIVEN,      /* this is that other call */
        CONSENT_REFUSED,
} Consent;

/* Has the client ask its user whether a call may go on. */
Consent core_ask(Core *c, uint64_t call, const char *question);

/* Tells how a call is getting on, where the client has asked for that. seconds: since it began. */
void core_progress(Core *c, uint64_t call, double seconds, const char *message);

/* Sends a notification; `params` is owned from then on. call: the subscriptions/listen that asked for it; 0: the
 * session, where there is one. */
void core_notify(Core *c, uint64_t call, const char *method, Json *params);

/* Ends all subscriptions/listen: nothing more will be told. */
void core_end_listening(Core *c);

/* Sends a log message where its level (RFC 5424's name) is wanted. call: the one it is about; 0: it is about
 * none, and for the session. */
void core_log(Core *c, uint64_t call, const char *level, const char *text);

/* Return: what the client calls itself, "claude-code"; NULL before it said so. Borrowed. */
const char *core_client(const Core *c);
