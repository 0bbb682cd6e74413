#include "drift/template/template.h"

#include <string.h>

#include "core/auth/audit_details.h"

/* ---- reading ---- */

bool
ctemplate_page(const struct acting *a, struct page *p, struct err *e)
{
	return ctemplate_list(a->by.t->db, a->by.mem, p, e);
}

bool
ctemplate_see(const struct acting *a, const struct uuid *id, uint64_t version,
    struct template_seen *out, struct err *e)
{
	struct db *db = a->by.t->db;

	return ctemplate_by_id(db, a->by.mem, id, &out->row, e) &&
	       ctemplate_version_of(db, a->by.mem, id, version == 0 ? out->row.version : version,
		   &out->version, e) &&
	       says_read(a->by.mem, &out->version, &out->says, e);
}

/* ---- writing ---- */

struct template_edit {
	const struct acting     *a;
	struct config_template   row;
	struct ctemplate_version version;
	bool                     renewed; /* it says something else */
};

struct template_told {
	const char *name;
	uint64_t    version;
};
static const struct field template_told_fields[] = {
	TOLD(struct template_told, name),
	TOLD(struct template_told, version),
	FIELD_END,
};
static const struct schema template_told =
    SCHEMA("ConfigTemplateTold", struct template_told, template_told_fields);

static bool
deed(struct template_edit *x, tx_fn *body, enum audit_action action, struct err *e)
{
	const struct template_told told = { x->row.name, x->row.version };
	struct audit_entry         entry = { .action = action, .target_id = x->row.id };

	entry.details = audit_details(x->a->by.mem, &template_told, &told, e);
	if (entry.details == NULL)
		return false;
	return audit_deed(&x->a->by, body, x, &entry, e) ||
	       db_taken(e, "A template of that name exists.");
}

static bool
outrun(struct err *e)
{
	return err_set(e, ERR_CONFLICT, 0, "The template was changed at the same time.",
	    "the revision was outrun");
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	const struct template_edit *x = arg;
	int64_t                     n;

	if (!ctemplate_count(db, &n, e))
		return false;
	if (n >= TEMPLATES_MAX)
		return err_set(e, ERR_CONFLICT, 0, "There are 1000 templates: drop one first.",
		    "TEMPLATES_MAX");
	return ctemplate_add(db, &x->row, e) && ctemplate_version_add(db, &x->version, e);
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	const struct template_edit *x = arg;
	bool                        done;

	if (!ctemplate_set(db, &x->row, &done, e))
		return false;
	return done ? !x->renewed || ctemplate_version_add(db, &x->version, e) : outrun(e);
}

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	const struct template_edit *x = arg;
	bool                        done;

	return ctemplate_drop(db, &x->row.id, x->row.revision, &done, e) && (done || outrun(e));
}

/* What it says, as a version of it. */
static bool
fill(struct template_edit *x, const struct says *s, struct err *e)
{
	x->version = (struct ctemplate_version) {
		.template_id = x->row.id,
		.version = x->row.version,
		.author = acting_copy(x->a, x->a->name),
		.at = x->row.updated_at,
	};
	return says_check(x->a->by.mem, s, x->a->work, e) &&
	       says_print(x->a->by.mem, s, &x->version, e) &&
	       (x->version.author != NULL || err_memory(e));
}

static bool
see_edited(struct template_edit *x, struct template_seen *out, struct err *e)
{
	out->row = x->row;
	out->version = x->version;
	return says_read(x->a->by.mem, &x->version, &out->says, e);
}

bool
ctemplate_make(const struct acting *a, const struct template_wish *in, struct template_seen *out,
    struct err *e)
{
	struct template_edit x = { .a = a,
		.row = { .id = acting_id(a),
		    .name = acting_copy(a, in->name),
		    .description = acting_copy(a, in->description == NULL ? "" : in->description),
		    .version = 1,
		    .revision = 1,
		    .created_at = acting_now(a),
		    .updated_at = acting_now(a) } };

	if (x.row.name == NULL || x.row.description == NULL)
		return err_memory(e);
	return fill(&x, &in->says, e) && deed(&x, make_body, AUDIT_TEMPLATE_CREATE, e) &&
	       see_edited(&x, out, e);
}

bool
ctemplate_alter(const struct acting *a, const struct uuid *id, const struct template_wish *in,
    struct template_seen *out, struct err *e)
{
	struct template_edit x = { .a = a };
	struct says          says;
	char                *config, *variables;

	if (!ctemplate_see(a, id, 0, out, e) || !acting_holds(a, out->row.revision, e))
		return false;
	x.row = out->row;
	config = out->version.config;
	variables = out->version.variables;
	says = out->says;
	if (in->has_config)
		says.config = in->says.config;
	if (in->has_variables) {
		says.variables = in->says.variables;
		says.n = in->says.n;
	}
	if (in->name != NULL)
		x.row.name = acting_copy(a, in->name);
	if (in->description != NULL)
		x.row.description = acting_copy(a, in->description);
	x.row.updated_at = acting_now(a);
	if (x.row.name == NULL || x.row.description == NULL)
		return err_memory(e);
	if (!fill(&x, &says, e))
		return false;
	x.renewed =
	    strcmp(config, x.version.config) != 0 || strcmp(variables, x.version.variables) != 0;
	x.row.version += x.renewed;
	x.version.version = x.row.version;
	if (!x.renewed) {
		x.version.author = out->version.author;
		x.version.at = out->version.at;
	}
	if (!deed(&x, alter_body, AUDIT_TEMPLATE_UPDATE, e))
		return false;
	x.row.revision++;
	return see_edited(&x, out, e);
}

bool
ctemplate_erase(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct template_edit x = { .a = a };

	return ctemplate_by_id(a->by.t->db, a->by.mem, id, &x.row, e) &&
	       acting_holds(a, x.row.revision, e) && deed(&x, drop_body, AUDIT_TEMPLATE_DELETE, e);
}
