/* SPDX-License-Identifier: MIT */
#include "sdbg/base/strv.h"

#include "mcp/internal.h"

/* JSON schemas (2020-12) made of the tables. Kept plain, no unions: what models and clients of every kind
 * take. */

bool tool_param_is_seconds(const ToolParam *p) {
        size_t n = strlen(p->name);

        return n > 8 && streq(p->name + n - 8, "_seconds");
}

static const Param *find_in(const Param *table, const char *name) {
        for (const Param *p = table; p && p->name; p++)
                if (streq(p->name, name))
                        return p;
        return NULL;
}

const Param *tool_param_of(const Tool *t, const ToolParam *p, size_t *ret_offset) {
        const Param *own = find_in(t->own, p->param);

        *ret_offset = own ? 0 : t->op_offset;
        return own ?: find_in(t->op, p->param);
}

static Json *type_object(const char *type) {
        return json_object("type", json_new_string(type), NULL);
}

/* "KEY=VALUE" lists are objects in JSON. */
static Json *list_schema(const Param *p) {
        if (p->value && strchr(p->value, '='))
                return json_object("type", json_new_string("object"), "additionalProperties",
                                   type_object("string"), NULL);
        return json_object("type", json_new_string("array"), "items", type_object("string"), NULL);
}

static Json *choice_schema(const Param *p) {
        return json_object("type", json_new_string("string"), "enum",
                           json_new_strv((char *const *) p->choices), NULL);
}

static Json *number_schema(const char *type) {
        return json_object("type", json_new_string(type), "minimum", json_new_real(0), NULL);
}

static Json *param_schema(const Tool *t, const ToolParam *tp) {
        size_t offset;
        const Param *p = tool_param_of(t, tp, &offset);
        Json *o;

        if (tp->type)
                o = type_object(tp->type);
        else if (tool_param_is_seconds(tp))
                o = number_schema("number");
        else
                switch (p->type) {
                case PARAM_FLAG:
                        o = type_object("boolean");
                        break;
                case PARAM_LIST:
                        o = list_schema(p);
                        break;
                case PARAM_COUNT:
                case PARAM_INT:
                        o = number_schema("integer");
                        break;
                case PARAM_CHOICE:
                        o = choice_schema(p);
                        break;
                default:
                        o = type_object("string");
                }
        return json_set(o, "description", json_new_string(tp->help ?: p->help)) < 0 ? json_free(o), NULL : o;
}

/* "ready.log" becomes a property of the object "ready". */
static int add_member(Json *properties, const Tool *t, const ToolParam *p, const char *member) {
        _cleanup_free_ char *name = strndup(p->name, member - 1 - p->name);
        const Json *object = name ? json_get(properties, name) : NULL;
        int r = name ? 0 : -ENOMEM;

        if (!object && r >= 0) {
                r = json_set(properties, name,
                             json_object("type", json_new_string("object"), "properties", json_new_object(),
                                         NULL));
                object = json_get(properties, name);
        }
        return r < 0 ? r : json_set((Json *) json_get(object, "properties"), member, param_schema(t, p));
}

Json *tool_input_schema(const Tool *t) {
        _cleanup_json_ Json *properties = json_new_object(), *required = json_new_array();

        for (const ToolParam *p = t->params; p->name; p++) {
                const char *dot = strchr(p->name, '.');

                if ((dot ? add_member(properties, t, p, dot + 1)
                         : json_set(properties, p->name, param_schema(t, p))) < 0)
                        return NULL;
                if (p->required && json_append(required, json_new_string(p->name)) < 0)
                        return NULL;
        }
        return json_object("type", json_new_string("object"), "properties", TAKE_PTR(properties), "required",
                           TAKE_PTR(required), NULL);
}

/* The members of answers; those of a job come from its own table. */
static const struct {
        const char *name, *schema;
} members[] = {
        { "jobs", NULL },
        { "job", NULL },
        { "output",
          "{\"type\":\"string\",\"description\":\"what the job has printed, one line after the other\"}" },
        { "lines_left_out",
          "{\"type\":\"integer\",\"description\":\"older lines that did not fit into the answer\"}" },
        { "cursor",
          "{\"type\":\"string\",\"description\":\"give it back to job_logs to read what came after\"}" },
        { "next_cursor",
          "{\"type\":\"string\",\"description\":\"there is more: give it as cursor to get it\"}" },
        { "timed_out",
          "{\"type\":\"boolean\",\"description\":\"the time was over before it came to pass\"}" },
        { "screen",
          "{\"type\":\"object\",\"properties\":{\"job\":{\"type\":\"string\"},\"cols\":{\"type\":\"integer\"}"
          ","
          "\"rows\":{\"type\":\"integer\"},\"cursor\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":"
          "\"integer\"},\"y\":{\"type\":\"integer\"},\"visible\":{\"type\":\"boolean\"}},"
          "\"additionalProperties\":false},\"title\":{\"type\":\"string\"},\"alternate\":{\"type\":"
          "\"boolean\"},\"lines\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},"
          "\"additionalProperties\":false}" },
        { "line", "{\"type\":\"string\",\"description\":\"the line that was waited for\"}" },
        { "post_mortem",
          "{\"type\":\"object\",\"description\":\"why it ended, compared with earlier runs, and what may "
          "help\","
          "\"properties\":{\"summary\":{\"type\":\"string\"},\"runs\":{\"type\":\"integer\"},\"successes\":{"
          "\"type\":\"integer\"},\"usual_duration_ms\":{\"type\":\"integer\"},\"last_success_at\":{\"type\":"
          "\"string\"},\"failed_in_a_row\":{\"type\":\"integer\"},\"memory_percent\":{\"type\":\"integer\"},"
          "\"error_lines\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"hints\":{\"type\":"
          "\"array\","
          "\"items\":{\"type\":\"string\"}}},\"additionalProperties\":false}" },
        { "reused", "{\"type\":\"boolean\",\"description\":\"it was running already and was left alone\"}" },
        { "checks", "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"check\":{\"type\":"
                    "\"string\"},"
                    "\"status\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},\"remedy\":{\"type\":"
                    "\"string\"}},"
                    "\"required\":[\"check\",\"status\",\"message\"],\"additionalProperties\":false}}" },
        { "notices", "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"what ended or "
                     "became ready since the last call\"}" },
        { "state", "{\"type\":\"string\",\"description\":\"how the job stands, in one line\"}" },
        { "error", "{\"type\":\"object\",\"properties\":{\"code\":{\"type\":\"string\"},\"message\":{"
                   "\"type\":\"string\"},\"hint\":{\"type\":\"string\"}},\"required\":[\"code\","
                   "\"message\"],\"additionalProperties\":false}" },
};

static Json *member_schema(const char *name) {
        Json *o = NULL;

        if (streq(name, "job"))
                return job_schema();
        if (streq(name, "jobs"))
                return json_object("type", json_new_string("array"), "items", job_schema(), NULL);
        for (size_t i = 0; i < ELEMENTSOF(members); i++)
                if (streq(members[i].name, name))
                        (void) json_parse(members[i].schema, strlen(members[i].schema), &o);
        return o;
}

/* Every answer may tell of news and of an error. */
#define EVERYWHERE " notices state error"

Json *tool_output_schema(const Tool *t) {
        _cleanup_json_ Json *properties = json_new_object();
        char text[256], *rest = NULL;

        strncpy(text, t->gives, sizeof(text) - sizeof(EVERYWHERE));
        strcpy(text + strlen(t->gives), EVERYWHERE);
        for (char *name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
                if (json_set(properties, name, member_schema(name)) < 0)
                        return NULL;
        return json_object("type", json_new_string("object"), "properties", TAKE_PTR(properties),
                           "additionalProperties", json_new_bool(false), NULL);
}
