#include "core/base/buf.h"
#include "drift/source/rest.h"
#include "drift/source/url.h"

static const struct pack_collection *
collection_of(const struct source_pack *pack, struct str category)
{
	for (uint32_t i = 0; i < pack->collections_n; i++)
		if (str_eq(pack->collections[i].category, category))
			return &pack->collections[i];
	return NULL;
}

bool
rest_write(TALLOC_CTX *mem, const struct source *s, struct str category,
    const struct json *resource, const char **method, const char **url, struct err *e)
{
	const struct pack_collection *c =
	    s->rest != NULL ? collection_of(s->rest->pack, category) : NULL;
	const struct form_item   item = { resource, NULL };
	const struct form_values v = { s->rest != NULL ? s->rest->values : NULL,
		s->rest != NULL ? s->rest->hosts : NULL, &item };
	struct str base;
	struct buf b;

	*method = NULL;
	if (c == NULL || c->write_method == NULL)
		return true;
	base = s->rest->hosts[c->host];
	buf_make(&b, mem);
	buf_add(&b, base.p, base.n);
	if (!form_fill(&b, &c->write_path, &v, FORM_IN_PATH, e))
		return false;
	if (url_climbs((struct str) { b.p + base.n, b.n - base.n }))
		return err_set(e, ERR_INVALID, 0, "The path leads out of the base URL.",
		    "a path with steps of dots");
	*method = c->write_method;
	*url = buf_text(&b, e);
	return *url != NULL;
}
