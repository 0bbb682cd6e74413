/* audit_priv.h - what holds the entries of a trail together. */
#include "core/auth/audit_priv.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"

struct mac {
	struct hash_hmac_ctx *h;
};

/* Length-prefixed, so that no two rows have the same bytes. */
static void
mac_bytes(struct mac *m, const void *p, size_t n)
{
	uint8_t length[8];

	for (int i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	hash_hmac_add(m->h, length, sizeof(length));
	hash_hmac_add(m->h, p, n);
}

static void
mac_text(struct mac *m, const char *z)
{
	mac_bytes(m, z, strlen(z));
}

static void
mac_number(struct mac *m, uint64_t v)
{
	uint8_t b[8];

	for (int i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	mac_bytes(m, b, sizeof(b));
}

static void
mac_row(struct mac *m, const struct audit_row *r)
{
	mac_bytes(m, r->prev_mac.p, r->prev_mac.n);
	mac_number(m, r->seq);
	mac_bytes(m, r->id.b, sizeof(r->id.b));
	mac_number(m, (uint64_t)r->at.ms);
	mac_text(m, r->action);
	mac_text(m, r->outcome);
	mac_text(m, r->actor_kind);
	mac_bytes(m, r->actor_id.b, sizeof(r->actor_id.b));
	mac_text(m, r->actor_name);
	mac_bytes(m, r->acting_tenant.b, sizeof(r->acting_tenant.b));
	mac_text(m, r->target_kind);
	mac_text(m, r->target_id);
	mac_text(m, r->address);
	mac_text(m, r->user_agent);
	mac_text(m, r->request_id);
	mac_text(m, r->details);
}

bool
audit_mac(TALLOC_CTX *mem, const struct audit_key *k, const struct audit_row *r,
    uint8_t out[static AUDIT_MAC_LEN], struct err *e)
{
	struct str bound = { (const char *)k->tenant.b, sizeof(k->tenant.b) };
	uint8_t    key[KEY_LEN];
	struct mac m;

	if (!keyring_subkey(k->keyring, k->version, KEY_AUDIT, bound, key, e))
		return false;
	m.h = hash_hmac_make(mem, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	if (m.h == NULL)
		return err_memory(e);
	mac_row(&m, r);
	hash_hmac_end(m.h, out);
	return true;
}

bool
audit_row_fits(const struct deed_by *by, TALLOC_CTX *mem, const struct audit_row *r)
{
	const struct keyring *k = by->auth->env->keyring;
	uint8_t               mac[AUDIT_MAC_LEN];

	if (r->mac.n != AUDIT_MAC_LEN)
		return false;
	do {
		for (uint32_t v = keyring_below(k, 0); v > 0; v = keyring_below(k, v)) {
			const struct audit_key of = audit_key_of(by, v);
			struct err             why = { 0 };

			if (audit_mac(mem, &of, r, mac, &why) &&
			    secret_eq(mac, r->mac.p, AUDIT_MAC_LEN))
				return true;
		}
	} while (keyring_has_more(k));
	return false;
}
