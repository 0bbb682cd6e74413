/*
 * audit_show.h - an audit entry as it is given out, over HTTP and in exports.
 */
#ifndef BSX_AUTH_AUDIT_SHOW_H
#define BSX_AUTH_AUDIT_SHOW_H

#include "core/json/schema.h"
#include "core/store/identity/audit_rows.h"

struct audit_out {
	uint64_t        seq;
	struct uuid     id;
	instant         at;
	const char     *action, *outcome, *actor_kind, *actor_name;
	struct uuid     actor_id, acting_tenant;
	const char     *target_kind, *target_id, *address, *user_agent, *request_id;
	struct raw_json details;
	const char     *prev_mac, *mac, *salt;
};
extern const struct schema audit_out_schema;

/* Texts of `in` are not copied; what is made is a child of `mem`. */
MUST_USE bool audit_show(TALLOC_CTX *mem, const struct audit_row *in, struct audit_out *out, struct err *e);
/* A line of JSON for each: what an export is made of, and bsx-audit-verify reads. */
MUST_USE bool audit_show_lines(TALLOC_CTX *mem, const struct audit_row *rows, size_t n, struct buf *out, struct err *e);
/* In hex; a child of `mem`. */
MUST_USE bool audit_hex(TALLOC_CTX *mem, struct blob in, const char **out, struct err *e);

#endif
