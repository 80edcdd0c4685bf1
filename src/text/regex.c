/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "sdbg/text/regex.h"

/* A match that needs more steps than this is an explosion, not a search. */
#define MATCH_LIMIT 1000000

struct Regex {
        pcre2_code *code;
        pcre2_match_data *data;
        pcre2_match_context *context;
};

int regex_compile(const char *pattern, bool ignore_case, Regex **ret, Error *reterr) {
        _cleanup_regex_ Regex *r = calloc(1, sizeof(Regex));
        PCRE2_UCHAR text[256] = "";
        PCRE2_SIZE offset;
        int code;

        if (!r)
                return error_oom(reterr);
        r->code = pcre2_compile((PCRE2_SPTR) pattern, PCRE2_ZERO_TERMINATED,
                                PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (ignore_case ? PCRE2_CASELESS : 0),
                                &code, &offset, NULL);
        if (!r->code) {
                (void) pcre2_get_error_message(code, text, sizeof(text));
                error_set(reterr, ERROR_USAGE, 0, "regular expression '%s': %s at position %zu", pattern,
                          (const char *) text, offset);
                return -EINVAL;
        }
        (void) pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* without it, it is only slower */
        r->data = pcre2_match_data_create(1, NULL);
        r->context = pcre2_match_context_create(NULL);
        if (!r->data || !r->context)
                return error_oom(reterr);
        pcre2_set_match_limit(r->context, MATCH_LIMIT);
        *ret = TAKE_PTR(r);
        return 0;
}

void regex_free(Regex *r) {
        pcre2_match_context_free(r->context);
        pcre2_match_data_free(r->data);
        pcre2_code_free(r->code);
        free(r);
}

int regex_match(const Regex *r, const char *text, size_t len) {
        int n = pcre2_match(r->code, (PCRE2_SPTR) text, len, 0, 0, r->data, r->context);

        if (n >= 0)
                return 1;
        return n == PCRE2_ERROR_NOMATCH ? 0 : -E2BIG;
}

int regex_given_up(Error *reterr) {
        error_set(reterr, ERROR_USAGE, 0, "the regular expression takes too long on a line that was printed");
        error_hint(reterr, "what mostly makes it so are nested repetitions like (a+)+");
        return -E2BIG;
}

const char *regex_mark(const Regex *r) {
        return (const char *) pcre2_get_mark(r->data);
}
