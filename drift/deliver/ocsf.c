#include "drift/deliver/ocsf.h"

#include <string.h>

#include "core/json/schema.h"
#include "drift/engine/rules.h"

#define CUT          "\xe2\x80\xa6"
#define OCSF_VERSION "1.9.0"
#define CATEGORY     2    /* Findings */
#define CLASS        2004 /* Detection Finding */

enum activity { ACTIVITY_CREATE = 1, ACTIVITY_UPDATE, ACTIVITY_CLOSE };
enum status { STATUS_NEW = 1, STATUS_IN_PROGRESS, STATUS_SUPPRESSED, STATUS_RESOLVED };

struct product {
	const char *name, *vendor_name;
};
static const struct field product_fields[] = {
	FIELD(struct product, name),
	FIELD(struct product, vendor_name),
	FIELD_END,
};
static const struct schema product_schema = SCHEMA("OcsfProduct", struct product, product_fields);

struct metadata {
	const char           *version, *uid, *event_code, *tenant_uid;
	const struct product *product;
};
static const struct field metadata_fields[] = {
	FIELD(struct metadata, version),
	FIELD(struct metadata, uid),
	FIELD(struct metadata, event_code),
	FIELD(struct metadata, tenant_uid),
	FIELD(struct metadata, product, .item = &product_schema),
	FIELD_END,
};
static const struct schema metadata_schema =
    SCHEMA("OcsfMetadata", struct metadata, metadata_fields);

struct finding_info {
	const char    *uid, *title, *src_url;
	struct strings types;
	int64_t        created_time, modified_time;
};
static const struct field finding_fields[] = {
	FIELD(struct finding_info, uid),
	FIELD(struct finding_info, title),
	FIELD(struct finding_info, types),
	FIELD(struct finding_info, created_time, .flags = FIELD_OMIT_ZERO),
	FIELD(struct finding_info, modified_time, .flags = FIELD_OMIT_ZERO),
	FIELD(struct finding_info, src_url, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema finding_schema =
    SCHEMA("OcsfFindingInfo", struct finding_info, finding_fields);

struct affected {
	const char *uid, *name, *type;
};
static const struct field affected_fields[] = {
	FIELD(struct affected, uid),
	FIELD(struct affected, name),
	FIELD(struct affected, type),
	FIELD_END,
};
static const struct schema affected_schema =
    SCHEMA("OcsfResource", struct affected, affected_fields);

static const struct field change_fields[] = {
	FIELD(struct words_change, severity),
	FIELD(struct words_change, where),
	FIELD(struct words_change, what),
	FIELD(struct words_change, why, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema change_schema = SCHEMA("OcsfChange", struct words_change, change_fields);

struct unmapped {
	const char  *customer, *by;
	struct items changes;
	int64_t      changes_total;
};
static const struct field unmapped_fields[] = {
	FIELD(struct unmapped, customer),
	FIELD(struct unmapped, by, .flags = FIELD_OMIT_ZERO),
	FIELD(struct unmapped, changes, .item = &change_schema),
	FIELD(struct unmapped, changes_total),
	FIELD_END,
};
static const struct schema unmapped_schema =
    SCHEMA("OcsfUnmapped", struct unmapped, unmapped_fields);

struct ocsf {
	int64_t     activity_id, category_uid, class_uid, type_uid, time, severity_id, status_id;
	bool        is_alert;
	const char *message;
	const struct metadata     *metadata;
	const struct finding_info *finding_info;
	struct items               resources;
	const struct unmapped     *unmapped;
};
static const struct field ocsf_fields[] = {
	FIELD(struct ocsf, class_uid),
	FIELD(struct ocsf, category_uid),
	FIELD(struct ocsf, activity_id),
	FIELD(struct ocsf, type_uid),
	FIELD(struct ocsf, time),
	FIELD(struct ocsf, severity_id),
	FIELD(struct ocsf, status_id),
	FIELD(struct ocsf, is_alert),
	FIELD(struct ocsf, message),
	FIELD(struct ocsf, metadata, .item = &metadata_schema),
	FIELD(struct ocsf, finding_info, .item = &finding_schema),
	FIELD(struct ocsf, resources, .item = &affected_schema),
	FIELD(struct ocsf, unmapped, .item = &unmapped_schema),
	FIELD_END,
};
static const struct schema ocsf_schema = SCHEMA("OcsfFinding", struct ocsf, ocsf_fields);

/* ---- what it says ---- */

static int64_t
activity_of(const struct alert_event *ev)
{
	if (ev->alert == NULL || strcmp(ev->type, EVENT_OPENED) == 0)
		return ACTIVITY_CREATE;
	return words_over(ev) ? ACTIVITY_CLOSE : ACTIVITY_UPDATE;
}

static int64_t
status_of(const struct alert_event *ev)
{
	static const struct {
		const char *word;
		int64_t     there;
	} map[] = {
		{ "acknowledged", STATUS_IN_PROGRESS },
		{ "in_progress", STATUS_IN_PROGRESS },
		{ "suppressed", STATUS_SUPPRESSED },
		{ "resolved", STATUS_RESOLVED },
	};

	for (size_t i = 0; ev->alert != NULL && i < sizeof(map) / sizeof(map[0]); i++)
		if (strcmp(ev->alert->status, map[i].word) == 0)
			return map[i].there;
	return STATUS_NEW;
}

/* 1 is informational, 5 critical, as ours from 0 to 4. */
static int64_t
severity_there(const struct alert_event *ev)
{
	int64_t s = SEVERITY_INFO;

	while (ev->alert != NULL && s < SEVERITY_CRITICAL &&
	       strcmp(severity_name((enum severity)s), ev->alert->severity) != 0)
		s++;
	return s + 1;
}

static const char *
id_text(TALLOC_CTX *mem, const struct uuid *id)
{
	char *out = talloc_zero_array(mem, char, UUID_TEXT_MAX);

	if (out != NULL)
		uuid_print(id, out);
	return out;
}

/* At most so many bytes of a line, and a mark. */
static const char *
line(TALLOC_CTX *mem, const char *text, size_t most, bool *ok)
{
	const struct str whole = str_of(text), head = str_head(whole, most);
	char            *out;

	if (text == NULL || head.n == whole.n)
		return text;
	out = talloc_asprintf(mem, "%.*s" CUT, (int)head.n, head.p);
	*ok = *ok && out != NULL;
	return out;
}

/* ---- as much of it as fits ---- */

struct fit {
	TALLOC_CTX               *mem;
	const struct alert_event *ev;
	const struct words       *words;
	const char               *id;
	size_t                    changes, text; /* how many, and bytes of a text */
};

static bool
print_fit(const struct fit *f, struct str *out, struct err *e)
{
	const struct alert_event *ev = f->ev;
	bool                      ok = true;
	const struct product      product = { "BlindSpotX", "BlindSpotX" };
	const struct metadata meta = { OCSF_VERSION, f->id, ev->type, ev->tenant->slug, &product };
	const char           *kind = ev->alert == NULL ? "test" : ev->alert->kind;
	const struct finding_info info = {
		.uid = ev->alert == NULL ? f->id : id_text(f->mem, &ev->alert->id),
		.title = line(f->mem, f->words->title, f->text, &ok),
		.types = { &kind, 1 },
		.created_time = ev->alert == NULL ? 0 : ev->alert->opened_at.ms,
		.modified_time = ev->alert == NULL ? 0 : ev->alert->updated_at.ms,
		.src_url = f->words->link,
	};
	struct affected config = {
		.uid = ev->config == NULL ? "" : id_text(f->mem, &ev->config->id),
		.name = line(f->mem, words_fact(f->words, "Config"), f->text, &ok),
		.type = "config",
	};
	const struct unmapped more = {
		.customer = line(f->mem, words_fact(f->words, "Customer"), f->text, &ok),
		.by = line(f->mem, words_fact(f->words, "By"), f->text, &ok),
		.changes = { f->words->changes, f->changes },
		.changes_total = f->words->total,
	};
	const struct ocsf o = {
		.class_uid = CLASS,
		.category_uid = CATEGORY,
		.activity_id = activity_of(ev),
		.type_uid = CLASS * 100 + activity_of(ev),
		.time = ev->at.ms,
		.severity_id = severity_there(ev),
		.status_id = status_of(ev),
		.is_alert = ev->alert != NULL && !words_over(ev),
		.message = line(f->mem, f->words->headline, f->text, &ok),
		.metadata = &meta,
		.finding_info = &info,
		.resources = { &config, ev->config != NULL },
		.unmapped = &more,
	};
	struct buf b;

	if (!ok || info.uid == NULL || config.uid == NULL)
		return err_memory(e);
	buf_make(&b, f->mem);
	if (!schema_encode(&b, &ocsf_schema, &o, e))
		return false;
	*out = buf_str(&b);
	return true;
}

bool
ocsf_print(TALLOC_CTX *mem, const struct alert_event *shown, const char *id, size_t most,
    struct str *out, struct err *e)
{
	struct words w;
	struct fit   f = { mem, shown, &w, id, 0, WORDS_LINE_MAX };

	if (!words_make(mem, shown, &w, e))
		return false;
	f.changes = w.changes_n;
	while (print_fit(&f, out, e)) {
		if (out->n <= most)
			return true;
		if (f.changes == 0 && f.text < 16)
			return err_set(e, ERR_INVALID, 0,
			    "The message is too long for its receiver.", "a finding of %zu bytes",
			    out->n);
		if (f.changes > 0)
			f.changes--;
		else
			f.text /= 2;
	}
	return false;
}
