#include "drift/engine/compare.h"

#include <stdio.h>
#include <string.h>

#include "core/base/secret.h"
#include "core/json/schema.h"
#include "drift/engine/compare_priv.h"
#include "drift/engine/compiler.h"
#include "drift/engine/rule_pack.h"

/* ---- the `compare` object ---- */

#define X(id, wire) wire,
static const char *const modes[] = { COMPARE_MODES(X) NULL };
static const char *const normalisers[] = { NORMALISERS(X) NULL };
#undef X

/* One struct for the rows of both lists. */
struct entry_in {
	struct raw_json category, names, except;
	const char     *path, *mode, *how, *separator;
	int64_t         digits, seconds;
	int64_t         edition; /* 0: any */
	struct strings  keys;
	bool            casefold, scalars;
};
#define EDITION_FIELD                                                                              \
	FIELD(struct entry_in, edition, .min = COMPARE_EDITION_1, .max = COMPARE_EDITION,          \
	    .doc = "In packs: left out where a config compares under an earlier edition.")
static const struct field array_fields[] = {
	FIELD(struct entry_in, category,
	    .doc = "Glob or list of globs on the category; default any."),
	FIELD(struct entry_in, path, .max = PATTERN_TEXT_MAX,
	    .doc = "Path pattern: a JSON Pointer; * is one step, ** any number, {a,b} one of "
		   "several."),
	FIELD(struct entry_in, names,
	    .doc = "Instead of a path: globs on the name of the member, at any depth."),
	FIELD(struct entry_in, except, .doc = "Globs on names that are meant by `names` no more."),
	FIELD(struct entry_in, mode, .flags = FIELD_REQUIRED, .choices = modes,
	    .doc = "How the array's elements are compared."),
	FIELD(struct entry_in, keys, .max = COMPARE_KEYS_MAX,
	    .doc =
		"What identifies an element: members, or JSON Pointers into it (keyed, ordered)."),
	EDITION_FIELD,
	FIELD_END,
};
static const struct field normalise_fields[] = {
	FIELD(struct entry_in, category,
	    .doc = "Glob or list of globs on the category; default any."),
	FIELD(struct entry_in, path, .max = PATTERN_TEXT_MAX,
	    .doc = "Path pattern: a JSON Pointer; * is one step, ** any number, {a,b} one of "
		   "several."),
	FIELD(struct entry_in, names,
	    .doc = "Instead of a path: globs on the member's name, at any depth."),
	FIELD(struct entry_in, except, .doc = "Globs on names that are meant by `names` no more."),
	FIELD(struct entry_in, casefold, .doc = "Names match in upper and lower case."),
	FIELD(struct entry_in, scalars,
	    .doc = "ignore: only what is no object and no array is left out (a config of the first "
		   "edition leaves out both)."),
	FIELD(struct entry_in, separator, .min = 1, .max = 16,
	    .doc = "split: what stands between the parts; default a space."),
	FIELD(struct entry_in, digits, .min = 0, .max = 30,
	    .doc = "round: digits kept behind the point of a number; default 0."),
	FIELD(struct entry_in, seconds, .min = 1, .max = 86400,
	    .doc = "round: instead of numbers, RFC 3339 times are cut to a multiple of this."),
	FIELD(struct entry_in, how, .flags = FIELD_REQUIRED, .choices = normalisers,
	    .doc =
		"What is done to the value. as_array: what is no array is a list of one; cidr: "
		"10.1.2.3/8 is 10.0.0.0/8, 10.0.0.1 is 10.0.0.1/32; quantity: 1000m is 1, 1Gi is "
		"1024Mi; duration: PT60M, 60m and 01:00:00 are PT1H; eol: CR LF is LF; "
		"url_decoded: %41 is A; boolean_text: true, yes, on and false, no, off are "
		"booleans. A value that does not fit stays as it is."),
	EDITION_FIELD,
	FIELD_END,
};
static const struct schema array_schema = SCHEMA("CompareArray", struct entry_in, array_fields);
static const struct schema normalise_schema =
    SCHEMA("CompareNormaliser", struct entry_in, normalise_fields);

struct compare_in {
	struct items arrays, normalise;
	bool         instants;
	uint64_t     given;
};
static const struct field compare_fields[] = {
	FIELD(struct compare_in, arrays, .max = COMPARE_ENTRIES_MAX, .item = &array_schema,
	    .doc = "How arrays are compared, by place; the first that matches decides."),
	FIELD(struct compare_in, normalise, .max = COMPARE_ENTRIES_MAX, .item = &normalise_schema,
	    .doc = "What is done to values before they are hashed and compared."),
	FIELD(struct compare_in, instants,
	    .doc = "RFC 3339 texts are equal where the instant is; true when absent, but for "
		   "configs of the first edition."),
	FIELD_END,
};
static const struct schema compare_schema =
    SCHEMA_GIVEN("Compare", struct compare_in, compare_fields, given);

/* ---- compiling ---- */

static bool
compile_place(struct compiler *c, const struct entry_in *in, struct compare_entry *out)
{
	if ((in->path != NULL) == (in->names.tree != NULL))
		return compiler_fault(c, "", "needs either path or names");
	if (!compiler_globs(c, "/category", in->category.tree, true, &out->category) ||
	    !compiler_globs(c, "/names", in->names.tree, in->casefold, &out->names) ||
	    !compiler_globs(c, "/except", in->except.tree, in->casefold, &out->except))
		return false;
	out->by_path = in->path != NULL;
	if (!out->by_path)
		return true;
	if (in->except.tree != NULL)
		return compiler_fault(c, "/except", "goes with names only");
	return compiler_path(c, in->path, &out->path);
}

/* One that begins with a slash is a pointer. */
static bool
compile_keys(struct compiler *c, const struct entry_in *in)
{
	char member[32];

	for (size_t i = 0; i < in->keys.n; i++) {
		const char *key = in->keys.items[i], *at = key[0] == '/' ? key : "";

		while ((at = strchr(at, '~')) != NULL && (at[1] == '0' || at[1] == '1'))
			at++;
		snprintf(member, sizeof member, "/keys/%zu", i);
		if (at != NULL)
			return compiler_fault(c, member, "has a pointer with a bad escape");
	}
	return true;
}

static bool
compile_array(struct compiler *c, const struct entry_in *in, struct compare_entry *out)
{
	out->mode = (enum compare_mode)compiler_choice(modes, in->mode);
	out->keys = in->keys;
	if (out->mode == COMPARE_KEYED && in->keys.n == 0)
		return compiler_fault(c, "/keys", "goes with the mode keyed");
	if (out->mode != COMPARE_KEYED && out->mode != COMPARE_ORDERED && in->keys.n > 0)
		return compiler_fault(c, "/keys", "goes with the modes keyed and ordered only");
	return compile_keys(c, in) && compile_place(c, in, out);
}

static bool
compile_normaliser(struct compiler *c, const struct entry_in *in, struct compare_entry *out)
{
	out->how = (enum normaliser)compiler_choice(normalisers, in->how);
	out->scalars = in->scalars && c->edition >= COMPARE_EDITION_2;
	out->separator = in->separator != NULL ? str_of(in->separator) : STR(" ");
	out->digits = in->digits;
	out->seconds = in->seconds;
	if (out->how == NORMALISE_UNMASK && c->pack.n > 0)
		return compiler_fault(c, "/how", "unmask goes with a config only");
	if (in->scalars && out->how != NORMALISE_IGNORE)
		return compiler_fault(c, "/scalars", "goes with ignore only");
	if (in->separator != NULL && out->how != NORMALISE_SPLIT)
		return compiler_fault(c, "/separator", "goes with split only");
	if (in->digits + in->seconds > 0 && out->how != NORMALISE_ROUND)
		return compiler_fault(c, "", "digits and seconds go with round only");
	if (in->digits > 0 && in->seconds > 0)
		return compiler_fault(c, "/digits", "goes with numbers, seconds with times");
	return compile_place(c, in, out);
}

static bool
is_of_masks(const struct entry_in *in)
{
	return in->how != NULL && (strcmp(in->how, "mask") == 0 || strcmp(in->how, "unmask") == 0);
}

typedef bool compile_fn(struct compiler *c, const struct entry_in *in, struct compare_entry *out);

/* Appends the compiled rows of one list. */
static bool
compile_list(struct compiler *c, const char *root, const char *list, const struct items *rows,
    const struct json *texts, compile_fn *compile, struct compare_entries *out)
{
	const struct entry_in *in = rows->p;
	struct compare_entry  *more, *at;

	if (rows->n == 0)
		return true;
	if (rows->n > COMPARE_ENTRIES_MAX - out->n)
		return err_fault(
		    c->e, c->mem, root, "more than %d entries in all", COMPARE_ENTRIES_MAX);
	more = talloc_realloc(c->mem, out->items, struct compare_entry, out->n + (unsigned)rows->n);
	if (more == NULL)
		return err_memory(c->e);
	out->items = more;
	for (size_t i = 0; i < rows->n; i++) {
		snprintf(c->at, sizeof c->at, "%s/%s/%zu", root, list, i);
		at = &out->items[out->n];
		*at =
		    (struct compare_entry) { .origin = { c->pack, (uint32_t)i, &texts->items[i] } };
		if (in[i].edition > 0 && c->pack.n == 0)
			return compiler_fault(c, "/edition", "goes with rule packs only");
		if (!compile(c, &in[i], at))
			return false;
		out->n += in[i].edition <= c->edition && (!c->masks_only || is_of_masks(&in[i]));
	}
	return true;
}

static bool
compile_object(
    struct compiler *c, const char *root, const struct json *v, struct compare_spec *spec)
{
	struct compare_in in;

	if (v == NULL)
		return true;
	if (!schema_decode_at(c->mem, &compare_schema, v, root, &in, c->e))
		return false;
	if ((in.given & schema_bit(&compare_schema, "instants")) != 0) {
		if (c->pack.n > 0)
			return err_fault(c->e, c->mem, root, "instants goes with configs only");
		spec->instants = in.instants;
	}
	return compile_list(c, root, "arrays", &in.arrays, json_get(v, "arrays"), compile_array,
		   &spec->arrays) &&
	       compile_list(c, root, "normalise", &in.normalise, json_get(v, "normalise"),
		   compile_normaliser, &spec->normalise);
}

/* ---- what is always done, the last of the normalisers ---- */

/* Edition 1 masks these; what is always masked since is no entry (norm_place.c). */
static const char *const secrets[] = { "password", "secret", "secretText", "clientSecret",
	"client_secret", "privateKey", "private_key", "connectionString", "accessToken",
	"refreshToken" };
static const char *const opened[] = { "kubectl.kubernetes.io/last-applied-configuration" };

static bool
add_own(struct compiler *c, struct compare_spec *spec)
{
	struct compare_entries *list = &spec->normalise;
	bool                    first = spec->edition == COMPARE_EDITION_1;
	const char *const      *names = first ? secrets : opened;
	size_t n = first ? sizeof secrets / sizeof *secrets : sizeof opened / sizeof *opened;
	struct compare_entry *more, *own;

	more = talloc_realloc(c->mem, list->items, struct compare_entry, list->n + 1);
	if (more == NULL)
		return err_memory(c->e);
	list->items = more;
	own = &more[list->n++];
	*own = (struct compare_entry) { .how = first ? NORMALISE_MASK : NORMALISE_EMBEDDED_JSON };
	own->names.items = talloc_array(c->mem, struct glob, (unsigned)n);
	if (own->names.items == NULL)
		return err_memory(c->e);
	for (own->names.n = 0; own->names.n < n; own->names.n++)
		own->names.items[own->names.n] = glob_make(str_of(names[own->names.n]), first);
	return true;
}

static struct hash_key *
make_key(TALLOC_CTX *mem, const uint8_t key[static HASH_LEN], const char *purpose, struct err *e)
{
	uint8_t          own[HASH_LEN];
	struct hash_key *k;

	hash_hkdf(key, HASH_LEN, str_of(purpose), own, HASH_LEN);
	k = hash_key_make(mem, own, HASH_LEN);
	secret_wipe(own, HASH_LEN);
	if (k == NULL)
		(void)err_memory(e);
	return k;
}

static bool
make_keys(struct compare_spec *spec, const uint8_t key[static HASH_LEN], struct err *e)
{
	spec->mask_key = make_key(spec, key, "drift mask", e);
	spec->finger_key = make_key(spec, key, "drift fingerprint", e);
	spec->value_key = make_key(spec, key, "drift value", e);
	spec->label_key = make_key(spec, key, "drift label", e);
	if (spec->mask_key == NULL || spec->finger_key == NULL || spec->value_key == NULL ||
	    spec->label_key == NULL)
		return false;
	hash_key_hmac(spec->value_key, "gone", 4, spec->gone);
	return true;
}

static bool
compile(struct compiler *c, const struct compare_terms *terms, struct compare_spec *spec)
{
	char root[100];

	if (!compile_object(c, "/compare", terms->config, spec))
		return false;
	for (size_t i = 0; i < terms->packs_n; i++) {
		const struct rule_pack *pack = terms->packs[i];

		snprintf(
		    root, sizeof root, "/rule_packs/%.*s/compare", (int)pack->name.n, pack->name.p);
		c->pack = pack->name;
		if (!compile_object(c, root, pack->compare, spec))
			return false;
	}
	if (!add_own(c, spec))
		return false;
	spec->hits = talloc_zero_array(c->mem, uint32_t, spec->normalise.n);
	return spec->hits != NULL || err_memory(c->e);
}

struct compare_spec *
compare_compile_terms(
    TALLOC_CTX *mem, const struct compare_terms *terms, struct work *work, struct err *e)
{
	struct compare_spec *spec = talloc_zero(mem, struct compare_spec);
	struct compiler      c = {
		     .mem = spec,
		     .e = e,
		     .work = work,
		     .most = COMPARE_GLOBS_MAX,
		     .edition = terms->edition,
		     .masks_only = terms->masks_only,
	};

	if (spec == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	spec->edition = terms->edition;
	spec->instants = terms->instants;
	/* on failure the spec stays a child of `mem`: it owns the faults */
	return make_keys(spec, terms->key, e) && compile(&c, terms, spec) ? spec : NULL;
}

struct compare_spec *
compare_compile(TALLOC_CTX *mem, const struct json *config, const struct rule_pack *const *packs,
    size_t n, const uint8_t key[static HASH_LEN], struct work *work, struct err *e)
{
	const struct compare_terms terms = { config, packs, n, key, COMPARE_EDITION, false, false };

	return compare_compile_terms(mem, &terms, work, e);
}

void
compare_bind(struct compare_spec *spec, const uint8_t owner[static COMPARE_OWNER_LEN])
{
	memcpy(spec->owner, owner, COMPARE_OWNER_LEN);
}

/* ---- what was met ---- */

uint32_t
compare_count(const struct compare_spec *spec)
{
	return spec->normalise.n - 1; /* the last is what is always done */
}

const struct rule_origin *
compare_origin(const struct compare_spec *spec, uint32_t i)
{
	return &spec->normalise.items[i].origin;
}

uint32_t *
compare_hits_copy(TALLOC_CTX *mem, const struct compare_spec *spec, struct err *e)
{
	size_t    n = spec->normalise.n * sizeof *spec->hits;
	uint32_t *copy = talloc_memdup(mem, spec->hits, n);

	if (copy == NULL)
		(void)err_memory(e);
	return copy;
}

void
compare_hits_clear(const struct compare_spec *spec)
{
	memset(spec->hits, 0, spec->normalise.n * sizeof *spec->hits);
}

/* ---- picking ---- */

bool
compare_names(const struct compare_pick *pick, const struct compare_entry *x, struct str name)
{
	bool yes = false, no = false;

	if (pick->e->code != ERR_OK ||
	    !matcher_globs(pick->matcher, &x->names, name, &yes, pick->e))
		return false;
	if (yes && !matcher_globs(pick->matcher, &x->except, name, &no, pick->e))
		return false;
	return yes && !no;
}

bool
compare_pick(TALLOC_CTX *mem, const struct compare_entries *entries, enum work_kind kind,
    struct str category, struct compare_pick *out, struct work *work, struct err *e)
{
	const struct pattern **patterns;

	bool yes;

	*out = (struct compare_pick) { .e = e };
	if (entries->n == 0)
		return true;
	out->matcher = matcher_make(mem, work, kind, e);
	if (out->matcher == NULL || !work_spend(work, kind, 50 + entries->n, e))
		return false;
	out->paths = talloc_array(mem, const struct compare_entry *, entries->n);
	out->names = talloc_array(mem, const struct compare_entry *, entries->n);
	patterns = talloc_array(mem, const struct pattern *, entries->n);
	if (out->paths == NULL || out->names == NULL || patterns == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < entries->n; i++) {
		const struct compare_entry *x = &entries->items[i];

		yes = x->category.n == 0;
		if (!yes && !matcher_globs(out->matcher, &x->category, category, &yes, e))
			return false;
		if (!yes)
			continue;
		if (!x->by_path) {
			out->names[out->n_names++] = x;
			continue;
		}
		patterns[out->n_paths] = &x->path;
		out->paths[out->n_paths++] = x;
	}
	out->places = (struct places) {
		.patterns = patterns, .n = out->n_paths, .work = work, .kind = kind, .e = e
	};
	return places_make(mem, &out->places, &out->start);
}

/* Both lists are in the order of the entries, which stand in one array. */
const struct compare_entry *
compare_array(const struct compare_pick *pick, const struct row *here, struct str name)
{
	const struct compare_entry *first = NULL;
	uint32_t                    at = 0, path;

	if (places_next(&pick->places, here, &at, &path))
		first = pick->paths[path];
	for (uint32_t i = 0; i < pick->n_names && (first == NULL || pick->names[i] < first); i++)
		if (compare_names(pick, pick->names[i], name))
			return pick->names[i];
	return first;
}
