/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "check.h"
#include "render.h"

static void render_basic(sd_bus_message *m, char type, Buf *text) {
        union {
                const char *s;
                uint8_t y;
                int32_t i;
                uint32_t u;
                uint64_t t;
        } value;

        CHECK(sd_bus_message_read_basic(m, type, &value) > 0);
        if (type == 's' || type == 'o')
                buf_printf(text, "'%s'", value.s);
        else if (type == 'b')
                buf_append_str(text, value.i ? "true" : "false");
        else if (type == 'y')
                buf_printf(text, "%u", value.y);
        else if (type == 'i')
                buf_printf(text, "%" PRIi32, value.i);
        else if (type == 'u')
                buf_printf(text, "%" PRIu32, value.u);
        else if (type == 't')
                buf_printf(text, "%" PRIu64, value.t);
        else
                CHECK(!"a type that is rendered");
}

static void render_container(sd_bus_message *m, char type, const char *contents, Buf *text) {
        static const struct {
                const char *open, *close;
        } brackets[] = {
                [SD_BUS_TYPE_ARRAY] = { "[", "]" },
                [SD_BUS_TYPE_STRUCT] = { "(", ")" },
                [SD_BUS_TYPE_DICT_ENTRY] = { "{", "}" },
                [SD_BUS_TYPE_VARIANT] = { "<", ">" },
        };

        CHECK(sd_bus_message_enter_container(m, type, contents) > 0);
        buf_append_str(text, brackets[(unsigned char) type].open);
        if (type == SD_BUS_TYPE_VARIANT)
                buf_printf(text, "%s ", contents);
        render_values(m, text);
        buf_append_str(text, brackets[(unsigned char) type].close);
        CHECK(sd_bus_message_exit_container(m) >= 0);
}

void render_values(sd_bus_message *m, Buf *text) {
        const char *contents, *blank = "";
        char type;

        while (sd_bus_message_peek_type(m, &type, &contents) > 0) {
                buf_append_str(text, blank);
                if (contents)
                        render_container(m, type, contents, text);
                else
                        render_basic(m, type, text);
                blank = " ";
        }
}
