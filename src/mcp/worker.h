/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

#include "mcp/tools.h"

/* What the answer is made into. */
typedef enum AnswerShape {
        SHAPE_TOOL,
        SHAPE_RESOURCES, /* the list of them */
        SHAPE_RESOURCE,
        SHAPE_PROMPT,
} AnswerShape;

/* A tool's call runs in a process of its own: it may wait as long as it likes, it can be given up at any
 * moment, and what it uses is given back whole. */
typedef struct Worker {
        uint64_t call;
        const Tool *tool;
        AnswerShape shape;
        char *uri;    /* of a resource; owned */
        usec_t begun; /* CLOCK_MONOTONIC */
        pid_t pid;    /* 0: it is on its own and goes on without the server */
        int fd;       /* its answer comes here, as JSON, and then the end of file */
        Buf data;
} Worker;

/* Begins the call. A tool that changes something is no descendant of the server: clients kill those when
 * they end a session, and nothing shall be left half done. Return: 0, negative errno. */
int worker_start(Worker *w, uint64_t call, const Tool *t, Session *s, void *request);

/* Reads what there is. Return: 1 the answer is complete, 0 not yet, negative errno. */
int worker_read(Worker *w);

/* Takes the answer: text, facts, and how far the client has read. Return: 0, -EBADMSG, -ENOMEM. */
int worker_answer(Worker *w, Session *s, char **ret_text, Json **ret_facts, bool *ret_failed);

/* Ends a worker, which is killed where it still runs and changes nothing. */
void worker_done(Worker *w);
