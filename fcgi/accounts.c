#include "fcgi/accounts.h"

#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"

#define TAG_BYTES 12

struct managing
managing_of(struct request *r)
{
	return (struct managing) { r->app->auth, r->mem, r->db, &r->caller, &r->origin };
}

/* ---- entity tags ---- */

static bool
tag_head(const struct buf *what, char out[static 2 * TAG_BYTES + 1], struct err *e)
{
	uint8_t hash[HASH_LEN];

	if (!buf_ok(what))
		return err_memory(e);
	hash_sha256(what->p, what->n, hash);
	hex_print(hash, TAG_BYTES, out);
	return true;
}

bool
tag_set(struct request *r, const struct buf *what, int64_t also, struct err *e)
{
	char head[2 * TAG_BYTES + 1];

	if (!tag_head(what, head, e))
		return false;
	r->etag = talloc_asprintf(r->mem, "\"%s-%llx\"", head, (unsigned long long)also);
	return r->etag != NULL || err_memory(e);
}

bool
tag_match(struct request *r, const struct buf *what, struct err *e)
{
	struct str want = str_trim(request_param(r, "HTTP_IF_MATCH"));
	char       head[2 * TAG_BYTES + 1], text[sizeof(head) + 2];
	int        n;

	if (!tag_head(what, head, e))
		return false;
	n = snprintf(text, sizeof(text), "\"%s-", head);
	if (want.n == 0 || str_eqz(want, "*") || memmem(want.p, want.n, text, (size_t)n) != NULL)
		return true;
	return err_set(e, ERR_PRECONDITION, 0, "It has changed in the meantime.",
	    "If-Match names another content");
}
