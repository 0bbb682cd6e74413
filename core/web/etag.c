#include "core/web/etag.h"

#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"

/* ---- making ---- */

struct etag_state
etag_number(uint64_t revision)
{
	struct etag_state s;

	snprintf(s.text, sizeof(s.text), "%llu", (unsigned long long)revision);
	return s;
}

struct etag_state
etag_content(const struct buf *what)
{
	struct etag_state s = { "" };
	uint8_t           hash[HASH_LEN];

	if (!buf_ok(what))
		return s;
	hash_sha256(what->p, what->n, hash);
	hex_print(hash, ETAG_HASH_BYTES, s.text);
	return s;
}

bool
etag_set(struct request *r, struct etag_state state, struct err *e)
{
	r->state = state.text[0] == '\0' ? NULL : talloc_strdup(r->mem, state.text);
	return r->state != NULL || err_memory(e);
}

bool
etag_finish(struct request *r, struct err *e)
{
	struct etag_state shown;

	if (r->state == NULL)
		return true;
	shown = etag_content(&r->out);
	if (shown.text[0] == '\0')
		return err_memory(e);
	r->etag = talloc_asprintf(r->mem, "\"%s-%s\"", r->state, shown.text);
	return r->etag != NULL || err_memory(e);
}

/* ---- reading ---- */

/* What a condition says of one tag of ours. */
enum said {
	SAID_NOTHING, /* the field is not there */
	SAID_NAMED,
	SAID_OTHERS,
	SAID_GARBAGE,
};

/* Without blanks and empty elements (RFC 9110 section 5.6.1.2); false: that was the last. */
static bool
next_element(struct str *list)
{
	while (list->n > 0 && (list->p[0] == ',' || list->p[0] == ' ' || list->p[0] == '\t'))
		*list = (struct str) { list->p + 1, list->n - 1 };
	return list->n > 0;
}

/* etagc = %x21 / %x23-7E / obs-text: a comma too. */
static bool
is_etagc(char c)
{
	return (uint8_t)c >= 0x21 && c != '"' && c != 0x7F;
}

/* entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE at the list's beginning; *opaque is without the
 * quotes. */
static bool
take_tag(struct str *list, struct str *opaque)
{
	size_t begin = str_starts(*list, "W/") ? 2 : 0, n = begin + 1;

	if (begin == list->n || list->p[begin] != '"')
		return false;
	while (n < list->n && is_etagc(list->p[n]))
		n++;
	if (n == list->n || list->p[n] != '"')
		return false;
	*opaque = (struct str) { list->p + begin + 1, n - begin - 1 };
	*list = str_trim((struct str) { list->p + n + 1, list->n - n - 1 });
	return list->n == 0 || list->p[0] == ',';
}

/* The tag is ours, or ours with what follows a hyphen. */
static bool
names(struct str opaque, struct str ours)
{
	return opaque.n >= ours.n && memcmp(opaque.p, ours.p, ours.n) == 0 &&
	       (opaque.n == ours.n || opaque.p[ours.n] == '-');
}

/* A field with nothing in it names nothing, and is no list either. */
static enum said
said_of(const struct request *r, const char *field, struct str ours)
{
	struct str list = request_param(r, field), tag;
	enum said  said = SAID_OTHERS;
	bool       any = false;

	if (list.p == NULL)
		return SAID_NOTHING;
	if (str_eqz(str_trim(list), "*"))
		return SAID_NAMED;
	while (next_element(&list)) {
		if (!take_tag(&list, &tag))
			return SAID_GARBAGE;
		any = true;
		if (names(tag, ours))
			said = SAID_NAMED;
	}
	return any ? said : SAID_GARBAGE;
}

static bool
refuse_garbage(const char *field, struct err *e)
{
	char text[120];

	snprintf(text, sizeof(text),
	    "%s must be * or entity tags as ETag gave them, each in its quotes.", field);
	return err_set(e, ERR_BAD_REQUEST, 0, text, "%s is no list of entity tags", field);
}

bool
etag_may_change(const struct request *r, struct etag_state state, struct err *e)
{
	struct str ours = str_of(state.text);
	enum said  match, none;

	if (ours.n == 0)
		return err_memory(e);
	match = said_of(r, "HTTP_IF_MATCH", ours);
	none = said_of(r, "HTTP_IF_NONE_MATCH", ours);
	if (match == SAID_GARBAGE)
		return refuse_garbage("If-Match", e);
	if (none == SAID_GARBAGE)
		return refuse_garbage("If-None-Match", e);
	if (match == SAID_OTHERS)
		return err_set(e, ERR_PRECONDITION, 0, "The resource has changed in the meantime.",
		    "If-Match is not the present entity tag");
	return none != SAID_NAMED ||
	       err_set(e, ERR_PRECONDITION, 0,
		   "The resource is there, as If-None-Match says it must not be.",
		   "If-None-Match is the present entity tag");
}

bool
etag_is_named(const struct request *r)
{
	return request_param(r, "HTTP_IF_MATCH").n > 0 ||
	       request_param(r, "HTTP_IF_NONE_MATCH").n > 0;
}

bool
etag_none(const struct request *r, struct err *e)
{
	enum said match = said_of(r, "HTTP_IF_MATCH", STR("-"));

	if (match == SAID_NOTHING || str_eqz(str_trim(request_param(r, "HTTP_IF_MATCH")), "*"))
		return true;
	if (match == SAID_GARBAGE)
		return refuse_garbage("If-Match", e);
	return err_set(e, ERR_PRECONDITION, 0,
	    "This resource has no entity tag that could match: leave If-Match out.",
	    "If-Match where there is no entity tag");
}

bool
etag_is_known(const struct request *r)
{
	struct str ours = str_of(r->etag);

	if (ours.n < 2)
		return false;
	return said_of(r, "HTTP_IF_NONE_MATCH", (struct str) { ours.p + 1, ours.n - 2 }) ==
	       SAID_NAMED;
}
