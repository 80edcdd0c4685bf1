/* SPDX-License-Identifier: MIT */
#pragma once

#include "mcp/tools.h"

/* A job's output as it stands in answers. */

/* How much of it an answer holds, in bytes, unless more was asked for. */
#define OUTPUT_DEFAULT 8000

/* Lines that fit into `max` bytes of JSON: the newest ones, or with `forward` the first ones. */
typedef struct OutputText {
        Buf text;
        size_t max, size;
        bool forward;
        bool open;         /* the last line has no end yet */
        bool more;         /* what comes after `cursor` did not fit */
        uint64_t taken;    /* lines, with `forward` */
        uint64_t left_out; /* older lines that did not fit */
        Session *session;  /* the reading is the client's, and is noted as such; NULL: it is only a look */
        const LogsRequest *logs; /* what is read */
        char cursor[CURSOR_TEXT_MAX];
} OutputText;

/* A LogSink; userdata: an OutputText. Return: as one; -ENOBUFS with `forward` when no more fits. */
int output_take(void *userdata, const LogLine *line);

void output_done(OutputText *o);

/* Reads into *o, as the request says. Return: as op_logs(). */
int output_read(OutputText *o, Manager *m, const LogsRequest *q, Error *reterr);

/* Ends the collecting and puts it into the answer. Return: 0, -ENOMEM. */
int answer_output(ToolAnswer *a, OutputText *o);

/* The last lines of the job's run. Return: 0, -ENOMEM. */
int answer_tail(ToolAnswer *a, Session *s, Manager *m, const Job *j, uint64_t lines, size_t max);
