/* SPDX-License-Identifier: MIT */
#pragma once

#include "sdbg/base/buf.h"
#include "sdbg/job/job.h"
#include "sdbg/output/table.h"

/* ":3000 :3001": the TCP ports, one on several addresses once. */
void job_print_ports(Buf *b, const Job *j);

/* Colours that both dark and light backgrounds let through, as table_add() takes them. */
const char *job_state_color(JobState state);

/* How many columns the text of a cell takes. */
size_t table_text_width(const char *s, const TableStyle *style);

/* Appends what fits into `room` columns; what does not is told by an ellipsis, which takes one of them.
 * Return: the columns taken. */
size_t table_put_text(Buf *b, const char *s, size_t room, const TableStyle *style);

/* Lines of `sdbg top` above and below the jobs. */
#define TOP_FRAME_ROWS 3
