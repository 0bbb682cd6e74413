#include "core/proof/entry.h"

#include "core/base/buf.h"

static void
put_number(struct buf *b, uint64_t v)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_putc(b, (char)(uint8_t)(v >> shift));
}

static void
put_bytes(struct buf *b, const void *p, size_t n)
{
	put_number(b, n);
	buf_add(b, p, n);
}

static void
put_u64(struct buf *b, uint64_t v)
{
	put_number(b, sizeof(v));
	put_number(b, v);
}

static void
put_texts(struct buf *b, const struct proof_entry *x, enum proof_text from, enum proof_text to)
{
	for (int i = (int)from; i <= (int)to; i++)
		put_bytes(b, x->texts[i].p, x->texts[i].n);
}

bool
proof_leaf(
    TALLOC_CTX *mem, const struct proof_entry *x, uint8_t out[static HASH_LEN], struct err *e)
{
	const struct str version = STR("blindspotx-audit-entry/1");
	struct buf       b;

	buf_make(&b, mem);
	buf_putc(&b, 0x00);
	put_bytes(&b, version.p, version.n);
	put_bytes(&b, x->salt, sizeof(x->salt));
	put_u64(&b, x->seq);
	put_bytes(&b, x->id.b, sizeof(x->id.b));
	put_u64(&b, (uint64_t)x->at_ms);
	put_texts(&b, x, PROOF_ACTION, PROOF_ACTOR_KIND);
	put_bytes(&b, x->actor_id.b, sizeof(x->actor_id.b));
	put_texts(&b, x, PROOF_ACTOR_NAME, PROOF_ACTOR_NAME);
	put_bytes(&b, x->acting_tenant.b, sizeof(x->acting_tenant.b));
	put_texts(&b, x, PROOF_TARGET_KIND, PROOF_DETAILS);
	put_bytes(&b, x->prev_mac, sizeof(x->prev_mac));
	put_bytes(&b, x->mac, sizeof(x->mac));
	if (!buf_ok(&b))
		return err_memory(e);
	hash_sha256(b.p, b.n, out);
	talloc_free(b.p);
	return true;
}
