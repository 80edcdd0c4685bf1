/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/job/spec.h"

static void check_json(const char *text, size_t size) {
        _cleanup_json_ Json *j = NULL, *again = NULL;
        _cleanup_free_ char *printed = NULL;
        int r = json_parse(text, size, &j);

        CHECK(r == 0 || r == -EBADMSG);
        if (r < 0)
                return;
        printed = json_to_string(j);
        CHECK(printed);
        CHECK(json_parse(printed, strlen(printed), &again) == 0);
}

/* What could be read is written so that it can be read again. */
static void check_spec(const char *text, size_t size) {
        _cleanup_spec_ Spec s = {}, again = {};
        _cleanup_free_ char *printed = NULL;
        int r = spec_from_string(&s, text, size);

        CHECK(r == 0 || r == -EBADMSG);
        if (r < 0)
                return;
        printed = spec_to_string(&s);
        CHECK(printed);
        CHECK(spec_from_string(&again, printed, strlen(printed)) == 0);
}

static void check_record(const char *text) {
        _cleanup_job_ Job j = JOB_INIT, again = JOB_INIT;
        _cleanup_free_ char *printed = NULL;
        int r = job_from_record(&j, text);

        CHECK(r == 0 || r == -EBADMSG);
        if (r < 0)
                return;
        (void) job_exit_status(&j);
        printed = job_to_record(&j);
        CHECK(printed);
        /* Only years of four digits can be read again. */
        r = job_from_record(&again, printed);
        CHECK(r == 0 || r == -EBADMSG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *) data, size);

        check_json((const char *) data, size);
        check_spec((const char *) data, size);
        check_record(text);
        return 0;
}
