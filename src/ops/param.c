/* SPDX-License-Identifier: MIT */
#include "sdbg/base/parse.h"
#include "sdbg/base/strv.h"
#include "sdbg/base/time.h"
#include "sdbg/ops/param.h"

static int bad_value(const Param *p, const char *text, const char *wanted, Error *reterr) {
        return error_set(reterr, ERROR_USAGE, 0, "'%s' is not a value for --%s: %s is wanted", text, p->name,
                         wanted);
}

static int set_string(char **slot, const char *text) {
        char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        free(*slot);
        *slot = copy;
        return 0;
}

static int set_choice(const Param *p, int *slot, const char *text, Error *reterr) {
        _cleanup_free_ char *all = NULL;

        for (int i = 0; p->choices[i]; i++)
                if (streq(p->choices[i], text)) {
                        *slot = i;
                        return 0;
                }
        all = strv_join((char *const *) p->choices, ", ");
        return bad_value(p, text, strempty(all), reterr);
}

int param_set(const Param *p, void *request, const char *text, Error *reterr) {
        void *slot = (char *) request + p->offset;
        int r;

        switch (p->type) {
        case PARAM_FLAG:
                *(bool *) slot = true;
                return 0;
        case PARAM_STRING:
                return set_string(slot, text);
        case PARAM_OPTIONAL:
                return set_string(slot, strempty(text));
        case PARAM_LIST:
                return strv_extend(slot, text);
        case PARAM_COUNT:
                return parse_u64(text, slot) < 0 ? bad_value(p, text, "a number", reterr) : 0;
        case PARAM_INT:
                return parse_int(text, slot) < 0 ? bad_value(p, text, "a number", reterr) : 0;
        case PARAM_DURATION:
                /* In a request, 0 stands for what was not given. */
                return parse_duration(text, slot) < 0 || *(usec_t *) slot == 0
                               ? bad_value(p, text, "a duration like 90, 1.5s or 2min", reterr)
                               : 0;
        case PARAM_SIZE:
                return parse_size(text, slot) < 0 || *(uint64_t *) slot == 0
                               ? bad_value(p, text, "a size like 512M or 2G", reterr)
                               : 0;
        case PARAM_SIGNAL:
                r = signal_from_string(text);
                if (r < 0)
                        return bad_value(p, text, "a signal like TERM or 15", reterr);
                *(int *) slot = r;
                return 0;
        case PARAM_CHOICE:
                return set_choice(p, slot, text, reterr);
        }
        return -EINVAL;
}

void param_free(const Param *params, void *request) {
        for (const Param *p = params; p->name; p++) {
                void *slot = (char *) request + p->offset;

                if (p->type == PARAM_STRING || p->type == PARAM_OPTIONAL) {
                        free(*(char **) slot);
                        *(char **) slot = NULL;
                } else if (p->type == PARAM_LIST) {
                        strv_free(*(char ***) slot);
                        *(char ***) slot = NULL;
                }
        }
}
