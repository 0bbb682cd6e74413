#include "drift/deliver/digest.h"

static const struct field counts_fields[] = {
	FIELD(struct digest_counts, total),
	FIELD(struct digest_counts, info),
	FIELD(struct digest_counts, low),
	FIELD(struct digest_counts, medium),
	FIELD(struct digest_counts, high),
	FIELD(struct digest_counts, critical),
	FIELD_END,
};
static const struct schema counts_schema =
    SCHEMA("DigestCounts", struct digest_counts, counts_fields);
static const struct field resource_fields[] = {
	FIELD(struct digest_resource, config),
	FIELD(struct digest_resource, category),
	FIELD(struct digest_resource, key),
	FIELD(struct digest_resource, findings),
	FIELD_END,
};
static const struct schema resource_schema =
    SCHEMA("DigestResource", struct digest_resource, resource_fields);
static const struct field why_fields[] = {
	FIELD(struct digest_why, why),
	FIELD(struct digest_why, n),
	FIELD_END,
};
static const struct schema why_schema = SCHEMA("DigestWhy", struct digest_why, why_fields);
static const struct field  digest_fields[] = {
	 FIELD(struct digest, customer),
	 FIELD(struct digest, from),
	 FIELD(struct digest, until),
	 FIELD(struct digest, link),
	 FIELD(struct digest, at),
	 FIELD(struct digest, findings, .item = &counts_schema),
	 FIELD(struct digest, changes, .item = &counts_schema),
	 FIELD(struct digest, open, .item = &counts_schema),
	 FIELD(struct digest, under_1h),
	 FIELD(struct digest, under_1d),
	 FIELD(struct digest, under_7d),
	 FIELD(struct digest, under_30d),
	 FIELD(struct digest, older),
	 FIELD(struct digest, accepted),
	 FIELD(struct digest, expiring),
	 FIELD(struct digest, expired),
	 FIELD(struct digest, resources, .item = &resource_schema),
	 FIELD(struct digest, quiet, .item = &why_schema),
	 FIELD(struct digest, blind),
	 FIELD(struct digest, blind_total),
	 FIELD_END,
};
static const struct schema digest_schema = SCHEMA("Digest", struct digest, digest_fields);

bool
digest_post(
    struct tenant_db *t, TALLOC_CTX *mem, struct outbox *o, const struct digest *d, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	o->kind = DIGEST_KIND;
	o->event = EVENT_DIGEST;
	o->template = 1;
	o->state = "pending";
	return schema_encode(&b, &digest_schema, d, e) &&
	       tenant_seal(t, mem, OUTBOX_BODY_PLACE(&o->id), buf_str(&b), &o->body, e) &&
	       outbox_add(t->db, o, e);
}

bool
digest_open(
    struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *o, struct digest *out, struct err *e)
{
	const struct json *tree;
	struct str         text;

	if (!tenant_open(t, mem, OUTBOX_BODY_PLACE(&o->id), o->body, &text, e))
		return false;
	tree = json_parse(mem, text, e);
	return tree != NULL && schema_decode(mem, &digest_schema, tree, out, e);
}

bool
digest_is_empty(const struct digest *d)
{
	return d->findings->total == 0 && d->open->total == 0 && d->expiring == 0 &&
	       d->expired == 0 && d->blind_total == 0;
}
