#include "drift/service/report.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "drift/attribution/attribution.h"

bool
report_see(const struct acting *a, const struct uuid *id, struct report *out, struct err *e)
{
	return report_by_id(a->by.t, a->by.mem, id, out, e);
}

bool
report_page(const struct acting *a, const struct report_filter *f, struct page *p, struct err *e)
{
	return report_list(a->by.t, a->by.mem, f, p, e);
}

bool
change_page(const struct acting *a, const struct change_filter *f, struct page *p, struct err *e)
{
	return change_list(a->by.t, a->by.mem, f, p, e);
}

bool
change_value(const struct acting *a, const struct change_row *c, enum change_side side,
    struct str *out, bool *truncated, struct err *e)
{
	bool        old = side == CHANGE_OLD;
	struct blob sealed = old ? c->old_value : c->new_value;

	*out = (struct str) { NULL, 0 };
	*truncated = old ? c->old_truncated : c->new_truncated;
	if (sealed.p == NULL && !*truncated)
		return true;
	if (!a->view.values) { /* not even how long it is */
		*out = view_value(a->view, STR(""));
		*truncated = false;
		return true;
	}
	return sealed.p == NULL || tenant_open(a->by.t, a->by.mem,
				       (struct sealed_place) { "drift_changes",
					   old ? "old_value" : "new_value", &c->id },
				       sealed, out, e);
}

bool
change_lines(const struct acting *a, const struct change_row *c, struct str *out, struct err *e)
{
	const struct sealed_place place = { "drift_changes", "text_diff", &c->id };

	*out = (struct str) { NULL, 0 };
	return c->text_diff.p == NULL || !a->view.values ||
	       tenant_open(a->by.t, a->by.mem, place, c->text_diff, out, e);
}

bool
change_maker(const struct acting *a, const struct change_row *c, const char **out, struct err *e)
{
	return attribution_view(a->by.mem, a->view, c->attribution.text, out, e);
}

const char *
change_value_hash(const struct acting *a, const struct uuid *config,
    const uint8_t fingerprint[static HASH_LEN], const uint8_t value[static HASH_LEN])
{
	const struct tenant_db *t = a->by.t;
	struct { /* bytes only: nothing lies between them */
		char    word[12];
		uint8_t config[sizeof(config->b)], fingerprint[HASH_LEN], value[HASH_LEN];
	} text = { .word = "value shown:" };
	uint8_t hash[HASH_LEN];
	char   *hex = talloc_size(a->by.mem, 2 * HASH_LEN + 1);

	memcpy(text.config, config->b, sizeof(text.config));
	memcpy(text.fingerprint, fingerprint, HASH_LEN);
	memcpy(text.value, value, HASH_LEN);
	hash_hmac(t->address_key, sizeof(t->address_key), &text, sizeof(text), hash);
	if (hex != NULL)
		hex_print(hash, HASH_LEN, hex);
	return hex;
}

/* ---- exports ---- */

/* A patch is made of values; of a table it is told whether it had them. */
struct export_told {
	const char *as;
	bool        values;
};
static const struct field patch_told_fields[] = {
	TOLD(struct export_told, as),
	FIELD_END,
};
static const struct schema patch_told = SCHEMA("PatchTold", struct export_told, patch_told_fields);
static const struct field  table_told_fields[] = {
	 TOLD(struct export_told, as),
	 TOLD(struct export_told, values),
	 FIELD_END,
};
static const struct schema table_told = SCHEMA("TableTold", struct export_told, table_told_fields);

/* A snapshot that is no longer stored is no fault of the path: say which. */
static bool
snapshot_gone(struct err *e)
{
	if (!err_take(e, ERR_MISSING))
		return false;
	return err_set(e, ERR_MISSING, 0,
	    "A snapshot of this report is no longer stored: there is no patch.",
	    "the snapshot of a report is gone");
}

static bool
side_of_id(const struct acting *a, const struct uuid *id, struct side *out, struct err *e)
{
	struct snapshot s;

	if (snapshot_by_id(a->by.t, a->by.mem, id, &s, e))
		return side_of_snapshot(a->by.t, a->by.mem, &s, out, e);
	return snapshot_gone(e);
}

/* What the report says of a collection. */
struct reported {
	struct str  category;
	struct uuid baseline_id; /* nil: that of the report */
	bool        entered;
};

static bool
reported_of(const struct json *v, struct reported *out)
{
	const struct json *category = json_get(v, "category"), *entered = json_get(v, "entered"),
			  *baseline = json_get(v, "baseline_id");

	*out = (struct reported) { .entered = entered != NULL && entered->type == JSON_TRUE };
	if (category == NULL || category->type != JSON_STRING)
		return false;
	out->category = category->text;
	return baseline == NULL || uuid_parse(baseline->text, &out->baseline_id);
}

/* What a collection has entered the baseline with is no change, and what was compared had each a
 * baseline of its own. */
static bool
sides_by_collection(
    const struct acting *a, const struct json *said, struct report_sides *out, struct err *e)
{
	struct side_part *parts = talloc_zero_size(a->by.mem, (said->n + 1) * sizeof(parts[0]));
	size_t            n = 0;
	struct reported   r;

	if (parts == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < said->n; i++) {
		if (!reported_of(&said->items[i], &r))
			return err_set(e, ERR_INTERNAL, 0, "internal error",
			    "a report's collections are broken");
		if (r.entered)
			side_leave_out(&out->to, r.category);
		if (!uuid_is_nil(&r.baseline_id))
			parts[n++] = (struct side_part) { r.category, r.baseline_id };
	}
	out->to.only = true;
	return n == 0 || side_of_parts(a->by.t, a->by.mem, parts, n, &out->from, e) ||
	       snapshot_gone(e);
}

static bool
sides_of_report(
    const struct acting *a, const struct report *report, struct report_sides *out, struct err *e)
{
	const struct json *said;

	if (!side_of_id(a, &report->baseline_id, &out->from, e) ||
	    !side_of_id(a, &report->snapshot_id, &out->to, e))
		return false;
	if (report->collections.text == NULL)
		return true;
	said = json_parse(a->by.mem, str_of(report->collections.text), e);
	return said != NULL && sides_by_collection(a, said, out, e);
}

bool
report_export_sides(
    const struct acting *a, const struct report *report, struct report_sides *out, struct err *e)
{
	struct drift_config c;

	if (!view_demand(
		a->view, "A patch is made of values: it needs the permission read:snapshots.", e) ||
	    !config_by_id(a->by.t, a->by.mem, &report->config_id, &c, e) ||
	    !acting_note(a, AUDIT_REPORT_EXPORT, &report->id, &patch_told,
		&(struct export_told) { .as = "patch" }, e))
		return false;
	*out = (struct report_sides) {
		.spec = acting_spec(a, &c, e),
		.first = uuid_is_nil(&report->baseline_id),
	};
	if (out->spec == NULL)
		return false;
	return out->first || sides_of_report(a, report, out, e);
}

bool
report_export_table(const struct acting *a, const struct uuid *report, struct err *e)
{
	const struct export_told told = { "csv", a->view.values };

	return acting_note(a, AUDIT_REPORT_EXPORT, report, &table_told, &told, e);
}
