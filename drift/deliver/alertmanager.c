/*
 * format.h: the kind "alertmanager", Prometheus Alertmanager's API v2: POST of one alert, known by
 * its labels.
 *
 * Labels are what stays the same in all events of an alert, so that the end finds its beginning;
 * what changes stands in annotations.  An alert that is open ends far in the future, since
 * Alertmanager takes one that is not repeated for over.
 */
#include <string.h>

#include "core/json/schema.h"
#include "drift/deliver/post.h"
#include "drift/deliver/words.h"

#define PATH        "/api/v2/alerts"
#define FAR_AWAY_MS ((int64_t)10 * 365 * 86400 * 1000)
#define CHANGES_MAX 4000 /* bytes of the description */

struct labels {
	const char *alertname, *tenant, *config_id, *alert_id, *kind;
};
static const struct field label_fields[] = {
	FIELD(struct labels, alertname),
	FIELD(struct labels, tenant),
	FIELD(struct labels, kind),
	FIELD(struct labels, alert_id),
	FIELD(struct labels, config_id, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema labels_schema =
    SCHEMA("AlertmanagerLabels", struct labels, label_fields);

struct annotations {
	const char *summary, *description, *severity, *config, *by;
};
static const struct field annotation_fields[] = {
	FIELD(struct annotations, summary),
	FIELD(struct annotations, description),
	FIELD(struct annotations, severity, .flags = FIELD_OMIT_ZERO),
	FIELD(struct annotations, config, .flags = FIELD_OMIT_ZERO),
	FIELD(struct annotations, by, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema annotations_schema =
    SCHEMA("AlertmanagerAnnotations", struct annotations, annotation_fields);

struct posted {
	instant                   startsAt, endsAt;
	const struct labels      *labels;
	const struct annotations *annotations;
	const char               *generatorURL;
};
static const struct field posted_fields[] = {
	FIELD(struct posted, startsAt),
	FIELD(struct posted, endsAt),
	FIELD(struct posted, labels, .item = &labels_schema),
	FIELD(struct posted, annotations, .item = &annotations_schema),
	FIELD(struct posted, generatorURL, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema posted_schema =
    SCHEMA("AlertmanagerAlert", struct posted, posted_fields);

/* ---- the alert ---- */

static const char *
describe(TALLOC_CTX *mem, const struct words *w, struct err *e)
{
	struct buf  b;
	size_t      told = 0;
	const char *rest;

	buf_make(&b, mem);
	buf_puts(&b, w->title);
	for (; told < w->changes_n && b.n < CHANGES_MAX; told++) {
		const struct words_change *c = &w->changes[told];

		buf_printf(&b, "\n%s: ", c->severity);
		buf_puts(&b, c->where);
		buf_puts(&b, ": ");
		buf_puts(&b, c->what);
	}
	if (!words_rest(mem, w, told, &rest, e))
		return NULL;
	if (rest != NULL) {
		buf_putc(&b, '\n');
		buf_puts(&b, rest);
	}
	return buf_text(&b, e);
}

static const char *
id_text(TALLOC_CTX *mem, const struct uuid *id, struct err *e)
{
	char *out = talloc_zero_array(mem, char, UUID_TEXT_MAX);

	if (out == NULL)
		err_memory(e);
	else
		uuid_print(id, out);
	return out;
}

static bool
label(TALLOC_CTX *mem, const struct rendering *in, struct labels *out, struct err *e)
{
	const struct alert_event *ev = in->shown;

	*out = (struct labels) {
		.alertname = ev->alert == NULL ? "BlindSpotX test" : "BlindSpotX",
		.tenant = ev->tenant->slug,
		.kind = ev->alert == NULL ? "test" : ev->alert->kind,
		.alert_id = ev->alert == NULL ? in->id : id_text(mem, &ev->alert->id, e),
	};
	if (ev->config != NULL) {
		out->config_id = id_text(mem, &ev->config->id, e);
		return out->alert_id != NULL && out->config_id != NULL;
	}
	return out->alert_id != NULL;
}

/* A test is over at once: nobody is to end it. */
static instant
end_of(const struct alert_event *ev)
{
	instant far = { ev->at.ms + FAR_AWAY_MS };

	return ev->alert == NULL || words_over(ev) ? ev->at : far;
}

static bool
render_alert(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	const struct alert_event *ev = in->shown;
	struct words              w;
	struct labels             labels;
	struct annotations        notes;
	struct posted             out;
	struct buf                b;

	if (!words_make(mem, ev, &w, e) || !label(mem, in, &labels, e))
		return false;
	notes = (struct annotations) {
		.summary = w.headline,
		.description = describe(mem, &w, e),
		.severity = ev->alert == NULL ? NULL : ev->alert->severity,
		.config = words_fact(&w, "Config"),
		.by = words_fact(&w, "By"),
	};
	if (notes.description == NULL)
		return false;
	out = (struct posted) {
		.startsAt = ev->alert == NULL ? ev->at : ev->alert->opened_at,
		.endsAt = end_of(ev),
		.labels = &labels,
		.annotations = &notes,
		.generatorURL = w.link,
	};
	buf_make(&b, mem);
	buf_putc(&b, '[');
	if (!schema_encode(&b, &posted_schema, &out, e))
		return false;
	buf_putc(&b, ']');
	*body = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

/* ---- its channels and answers ---- */

/* Where the server is, or its API. */
static bool
check_target(TALLOC_CTX *mem, const struct guard *g, const struct format_target *in,
    const char **target, struct err *e)
{
	size_t n, tail = sizeof(PATH) - 1;

	if (!format_check_url(mem, g, in, target, e))
		return false;
	n = strlen(*target);
	if (n >= tail && strcmp(*target + n - tail, PATH) == 0)
		return true;
	if (strpbrk(*target, "?#") != NULL)
		return err_fault(e, mem, "/url", "is where Alertmanager is: without ? and #");
	while (n > 0 && (*target)[n - 1] == '/')
		n--;
	*target = talloc_asprintf(mem, "%.*s" PATH, (int)n, *target);
	return *target != NULL || err_memory(e);
}

static const struct answer_row answers[] = {
	{ 200, 200, NULL, FATE_DELIVERED, NULL, NULL },
	{ 400, 400, NULL, FATE_OVER, NULL, NULL },
	{ 413, 413, NULL, FATE_OVER, NULL, NULL },
	{ 415, 415, NULL, FATE_OVER, NULL, NULL },
	{ 422, 422, NULL, FATE_OVER, NULL, NULL },
	ANSWERS_END,
};

static void
judge_alertmanager(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	post_judge(mem, answers, answer, out);
}

const struct format_ops alertmanager_alerts = {
	.has_channels = true,
	.check_target = check_target,
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_alert,
	.content_type = "application/json",
	.judge = judge_alertmanager,
};
