/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sdbg/base/buf.h"

#include "check.h"
#include "fake.h"
#include "render.h"
#include "tmpdir.h"

#define OBJECT "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"
#define DRIVER "org.freedesktop.DBus"

typedef struct Fake {
        FakePlace place;
        bool runs;
        pthread_t thread;
        int listen_fd, stop_fd;
        int ask_fd, idle_fd; /* whether anything is on the way; that nothing is */

        /* The thread's own until it has ended. */
        const FakeStep *script, *next;
        sd_bus *bus;
        bool hang_up;
        Buf calls, unexpected;
        Buf matches; /* the rules of all AddMatch of this connection */
} Fake;

static TmpDir runtime;
static Fake fakes[_FAKE_PLACE_MAX];
static struct {
        uid_t uid;
        pid_t pid;
} peer;
static usec_t clock_now = USEC_PER_SEC;

/* ---- what the code under test sees ---- */

int __real_sd_bus_set_address(sd_bus *bus, const char *address);
int __wrap_sd_bus_set_address(sd_bus *bus, const char *address);
int __wrap_sd_bus_creds_get_euid(sd_bus_creds *creds, uid_t *ret);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_sd_bus_wait(sd_bus *bus, uint64_t timeout);
int __wrap_sd_bus_wait(sd_bus *bus, uint64_t timeout);
usec_t __wrap_now_usec(clockid_t which);

int __wrap_sd_bus_set_address(sd_bus *bus, const char *address) {
        char prefix[64], mapped[128];
        const char *rest;

        snprintf(prefix, sizeof(prefix), "unix:path=/run/user/%d/", (int) geteuid());
        rest = startswith(address, prefix);
        CHECK(rest);
        snprintf(mapped, sizeof(mapped), "unix:path=%s/%s", runtime.path, rest);
        return __real_sd_bus_set_address(bus, mapped);
}

int __wrap_sd_bus_creds_get_euid(sd_bus_creds *creds, uid_t *ret) {
        *ret = peer.uid;
        return 0;
}

/* Waits until every fake has read all that the client sent, and has sent all that it says to that. */
static void settle(void) {
        for (Fake *f = fakes; f < fakes + _FAKE_PLACE_MAX; f++) {
                eventfd_t n;

                if (!f->runs)
                        continue;
                CHECK(eventfd_write(f->ask_fd, 1) == 0);
                CHECK(eventfd_read(f->idle_fd, &n) == 0);
        }
}

usec_t __wrap_now_usec(clockid_t which) {
        return clock_now;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout) {
        if (n > 0)
                return __real_poll(fds, n, timeout);
        CHECK(timeout >= 0);
        clock_now += timeout * USEC_PER_MSEC;
        return 0;
}

int __wrap_sd_bus_wait(sd_bus *bus, uint64_t timeout) {
        uint64_t queued;
        int r;

        settle();
        r = __real_sd_bus_wait(bus, 0);
        /* It does not wait where there are messages to process. */
        if (r != 0 || (sd_bus_get_n_queued_read(bus, &queued) >= 0 && queued > 0))
                return r;
        if (timeout == UINT64_MAX)
                fail_msg("waits for ever");
        clock_now += timeout;
        return 0;
}

/* ---- messages ---- */

static bool is_bus(const Fake *f) {
        return f->place != FAKE_PRIVATE;
}

/* Only a bus daemon writes senders into messages. That the client has gone is no fault. */
static void send_message(Fake *f, sd_bus_message *m) {
        if (is_bus(f))
                CHECK(sd_bus_message_set_sender(m, ":1.1") >= 0);
        (void) sd_bus_send(f->bus, m, NULL);
}

static void append_body(sd_bus_message *m, const FakeBody *body) {
        const char *const *string = body->strings;

        for (const char *type = strempty(body->signature); *type; type++) {
                const char one[] = { *type, '\0' };

                if (*type == 's' || *type == 'o')
                        CHECK(sd_bus_message_append(m, one, *string++) >= 0);
                else if (*type == 'v')
                        CHECK(sd_bus_message_append(m, "v", "s", *string++) >= 0);
                else {
                        CHECK(*type == 'u');
                        CHECK(sd_bus_message_append(m, one, 1) >= 0);
                }
        }
}

static bool is_wanted(const Fake *f, const FakeSignal *s) {
        char rule[64];

        snprintf(rule, sizeof(rule), "member='%s'", s->member);
        return !is_bus(f) ||
               (f->matches.len > 0 && memmem(f->matches.data, f->matches.len, rule, strlen(rule)));
}

static void send_signals(Fake *f, const FakeSignal signals[static 2]) {
        for (const FakeSignal *s = signals; s < signals + 2 && s->member; s++) {
                sd_bus_message *m;

                if (!is_wanted(f, s))
                        continue;
                CHECK(sd_bus_message_new_signal(f->bus, &m, OBJECT, INTERFACE, s->member) >= 0);
                append_body(m, &s->body);
                send_message(f, m);
                sd_bus_message_unref(m);
        }
}

static void send_reply(Fake *f, sd_bus_message *call, const FakeStep *step) {
        sd_bus_error e = SD_BUS_ERROR_MAKE_CONST(step->error, step->message);
        sd_bus_message *reply;

        if (step->error)
                CHECK(sd_bus_message_new_method_error(call, &reply, &e) >= 0);
        else {
                CHECK(sd_bus_message_new_method_return(call, &reply) >= 0);
                append_body(reply, &step->reply);
                if (step->fill)
                        CHECK(step->fill(reply, step->userdata) >= 0);
        }
        send_message(f, reply);
        sd_bus_message_unref(reply);
}

static void append_value(sd_bus_message *m, const FakeProperty *p) {
        if (streq(p->type, "s") || streq(p->type, "o"))
                CHECK(sd_bus_message_append_basic(m, *p->type, p->string) >= 0);
        else if (streq(p->type, "t"))
                CHECK(sd_bus_message_append(m, "t", p->number) >= 0);
        else if (streq(p->type, "b") || streq(p->type, "i") || streq(p->type, "u"))
                CHECK(sd_bus_message_append(m, p->type, (uint32_t) p->number) >= 0);
        else if (streq(p->type, "ay"))
                CHECK(sd_bus_message_append_array(m, 'y', p->string, strlen(p->string)) >= 0);
        else {
                CHECK(sd_bus_message_open_container(m, 'a', p->type + 1) >= 0);
                CHECK(sd_bus_message_close_container(m) >= 0);
        }
}

int fake_fill_properties(sd_bus_message *reply, const void *properties) {
        CHECK(sd_bus_message_open_container(reply, 'a', "{sv}") >= 0);
        for (const FakeProperty *p = properties; p->name; p++) {
                CHECK(sd_bus_message_open_container(reply, 'e', "sv") >= 0);
                CHECK(sd_bus_message_append(reply, "s", p->name) >= 0);
                CHECK(sd_bus_message_open_container(reply, 'v', p->type) >= 0);
                append_value(reply, p);
                CHECK(sd_bus_message_close_container(reply) >= 0);
                CHECK(sd_bus_message_close_container(reply) >= 0);
        }
        return sd_bus_message_close_container(reply);
}

/* ---- the script ---- */

static const FakeStep *next_step(Fake *f) {
        while (f->next->member && f->next->always)
                f->next++;
        return f->next;
}

static bool step_matches(const FakeStep *s, const char *member, const char *argument) {
        return streq(s->member, member) && (!s->argument || streq_ptr(s->argument, argument));
}

/* Return: NULL where the script says nothing of it. */
static const FakeStep *take_step(Fake *f, const char *member, const char *argument) {
        for (const FakeStep *s = f->script; s->member; s++)
                if (s->always && step_matches(s, member, argument))
                        return s;
        if (next_step(f)->member && step_matches(f->next, member, argument))
                return f->next++;
        return NULL;
}

static int fill_credentials(sd_bus_message *reply, const void *userdata) {
        return sd_bus_message_append(reply, "a{sv}", 2, "UnixUserID", "u", (uint32_t) peer.uid, "ProcessID",
                                     "u", (uint32_t) peer.pid);
}

/* What a client of a bus calls without the manager's taking part. */
static const FakeStep *default_step(const char *member) {
        static const FakeStep steps[] = {
                { "Hello", .reply = { "s", { ":1.42" } } },
                { "GetConnectionCredentials", .fill = fill_credentials },
                { "AddMatch" },
                { "RemoveMatch" },
                { "Subscribe" },
                { "Version", .reply = { "v", { "252" } } },
        };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                if (streq(steps[i].member, member))
                        return &steps[i];
        return NULL;
}

static const FakeStep *unexpected_step(Fake *f, const char *member) {
        static const FakeStep step = { .error = SD_BUS_ERROR_UNKNOWN_METHOD, .message = "not in the script" };

        buf_printf(&f->unexpected, " %s", member);
        return &step;
}

static void record_call(Fake *f, sd_bus_message *call) {
        const char *path = startswith(sd_bus_message_get_path(call), OBJECT);

        if (sd_bus_message_is_method_call(call, DRIVER, NULL))
                return;
        buf_printf(&f->calls, "%s%s%s ", strempty(path), path && *path ? " " : "",
                   sd_bus_message_get_member(call));
        render_values(call, &f->calls);
        buf_append_char(&f->calls, '\n');
}

static void send_raw(int fd, const FakeStep *step) {
        if (step->raw)
                (void) send(fd, step->raw, step->raw_len, MSG_NOSIGNAL);
}

static void follow_step(Fake *f, sd_bus_message *call, const FakeStep *step) {
        send_signals(f, step->before);
        if (!step->silent)
                send_reply(f, call, step);
        send_signals(f, step->after);
        if (!step->hang_up && !step->gone)
                return;
        (void) sd_bus_flush(f->bus);
        if (step->gone) {
                close_fd(f->listen_fd);
                f->listen_fd = -1;
        }
        send_raw(sd_bus_get_fd(f->bus), step);
        f->hang_up = true;
}

static const char *first_string(sd_bus_message *call) {
        const char *s;

        return sd_bus_message_read_basic(call, 's', &s) > 0 ? s : NULL;
}

static int on_message(sd_bus_message *call, void *userdata, sd_bus_error *e) {
        const char *member = sd_bus_message_get_member(call), *argument;
        const FakeStep *step;
        Fake *f = userdata;

        if (!sd_bus_message_is_method_call(call, NULL, NULL))
                return 0;
        argument = first_string(call);
        if (streq(member, "AddMatch"))
                buf_append_str(&f->matches, argument);
        /* A property that is asked for alone counts as a call of its name. */
        if (streq(member, "Get"))
                CHECK(sd_bus_message_read(call, "s", &member) > 0);
        CHECK(sd_bus_message_rewind(call, true) >= 0);
        record_call(f, call);
        step = take_step(f, member, argument) ?: default_step(member) ?: unexpected_step(f, member);
        follow_step(f, call, step);
        return 1;
}

/* ---- the thread ---- */

/* Return: false where the fake is to end and nothing more has come. */
static bool wait_for(const Fake *f, int fd, short events) {
        /* In this order: what the client did before it asks is seen after its question. */
        struct pollfd fds[] = { { f->stop_fd, POLLIN, 0 }, { f->ask_fd, POLLIN, 0 }, { fd, events, 0 } };
        eventfd_t n;

        for (;;) {
                CHECK(__real_poll(fds, ELEMENTSOF(fds), -1) >= 0);
                if (fds[2].revents)
                        return true;
                if (!fds[1].revents)
                        return false;
                CHECK(eventfd_read(f->ask_fd, &n) == 0);
                CHECK(eventfd_write(f->idle_fd, 1) == 0);
        }
}

/* As wait_for(); false also where the connection has ended. */
static bool wait_for_bus(const Fake *f) {
        int events = sd_bus_get_events(f->bus);

        return events >= 0 && wait_for(f, sd_bus_get_fd(f->bus), events);
}

static void open_server(Fake *f, int fd) {
        sd_id128_t id;

        CHECK(sd_id128_randomize(&id) >= 0);
        CHECK(sd_bus_new(&f->bus) >= 0);
        CHECK(sd_bus_set_fd(f->bus, fd, fd) >= 0);
        CHECK(sd_bus_set_server(f->bus, true, id) >= 0);
        CHECK(sd_bus_set_anonymous(f->bus, true) >= 0);
        CHECK(sd_bus_add_filter(f->bus, NULL, on_message, f) >= 0);
        CHECK(sd_bus_start(f->bus) >= 0);
}

static void converse(Fake *f, int fd) {
        int r;

        f->hang_up = false;
        buf_done(&f->matches);
        f->matches = (Buf){};
        open_server(f, fd);
        do {
                r = sd_bus_process(f->bus, NULL);
        } while (!f->hang_up && (r > 0 || (r == 0 && wait_for_bus(f))));
        f->bus = sd_bus_close_unref(f->bus);
}

static void refuse(const Fake *f, int fd, const FakeStep *step) {
        char bytes[256];

        send_raw(fd, step);
        while (step->silent && wait_for(f, fd, POLLIN) && read(fd, bytes, sizeof(bytes)) > 0)
                ;
        close_fd(fd);
}

static void *serve(void *userdata) {
        Fake *f = userdata;

        while (wait_for(f, f->listen_fd, POLLIN)) {
                int fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC);
                const FakeStep *step = take_step(f, FAKE_ACCEPT, NULL);

                CHECK(fd >= 0);
                if (step)
                        refuse(f, fd, step);
                else
                        converse(f, fd);
        }
        return NULL;
}

static int listen_at(const char *name) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        CHECK(fd >= 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", runtime.path, name);
        (void) unlink(address.sun_path); /* of an earlier one in this test */
        CHECK(bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0);
        CHECK(listen(fd, 8) == 0);
        return fd;
}

static void set_environment(const char *name) {
        char address[128];

        snprintf(address, sizeof(address), "unix:path=%s/%s", runtime.path, name);
        CHECK(setenv("DBUS_SESSION_BUS_ADDRESS", address, 1) == 0);
}

/* ---- for the tests ---- */

static void forget(Fake *f) {
        buf_done(&f->calls);
        buf_done(&f->unexpected);
        buf_done(&f->matches);
        *f = (Fake){};
}

void fake_serve(FakePlace place, const FakeStep *script) {
        static const char *const names[] = {
                [FAKE_ENVIRONMENT] = "environment",
                [FAKE_BUS] = "bus",
                [FAKE_PRIVATE] = "systemd/private",
        };
        Fake *f = &fakes[place];

        fake_end(place);
        forget(f);
        *f = (Fake){ .place = place, .runs = true, .script = script, .next = script };
        f->listen_fd = listen_at(names[place]);
        f->stop_fd = eventfd(0, EFD_CLOEXEC);
        f->ask_fd = eventfd(0, EFD_CLOEXEC);
        f->idle_fd = eventfd(0, EFD_CLOEXEC);
        CHECK(f->stop_fd >= 0 && f->ask_fd >= 0 && f->idle_fd >= 0);
        if (place == FAKE_ENVIRONMENT)
                set_environment(names[place]);
        CHECK(pthread_create(&f->thread, NULL, serve, f) == 0);
}

void fake_end(FakePlace place) {
        Fake *f = &fakes[place];

        if (!f->runs)
                return;
        CHECK(eventfd_write(f->stop_fd, 1) == 0);
        CHECK(pthread_join(f->thread, NULL) == 0);
        f->runs = false;
        close_fd(f->listen_fd);
        close_fd(f->stop_fd);
        close_fd(f->ask_fd);
        close_fd(f->idle_fd);

        if (f->unexpected.len > 0)
                fail_msg("calls that are not in the script:%.*s", (int) f->unexpected.len,
                         f->unexpected.data);
        if (next_step(f)->member)
                fail_msg("there was no call of %s", f->next->member);
}

Manager *fake_connect_at(FakePlace place, const FakeStep *script) {
        _cleanup_error_ Error e = {};
        Manager *m = NULL;

        fake_serve(place, script);
        if (manager_connect(&m, &e) < 0)
                fail_msg("%s", e.message);
        return m;
}

Manager *fake_connect(const FakeStep *script) {
        return fake_connect_at(FAKE_ENVIRONMENT, script);
}

const char *fake_calls(FakePlace place) {
        Fake *f = &fakes[place];

        fake_end(place);
        buf_append_char(&f->calls, '\0');
        CHECK(!f->calls.oom);
        return f->calls.data;
}

const char *fake_runtime_dir(void) {
        return runtime.path;
}

void fake_set_peer(uid_t uid, pid_t pid) {
        peer.uid = uid;
        peer.pid = pid;
}

int fake_setup(void **state) {
        runtime = tmpdir_make();
        fake_set_peer(geteuid(), getpid());
        CHECK(mkdirat(runtime.fd, "systemd", 0700) == 0);
        CHECK(unsetenv("DBUS_SESSION_BUS_ADDRESS") == 0);
        CHECK(unsetenv("XDG_RUNTIME_DIR") == 0);
        return 0;
}

int fake_teardown(void **state) {
        for (FakePlace place = 0; place < _FAKE_PLACE_MAX; place++) {
                fake_end(place);
                forget(&fakes[place]);
        }
        tmpdir_remove(&runtime);
        return 0;
}
