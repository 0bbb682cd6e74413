#include "drift/alert/message.h"

#include "drift/engine/resource.h"

#define HEAD_ROOM   2048 /* bytes kept for what follows the changes */
#define PATH_MAX_   1024 /* bytes of a path that are told */
#define VALUE_MAX   256  /* longer values are left out */
#define REASON_MAX_ 500

/* ---- parts ---- */

static void
put(struct buf *b, const char *name, struct str value)
{
	buf_printf(b, "\"%s\":", name);
	buf_json(b, value);
}

/* At most `max` bytes, cut before a character. */
static struct str
head(struct str s, size_t max)
{
	size_t n = s.n <= max ? s.n : max;

	while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return (struct str) { s.p, n };
}

static void
put_id(struct buf *b, const char *name, const struct uuid *id)
{
	char text[UUID_TEXT_MAX];

	uuid_print(id, text);
	put(b, name, str_of(text));
}

static void
put_time(struct buf *b, const char *name, instant t)
{
	char text[TIME_TEXT_MAX];

	time_print(t.ms, text);
	put(b, name, str_of(text));
}

static void
put_link(struct buf *b, const char *name, const struct alert_scope *s, const char *path,
    const struct uuid *id)
{
	const struct conf *c = s->env->conf;
	char               text[UUID_TEXT_MAX];
	struct buf         url;

	uuid_print(id, text);
	buf_make(&url, b->mem);
	buf_puts(&url, c->public_url == NULL ? "" : c->public_url);
	buf_puts(&url, c->base_path == NULL ? "" : c->base_path);
	buf_puts(&url, path);
	buf_puts(&url, text);
	put(b, name, buf_str(&url));
	b->failed = b->failed || url.failed;
}

static void
put_value(struct buf *b, const char *name, struct str text, bool truncated)
{
	if (text.p == NULL && !truncated)
		return;
	if (truncated || text.n > VALUE_MAX) {
		buf_printf(b, ",\"%s_truncated\":true", name);
		return;
	}
	buf_printf(b, ",\"%s\":", name);
	buf_add(b, text.p, text.n); /* JSON already */
}

static void
put_change(struct buf *b, const struct change *c, const struct change_text *t)
{
	buf_putc(b, '{');
	put(b, "category", c->category);
	buf_putc(b, ',');
	put(b, "key", c->key);
	buf_putc(b, ',');
	put(b, "op", str_of(change_op_name(c->op)));
	buf_putc(b, ',');
	put(b, "path", head(c->path, PATH_MAX_));
	buf_putc(b, ',');
	put(b, "severity", str_of(severity_name(c->severity)));
	buf_putc(b, ',');
	put(b, "rule", head(str_of(c->rule), 128));
	buf_putc(b, ',');
	put(b, "reason", head(str_of(c->reason), REASON_MAX_));
	put_value(b, "old_value", t->old_text, t->old_truncated);
	put_value(b, "new_value", t->new_text, t->new_truncated);
	buf_putc(b, '}');
}

/* As many as are allowed and fit. */
static void
put_changes(struct buf *b, const struct alert_news *a)
{
	struct buf one;
	size_t     told = 0;

	buf_puts(b, ",\"changes\":[");
	for (size_t i = 0; i < a->n && told < MESSAGE_CHANGES; i++) {
		buf_make(&one, b->mem);
		put_change(&one, &a->changes[a->order[i]], &a->texts[a->order[i]]);
		if (one.failed)
			b->failed = true;
		if (one.failed || b->n + one.n > MESSAGE_MAX - HEAD_ROOM)
			break;
		if (told++ > 0)
			buf_putc(b, ',');
		buf_add(b, one.p, one.n);
		talloc_free(one.p);
	}
	buf_printf(b, "],\"changes_total\":%zu", a->n);
}

static void
put_alert(struct buf *b, const struct alert *alert)
{
	buf_puts(b, ",\"alert\":{");
	put_id(b, "id", &alert->id);
	buf_putc(b, ',');
	put(b, "kind", str_of(alert->kind));
	buf_putc(b, ',');
	put(b, "severity", str_of(alert->severity));
	buf_putc(b, ',');
	put(b, "status", str_of(alert->status));
	buf_putc(b, ',');
	put(b, "title", str_of(alert->title));
	buf_putc(b, ',');
	put_time(b, "opened_at", alert->opened_at);
	buf_putc(b, '}');
}

static void
put_report(struct buf *b, const struct report *r)
{
	buf_puts(b, ",\"report\":{");
	put_id(b, "id", &r->id);
	buf_printf(b,
	    ",\"summary\":{\"created\":%lld,\"modified\":%lld,\"deleted\":%lld,\"by_severity\":",
	    (long long)r->created, (long long)r->modified, (long long)r->deleted);
	buf_puts(b, r->by_severity.text == NULL ? "{}" : r->by_severity.text);
	buf_printf(b, "},\"score\":%lld,\"max_severity\":", (long long)r->score);
	if (r->max_severity == NULL)
		buf_puts(b, "null");
	else
		buf_json(b, str_of(r->max_severity));
	buf_putc(b, '}');
}

static void
put_links(struct buf *b, const struct alert_scope *s, const struct alert *alert)
{
	buf_puts(b, ",\"links\":{");
	put_link(b, "alert", s, "/api/drift/alerts/", &alert->id);
	if (s->report != NULL) {
		buf_putc(b, ',');
		put_link(b, "report", s, "/api/drift/reports/", &s->report->id);
	}
	buf_putc(b, '}');
}

/* ---- the whole ---- */

bool
message_print(
    const struct alert_scope *s, const struct alert_news *news, struct str *body, struct err *e)
{
	const struct tenant *tenant = s->t->tenant;
	const struct alert  *alert = news->alert;
	struct buf           b;

	buf_make(&b, s->mem);
	buf_putc(&b, '{');
	put(&b, "type", str_of(news->event));
	buf_putc(&b, ',');
	put_time(&b, "timestamp", (instant) { clock_ms(s->env->clock) });
	buf_puts(&b, ",\"data\":{\"tenant\":{");
	put_id(&b, "id", &tenant->id);
	buf_putc(&b, ',');
	put(&b, "slug", str_of(tenant->slug));
	buf_putc(&b, '}');
	if (alert != NULL) {
		if (!uuid_is_nil(&s->config_id)) {
			buf_puts(&b, ",\"config\":{");
			put_id(&b, "id", &s->config_id);
			buf_putc(&b, ',');
			put(&b, "name", str_of(s->config_name));
			buf_putc(&b, '}');
		}
		put_alert(&b, alert);
		if (s->report != NULL)
			put_report(&b, s->report);
		put_changes(&b, news);
		put_links(&b, s, alert);
	}
	buf_puts(&b, "}}");
	*body = buf_str(&b);
	return buf_ok(&b) ? true : err_memory(e);
}

/* ---- without values ---- */

/* Of a change those of its members that are no values, and whose names a receiver knows. */
static bool
is_open(struct str member)
{
	static const char *const open[] = { "category", "key", "op", "path", "severity", "rule",
		"reason" };

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (str_eqz(member, open[i]))
			return true;
	return false;
}

/* Too long is withheld too. */
static struct str
short_name(struct str member)
{
	const struct str end = STR("_truncated");

	if (member.n > end.n && str_eq((struct str) { member.p + member.n - end.n, end.n }, end))
		member.n -= end.n;
	return member;
}

static bool
withhold(TALLOC_CTX *mem, struct view v, struct json *change, struct err *e)
{
	for (uint32_t i = 0; change->type == JSON_OBJECT && i < change->n; i++) {
		struct json *one = &change->items[i];

		if (!is_open(change->names[i])) {
			change->names[i] = short_name(change->names[i]);
			*one = (struct json) { .type = JSON_STRING, .text = STR(VIEW_WITHHELD) };
		} else if (str_eqz(change->names[i], "path") &&
			   !view_path(mem, v, one->text, &one->text, NULL, e)) {
			return false;
		}
	}
	return true;
}

static struct json *
member(struct json *object, const char *name)
{
	for (uint32_t i = 0; object != NULL && object->type == JSON_OBJECT && i < object->n; i++)
		if (str_eqz(object->names[i], name))
			return &object->items[i];
	return NULL;
}

bool
message_view(TALLOC_CTX *mem, struct view v, struct str body, struct str *out, struct err *e)
{
	struct json *tree, *changes;
	struct buf   b;

	*out = body;
	if (v.values)
		return true;
	tree = json_parse(mem, body, e);
	if (tree == NULL)
		return err_note(e, "a stored message");
	changes = member(member(tree, "data"), "changes");
	for (uint32_t i = 0; changes != NULL && changes->type == JSON_ARRAY && i < changes->n; i++)
		if (!withhold(mem, v, &changes->items[i], e))
			return false;
	buf_make(&b, mem);
	json_print(&b, tree);
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

/* ---- posting ---- */

bool
message_post(const struct alert_scope *s, const struct alert_news *news, const struct uuid *channel,
    struct str body, struct uuid *id, struct err *e)
{
	struct outbox o = { .id = uuid_make(s->env->clock, s->env->rand),
		.channel_id = *channel,
		.event = talloc_strdup(s->mem, news->event),
		.state = talloc_strdup(s->mem, "pending"),
		.created_at = { clock_ms(s->env->clock) } };

	if (o.event == NULL || o.state == NULL)
		return err_memory(e);
	if (news->alert != NULL)
		o.alert_id = news->alert->id;
	if (id != NULL)
		*id = o.id;
	return tenant_seal(s->t, s->mem, s->env->rand, "outbox", "body", &o.id, body, &o.body, e) &&
	       outbox_add(s->t->db, &o, e);
}
