#include "drift/template/rollout.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/shm/wake.h"

static const struct field order_fields[] = {
	FIELD(struct rollout_order, asked, .item = &caller_asked_schema, .doc = "Who."),
	FIELD(struct rollout_order, template_id, .doc = "What."),
	FIELD(struct rollout_order, version, .doc = "Of it."),
	FIELD(struct rollout_order, credential, .flags = FIELD_NULLABLE, .doc = "What is shown."),
	FIELD_END,
};
const struct schema rollout_order_schema =
    SCHEMA("RolloutOrder", struct rollout_order, order_fields);

static const struct {
	enum operation_kind kind;
	enum audit_action   action;
} kinds[] = {
	[ROLLOUT_PREVIEW] = { OPERATION_TEMPLATE_PREVIEW, AUDIT_TEMPLATE_PREVIEW },
	[ROLLOUT_APPLY] = { OPERATION_TEMPLATE_APPLY, AUDIT_TEMPLATE_APPLY },
	[ROLLOUT_UNDO] = { OPERATION_TEMPLATE_UNDO, AUDIT_TEMPLATE_UNDO },
};

struct rollout {
	const struct acting       *a;
	struct rollout_wish        wish;
	const struct rollout_wish *in; /* that */
	struct template_seen       seen;
	struct ctemplate_result   *rows;
	size_t                     n;
	struct operation_new       work;
	struct audit_entry         entry;
	bool                       full; /* there was no room for it */
};

/* ---- which tenants ---- */

static struct ctemplate_result
row_of(const struct rollout *x)
{
	return (struct ctemplate_result) {
		.id = acting_id(x->a),
		.operation = x->work.id,
		.template_id = x->seen.row.id,
		.outcome = TEMPLATE_WAITING,
		.changes = { .text = "[]" },
		.asked_at = acting_now(x->a),
	};
}

static bool
take_named(struct rollout *x, size_t i, struct err *e)
{
	const struct rollout_tenant *t = &x->in->tenants[i];
	struct ctemplate_result     *r = &x->rows[x->n];
	char                         at[48];
	struct buf                   b;

	for (size_t j = 0; j < x->n; j++)
		if (strcmp(x->rows[j].tenant, t->tenant) == 0) {
			snprintf(at, sizeof(at), "/tenants/%zu/tenant", i);
			return err_fault(e, x->a->by.mem, at, "is there twice");
		}
	*r = row_of(x);
	r->tenant = acting_copy(x->a, t->tenant);
	if (r->tenant == NULL)
		return err_memory(e);
	x->n++;
	if (t->variables.tree == NULL || t->variables.tree->type == JSON_NULL)
		return true;
	snprintf(at, sizeof(at), "/tenants/%zu/variables", i);
	if (t->variables.tree->type != JSON_OBJECT)
		return err_fault(e, x->a->by.mem, at, "is an object: a value for each name");
	if (!says_variables_check(x->a->by.mem, &x->seen.says, t->variables.tree, at, e))
		return false;
	buf_make(&b, x->a->by.mem);
	json_print(&b, t->variables.tree);
	r->variables.text = buf_text(&b, e);
	return r->variables.text != NULL;
}

static bool
take_used(struct rollout *x, struct err *e)
{
	struct ctemplate_use *uses;
	char                  id[UUID_TEXT_MAX];
	uint64_t              unless = x->in->kind == ROLLOUT_UNDO ? 0 : x->seen.version.version;

	if (!ctemplate_uses(x->a->by.t->db, x->a->by.mem, &x->seen.row.id, unless,
		ROLLOUT_TENANTS_MAX + 1, &uses, &x->n, e))
		return false;
	x->rows = talloc_zero_array(x->a->by.mem, struct ctemplate_result, (unsigned)x->n + 1);
	if (x->rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < x->n; i++) {
		x->rows[i] = row_of(x);
		uuid_print(&uses[i].tenant_id, id);
		x->rows[i].tenant = acting_copy(x->a, id);
		x->rows[i].tenant_id = uses[i].tenant_id;
		if (x->rows[i].tenant == NULL)
			return err_memory(e);
	}
	return true;
}

static bool
take_tenants(struct rollout *x, struct err *e)
{
	const struct rollout_wish *in = x->in;

	if (in->n == 0 && !take_used(x, e))
		return false;
	if (in->n > 0)
		x->rows = talloc_zero_array(x->a->by.mem, struct ctemplate_result, (unsigned)in->n);
	if (x->rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < in->n; i++)
		if (!take_named(x, i, e) && e->code != ERR_INVALID)
			return false;
	if (e->code != ERR_OK)
		return false;
	if (in->first > 0 && (size_t)in->first < x->n)
		x->n = (size_t)in->first;
	if (x->n == 0)
		return err_fault(e, x->a->by.mem, "/tenants",
		    "names none, and the template is in no tenant that this would change");
	return x->n <= ROLLOUT_TENANTS_MAX ||
	       err_fault(e, x->a->by.mem, "/first",
		   "is needed: an operation has at most %d tenants", ROLLOUT_TENANTS_MAX);
}

/* ---- asking ---- */

#define LOAD_MS ((int64_t)86400 * 1000)

/* One asks after the other, so what runs is what is counted. */
static bool
has_room(struct db *db, struct rollout *x, struct err *e)
{
	const struct deed_by *by = &x->a->by;
	const int64_t         before = (int64_t)x->in->before;
	const instant         since = { acting_now(x->a).ms - LOAD_MS };
	struct operation_load load;
	char                  text[160];

	if (!ctemplate_hold(db, e) || !operation_load_of(by->auth->database, by->mem,
					  &by->t->tenant->id, "template.", since, &load, e))
		return false;
	x->full = true;
	if (load.running + before >= ROLLOUTS_MAX) {
		snprintf(text, sizeof(text),
		    "%d operations of templates are running: wait for the end of one, or end one.",
		    ROLLOUTS_MAX);
		return err_set(e, ERR_CONFLICT, 0, text, "ROLLOUTS_MAX");
	}
	x->full = load.things + before + (int64_t)x->n > ROLLOUT_DAY_MAX;
	if (!x->full)
		return true;
	snprintf(text, sizeof(text),
	    "Within a day templates are brought to %d tenants, counted each time: it is used up.",
	    ROLLOUT_DAY_MAX);
	return err_set(e, ERR_CONFLICT, 0, text, "ROLLOUT_DAY_MAX");
}

static bool
ask_body(struct db *db, void *arg, struct err *e)
{
	struct rollout *x = arg;

	x->full = false;
	return has_room(db, x, e) && ctemplate_results_add(db, x->rows, x->n, e) &&
	       operation_begin(&x->a->by, &x->work, e);
}

struct ask_told {
	const char *name;
	uint64_t    version;
	int64_t     tenants;
	struct uuid operation;
	bool        credential;
};
static const struct field ask_told_fields[] = {
	TOLD(struct ask_told, name),
	TOLD(struct ask_told, version),
	TOLD(struct ask_told, tenants),
	TOLD(struct ask_told, operation),
	TOLD_IF(struct ask_told, credential),
	FIELD_END,
};
static const struct schema ask_told = SCHEMA("RolloutTold", struct ask_told, ask_told_fields);

static bool
print_order(struct rollout *x, uint64_t version, struct err *e)
{
	struct caller_asked  asked;
	struct rollout_order order = { &asked, x->seen.row.id, version, { NULL, NULL } };
	struct buf           b;

	caller_asked_of(&x->a->by, &asked);
	order.credential.tree = x->in->credential;
	buf_make_secret(&b, x->a->by.mem);
	if (!schema_encode(&b, &rollout_order_schema, &order, e))
		return false;
	x->work.input = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

static bool
check_asking(const struct rollout *x, struct err *e)
{
	if (x->a->by.caller->acting)
		return err_set(e, ERR_FORBIDDEN, 0,
		    "This is not done in another tenant: leave X-Acting-Tenant out.",
		    "a template of another tenant");
	return x->in->credential == NULL || x->in->credential->type == JSON_OBJECT ||
	       err_fault(e, x->a->by.mem, "/credential", "is an object: what the source shows");
}

static bool
make_ready(struct rollout *x, const struct uuid *id, struct err *e)
{
	const struct acting *a = x->a;
	struct ask_told      told;

	x->entry = (struct audit_entry) {
		.id = acting_id(a), .action = kinds[x->in->kind].action, .target_id = *id
	};
	if (!check_asking(x, e) || !ctemplate_see(a, id, x->in->version, &x->seen, e))
		return false;
	x->work = (struct operation_new) {
		.id = acting_id(a),
		.kind = kinds[x->in->kind].kind,
		.step = "begins",
	};
	if (!take_tenants(x, e) || !print_order(x, x->seen.version.version, e))
		return false;
	x->work.total = x->n;
	told = (struct ask_told) { x->seen.row.name, x->seen.version.version, (int64_t)x->n,
		x->work.id, x->in->credential != NULL };
	x->entry.details = audit_details(a->by.mem, &ask_told, &told, e);
	return x->entry.details != NULL;
}

struct rollout *
rollout_ready(
    const struct acting *a, const struct uuid *id, const struct rollout_wish *in, struct err *e)
{
	struct rollout *x = talloc_zero(a->by.mem, struct rollout);

	if (x == NULL) {
		err_memory(e);
		return NULL;
	}
	x->a = a;
	x->wish = *in;
	x->in = &x->wish;
	return make_ready(x, id, e) ? x : NULL;
}

const struct uuid *
rollout_operation(const struct rollout *r)
{
	return &r->work.id;
}

bool
rollout_begin(struct db *db, struct rollout *r, bool *full, struct err *e)
{
	bool ok = ask_body(db, r, e) && audit_append(&r->a->by, &r->entry, e);

	*full = r->full;
	return ok;
}

void
rollout_begun(const struct rollout *r)
{
	audit_log(&r->a->by, &r->entry);
	wake_raise(r->a->drift->env->segment);
}

bool
rollout_ask(const struct acting *a, const struct uuid *id, const struct rollout_wish *in,
    struct operation *out, struct err *e)
{
	struct rollout *x = rollout_ready(a, id, in, e);

	if (x == NULL || !audit_deed(&a->by, ask_body, x, &x->entry, e))
		return false;
	wake_raise(a->drift->env->segment);
	return operation_by_id(a->by.auth->database, a->by.mem, &x->work.id, out, e);
}

/* ---- reading ---- */

static bool
there(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct config_template t;

	return ctemplate_by_id(a->by.t->db, a->by.mem, id, &t, e);
}

bool
rollout_uses(const struct acting *a, const struct uuid *id, struct page *p, struct err *e)
{
	return there(a, id, e) && ctemplate_use_page(a->by.t->db, a->by.mem, id, p, e);
}

bool
rollout_results(
    const struct acting *a, const struct ctemplate_result_filter *f, struct page *p, struct err *e)
{
	return there(a, &f->template_id, e) &&
	       ctemplate_result_page(a->by.t->db, a->by.mem, f, p, e);
}
