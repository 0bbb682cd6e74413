#include "core/auth/once.h"

#include "core/base/secret.h"

void
once_begin(struct once *o, const struct deed_by *by, const struct uuid *made, instant now)
{
	if (o->key == NULL)
		return;
	hash_hmac(by->t->address_key, sizeof(by->t->address_key), o->body.p, o->body.n, o->mac);
	o->mark = (struct idempotency) { .actor_id = by->caller->user,
		.kind = o->kind,
		.key = o->key,
		.body_mac = { o->mac, sizeof(o->mac) },
		.made_id = *made,
		.created_at = now };
}

bool
once_find(
    const struct once *o, const struct deed_by *by, bool *found, struct uuid *made, struct err *e)
{
	struct idempotency have;

	*found = false;
	if (o->key == NULL)
		return true;
	if (!idempotency_find(by->t, by->mem, &by->caller->user, o->kind, o->key, &have, e))
		return err_take(e, ERR_MISSING);
	if (have.body_mac.n != HASH_LEN || !secret_eq(have.body_mac.p, o->mac, HASH_LEN))
		return err_set(e, ERR_CONFLICT, 0,
		    "This Idempotency-Key was used with another body.",
		    "idempotency key with another body");
	*made = have.made_id;
	*found = true;
	return true;
}

bool
once_mark(const struct once *o, const struct deed_by *by, struct err *e)
{
	return o->key == NULL || idempotency_add(by->t, &o->mark, e);
}
