#include "drift/self/canary.h"

#include "core/json/json.h"
#include "core/store/drift/config.h"

#define CANARY "canary"

/* By the number that its snapshot will have: one that was not stored is read again as it was. */
bool
canary_read(void *arg, TALLOC_CTX *mem, struct collected *out, struct err *e)
{
	const struct canary *c = arg;
	struct config_state  s;
	struct resource     *r;

	if (!config_state_by_id(c->t->db, mem, c->config, &s, e))
		return false;
	r = talloc_zero(mem, struct resource);
	*out = (struct collected) {
		.resources = r,
		.n = 1,
		.collections = talloc_zero(mem, struct collection),
		.collections_n = 1,
	};
	if (r == NULL || out->collections == NULL)
		return err_memory(e);
	*out->collections = (struct collection) { STR(CANARY), COLLECTION_COMPLETE, true, false };
	r->category = STR(CANARY);
	r->key = STR(CANARY);
	r->value = json_parse(
	    mem, s.seq % 2 == 0 ? STR("{\"state\":\"calm\"}") : STR("{\"state\":\"changed\"}"), e);
	return r->value != NULL;
}
