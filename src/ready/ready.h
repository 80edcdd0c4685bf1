/* SPDX-License-Identifier: MIT */
#pragma once

#include <netdb.h>

#include "sdbg/base/buf.h"
#include "sdbg/job/readiness.h"
#include "sdbg/text/regex.h"
#include "sdbg/wire/batch.h"
#include "sdbg/wire/http.h"

/* Looks whether a job is ready: one process beside the supervisor, for as long as that takes. */

/* The descriptors on which the job's output comes, as it was printed; the supervisor sets them up. */
#define READY_LOG_FD(stream) (3 + (int) (stream))

/* What a check needs beyond its place in the order of tries. */
typedef struct Probe {
        ReadyCheck *check;
        const char *why; /* it does not hold; NULL: nothing to be said. Static memory, or `text` */
        char text[128];

        Regex *regex; /* READY_LOG */

        char *host; /* READY_PORT; NULL: any */
        int port;   /* READY_PORT, READY_HTTP */

        ReadyUrl url; /* READY_HTTP */
        struct addrinfo *addresses, *address;
        int socket;
        bool is_sent, is_foreign; /* the request; what answers well and is not the job's */
        HttpAnswer answer;

        pid_t pid; /* READY_EXEC */
        int pidfd;
} Probe;

/* A stream of the job's output, up to its newest unfinished line. */
typedef struct LogInput {
        int fd; /* -EBADF at its end */
        Buf line;
        usec_t newest; /* CLOCK_MONOTONIC; of an unfinished line that was not looked at yet, or 0 */
} LogInput;

typedef struct Ready {
        Spec spec;
        Readiness readiness;
        Probe *probes;
        int job_fd; /* the job's cgroup */
        LogInput inputs[STREAM_RECORD];
} Ready;

/* Reads what a check is to look for. Return: 0, negative errno. */
int probe_init(Probe *p, ReadyCheck *check);

/* log.c: takes in what was printed. */
void log_read(Ready *r, LogInput *in, usec_t now);
/* Looks at lines that have no end yet, where no more came of them. Return: when to call again. */
usec_t log_check_unfinished(Ready *r, usec_t now);

/* port.c: makes a try, which is over at once. */
void port_try(Ready *r, Probe *p, usec_t now);
/* Says who else listens there. */
void port_explain(const Ready *r, Probe *p);
/* Whether a listener of the job gets what is sent to a numeric address and the probe's port. */
bool port_is_jobs(const Ready *r, Probe *p, const char *address);

/* http.c: begins a try; goes on with it when its socket polls; gives it up. */
void http_begin(Ready *r, Probe *p, usec_t now);
void http_go_on(Ready *r, Probe *p, usec_t now);
void http_give_up(Ready *r, Probe *p, usec_t now);
short http_events(const Probe *p);

/* exec.c: the same for commands. */
void exec_begin(Ready *r, Probe *p, usec_t now);
void exec_go_on(Ready *r, Probe *p, usec_t now);
void exec_give_up(Ready *r, Probe *p, usec_t now);
