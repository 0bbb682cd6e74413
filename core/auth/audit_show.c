#include "core/auth/audit_show.h"

static const struct field audit_out_fields[] = {
	FIELD(struct audit_out, seq, .doc = "Number in the chain, from 1."),
	FIELD(struct audit_out, id, .doc = "Number of the entry."),
	FIELD(struct audit_out, at, .doc = "When."),
	FIELD(struct audit_out, action, .doc = "What was done, e.g. session.start."),
	FIELD(struct audit_out, outcome, .doc = "success or failure."),
	FIELD(struct audit_out, actor_kind, .doc = "user, api_key, system or anonymous."),
	FIELD(struct audit_out, actor_id, .flags = FIELD_NULLABLE, .doc = "User or API key."),
	FIELD(struct audit_out, actor_name, .doc = "Its name then; what was typed, if anonymous."),
	FIELD(struct audit_out, acting_tenant, .flags = FIELD_NULLABLE,
	    .doc = "The actor's tenant, when it is another one."),
	FIELD(struct audit_out, target_kind, .doc = "To what kind of thing, e.g. user."),
	FIELD(struct audit_out, target_id, .doc = "To which one."),
	FIELD(struct audit_out, address, .doc = "Client address."),
	FIELD(struct audit_out, user_agent, .doc = "Client program."),
	FIELD(struct audit_out, request_id, .doc = "X-Request-Id of the request."),
	FIELD(struct audit_out, details, .doc = "What belongs to this action."),
	FIELD(struct audit_out, prev_mac, .doc = "MAC of the entry before, hex."),
	FIELD(struct audit_out, mac, .doc = "MAC of this entry, hex."),
	FIELD(struct audit_out, salt, .doc = "What its leaf of the tree is made with, hex."),
	FIELD_END,
};
const struct schema audit_out_schema = SCHEMA("AuditEntry", struct audit_out, audit_out_fields);

bool
audit_hex(TALLOC_CTX *mem, struct blob in, const char **out, struct err *e)
{
	char *text = talloc_zero_array(mem, char, (unsigned)(2 * in.n + 1));

	if (text == NULL)
		return err_memory(e);
	hex_print(in.p, in.n, text);
	*out = text;
	return true;
}

bool
audit_show(TALLOC_CTX *mem, const struct audit_row *in, struct audit_out *out, struct err *e)
{
	*out = (struct audit_out) {
		.seq = in->seq,
		.id = in->id,
		.at = in->at,
		.action = in->action,
		.outcome = in->outcome,
		.actor_kind = in->actor_kind,
		.actor_name = in->actor_name,
		.actor_id = in->actor_id,
		.acting_tenant = in->acting_tenant,
		.target_kind = in->target_kind,
		.target_id = in->target_id,
		.address = in->address,
		.user_agent = in->user_agent,
		.request_id = in->request_id,
		.details = { .text = in->details },
	};
	return audit_hex(mem, in->prev_mac, &out->prev_mac, e) &&
	       audit_hex(mem, in->mac, &out->mac, e) && audit_hex(mem, in->salt, &out->salt, e);
}

bool
audit_show_lines(
    TALLOC_CTX *mem, const struct audit_row *rows, size_t n, struct buf *out, struct err *e)
{
	struct audit_out one;
	bool             ok = true;

	for (size_t i = 0; i < n && ok; i++) {
		ok = audit_show(mem, &rows[i], &one, e) &&
		     schema_encode(out, &audit_out_schema, &one, e);
		buf_putc(out, '\n');
	}
	return ok && (buf_ok(out) || err_memory(e));
}
