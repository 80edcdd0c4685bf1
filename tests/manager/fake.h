/* SPDX-License-Identifier: MIT */
#pragma once

#include <systemd/sd-bus.h>

#include "sdbg/manager/manager.h"

#include "test.h"

/* A user manager that answers by a script: an sd-bus server in a thread, which plays the bus daemon as
 * well. Nothing waits for time to pass; what is to happen late happens at a later call.
 *
 * The code under test has a clock of its own: fake.c wraps now_usec(), poll(2) and sd_bus_wait(3). Time
 * passes only where it waits while nothing more is on the way from any fake, and then at once.
 *
 * The code under test has the paths below /run/user/UID built in. fake.c wraps sd_bus_set_address(3), so
 * that they lead to a temporary directory, and a user manager that runs on the machine is never met. */

#define UNIT "bgjob-web.service"
#define UNIT_PATH "/org/freedesktop/systemd1/unit/bgjob_2dweb_2eservice"
#define JOB "/org/freedesktop/systemd1/job/1"
#define OTHER_JOB "/org/freedesktop/systemd1/job/2"
#define SYSTEMD_ERROR(name) "org.freedesktop.systemd1." name

/* Where a manager listens. */
typedef enum FakePlace {
        FAKE_ENVIRONMENT, /* the bus of $DBUS_SESSION_BUS_ADDRESS */
        FAKE_BUS,         /* the bus at /run/user/UID/bus */
        FAKE_PRIVATE,     /* /run/user/UID/systemd/private */
        _FAKE_PLACE_MAX,
} FakePlace;

/* What a message holds: of each s, o, and v (of a string) the next one of `strings`; each u is 1. */
typedef struct FakeBody {
        const char *signature;
        const char *strings[3];
} FakeBody;

typedef struct FakeSignal {
        const char *member;
        FakeBody body;
} FakeSignal;

#define JOB_REMOVED(job, result)                                                                             \
        {                                                                                                    \
                .member = "JobRemoved", .body = { "uoss", { (job), UNIT, (result) } }                        \
        }
#define UNIT_REMOVED(unit)                                                                                   \
        {                                                                                                    \
                .member = "UnitRemoved", .body = { "so", { (unit), UNIT_PATH } }                             \
        }

/* Fills the reply to a call. Return: negative errno where that failed. */
typedef int (*FakeFill)(sd_bus_message *reply, const void *userdata);

/* What happens at a call. A script is an array of these, ended by one without a member; the calls have
 * to come in its order. What every client needs is answered without one: Hello, AddMatch, Subscribe,
 * GetConnectionCredentials, Version. */
typedef struct FakeStep {
        const char *member;   /* of the call, or FAKE_ACCEPT */
        const char *argument; /* its first, a string; NULL: any */
        bool always;          /* at every such call, out of order */

        /* Up to two signals on each side of the reply. On a bus only those come through that the client
         * has asked for with AddMatch. */
        FakeSignal before[2], after[2];

        FakeBody reply;
        FakeFill fill; /* where `reply` cannot say it */
        const void *userdata;
        const char *error, *message; /* instead of a reply */
        bool silent;                 /* no reply at all */

        /* Ends the connection after all that, with these bytes as the last ones. */
        bool hang_up;
        bool gone; /* and nothing listens there any more */
        const char *raw;
        size_t raw_len;
} FakeStep;

/* Instead of a call: a connection is made. It is hung up before anything is said on it; where it is to be
 * silent, the client has to hang up. */
#define FAKE_ACCEPT "(accept)"

/* For cmocka: each test has an environment of its own, in which nothing listens yet. The teardown fails
 * where a script was not followed to its end. */
int fake_setup(void **state);
int fake_teardown(void **state);
#define fake_test(function) cmocka_unit_test_setup_teardown(function, fake_setup, fake_teardown)

/* Begins to listen. The script has to live until the fake ends. */
void fake_serve(FakePlace place, const FakeStep *script);

/* Ends it; fails the test where the script was not followed to its end. Ending it twice is fine. */
void fake_end(FakePlace place);

/* Serves the script at one place and connects to it. Return: the caller frees it. */
Manager *fake_connect_at(FakePlace place, const FakeStep *script);
Manager *fake_connect(const FakeStep *script); /* FAKE_ENVIRONMENT */

/* Ends the fake and tells which calls came to the manager, one a line as render_values() writes them,
 * after the object path where it is not the manager's own. Return: valid until the test's end. */
const char *fake_calls(FakePlace place);

/* The directory that stands for /run/user/UID. */
const char *fake_runtime_dir(void);

/* Has the managers be this process of this user from now on; until then they are the test's own. */
void fake_set_peer(uid_t uid, pid_t pid);

/* The answers of a manager that executes itself anew: of the bus daemon, and of the manager itself. */
#define NO_REPLY .error = SD_BUS_ERROR_NO_REPLY, .message = "Message recipient disconnected from message bus"
#define DISCONNECTED .error = SD_BUS_ERROR_DISCONNECTED, .message = "Connection terminated"

/* The question whether a job is still there, and that it is not. */
#define LOOK "State", .argument = "org.freedesktop.systemd1.Job"
#define JOB_THERE LOOK, .reply = { "v", { "running" } }
#define JOB_GONE LOOK, .error = SD_BUS_ERROR_UNKNOWN_OBJECT, .message = "Unknown object '" JOB "'."
#define GET_JOB(job) "/job/" job " Get 'org.freedesktop.systemd1.Job' 'State'\n"

/* A reply to GetAll: an array of these, ended by one without a name. */
typedef struct FakeProperty {
        const char *name;
        const char *type; /* s, o, ay: `string`; b, i, u, t: `number`; else an array, which is empty */
        const char *string;
        uint64_t number;
} FakeProperty;

int fake_fill_properties(sd_bus_message *reply, const void *properties);
