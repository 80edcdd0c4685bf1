/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "probe/ports.h"

static void test_inet_lines(void **state) {
        static const struct {
                const char *line, *protocol, *address;
                int port;
        } rows[] = {
                { "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when", "tcp", NULL, 0 },
                { "   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 "
                  "1",
                  "tcp", "127.0.0.1", 3000 },
                { "  12: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 "
                  "1",
                  "tcp", "0.0.0.0", 80 },
                /* connected */
                { "   1: 0100007F:0BB8 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000 0 4711 "
                  "1",
                  "tcp", NULL, 0 },
                { "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A "
                  "00000000:00000000 00:00000000 00000000  1000 0 4711 1",
                  "tcp", "::1", 8080 },
                { "  77: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000 0 4711 "
                  "2",
                  "udp", "0.0.0.0", 5353 },
                { "  77: 00000000:14E9 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 "
                  "2",
                  "udp", NULL, 0 },
                { "   0: 0100007F:0BB8", "tcp", NULL, 0 },
                { "   0: 0100:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 4711 1",
                  "tcp", NULL, 0 },
                { "", "tcp", NULL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Listener l;
                int r = listener_from_inet_line(rows[i].line, rows[i].protocol, &l);

                assert_row(rows[i].line, r == (rows[i].address != NULL));
                if (r == 0)
                        continue;
                assert_string_equal(l.address, rows[i].address);
                assert_row(rows[i].line, l.port == rows[i].port && l.inode == 4711 && l.uid == 1000);
                free(l.address);
        }
}

static void test_unix_lines(void **state) {
        static const struct {
                const char *line, *address;
        } rows[] = {
                { "Num       RefCount Protocol Flags    Type St Inode Path", NULL },
                { "0000000000000000: 00000002 00000000 00010000 0001 01 16163 /run/user/1000/a b",
                  "/run/user/1000/a b" },
                { "0000000000000000: 00000002 00000000 00010000 0001 01 16163 @name", "@name" },
                { "0000000000000000: 00000003 00000000 00000000 0001 03 16163 /run/x",
                  NULL }, /* a connection */
                { "0000000000000000: 00000002", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Listener l;
                int r = listener_from_unix_line(rows[i].line, &l);

                assert_row(rows[i].line, r == (rows[i].address != NULL));
                if (r == 0)
                        continue;
                assert_string_equal(l.address, rows[i].address);
                assert_row(rows[i].line, l.port < 0 && l.inode == 16163);
                free(l.address);
        }
}

static void test_takes(void **state) {
        static const struct {
                const char *bound;
                bool v6_only;
                const char *address;
                bool expected;
        } rows[] = {
                { "127.0.0.1", false, NULL, true },         { "127.0.0.1", false, "127.0.0.1", true },
                { "127.0.0.1", false, "127.0.0.2", false }, { "127.0.0.1", false, "::1", false },
                { "127.0.0.1", false, "0.0.0.0", true },    { "0.0.0.0", false, "127.0.0.1", true },
                { "0.0.0.0", false, "::1", false },         { "::", false, "127.0.0.1", true },
                { "::", true, "127.0.0.1", false },         { "::", true, "::1", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Listener l = { .protocol = "tcp",
                               .port = 80,
                               .address = (char *) rows[i].bound,
                               .v6_only = rows[i].v6_only };

                assert_row(rows[i].bound, listener_takes(&l, rows[i].address, 80) == rows[i].expected);
                assert_row(rows[i].bound, !listener_takes(&l, rows[i].address, 81));
                l.protocol = "udp";
                assert_row(rows[i].bound, !listener_takes(&l, rows[i].address, 80));
        }
}

static void test_at(void **state) {
        static const struct {
                const char *bound[3], *address;
                int expected;
        } rows[] = {
                { { "0.0.0.0", "127.0.0.1" }, "127.0.0.1", 1 },
                { { "0.0.0.0", "127.0.0.1" }, "127.0.0.2", 0 },
                { { "::", "0.0.0.0" }, "127.0.0.1", 1 },
                { { "::", "0.0.0.0" }, "::1", 0 },
                { { "::", "127.0.0.2" }, "127.0.0.1", 0 },
                { { "0.0.0.0", "::1" }, "::1", 1 },
                { { "0.0.0.0", "127.0.0.1" }, "::1", -1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Listener l[3];
                PortTable t = { .listeners = l };
                const Listener *found;

                for (; rows[i].bound[t.n]; t.n++)
                        l[t.n] = (Listener){ .protocol = "tcp",
                                             .port = 80,
                                             .address = (char *) rows[i].bound[t.n] };
                found = listener_at(&t, rows[i].address, 80);
                assert_row(rows[i].address, found == (rows[i].expected < 0 ? NULL : &l[rows[i].expected]));
                assert_null(listener_at(&t, rows[i].address, 81));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_inet_lines),
                cmocka_unit_test(test_unix_lines),
                cmocka_unit_test(test_takes),
                cmocka_unit_test(test_at),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
