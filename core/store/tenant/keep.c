#include "core/store/tenant/keep.h"

#define FOREVER_S INT64_C(3155760000) /* a hundred years */

#define KEPT(m, text)                                                                              \
	FIELD(struct keep, m, .min = 0, .max = FOREVER_S, .flags = FIELD_NULLABLE, .doc = (text))
static const struct field keep_fields[] = {
	KEPT(snapshots_s,
	    "How long snapshots are kept, at least 86400; 0: for ever. A config whose own "
	    "retention_s is shorter keeps them that long. The baseline, the newest, and what an "
	    "open alert stands on stay. Keeping less needs delete:snapshots too."),
	KEPT(reports_s,
	    "How long reports are kept, with what they found and alerts that are resolved, at "
	    "least 86400 and snapshots_s; 0: for ever. What is accepted or still there stays."),
	KEPT(audit_s,
	    "How long audit entries are kept, at least 7776000 (90 days); 0: for ever. What is "
	    "older is deleted once a day, behind a signed checkpoint, and an entry says so; what "
	    "a channel that is told the trail has not had waits for it up to 30 days longer. "
	    "Keeping less needs delete:audit too, and an alert of kind security tells of it."),
	FIELD_END,
};
const struct schema keep_schema = SCHEMA("RetentionSettings", struct keep, keep_fields);

bool
keep_of(TALLOC_CTX *mem, const struct tenant *t, struct keep *out, struct err *e)
{
	const struct json *tree = json_parse(mem, str_of(t->settings.text), e), *said;

	*out = (struct keep) { 0 };
	said = tree != NULL ? json_get(tree, "retention") : NULL;
	if (tree != NULL &&
	    (said == NULL || schema_decode_kept(mem, &keep_schema, said, "", out, e)))
		return true;
	err_clear(e); /* what is stored is no fault of the request */
	return err_set(e, ERR_INTERNAL, 0, "internal error",
	    "what a tenant's stored settings say of retention does not decode");
}

static int64_t
shorter(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

struct keep
keep_with(const struct keep *tenant, int64_t own_s)
{
	return (struct keep) {
		.snapshots_s = shorter(tenant->snapshots_s, own_s),
		.reports_s = shorter(tenant->reports_s, own_s),
		.audit_s = tenant->audit_s,
	};
}

bool
keep_is_shorter(const struct keep *now, const struct keep *was)
{
	return shorter(now->snapshots_s, was->snapshots_s) != was->snapshots_s ||
	       shorter(now->reports_s, was->reports_s) != was->reports_s;
}

bool
keep_trail_is_shorter(const struct keep *now, const struct keep *was)
{
	return shorter(now->audit_s, was->audit_s) != was->audit_s;
}

#define AT "/settings/retention"
bool
keep_check(TALLOC_CTX *mem, const struct keep *k, struct err *e)
{
	if (k->audit_s != 0 && k->audit_s < KEEP_TRAIL_LEAST_S)
		err_fault(e, mem, AT "/audit_s", "must be 0 or at least %d", KEEP_TRAIL_LEAST_S);
	if (k->snapshots_s != 0 && k->snapshots_s < KEEP_LEAST_S)
		err_fault(e, mem, AT "/snapshots_s", "must be 0 or at least %d", KEEP_LEAST_S);
	if (k->reports_s != 0 && k->reports_s < KEEP_LEAST_S)
		err_fault(e, mem, AT "/reports_s", "must be 0 or at least %d", KEEP_LEAST_S);
	else if (k->reports_s != 0 && shorter(k->reports_s, k->snapshots_s) != k->snapshots_s)
		err_fault(e, mem, AT "/reports_s",
		    "a snapshot names its report: snapshots_s may not be longer, nor for ever");
	return e->code == ERR_OK;
}
