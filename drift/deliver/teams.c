/*
 * format.h: the kind "teams", an Adaptive Card 1.4 to a workflow of Microsoft Teams ("When a Teams
 * webhook request is received").
 *
 * What comes from outside stands in text runs, where there is no markdown.  Teams refuses more than
 * 28,672 bytes as it encodes them itself, which is more than was sent: the changes told leave room
 * for that.  It answers 202 before the card is shown, and never says whether it was.
 */
#include <string.h>

#include "core/json/schema.h"
#include "drift/deliver/post.h"
#include "drift/deliver/words.h"

#define CARD_MAX 14000 /* bytes of changes, as JSON: the whole stays below 20,000 */

struct run {
	const char *type, *text, *weight, *size, *color;
	bool        isSubtle;
};
static const struct field run_fields[] = {
	FIELD(struct run, type),
	FIELD(struct run, text),
	FIELD(struct run, weight, .flags = FIELD_OMIT_ZERO),
	FIELD(struct run, size, .flags = FIELD_OMIT_ZERO),
	FIELD(struct run, color, .flags = FIELD_OMIT_ZERO),
	FIELD(struct run, isSubtle, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema run_schema = SCHEMA("TeamsRun", struct run, run_fields);

struct paragraph {
	const char  *type;
	struct items inlines;
	bool         separator;
};
static const struct field paragraph_fields[] = {
	FIELD(struct paragraph, type),
	FIELD(struct paragraph, inlines, .item = &run_schema),
	FIELD(struct paragraph, separator, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema paragraph_schema =
    SCHEMA("TeamsParagraph", struct paragraph, paragraph_fields);

struct action {
	const char *type, *title, *url;
};
static const struct field action_fields[] = {
	FIELD(struct action, type),
	FIELD(struct action, title),
	FIELD(struct action, url),
	FIELD_END,
};
static const struct schema action_schema = SCHEMA("TeamsAction", struct action, action_fields);

struct layout {
	const char *width;
};
static const struct field layout_fields[] = {
	FIELD(struct layout, width),
	FIELD_END,
};
static const struct schema layout_schema = SCHEMA("TeamsLayout", struct layout, layout_fields);

struct card {
	const char          *schema, *type, *version, *fallbackText;
	const struct layout *msteams;
	struct items         body, actions;
};
static const struct field card_fields[] = {
	FIELD_AS(struct card, schema, "$schema"),
	FIELD(struct card, type),
	FIELD(struct card, version),
	FIELD(struct card, fallbackText),
	FIELD(struct card, msteams, .item = &layout_schema),
	FIELD(struct card, body, .item = &paragraph_schema),
	FIELD(struct card, actions, .item = &action_schema, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema card_schema = SCHEMA("TeamsCard", struct card, card_fields);

struct attachment {
	const char        *contentType, *contentUrl;
	const struct card *content;
};
static const struct field attachment_fields[] = {
	FIELD(struct attachment, contentType),
	FIELD(struct attachment, contentUrl), /* null */
	FIELD(struct attachment, content, .item = &card_schema),
	FIELD_END,
};
static const struct schema attachment_schema =
    SCHEMA("TeamsAttachment", struct attachment, attachment_fields);

struct message {
	const char  *type;
	struct items attachments;
};
static const struct field message_fields[] = {
	FIELD(struct message, type),
	FIELD(struct message, attachments, .item = &attachment_schema),
	FIELD_END,
};
static const struct schema message_schema = SCHEMA("TeamsMessage", struct message, message_fields);

/* ---- the card ---- */

#define PARAGRAPHS_MAX (3 + WORDS_FACTS_MAX + EVENT_CHANGES)
#define RUNS_MAX       3 /* of a paragraph */
struct paragraphs {
	TALLOC_CTX      *mem;
	struct paragraph rows[PARAGRAPHS_MAX];
	size_t           n;
};

static bool
add_paragraph(struct paragraphs *p, const struct run *runs, size_t n, bool separator, struct err *e)
{
	struct run *own = talloc_memdup(p->mem, runs, n * sizeof(*runs));

	if (own == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		own[i].type = "TextRun";
	p->rows[p->n++] = (struct paragraph) { "RichTextBlock", { own, n }, separator };
	return true;
}

static const char *
color_of(const struct alert_event *ev)
{
	const char *severity;

	if (words_over(ev))
		return "Good";
	if (event_is_test(ev))
		return "Default";
	severity = ev->many != NULL ? ev->many->worst : ev->alert->severity;
	return strcmp(severity, "critical") == 0 || strcmp(severity, "high") == 0 ? "Attention"
										  : "Warning";
}

static bool
add_facts(struct paragraphs *p, const struct words *w, struct err *e)
{
	for (size_t i = 0; i < w->facts_n; i++) {
		const struct run runs[RUNS_MAX] = {
			{ .text = w->facts[i].name, .isSubtle = true },
			{ .text = ": ", .isSubtle = true },
			{ .text = w->facts[i].text },
		};

		if (!add_paragraph(p, runs, RUNS_MAX, false, e))
			return false;
	}
	return true;
}

/* What a paragraph takes as JSON, the controls of its text escaped. */
static size_t
size_of(TALLOC_CTX *mem, const struct words_change *c)
{
	struct buf b;
	size_t     n;

	buf_make(&b, mem);
	buf_json(&b, str_of(c->where));
	buf_json(&b, str_of(c->what));
	buf_json(&b, str_of(c->why));
	n = b.n + 200;
	talloc_free(b.p);
	return n;
}

static bool
add_changes(struct paragraphs *p, const struct words *w, size_t *told, struct err *e)
{
	size_t all = 0;

	for (*told = 0; *told < w->changes_n; ++*told) {
		const struct words_change *c = &w->changes[*told];
		const char *where = talloc_asprintf(p->mem, "%s: %s\n", c->severity, c->where);
		const char *why = c->why[0] == '\0' ? "" : talloc_asprintf(p->mem, "\n%s", c->why);
		const struct run runs[RUNS_MAX] = {
			{ .text = where, .isSubtle = true },
			{ .text = c->what, .weight = "Bolder" },
			{ .text = why },
		};

		if (where == NULL || why == NULL)
			return err_memory(e);
		all += size_of(p->mem, c);
		if (all > CARD_MAX)
			return true;
		if (!add_paragraph(p, runs, why[0] == '\0' ? 2 : 3, true, e))
			return false;
	}
	return true;
}

static bool
add_rest(struct paragraphs *p, const struct words *w, size_t told, struct err *e)
{
	struct run rest = { 0 };

	return words_rest(p->mem, w, told, &rest.text, e) &&
	       (rest.text == NULL || add_paragraph(p, &rest, 1, true, e));
}

static bool
print_card(
    TALLOC_CTX *mem, struct paragraphs *p, const struct words *w, struct str *body, struct err *e)
{
	static const struct layout full = { "Full" };
	struct action actions[1 + WORDS_ANSWERS_MAX] = { { "Action.OpenUrl", w->open, w->link } };
	struct card   card = {
		  .schema = "http://adaptivecards.io/schemas/adaptive-card.json",
		  .type = "AdaptiveCard",
		  .version = "1.4",
		  .fallbackText = w->headline,
		  .msteams = &full,
		  .body = { p->rows, p->n },
		  .actions = { actions, w->link == NULL ? 0 : 1 + w->answers_n },
	};
	struct attachment one = { "application/vnd.microsoft.card.adaptive", NULL, &card };
	struct message    m = { "message", { &one, 1 } };
	struct buf        b;

	for (size_t i = 0; i < w->answers_n; i++)
		actions[1 + i] =
		    (struct action) { "Action.OpenUrl", w->answers[i].name, w->answers[i].text };
	buf_make(&b, mem);
	if (!schema_encode(&b, &message_schema, &m, e))
		return false;
	*body = buf_str(&b);
	return true;
}

static bool
render_card(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	struct paragraphs *p = talloc_zero(mem, struct paragraphs);
	struct words       w;
	struct run         headline = { .weight = "Bolder", .size = "Medium" };
	size_t             told;

	if (p == NULL)
		return err_memory(e);
	p->mem = mem;
	if (!words_make(mem, in->shown, &w, e))
		return false;
	headline.text = w.headline;
	headline.color = color_of(in->shown);
	return add_paragraph(p, &headline, 1, false, e) && add_facts(p, &w, e) &&
	       add_changes(p, &w, &told, e) && add_rest(p, &w, told, e) &&
	       print_card(mem, p, &w, body, e);
}

/* ---- its answers ---- */

/* A 2xx is a promise, but where it says itself that Teams did not take it.  A workflow that is
 * gone, switched off or not ours to call stays so, and so does a URL that lacks a part. */
#define CLOSED                                                                                     \
	"The workflow lets only people of its organisation call it: set it to anyone, and give "   \
	"its new URL."
#define GONE "The workflow is gone or switched off: make another, and give its URL."
#define PART "The workflow's URL lacks a part: give it as Teams shows it, byte for byte."
static const struct answer_row answers[] = {
	{ 200, 299, "delivery failed with error", FATE_AGAIN, NULL, NULL },
	{ 200, 299, NULL, FATE_DELIVERED, "accepted", NULL },
	{ 400, 409, "WorkflowTriggerIsNotEnabled", FATE_DISABLED, NULL, GONE },
	{ 401, 401, NULL, FATE_DISABLED, NULL, CLOSED },
	{ 403, 403, NULL, FATE_DISABLED, NULL, CLOSED },
	{ 404, 404, NULL, FATE_DISABLED, NULL, GONE },
	{ 410, 410, NULL, FATE_DISABLED, NULL, GONE },
	{ 400, 400, "MissingApiVersionParameter", FATE_DISABLED, NULL, PART },
	{ 400, 400, NULL, FATE_OVER, NULL, NULL },
	{ 413, 413, NULL, FATE_OVER, NULL, NULL },
	ANSWERS_END,
};

static void
judge_teams(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	post_judge(mem, answers, answer, out);
}

const struct format_ops teams_card = {
	.has_channels = true,
	.check_target = format_check_url,
	.hides_url = true,
	.answers = true,
	.rate = { 4, 5 }, /* more is read by nobody in a channel */
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_card,
	.content_type = "application/json",
	.judge = judge_teams,
};
