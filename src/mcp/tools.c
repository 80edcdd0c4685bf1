/* SPDX-License-Identifier: MIT */
#include "mcp/tools.h"

extern const Tool tool_start, tool_list, tool_status, tool_logs, tool_wait, tool_send, tool_screen, tool_stop,
        tool_restart, tool_doctor;

const Tool *const tools[] = {
        &tool_start,  &tool_list, &tool_status,  &tool_logs,   &tool_wait, &tool_send,
        &tool_screen, &tool_stop, &tool_restart, &tool_doctor, NULL,
};

const Tool *tool_find(const char *name) {
        for (size_t i = 0; tools[i]; i++)
                if (streq(tools[i]->name, name))
                        return tools[i];
        return NULL;
}
