/*
 * report.h - reports and their changes, read.
 */
#ifndef BSX_DRIFT_SERVICE_REPORT_H
#define BSX_DRIFT_SERVICE_REPORT_H

#include "core/base/hash.h"
#include "core/store/drift/report.h"
#include "drift/service/acting.h"
#include "drift/snapshot/comparison.h"

MUST_USE bool report_see(
    const struct acting *a, const struct uuid *id, struct report *out, struct err *e);
/* Newest first. */
MUST_USE bool report_page(const struct acting *a, const struct report_filter *f,
    struct page *p, struct err *e);
/* In the order of the report. */
MUST_USE bool change_page(const struct acting *a, const struct change_filter *f,
    struct page *p, struct err *e);

/* A change's old or new value as JSON text, as this caller may see it; none, or too long (*truncated): p == NULL. */
enum change_side { CHANGE_OLD, CHANGE_NEW };
/* The lines by which its values differ, a JSON string; out->p == NULL: none, or none for this view. */
MUST_USE bool change_lines(
    const struct acting *a, const struct change_row *c, struct str *out, struct err *e);
MUST_USE bool change_value(const struct acting *a, const struct change_row *c,
    enum change_side side, struct str *out, bool *truncated, struct err *e);

/* Who made it, as this caller may see it, JSON; *out NULL: nobody was asked. */
MUST_USE bool change_maker(
    const struct acting *a, const struct change_row *c, const char **out, struct err *e);

/*
 * What tells one new value of a finding from another, in hex; NULL: memory.  It is of that finding and
 * config only (nil: of a comparison): who sets values elsewhere sees nothing there to hold against it.
 */
const char *change_value_hash(const struct acting *a, const struct uuid *config,
    const uint8_t fingerprint[static HASH_LEN], const uint8_t value[static HASH_LEN]);

/*
 * Changes that leave the house in other forms: told of in the trail.  A patch is made of both sides, and needs
 * read:snapshots; ERR_MISSING: a snapshot of the report is no longer stored.
 */
struct report_sides {
	const struct drift_spec *spec;
	struct side              from, to;
	bool                     first; /* there was nothing to compare with: no sides */
};
MUST_USE bool report_export_sides(const struct acting *a, const struct report *report,
    struct report_sides *out, struct err *e);
MUST_USE bool report_export_table(const struct acting *a, const struct uuid *report, struct err *e);

#endif
