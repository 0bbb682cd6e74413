/* routes.h: what proves the audit trail to others: its checkpoints, and the keys that sign them. */
#include "core/auth/audit_tree.h"
#include "fcgi/routes.h"

/* ---- GET /api/audit/checkpoints ---- */

#define POINTS_MAX 100

struct points_query {
	uint64_t after;
};
static const struct field points_query_fields[] = {
	FIELD(struct points_query, after, .doc = "Only those of more entries than that."),
	FIELD_END,
};
static const struct schema points_query_schema =
    SCHEMA("AuditCheckpointsQuery", struct points_query, points_query_fields);

struct point_out {
	uint64_t    size;
	instant     at;
	const char *note;
};
static const struct field point_fields[] = {
	FIELD(struct point_out, size, .doc = "It covers the entries up to this one."),
	FIELD(struct point_out, at, .doc = "When it was signed."),
	FIELD(struct point_out, note,
	    .doc =
		"The checkpoint: a signed note (C2SP tlog-checkpoint), see bsx-audit-verify(1)."),
	FIELD_END,
};
static const struct schema point_schema = SCHEMA("AuditCheckpoint", struct point_out, point_fields);

struct points_out {
	uint64_t     chain;
	const char  *origin;
	struct items checkpoints;
	uint64_t     next_after;
};
static const struct field points_fields[] = {
	FIELD(struct points_out, chain,
	    .doc = "Which of the trail's chains; earlier ones are closed."),
	FIELD(struct points_out, origin, .doc = "What its checkpoints are signed as."),
	FIELD(struct points_out, checkpoints, .item = &point_schema, .doc = "The smallest first."),
	FIELD(struct points_out, next_after, .flags = FIELD_OMIT_ZERO,
	    .doc = "There may be more: `after` of the next part. Absent at the end."),
	FIELD_END,
};
static const struct schema points_schema =
    SCHEMA("AuditCheckpoints", struct points_out, points_fields);

static bool
list_points(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct points_query         *q = r->query;
	struct points_out                 *out = answer;
	struct page                        p = { .want = POINTS_MAX };
	const struct audit_checkpoint_row *rows;
	struct point_out                  *list;
	char *origin = talloc_zero_array(r->mem, char, NOTE_ORIGIN_MAX);

	(void)body;
	if (origin == NULL)
		return err_memory(e);
	if (!audit_points(r->db, r->mem, q->after, &out->chain, &p, e))
		return false;
	rows = p.rows;
	list = talloc_zero_array(r->mem, struct point_out, (unsigned)p.n + 1);
	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p.n; i++)
		list[i] = (struct point_out) { rows[i].size, rows[i].at, rows[i].note };
	note_origin(&r->db->tenant->id, out->chain, origin);
	out->origin = origin;
	out->checkpoints = (struct items) { list, p.n };
	out->next_after = p.n == POINTS_MAX ? list[p.n - 1].size : 0;
	return true;
}

/* ---- GET /.well-known/audit-keys.json ---- */

struct key_out {
	const char *alg, *key;
};
static const struct field key_fields[] = {
	FIELD(struct key_out, alg, .doc = "Ed25519."),
	FIELD(struct key_out, key, .doc = "The public key, base64."),
	FIELD_END,
};
static const struct schema key_schema = SCHEMA("AuditKey", struct key_out, key_fields);

struct keys_out {
	struct items keys;
};
static const struct field keys_fields[] = {
	FIELD(struct keys_out, keys, .item = &key_schema,
	    .doc = "The first signs; those behind it have signed earlier checkpoints."),
	FIELD_END,
};
static const struct schema keys_schema = SCHEMA("AuditKeys", struct keys_out, keys_fields);

static bool
list_keys(struct request *r, const void *body, void *answer, struct err *e)
{
	struct keys_out *out = answer;
	struct note_key *keys;
	struct key_out  *list;
	size_t           n;

	(void)body;
	if (!audit_public_keys(r->app->auth, r->mem, &keys, &n, e))
		return false;
	list = talloc_zero_array(r->mem, struct key_out, (unsigned)n + 1);
	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		list[i] = (struct key_out) { "Ed25519",
			base64_print(r->mem, keys[i].key, sizeof(keys[i].key)) };
		if (list[i].key == NULL)
			return err_memory(e);
	}
	out->keys = (struct items) { list, n };
	return true;
}

const struct route audit_proof_routes[] = {
	ROUTE_Q(GET, "/api/audit/checkpoints", points_query, ALLOW(READ, AUDIT), RATE_READ, 200,
	    list_points, IN_NONE, OUT(points),
	    "Lists the signed checkpoints of the audit trail: kept elsewhere, each shows that "
	    "nothing up to "
	    "it was changed or cut off since."),
	ROUTE(GET, "/.well-known/audit-keys.json", ANYONE, RATE_OPEN, 200, list_keys, IN_NONE,
	    OUT(keys), "The public keys that sign checkpoints of audit trails."),
	ROUTE_END,
};
