#include "core/proof/line.h"

#include <string.h>

#include "core/proof/check.h"

static const char *const text_names[PROOF_TEXTS] = {
	[PROOF_ACTION] = "action",
	[PROOF_OUTCOME] = "outcome",
	[PROOF_ACTOR_KIND] = "actor_kind",
	[PROOF_ACTOR_NAME] = "actor_name",
	[PROOF_TARGET_KIND] = "target_kind",
	[PROOF_TARGET_ID] = "target_id",
	[PROOF_ADDRESS] = "address",
	[PROOF_USER_AGENT] = "user_agent",
	[PROOF_REQUEST_ID] = "request_id",
	[PROOF_DETAILS] = "details",
};

/* ---- members ---- */

static bool
text_of(const struct json *v, const char *name, struct str *out)
{
	const struct json *m = json_get(v, name);

	if (m == NULL || m->type != JSON_STRING)
		return false;
	*out = m->text;
	return true;
}

static bool
number_of(const struct json *v, const char *name, uint64_t *out)
{
	const struct json *m = json_get(v, name);

	return m != NULL && m->type == JSON_NUMBER && str_to_u64(m->text, out);
}

static bool
hex_of(const struct json *v, const char *name, uint8_t *out, size_t n)
{
	struct str text;

	return text_of(v, name, &text) && hex_parse(text, out, n);
}

static bool
id_of(const struct json *v, const char *name, bool may_be_none, struct uuid *out)
{
	const struct json *m = json_get(v, name);

	if (m != NULL && m->type == JSON_NULL && may_be_none)
		return true;
	return m != NULL && m->type == JSON_STRING && uuid_parse(m->text, out);
}

/*
 * Details as they stand in the line, which is JSON: behind the name in the outermost object, up to
 * where the value ends.
 */
static struct str
raw_details(struct str line)
{
	static const char name[] = "\"details\"";
	const size_t      n = sizeof(name) - 1;
	size_t            depth = 0, from = 0;
	bool              text = false;

	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (text) {
			i += c == '\\';
			text = c != '"';
		} else if (c == '"') {
			if (depth == 1 && from == 0 && line.n - i > n &&
			    memcmp(line.p + i, name, n) == 0 && line.p[i + n] == ':')
				from = i + n + 1;
			text = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 1 && from != 0) {
			return (struct str) { line.p + from, i + 1 - from };
		}
	}
	return (struct str) { NULL, 0 };
}

/* ---- kinds ---- */

static bool
read_entry(struct str line, const struct json *v, struct proof_line *out)
{
	struct proof_entry *x = &out->entry;
	const struct json  *details = json_get(v, text_names[PROOF_DETAILS]);
	struct str          at;

	for (size_t i = 0; i < PROOF_DETAILS; i++)
		if (!text_of(v, text_names[i], &x->texts[i]))
			return false;
	if (details == NULL || details->type != JSON_OBJECT)
		return false;
	x->texts[PROOF_DETAILS] = raw_details(line);
	return x->texts[PROOF_DETAILS].n >= 2 && x->texts[PROOF_DETAILS].p[0] == '{' &&
	       text_of(v, "at", &at) && time_parse(at, &x->at_ms) &&
	       id_of(v, "id", false, &x->id) && id_of(v, "actor_id", true, &x->actor_id) &&
	       id_of(v, "acting_tenant", true, &x->acting_tenant) &&
	       hex_of(v, "salt", x->salt, sizeof(x->salt)) &&
	       hex_of(v, "prev_mac", x->prev_mac, sizeof(x->prev_mac)) &&
	       hex_of(v, "mac", x->mac, sizeof(x->mac));
}

/* One for each bit of the size, the smallest first. */
static bool
read_peaks(const struct json *peaks, struct tree *t)
{
	uint32_t next = 0;

	if (peaks == NULL || peaks->type != JSON_ARRAY)
		return t->size == 0;
	for (size_t level = 0; level < TREE_LEVELS; level++) {
		if ((t->size >> level & 1) == 0)
			continue;
		if (next == peaks->n || peaks->items[next].type != JSON_STRING ||
		    !hex_parse(peaks->items[next].text, t->peaks[level], HASH_LEN))
			return false;
		next++;
	}
	return next == peaks->n;
}

static bool
read_path(const struct json *path, struct tree_path *out)
{
	if (path->type != JSON_ARRAY || path->n > TREE_LEVELS)
		return false;
	for (; out->n < path->n; out->n++)
		if (path->items[out->n].type != JSON_STRING ||
		    !hex_parse(path->items[out->n].text, out->hash[out->n], HASH_LEN))
			return false;
	return true;
}

static bool
read_begin(const struct json *v, struct proof_line *out)
{
	struct str format;

	return text_of(v, "format", &format) && str_eqz(format, PROOF_FORMAT) &&
	       text_of(v, "origin", &out->text) && number_of(v, "after", &out->tree.size) &&
	       read_peaks(json_get(v, "peaks"), &out->tree);
}

static enum proof_kind
kind_of(struct str line, const struct json *v, struct proof_line *out)
{
	const struct json *leaf = json_get(v, "leaf"), *path = json_get(v, "path");

	if (json_get(v, "format") != NULL)
		return read_begin(v, out) ? PROOF_BEGIN : PROOF_NOTHING;
	if (json_get(v, "checkpoint") != NULL)
		return text_of(v, "checkpoint", &out->text) ? PROOF_CHECKPOINT : PROOF_NOTHING;
	if (json_get(v, "end") != NULL)
		return number_of(v, "end", &out->number) ? PROOF_END : PROOF_NOTHING;
	if (path != NULL)
		return read_path(path, &out->path) ? PROOF_PATH : PROOF_NOTHING;
	if (!number_of(v, "seq", &out->entry.seq) || out->entry.seq == 0)
		return PROOF_NOTHING;
	out->has_leaf = leaf != NULL;
	if (leaf != NULL && !hex_of(v, "leaf", out->leaf, sizeof(out->leaf)))
		return PROOF_NOTHING;
	if (json_get(v, "id") == NULL && leaf != NULL)
		return PROOF_GONE;
	return read_entry(line, v, out) ? PROOF_ENTRY : PROOF_NOTHING;
}

void
proof_line_read(TALLOC_CTX *mem, struct str line, struct proof_line *out)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, line, &e);

	*out = (struct proof_line) { 0 };
	if (v != NULL && v->type == JSON_OBJECT)
		out->kind = kind_of(line, v, out);
}
