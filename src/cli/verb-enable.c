/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"
#include "sdbg/doctor/doctor.h"
#include "sdbg/ops/enable.h"
#include "sdbg/output/show.h"

#include "cli/verbs.h"

static int add_json(Json *array, const char *name, bool enabled) {
        Json *o = json_new_object();

        if (json_set(o, "name", json_new_string(name)) < 0 ||
            json_set(o, "enabled", json_new_bool(enabled)) < 0) {
                json_free(o);
                return -ENOMEM;
        }
        return json_append(array, o);
}

static int enable_or_disable(Cli *cli, char **operands, bool enable) {
        _cleanup_manager_ Manager *m = NULL;
        _cleanup_json_ Json *array = json_new_array();
        const char *when = doctor_is_lingering() ? "starts at boot" : "starts at login (lingering is off)";
        int r = cli_connect(cli, &m);

        for (char **name = operands; r >= 0 && *name; name++) {
                r = enable ? op_enable(m, *name, &cli->error) : op_disable(m, *name, &cli->error);
                if (r < 0)
                        break;
                if (!cli->json && !cli->quiet)
                        printf(enable  ? "%s: enabled, %s\n"
                               : r > 0 ? "%s: disabled\n"
                                       : "%s: was not enabled\n",
                               *name, when);
                if (add_json(array, *name, enable) < 0)
                        r = error_oom(&cli->error);
        }
        return r < 0 ? r : cli->json ? show_json(stdout, TAKE_PTR(array)) : 0;
}

static int run_enable(Cli *cli, void *request, char **operands) {
        return enable_or_disable(cli, operands, true);
}

static int run_disable(Cli *cli, void *request, char **operands) {
        return enable_or_disable(cli, operands, false);
}

const Verb verb_enable = {
        .name = "enable",
        .usage = "NAME…",
        .summary = "have jobs come back at boot, with what they were last started with",
        .operands_min = 1,
        .operands_max = SIZE_MAX,
        .run = run_enable,
};

const Verb verb_disable = {
        .name = "disable",
        .usage = "NAME…",
        .summary = "take back what enable did; jobs that run go on",
        .operands_min = 1,
        .operands_max = SIZE_MAX,
        .run = run_disable,
};
