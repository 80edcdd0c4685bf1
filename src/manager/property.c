/* SPDX-License-Identifier: MIT */
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"

#include "manager/internal.h"

/* What a job depends on, and what belongs to options of sdbg's own. */
static const struct {
        const char *name;
        const char *instead;
} refused[] = {
        { "Environment", "-e" },
        { "EnvironmentFile", "--env-file" },
        { "WorkingDirectory", "--cwd" },
        { "Slice", "--group" },
        { "Description", "--description" },
        { "TimeoutStartSec", "--ready-timeout" },
        { "TimeoutStartUSec", "--ready-timeout" },
        { "TimeoutStopSec", "--stop-timeout" },
        { "TimeoutStopUSec", "--stop-timeout" },
        { "KillSignal", "--stop-signal" },
        { "Restart", "--restart" },
        { "RestartSec", "--restart-delay" },
        { "RestartUSec", "--restart-delay" },
        { "ExecStart", NULL },
        { "ExecStartPre", NULL },
        { "ExecStartPost", NULL },
        { "ExecCondition", NULL },
        { "ExecReload", NULL },
        { "ExecStop", NULL },
        { "ExecStopPost", NULL },
        { "Type", NULL },
        { "NotifyAccess", NULL },
        { "KillMode", NULL },
        { "Delegate", NULL },
        { "CollectMode", NULL },
        { "StandardInput", NULL },
        { "StandardOutput", NULL },
        { "StandardError", NULL },
        { "User", NULL },
        { "Group", NULL },
        { "DynamicUser", NULL },
        { "RootDirectory", NULL },
        { "RootImage", NULL },
        { "PIDFile", NULL },
        { "BusName", NULL },
        { "ExitType", NULL },
        { "GuessMainPID", NULL },
        { "SendSIGKILL", NULL },
        { "WatchdogSec", NULL },
        { "WatchdogUSec", NULL },
        { "UMask", NULL },
        { "RemainAfterExit", NULL },
};

static int check_refused(const char *name, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                if (!streq(refused[i].name, name))
                        continue;
                error_set(reterr, ERROR_USAGE, 0, "property %s is sdbg's own and cannot be set", name);
                if (refused[i].instead)
                        error_hint(reterr, "use %s", refused[i].instead);
                return -EINVAL;
        }
        return 0;
}

/* The type that the manager gives for a property of a service. Return: 1; 0: no such property. */
static int find_type(Manager *m, const char *interface, const char *name, char type[static 8]) {
        _cleanup_bus_error_ sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *key, *contents;
        int r;

        /* Any service will do; the manager answers for one that is not loaded with the defaults. */
        r = manager_call(m, OBJECT "/unit/bgjob_2dtypes_2eservice", "org.freedesktop.DBus.Properties",
                         "GetAll", &e, &reply, "s", interface);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read(reply, "s", &key);
                if (r >= 0 && streq(key, name)) {
                        r = sd_bus_message_peek_type(reply, NULL, &contents);
                        if (r < 0 || strlen(contents) >= 8)
                                return -EOPNOTSUPP;
                        strcpy(type, contents);
                        return 1;
                }
                if (r >= 0)
                        r = sd_bus_message_skip(reply, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

static int find_any_type(Manager *m, const char *name, char type[static 8]) {
        int r;

        r = find_type(m, "org.freedesktop.systemd1.Service", name, type);
        return r != 0 ? r : find_type(m, "org.freedesktop.systemd1.Unit", name, type);
}

static int append_strings(sd_bus_message *call, const char *name, const char *value) {
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *copy = strdup(value);
        char *state = NULL;
        int r;

        for (char *w = copy ? strtok_r(copy, " \t", &state) : NULL; w; w = strtok_r(NULL, " \t", &state))
                if (strv_extend(&words, w) < 0)
                        return -ENOMEM;
        r = sd_bus_message_open_container(call, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", name);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(call, words);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        return r < 0 ? r : sd_bus_message_close_container(call);
}

static bool ends_with(const char *s, const char *suffix) {
        size_t l = strlen(s), k = strlen(suffix);
        return l >= k && streq(s + l - k, suffix);
}

static int append_u64(sd_bus_message *call, const char *name, const char *value) {
        uint64_t n;
        int r;

        r = ends_with(name, "USec") ? parse_duration(value, &n) : parse_size(value, &n);
        return r < 0 ? r : sd_bus_message_append(call, "(sv)", name, "t", n);
}

/* Return: -EINVAL for a value that is not of the type, -EOPNOTSUPP for a type not known here. */
static int append_typed(sd_bus_message *call, const char *name, const char *type, const char *value) {
        int n, r;

        if (streq(type, "s"))
                return sd_bus_message_append(call, "(sv)", name, "s", value);
        if (streq(type, "b")) {
                r = parse_boolean(value);
                return r < 0 ? r : sd_bus_message_append(call, "(sv)", name, "b", r);
        }
        if (streq(type, "t"))
                return append_u64(call, name, value);
        if (streq(type, "i") || streq(type, "u")) {
                r = parse_int(value, &n);
                return r < 0 ? r : sd_bus_message_append(call, "(sv)", name, type, n);
        }
        if (streq(type, "as"))
                return append_strings(call, name, value);
        return -EOPNOTSUPP;
}

/* "150%" of a CPU, and a part of the machine's memory or tasks: those have properties of their own.
 * Return: 1 where it was one of them, 0 where not, -EINVAL. */
static int append_percentage(sd_bus_message *call, const char *name, const char *value) {
        char scale[64];
        double percent;
        char *end;

        percent = strtod(value, &end);
        if (!streq(end, "%") || !(percent > 0) || percent > 1e6)
                return streq(name, "CPUQuota") ? -EINVAL : 0;
        if (streq(name, "CPUQuota"))
                return sd_bus_message_append(call, "(sv)", "CPUQuotaPerSecUSec", "t",
                                             (uint64_t) (percent * 10000)) < 0
                               ? -EINVAL
                               : 1;
        if (percent > 100 || strlen(name) + sizeof("Scale") > sizeof(scale))
                return -EINVAL;
        /* The one that is always a part of something. */
        strcpy(stpcpy(scale, name), streq(name, "ManagedOOMMemoryPressureLimit") ? "" : "Scale");
        return sd_bus_message_append(call, "(sv)", scale, "u", (uint32_t) (percent / 100 * UINT32_MAX)) < 0
                       ? -EINVAL
                       : 1;
}

static int value_error(const char *name, const char *value, int r, Error *reterr) {
        if (r == -EOPNOTSUPP)
                return error_set(reterr, ERROR_USAGE, 0,
                                 "property %s cannot be set here; write it into a drop-in "
                                 "of bgjob-.service.d instead",
                                 name);
        if (r != -EINVAL && r != -ERANGE)
                return manager_error(r, NULL, "cannot ask the service manager for its properties", reterr);
        return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a value for property %s", value, name);
}

int append_property(Manager *m, sd_bus_message *call, const char *assignment, Error *reterr) {
        const char *value = strchr(assignment, '=');
        char name[64], type[8];
        size_t l;
        int r;

        if (!value || value == assignment || (l = value - assignment) + 2 > sizeof(name)) {
                error_set(reterr, ERROR_USAGE, 0, "'%s' is not a property in the form NAME=VALUE",
                          assignment);
                return -EINVAL;
        }
        value++;
        memcpy(name, assignment, l);
        name[l] = '\0';
        r = check_refused(name, reterr);
        if (r < 0)
                return r;

        r = append_percentage(call, name, value);
        if (r != 0)
                return r < 0 ? value_error(name, value, r, reterr) : 0;
        r = find_any_type(m, name, type);
        if (r == 0 && ends_with(name, "Sec") && !ends_with(name, "USec")) {
                /* Unit files say RuntimeMaxSec=, D-Bus says RuntimeMaxUSec. */
                strcpy(name + l - 3, "USec");
                r = find_any_type(m, name, type);
        }
        if (r == 0) {
                error_set(reterr, ERROR_USAGE, 0, "systemd knows no property %.*s of services", (int) l,
                          assignment);
                return -EINVAL;
        }
        if (r > 0)
                r = append_typed(call, name, type, value);
        return r < 0 ? value_error(name, value, r, reterr) : 0;
}
