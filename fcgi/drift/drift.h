/*
 * drift.h - what the files of the drift routes share: who acts, words, and members that several answers have.
 */
#ifndef BSX_FCGI_DRIFT_DRIFT_H
#define BSX_FCGI_DRIFT_DRIFT_H

#include "core/web/route.h"
#include "drift/service/acting.h"
#include "drift/service/finding.h"

/* This worker's drift path; NULL: *e says why. */
MUST_USE struct drift *drift_of(struct app *app, struct err *e);
/* Who acts by this request, a child of r->mem; NULL: *e says why.  Changes are held against its If-Match. */
MUST_USE const struct acting *acting_of(struct request *r, struct err *e);

/* The words of what filters name and changes set; NULL ends each. */
extern const char *const drift_severities[], *const finding_statuses[], *const alert_statuses[];

/* What whoever approves says. */
struct approve_in {
	bool reviewed;
};
extern const struct schema approve_in_schema;

/* Where a change is, as it is answered. */
struct change_resource {
	char *category, *key;
};
extern const struct schema change_resource_schema;

/* What happened to a finding, an alert or a baseline. */
extern const struct schema event_out_schema;
MUST_USE bool events_show(TALLOC_CTX *mem, const struct finding_event *events, size_t n,
    struct items *out, struct err *e);

/* The answer's JSON value, unless there is none or the view has values. */
void view_raw(struct view v, struct raw_json *value);
/* Whose a golden baseline is: "tenant" or "platform". */
const char *golden_owner(const struct acting *a, bool foreign);

/* What a body of many names: either this or that, and at least one (else faults). */
MUST_USE bool bulk_ids(
    struct request *r, const struct strings *ids, bool filter, struct uuid **out, struct err *e);
/* How many a deed on many was about. */
struct bulk_out {
	int64_t matched, changed, unchanged;
};
extern const struct schema bulk_out_schema;

#define SHORTENED_DOC                                                                              \
	"How many changes have a path that is shown shortened, because a member name or key in it "  \
	"is longer than 1 KiB, it is longer than 8 KiB, or all of them are longer than 16 MiB "      \
	"together. Such a path has an ellipsis, ~# and 16 hex digits in the place of what is left "  \
	"out: it is no JSON Pointer, and points nowhere."
#define NOTES_DOC                                                                                  \
	"Arrays whose elements have no key in common, and why: [{category, key, path, note}]; the "  \
	"first 50. Their elements were matched each by a key of its own, by likeness, or counted. With "  \
	"key and path empty: of a category, what was not looked for in it."

#endif
