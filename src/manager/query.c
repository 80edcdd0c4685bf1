/* SPDX-License-Identifier: MIT */
#include "sdbg/job/name.h"

#include "manager/internal.h"

/* GetAll's answer into a struct, by a table of the properties that are wanted. */
static const struct {
        const char *name;
        char type; /* of D-Bus */
        size_t offset;
} properties[] = {
        { "LoadState", 's', offsetof(UnitStatus, load_state) },
        { "ActiveState", 's', offsetof(UnitStatus, active_state) },
        { "SubState", 's', offsetof(UnitStatus, sub_state) },
        { "Result", 's', offsetof(UnitStatus, result) },
        { "ControlGroup", 's', offsetof(UnitStatus, control_group) },
        { "InvocationID", 'a', offsetof(UnitStatus, invocation) },
        { "MainPID", 'u', offsetof(UnitStatus, main_pid) },
        { "NRestarts", 'u', offsetof(UnitStatus, n_restarts) },
        { "MemoryMax", 't', offsetof(UnitStatus, memory_max) },
        { "ActiveEnterTimestamp", 't', offsetof(UnitStatus, active_enter) },
};

void unit_status_done(UnitStatus *s) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (properties[i].type == 's' || properties[i].type == 'a')
                        free(*(char **) ((char *) s + properties[i].offset));
        *s = (UnitStatus){};
}

bool unit_status_is_active(const UnitStatus *s) {
        return streq(strempty(s->load_state), "loaded") && !streq(strempty(s->active_state), "inactive") &&
               !streq(strempty(s->active_state), "failed");
}

static int read_bytes_as_hex(sd_bus_message *reply, char **ret) {
        static const char digits[] = "0123456789abcdef";
        const uint8_t *bytes;
        size_t n;
        char *hex;
        int r;

        r = sd_bus_message_read_array(reply, 'y', (const void **) &bytes, &n);
        if (r < 0)
                return r;
        hex = malloc(2 * n + 1);
        if (!hex)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                hex[2 * i] = digits[bytes[i] >> 4];
                hex[2 * i + 1] = digits[bytes[i] & 15];
        }
        hex[2 * n] = '\0';
        free(*ret);
        *ret = hex;
        return 0;
}

static int read_string(sd_bus_message *reply, char **ret) {
        const char *s;
        int r = sd_bus_message_read(reply, "s", &s);

        if (r < 0)
                return r;
        free(*ret);
        *ret = strdup(s);
        return *ret ? 0 : -ENOMEM;
}

static int read_value(sd_bus_message *reply, char type, void *slot) {
        const char signature[] = { type, type == 'a' ? 'y' : '\0', '\0' };
        int r;

        r = sd_bus_message_enter_container(reply, 'v', signature);
        if (r < 0)
                return r;
        if (type == 's')
                r = read_string(reply, slot);
        else if (type == 'a')
                r = read_bytes_as_hex(reply, slot);
        else
                r = sd_bus_message_read_basic(reply, type, slot);
        return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int read_property(sd_bus_message *reply, UnitStatus *ret) {
        const char *name;
        int r;

        r = sd_bus_message_read(reply, "s", &name);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].name, name))
                        return read_value(reply, properties[i].type, (char *) ret + properties[i].offset);
        return sd_bus_message_skip(reply, "v");
}

static int read_all(sd_bus_message *reply, UnitStatus *ret) {
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = read_property(reply, ret);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

int manager_query(Manager *m, const char *unit, UnitStatus *ret, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        *ret = (UnitStatus){ .memory_max = UINT64_MAX };
        r = sd_bus_path_encode(OBJECT "/unit", unit, &path);
        if (r < 0)
                return error_oom(reterr);
        r = manager_call(m, path, "org.freedesktop.DBus.Properties", "GetAll", &e, &reply, "s", "");
        if (r < 0)
                return manager_error(r, &e, "cannot ask the service manager about the unit", reterr);
        r = read_all(reply, ret);
        if (r < 0) {
                unit_status_done(ret);
                return manager_error(r, NULL, "the service manager's answer is not understood", reterr);
        }
        return 0;
}

/* A unit whose going is waited for. */
typedef struct Going {
        const char *unit;
        bool gone;
} Going;

static int on_unit_removed(sd_bus_message *message, void *userdata, sd_bus_error *e) {
        const char *unit, *path;
        Going *going = userdata;

        if (sd_bus_message_read(message, "so", &unit, &path) >= 0 && streq(unit, going->unit))
                going->gone = true;
        return 0;
}

static bool is_gone(void *userdata) {
        return ((const Going *) userdata)->gone;
}

static void slot_unref(sd_bus_slot **s) {
        sd_bus_slot_unref(*s);
}

int manager_await_gone(Manager *m, const char *unit, usec_t timeout, Error *reterr) {
        _cleanup_(slot_unref) sd_bus_slot *slot = NULL;
        _cleanup_unit_status_ UnitStatus status = {};
        Going going = { .unit = unit };
        int r;

        r = sd_bus_match_signal_async(m->bus, &slot, manager_sender(m), OBJECT, INTERFACE, "UnitRemoved",
                                      on_unit_removed, NULL, &going);
        if (r < 0)
                return manager_error(r, NULL, "cannot listen to the service manager", reterr);
        /* Signals of units that this connection did not start come only after asking for them;
         * "already subscribed" and a private socket's refusal do no harm. */
        (void) sd_bus_call_method(m->bus, DESTINATION, OBJECT, INTERFACE, "Subscribe", NULL, NULL, NULL);

        r = manager_query(m, unit, &status, reterr);
        if (r < 0)
                return r;
        if (!unit_status_is_active(&status))
                return 0;
        return manager_process_until(m, is_gone, &going, timeout, reterr);
}

void unit_list_done(UnitList *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->rows[i].unit);
                free(l->rows[i].description);
                free(l->rows[i].active_state);
                free(l->rows[i].sub_state);
        }
        free(l->rows);
        *l = (UnitList){};
}

static int add_row(UnitList *l, const char *unit, const char *description, const char *active,
                   const char *sub) {
        UnitRow *row;

        if (!GROW(l->rows, l->n))
                return -ENOMEM;
        row = &l->rows[l->n++];
        *row = (UnitRow){
                .unit = strdup(unit),
                .description = strdup(description),
                .active_state = strdup(active),
                .sub_state = strdup(sub),
        };
        return row->unit && row->description && row->active_state && row->sub_state ? 0 : -ENOMEM;
}

int manager_list(Manager *m, UnitList *ret, Error *reterr) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *unit, *description, *load, *active, *sub, *following, *path, *job_type, *job_path;
        uint32_t job;
        int r;

        r = manager_call(m, OBJECT, INTERFACE, "ListUnitsByPatterns", &e, &reply, "asas", 0, 2,
                         UNIT_PREFIX "*.service", UNIT_PREFIX "*.scope");
        if (r < 0)
                return manager_error(r, &e, "cannot list the units", reterr);
        r = sd_bus_message_enter_container(reply, 'a', "(ssssssouso)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(ssssssouso)", &unit, &description, &load, &active,
                                                  &sub, &following, &path, &job, &job_type, &job_path)) > 0)
                if (add_row(ret, unit, description, active, sub) < 0)
                        return error_oom(reterr);
        return r < 0 ? manager_error(r, NULL, "the service manager's answer is not understood", reterr) : 0;
}
