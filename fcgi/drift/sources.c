/* routes.h: the source packs of the installation. */
#include "core/conf/conf.h"
#include "drift/source/source_pack.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

struct pack_brief {
	const char *name, *title, *broken;
};
#define BRIEF(T)                                                                                   \
	FIELD(T, name, .doc = "What source.kind of a config says."),                               \
	    FIELD(T, title, .doc = "What it reads, for people.")
static const struct field brief_fields[] = {
	BRIEF(struct pack_brief),
	FIELD(struct pack_brief, broken, .flags = FIELD_OMIT_ZERO,
	    .doc = "Its file cannot be used; `bsxctl source check` says why."),
	FIELD_END,
};
static const struct schema brief_schema =
    SCHEMA("DriftSourcePackBrief", struct pack_brief, brief_fields);

struct read_view {
	const char    *category, *over, *permission;
	struct strings made_of;
	bool           may_be_missing;
};
static const struct field read_fields[] = {
	FIELD(struct read_view, category, .doc = "Its category."),
	FIELD(struct read_view, over, .flags = FIELD_OMIT_ZERO,
	    .doc = "The collection for each of whose items it is read."),
	FIELD(struct read_view, made_of, .flags = FIELD_OMIT_ZERO,
	    .doc = "Nothing is asked for it: the collections that it is made of."),
	FIELD(struct read_view, permission, .flags = FIELD_OMIT_ZERO,
	    .doc = "What the credential needs to read it."),
	FIELD(struct read_view, may_be_missing, .flags = FIELD_OMIT_ZERO,
	    .doc = "Where it is not licensed or switched off it is empty."),
	FIELD_END,
};
static const struct schema read_schema =
    SCHEMA("DriftSourceCollection", struct read_view, read_fields);

struct log_view {
	const char *category, *permission;
	int64_t     window_s;
};
static const struct field log_fields[] = {
	FIELD(struct log_view, category, .doc = "What the log is called."),
	FIELD(struct log_view, permission, .flags = FIELD_OMIT_ZERO,
	    .doc = "What the credential needs to read it; without it nobody is known."),
	FIELD(struct log_view, window_s, .doc = "Seconds that an entry of it is waited for."),
	FIELD_END,
};
static const struct schema log_schema = SCHEMA("DriftSourceLog", struct log_view, log_fields);

struct pack_view {
	const char         *name, *title;
	struct strings      documents, rule_packs;
	struct items        parameters, collections;
	struct source_auth *auth;
	struct log_view    *attribution;
};
static const struct field view_fields[] = {
	BRIEF(struct pack_view),
	FIELD(struct pack_view, documents, .doc = "The vendor's documents that it was written by."),
	FIELD(struct pack_view, parameters, .item = &source_parameter_schema,
	    .doc = "What source.parameters of a config gives."),
	FIELD(struct pack_view, auth, .item = &source_auth_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "What source.credential of a config is; absent: its kind says."),
	FIELD(struct pack_view, collections, .item = &read_schema, .doc = "What is read."),
	FIELD(struct pack_view, rule_packs, .doc = "Rule packs of a config that names none."),
	FIELD(struct pack_view, attribution, .item = &log_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "The log that says who has made a change; absent: nobody says."),
	FIELD_END,
};
static const struct schema view_schema =
    SCHEMA("DriftSourcePackView", struct pack_view, view_fields);

static const char *
folder(const struct acting *a)
{
	return a->drift->env->conf->sources_dir;
}

/* One that is broken is named too, and does not break the list. */
static struct pack_brief
brief_of(TALLOC_CTX *mem, const char *dir, const char *name)
{
	struct err          why = { 0 };
	struct source_pack *pack = source_pack_load(mem, dir, name, &why);

	return (struct pack_brief) { name, pack != NULL ? pack->title : name,
		pack == NULL ? "its file cannot be used" : NULL };
}

static bool
list_packs(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct items        *out = answer;
	struct pack_brief   *rows;
	struct strings       names;

	(void)body;
	if (a == NULL || !source_pack_names(r->mem, folder(a), &names, e))
		return false;
	rows = talloc_zero_array(r->mem, struct pack_brief, (unsigned)names.n + 1);
	if (rows == NULL)
		return err_memory(e);
	*out = (struct items) { rows, 0 };
	rows[out->n++] = brief_of(r->mem, folder(a), "http");
	for (size_t i = 0; i < names.n; i++)
		rows[out->n++] = brief_of(r->mem, folder(a), names.items[i]);
	return true;
}

static bool
show_parts(TALLOC_CTX *mem, const struct derive_ops *d, struct strings *out, struct err *e)
{
	if (d == NULL)
		return true;
	out->items = talloc_zero_array(mem, const char *, DERIVE_PARTS_MAX);
	if (out->items == NULL)
		return err_memory(e);
	while (d->parts[out->n].category != NULL) {
		out->items[out->n] = d->parts[out->n].category;
		out->n++;
	}
	return true;
}

static bool
show_collections(TALLOC_CTX *mem, const struct source_pack *pack, struct items *out, struct err *e)
{
	struct read_view *rows = talloc_zero_array(mem, struct read_view, pack->collections_n + 1);

	if (rows == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < pack->collections_n; i++) {
		const struct pack_collection *c = &pack->collections[i];

		rows[i].category = str_dup(mem, c->category);
		rows[i].over =
		    c->over < 0 ? NULL : str_dup(mem, pack->collections[c->over].category);
		rows[i].permission = c->permission;
		rows[i].may_be_missing = c->missing_empty;
		if (rows[i].category == NULL || (c->over >= 0 && rows[i].over == NULL))
			return err_memory(e);
		if (!show_parts(mem, c->derive, &rows[i].made_of, e))
			return false;
	}
	*out = (struct items) { rows, pack->collections_n };
	return true;
}

static bool
show_log(TALLOC_CTX *mem, const struct source_pack *pack, struct log_view **out, struct err *e)
{
	const struct source_attribution *a = pack->attribution;

	if (a == NULL)
		return true;
	*out = talloc_zero(mem, struct log_view);
	if (*out == NULL)
		return err_memory(e);
	**out = (struct log_view) { str_dup(mem, a->log->collections[0].category),
		a->log->collections[0].permission, a->window_s };
	return (*out)->category != NULL || err_memory(e);
}

static bool
get_pack(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	const char          *name = a == NULL ? NULL : str_dup(r->mem, r->ids[0]);
	struct pack_view    *out = answer;
	struct source_pack  *pack;

	(void)body;
	if (name == NULL)
		return a == NULL ? false : err_memory(e);
	pack = source_pack_load(r->mem, folder(a), name, e);
	if (pack == NULL)
		return false;
	*out = (struct pack_view) {
		.name = pack->name,
		.title = pack->title,
		.documents = pack->documents,
		.rule_packs = pack->rule_packs,
		.parameters = { pack->parameters, pack->parameters_n },
		.auth = pack->auth,
	};
	return show_collections(r->mem, pack, &out->collections, e) &&
	       show_log(r->mem, pack, &out->attribution, e);
}

const struct route source_routes[] = {
	ROUTE(GET, "/api/sources", ALLOW(READ, DRIFT), RATE_READ, 200, list_packs, IN_NONE,
	    OUT_LIST(brief), "Lists the source packs of the installation."),
	ROUTE(GET, "/api/sources/{pack}", ALLOW(READ, DRIFT), RATE_READ, 200, get_pack, IN_NONE,
	    OUT(view), "Shows a source pack: what a config that names it gives, and what is read."),
	ROUTE_END,
};
