/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/cursor.h"
#include "sdbg/ops/logs.h"
#include "sdbg/ops/start.h"
#include "sdbg/ops/stop.h"

#include "mcp/session.h"

/* The tools. Each has one request struct, filled from tables of Param: the op's own, and what only a
 * model is asked. */

/* A parameter of a tool, as a model sees it. */
typedef struct ToolParam {
        const char *
                name; /* "stop_timeout_seconds": what ends so is a number of seconds; "ready.log": a member */
        const char *param;   /* its name in the tool's tables */
        const char *aliases; /* what other tools call it, with blanks between; "…_ms" is in milliseconds */
        const char *help;    /* for a model; NULL: the table's */
        bool required;
        const char *type; /* in the schema; NULL: the table's */
} ToolParam;

/* What a tool's call has come to: text for a model that sees text, and the same as JSON. */
typedef struct ToolAnswer {
        Buf text;
        char cursor[CURSOR_TEXT_MAX]; /* behind the output that it holds; "": it holds none */
        Json *facts;                  /* an object of members of the tool's output schema */
} ToolAnswer;

typedef enum ToolKind {
        TOOL_READS,
        TOOL_CHANGES, /* is carried to its end, whatever happens to the server */
        TOOL_WAITS,   /* given up when the client goes */
} ToolKind;

typedef struct Tool {
        const char *name, *title, *description;
        ToolKind kind;
        bool destructive, idempotent;
        const ToolParam *params; /* ends with a NULL name */
        const Param *op, *own;   /* own: of the request struct; op: of the op's, which stands at op_offset */
        size_t op_offset, request_size;
        const void *request_default;
        const char *gives; /* members of its answer, with blanks between */
        /* Does it. Return: 0; negative errno with reterr said; the answer may then hold facts too. */
        int (*run)(Session *s, void *request, ToolAnswer *ret, Error *reterr);
} Tool;

extern const Tool *const tools[]; /* ends with NULL */

/* Does the work of a prompt. */
extern const Tool tool_diagnose;

/* Return: NULL where there is none of that name. */
const Tool *tool_find(const char *name);

/* The JSON schema of what it takes, and of what it gives. Return: the caller frees it; NULL without
 * memory. */
Json *tool_input_schema(const Tool *t);
Json *tool_output_schema(const Tool *t);

/* Fills the request from the arguments of a call (NULL: none). The caller frees it with
 * tool_free_request(), also on failure. Return: 0; -EINVAL with reterr said. */
int tool_parse(const Tool *t, const Json *arguments, void **ret, Error *reterr);
void tool_free_request(const Tool *t, void *request);

/* What the tools of others call a job. */
#define JOB_ALIASES "id job bash_id shell_id task_id processId session_id"
