#include "core/auth/audit_tree.h"

#include <string.h>

#include "core/auth/audit_priv.h"
#include "core/base/secret.h"

/* ---- leaves ---- */

static void
copy_blob(uint8_t *out, size_t n, struct blob in)
{
	memcpy(out, in.p, in.n < n ? in.n : n);
}

bool
audit_leaf(TALLOC_CTX *mem, const struct audit_row *r, uint8_t out[static HASH_LEN], struct err *e)
{
	struct proof_entry x = {
		.seq = r->seq,
		.at_ms = r->at.ms,
		.id = r->id,
		.actor_id = r->actor_id,
		.acting_tenant = r->acting_tenant,
		.texts = {
			[PROOF_ACTION] = str_of(r->action),
			[PROOF_OUTCOME] = str_of(r->outcome),
			[PROOF_ACTOR_KIND] = str_of(r->actor_kind),
			[PROOF_ACTOR_NAME] = str_of(r->actor_name),
			[PROOF_TARGET_KIND] = str_of(r->target_kind),
			[PROOF_TARGET_ID] = str_of(r->target_id),
			[PROOF_ADDRESS] = str_of(r->address),
			[PROOF_USER_AGENT] = str_of(r->user_agent),
			[PROOF_REQUEST_ID] = str_of(r->request_id),
			[PROOF_DETAILS] = str_of(r->details),
		},
	};

	copy_blob(x.salt, sizeof(x.salt), r->salt);
	copy_blob(x.prev_mac, sizeof(x.prev_mac), r->prev_mac);
	copy_blob(x.mac, sizeof(x.mac), r->mac);
	return proof_leaf(mem, &x, out, e);
}

bool
audit_leaf_same(const struct audit_leaf_row *row, const struct tree_nodes *nodes)
{
	return row->hashes.n == nodes->n * HASH_LEN &&
	       memcmp(row->hashes.p, nodes->hash, row->hashes.n) == 0;
}

/* The full subtree of each bit of the size ends with a leaf that completed it. */
bool
audit_tree_at(struct tenant_db *t, uint64_t chain, uint64_t size, struct tree *out, struct err *e)
{
	struct audit_leaf_row row;
	uint64_t              end = 0;

	*out = (struct tree) { .size = size };
	for (size_t level = TREE_LEVELS; level-- > 0;) {
		TALLOC_CTX *tmp;
		bool        ok;

		if ((size >> level & 1) == 0)
			continue;
		end += UINT64_C(1) << level;
		tmp = talloc_new(NULL);
		ok = tmp != NULL ? audit_leaf_read(t, tmp, chain, end, &row, e) : err_memory(e);
		if (ok && row.hashes.n < (level + 1) * HASH_LEN)
			ok = err_set(e, ERR_MISSING, 0, "not found", "leaf %llu is cut",
			    (unsigned long long)end);
		if (ok)
			memcpy(out->peaks[level], row.hashes.p + level * HASH_LEN, HASH_LEN);
		talloc_free(tmp);
		if (!ok)
			return false;
	}
	return true;
}

/* ---- keys and checkpoints ---- */

static bool
public_key(const struct keyring *k, uint32_t version, struct note_key *out, struct err *e)
{
	uint8_t seed[KEY_LEN];
	bool    ok = keyring_subkey(k, version, KEY_AUDIT_SIGN, STR(""), seed, e) &&
		  ed25519_public(seed, out->key, e);

	secret_wipe(seed, sizeof(seed));
	return ok;
}

bool
audit_public_keys(
    const struct auth *a, TALLOC_CTX *mem, struct note_key **keys, size_t *n, struct err *e)
{
	const struct keyring *k = a->env->keyring;
	uint32_t              newest = keyring_newest(k);
	unsigned              all = 0;

	for (uint32_t v = keyring_below(k, 0); v > 0; v = keyring_below(k, v))
		all++;
	*keys = talloc_zero_array(mem, struct note_key, all);
	*n = 1;
	if (*keys == NULL)
		return err_memory(e);
	if (!public_key(k, newest, &(*keys)[0], e))
		return false;
	for (uint32_t v = keyring_below(k, 0); v > 0; v = keyring_below(k, v))
		if (v != newest && !public_key(k, v, &(*keys)[(*n)++], e))
			return false;
	return true;
}

char *
audit_sign_text(const struct auth *a, TALLOC_CTX *mem, struct str text, struct err *e)
{
	const struct keyring *k = a->env->keyring;
	uint8_t               seed[KEY_LEN];
	char                 *note;

	if (!keyring_subkey(k, keyring_newest(k), KEY_AUDIT_SIGN, STR(""), seed, e))
		return NULL;
	note = note_sign_text(mem, text, seed, e);
	secret_wipe(seed, sizeof(seed));
	return note;
}

bool
audit_keys(
    const struct deed_by *by, uint64_t chain, struct note_key **keys, size_t *n, struct err *e)
{
	if (!audit_public_keys(by->auth, by->mem, keys, n, e))
		return false;
	for (size_t i = 0; i < *n; i++)
		note_origin(&by->t->tenant->id, chain, (*keys)[i].name);
	return true;
}

bool
audit_points(struct tenant_db *t, TALLOC_CTX *mem, uint64_t after, uint64_t *chain, struct page *p,
    struct err *e)
{
	return audit_chain_number(t, chain, e) &&
	       audit_checkpoints_after(t, mem, *chain, after, p, e);
}

bool
audit_note_fits(const struct deed_by *by, const struct note_key *keys, size_t n,
    const struct audit_checkpoint_row *row, struct checkpoint *out)
{
	struct str note = str_of(row->note);
	struct err e = { 0 };

	if (n == 0 || !note_read(note, out, &e) || out->size != row->size ||
	    strcmp(out->origin, keys[0].name) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (note_check(by->mem, note, &keys[i]) == NOTE_SIGNED)
			return true;
	return false;
}
