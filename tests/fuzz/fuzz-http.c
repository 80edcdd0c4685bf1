/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "fuzz.h"

#include "sdbg/job/readiness.h"
#include "sdbg/wire/http.h"

#include "probe/ports.h"

/* The same answer however it is cut. */
static void check_answer(const char *data, size_t len) {
        HttpAnswer whole = {}, pieces = {};
        int a = http_answer_take(&whole, data, len), b = 0;

        for (size_t i = 0; i < len && b == 0; i++)
                b = http_answer_take(&pieces, data + i, 1);
        CHECK(a == b);
        CHECK(a == 0 || a == -EBADMSG || (a >= 200 && a <= 999));
}

static void check_texts(const char *text) {
        _cleanup_ready_url_ ReadyUrl u = {};
        _cleanup_free_ char *host = NULL;
        Listener l;
        int port;

        if (ready_url_parse(text, &u, NULL) >= 0) {
                CHECK(*u.host && u.port >= 1 && u.port <= 65535 && *u.target == '/');
                CHECK(!strpbrk(u.target, " \r\n") && !strpbrk(u.authority, " \r\n/@"));
        }
        if (ready_port_parse(text, &host, &port, NULL) >= 0)
                CHECK(port >= 1 && port <= 65535 && (!host || *host));
        if (listener_from_inet_line(text, "tcp", &l))
                free(l.address);
        if (listener_from_unix_line(text, &l))
                free(l.address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *) data, size);

        check_answer((const char *) data, size);
        check_texts(text);
        return 0;
}
