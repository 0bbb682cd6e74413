/*
 * templated.h - a body that the tenant wrote, filled with what an event says.
 *
 * It is JSON with variables, %alert.title%; %% is a percent sign, and so is one that begins no name.  Inside of a string a
 * variable is its text, escaped as JSON is; elsewhere it is a value of its own: a string, a number, or null where there is
 * nothing to say.  It is no member's name: two could become alike.  So nothing that an event holds changes what the body is.
 * One that was saved before names were refused is filled as it is.
 *
 * Headers are {"items":[{"name","value"}]}, as they are sealed.
 */
#ifndef BSX_DRIFT_DELIVER_TEMPLATED_H
#define BSX_DRIFT_DELIVER_TEMPLATED_H

#include "core/json/schema.h"
#include "drift/alert/event.h"
#include "drift/deliver/trail_batch.h"

#define TEMPLATED_MAX           16384 /* bytes of a template */
#define TEMPLATED_VARIABLES_MAX 64    /* in it */

/* `id`: of the message. */
MUST_USE bool templated_fill(TALLOC_CTX *mem, const char *template, const struct alert_event *shown,
    const char *id, struct str *out, struct err *e);
/* The same with an entry of the audit trail, behind what is in `out`. */
MUST_USE bool templated_fill_entry(TALLOC_CTX *mem, const char *template,
    const struct trail_batch *in, const struct audit_out *entry, struct buf *out, struct err *e);
/* Fills it with each kind of event, and looks at its names; ERR_INVALID with a fault at /template. */
MUST_USE bool templated_check(TALLOC_CTX *mem, const char *template, struct err *e);
/* The same with an entry of the trail, of a channel that is told those. */
MUST_USE bool templated_check_entry(TALLOC_CTX *mem, const char *template, struct err *e);

struct templated_header {
	const char *name, *value;
};
#define TEMPLATED_HEADERS_MAX 8
#define TEMPLATED_KEPT_MAX    3800 /* bytes of all, as they are kept */
extern const struct schema templated_header_schema;
/* As they are kept, wiped when they are freed; ERR_INVALID with faults at /headers/N/name and value. */
MUST_USE bool templated_headers_print(
    TALLOC_CTX *mem, const struct items *headers, struct str *kept, struct err *e);
/* *out: of struct templated_header. */
MUST_USE bool templated_headers_read(
    TALLOC_CTX *mem, struct str kept, struct items *out, struct err *e);

#endif
