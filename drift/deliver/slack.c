/*
 * format.h: the kind "slack", a message of Block Kit to an incoming webhook.
 *
 * Nothing from outside is mrkdwn: it stands in plain_text objects, where nothing is a mention, a
 * link or bold, and in `text`, which notifications and screen readers take, with & < > escaped.
 * Limits as documented: 50 blocks, a header of 150 characters, a section of 3,000; and 13,200 in
 * all, beyond which messages have been refused.
 */
#include <string.h>

#include "core/json/schema.h"
#include "drift/deliver/post.h"
#include "drift/deliver/words.h"

#define SECTION_MAX 2900 /* bytes of a section's text, below its limit in characters */
#define TEXTS_MAX   9000 /* of all changes */

/* plain_text says that ":x:" is no picture; mrkdwn has no such member. */
struct text_object {
	const char     *type, *text;
	struct raw_json emoji;
};
#define PLAIN(z)  ((struct text_object) { "plain_text", (z), { .text = "false" } })
#define MRKDWN(z) ((struct text_object) { "mrkdwn", (z), { 0 } })
static const struct field text_fields[] = {
	FIELD(struct text_object, type),
	FIELD(struct text_object, text),
	FIELD(struct text_object, emoji, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema text_schema = SCHEMA("SlackText", struct text_object, text_fields);

/* A header, or a section with `text` or `fields`. */
struct block {
	const char               *type;
	const struct text_object *text;
	struct items              fields; /* struct text_object */
};
static const struct field block_fields[] = {
	FIELD(struct block, type),
	FIELD(struct block, text, .item = &text_schema, .flags = FIELD_OMIT_ZERO),
	FIELD(struct block, fields, .item = &text_schema, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema block_schema = SCHEMA("SlackBlock", struct block, block_fields);

struct message {
	const char  *text;
	bool         mrkdwn, unfurl_links, unfurl_media;
	struct items blocks;
};
static const struct field message_fields[] = {
	FIELD(struct message, text),
	FIELD(struct message, mrkdwn),
	FIELD(struct message, unfurl_links),
	FIELD(struct message, unfurl_media),
	FIELD(struct message, blocks, .item = &block_schema),
	FIELD_END,
};
static const struct schema message_schema = SCHEMA("SlackMessage", struct message, message_fields);

/* ---- its blocks ---- */

#define BLOCKS_MAX (4 + EVENT_CHANGES)
struct blocks {
	TALLOC_CTX        *mem;
	struct block       rows[BLOCKS_MAX];
	size_t             n;
	struct text_object texts[BLOCKS_MAX];
	struct text_object facts[WORDS_FACTS_MAX];
};

static void
add_block(struct blocks *b, const char *type, struct text_object text)
{
	b->texts[b->n] = text;
	b->rows[b->n] = (struct block) { .type = type, .text = &b->texts[b->n] };
	b->n++;
}

static bool
add_facts(struct blocks *b, const struct words *w, struct err *e)
{
	for (size_t i = 0; i < w->facts_n; i++) {
		char *text = talloc_asprintf(b->mem, "%s: %s", w->facts[i].name, w->facts[i].text);

		if (text == NULL)
			return err_memory(e);
		b->facts[i] = PLAIN(text);
	}
	b->rows[b->n++] = (struct block) { .type = "section", .fields = { b->facts, w->facts_n } };
	return true;
}

/* As many as there is room for; *told of them. */
static bool
add_changes(struct blocks *b, const struct words *w, size_t *told, struct err *e)
{
	size_t all = 0;

	for (*told = 0; *told < w->changes_n; ++*told) {
		const struct words_change *c = &w->changes[*told];
		struct buf                 line;
		const char                *text;

		buf_make(&line, b->mem);
		buf_printf(&line, "%s: ", c->severity);
		buf_puts(&line, c->where);
		buf_putc(&line, '\n');
		buf_puts(&line, c->what);
		if (c->why[0] != '\0') {
			buf_putc(&line, '\n');
			buf_puts(&line, c->why);
		}
		text = buf_text(&line, e);
		if (text == NULL)
			return false;
		all += line.n;
		if (line.n > SECTION_MAX || all > TEXTS_MAX)
			return true;
		add_block(b, "section", PLAIN(text));
	}
	return true;
}

/* What is behind the link, and the links, which are ours. */
static bool
add_end(struct blocks *b, const struct words *w, size_t told, struct err *e)
{
	struct buf  line;
	const char *rest, *text;

	if (!words_rest(b->mem, w, told, &rest, e))
		return false;
	if (rest != NULL)
		add_block(b, "section", PLAIN(rest));
	if (w->link == NULL)
		return true;
	buf_make(&line, b->mem);
	buf_putc(&line, '<');
	buf_slack(&line, str_of(w->link));
	buf_printf(&line, "|%s>", w->open);
	for (size_t i = 0; i < w->answers_n; i++) {
		buf_puts(&line, "   <");
		buf_slack(&line, str_of(w->answers[i].text));
		buf_printf(&line, "|%s>", w->answers[i].name);
	}
	text = buf_text(&line, e);
	if (text == NULL)
		return false;
	add_block(b, "section", MRKDWN(text));
	return true;
}

static bool
render_blocks(TALLOC_CTX *mem, const struct rendering *in, struct str *body, struct err *e)
{
	struct blocks *b = talloc_zero(mem, struct blocks);
	struct words   w;
	struct message m;
	struct buf     plain, out;
	size_t         told;

	if (b == NULL)
		return err_memory(e);
	b->mem = mem;
	if (!words_make(mem, in->shown, &w, e))
		return false;
	add_block(b, "header", PLAIN(w.headline));
	buf_make(&plain, mem);
	buf_slack(&plain, str_of(w.headline));
	m = (struct message) { .text = buf_text(&plain, e) };
	if (m.text == NULL || !add_facts(b, &w, e) || !add_changes(b, &w, &told, e) ||
	    !add_end(b, &w, told, e))
		return false;
	m.blocks = (struct items) { b->rows, b->n };
	buf_make(&out, mem);
	if (!schema_encode(&out, &message_schema, &m, e))
		return false;
	*body = buf_str(&out);
	return true;
}

/* ---- its answers ---- */

/*
 * "ok" delivers.  A webhook that is revoked, unknown or of a workspace that is gone, an archived
 * channel, and the redirect to which a wrong secret in the url leads are for ever; a message that
 * Slack cannot read is ours, and reads no better the next time.
 */
#define UNKNOWN                                                                                    \
	"Slack does not know the webhook any more, or has forbidden it: make another one there."
#define SAYS(word)                                                                                 \
	{                                                                                          \
		400, 401, word, FATE_DISABLED, NULL, UNKNOWN                                       \
	}
static const struct answer_row answers[] = {
	{ 300, 399, NULL, FATE_DISABLED, NULL, UNKNOWN },
	SAYS("invalid_token"),
	SAYS("token_revoked"),
	SAYS("account_inactive"),
	SAYS("no_active_hooks"),
	SAYS("no_service"),
	SAYS("no_team"),
	SAYS("team_disabled"),
	SAYS("channel_not_found"),
	SAYS("user_not_found"),
	{ 400, 400, NULL, FATE_OVER, NULL, NULL },
	{ 403, 404, NULL, FATE_DISABLED, NULL, UNKNOWN },
	{ 410, 410, NULL, FATE_DISABLED, NULL, "Slack says that the channel is archived." },
	{ 413, 413, NULL, FATE_OVER, NULL, NULL },
	ANSWERS_END,
};

static void
judge_slack(TALLOC_CTX *mem, const struct fetch_answer *answer, struct verdict *out)
{
	if (answer->status == 200 && str_eq(str_trim(answer->body), STR("ok")))
		*out = post_verdict(mem, FATE_DELIVERED, answer);
	else
		post_judge(mem, answers, answer, out);
}

const struct format_ops slack_blocks = {
	.has_channels = true,
	.check_target = format_check_url,
	.hides_url = true,
	.answers = true,
	.rate = { 20, 10 }, /* a message a second, documented; fewer are read */
	.action = "alert.deliver",
	.done = "alert delivered",
	.delays_s = delays_of_days,
	.send = post_send,
	.render = render_blocks,
	.content_type = "application/json",
	.judge = judge_slack,
};
