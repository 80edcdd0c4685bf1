/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/job/job.h"

/* What is known of the client, and how far it has read each job. */

typedef struct ReadMark {
        char *job, *run;
        uint64_t seq; /* the last line that the client has been given */
} ReadMark;

typedef struct Session {
        const char *agent;    /* what the client calls itself; NULL: unknown */
        const char *id;       /* of the client's session; NULL: unknown */
        char *caller;         /* who asks, for the journal; NULL: not told */
        char *reader;         /* under whose name it is kept what the client has read */
        char *project;        /* the directory that the client works in; NULL: unknown */
        bool outside_sandbox; /* sdbg.conf lets jobs be started from within a sandbox */
        ReadMark *marks;
        size_t n_marks;
} Session;

void session_done(Session *s);

/* How far the client has read that run. Return: the line's number, 0 where it has read nothing of it. */
uint64_t session_read(const Session *s, const char *job, const char *run);

/* Return: 0, -ENOMEM. */
int session_mark(Session *s, const char *job, const char *run, uint64_t seq);

typedef enum Nearness {
        NEAR_SESSION, /* started by this session of the client */
        NEAR_PROJECT, /* its directory is in the client's project */
        NEAR_NOBODY,
} Nearness;

Nearness session_nearness(const Session *s, const Job *j);

/* Whether the client wants to hear of the job: it is near, or was asked about. */
bool session_cares(const Session *s, const Job *j);
