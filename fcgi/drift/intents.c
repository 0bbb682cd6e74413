/* routes.h: announced changes. */
#include "drift/engine/pattern.h"
#include "drift/service/intent.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define REASON_MAX 1000
#define TICKET_MAX 200
#define ACTOR_MAX  254

struct intent_out {
	struct uuid     id, config_id;
	const char     *category, *key, *path, *expect, *actor, *ticket, *reason, *owner, *state;
	struct raw_json value;
	instant         starts_at, ends_at, created_at, confirmed_at, ended_at, fulfilled_at;
	const char     *confirmed_by, *ended_by;
	int64_t         changes;
	struct uuid     report_id;
};
static const struct field intent_out_fields[] = {
	FIELD(struct intent_out, id, .doc = "Number of the announcement."),
	FIELD(struct intent_out, config_id, .doc = "Its config."),
	FIELD(struct intent_out, category, .doc = "Category of the object."),
	FIELD(struct intent_out, key, .doc = "Key of the object; * stands for anything."),
	FIELD(struct intent_out, path, .doc = "Where in it, as in a silence."),
	FIELD(struct intent_out, expect, .doc = "value, any or gone."),
	FIELD(struct intent_out, value, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a single announcement: what is to be there, as the config leaves "
		   "values" VIEW_DOC),
	FIELD(struct intent_out, actor, .flags = FIELD_NULLABLE,
	    .doc =
		"Who is to make it; withheld without read:audit where the source of the config is "
		"self."),
	FIELD(struct intent_out, ticket, .flags = FIELD_NULLABLE, .doc = "By which it was asked."),
	FIELD(struct intent_out, reason, .doc = "Why, in their words."),
	FIELD(struct intent_out, owner,
	    .doc = "Who announced it: an address, or key:NAME of an API key."),
	FIELD(struct intent_out, state,
	    .doc = "scheduled, open, fulfilled, unfulfilled or withdrawn."),
	FIELD(struct intent_out, starts_at, .doc = "From when it is awaited."),
	FIELD(struct intent_out, ends_at, .doc = "Until when."),
	FIELD(struct intent_out, created_at, .doc = "When it was announced."),
	FIELD(struct intent_out, confirmed_by, .flags = FIELD_NULLABLE,
	    .doc = "The second person: null: none has confirmed it."),
	FIELD(struct intent_out, confirmed_at, .flags = FIELD_NULLABLE, .doc = "When."),
	FIELD(struct intent_out, ended_by, .flags = FIELD_NULLABLE, .doc = "Who took it back."),
	FIELD(struct intent_out, ended_at, .flags = FIELD_NULLABLE, .doc = "When."),
	FIELD(struct intent_out, changes, .doc = "How many changes came as announced."),
	FIELD(struct intent_out, fulfilled_at, .flags = FIELD_NULLABLE,
	    .doc = "When the first of them was filed."),
	FIELD(struct intent_out, report_id, .flags = FIELD_NULLABLE, .doc = "The report it is in."),
	FIELD_END,
};
static const struct schema intent_out_schema =
    SCHEMA("DriftIntent", struct intent_out, intent_out_fields);

struct intent_create {
	struct uuid     config_id;
	const char     *category, *key, *path, *expect, *actor, *ticket, *reason;
	struct raw_json value;
	instant         starts_at, ends_at;
};
static const char *const  expects[] = { INTENT_VALUE, INTENT_ANY, INTENT_GONE, NULL };
static const struct field intent_create_fields[] = {
	FIELD(struct intent_create, config_id, .flags = FIELD_REQUIRED, .doc = "The config."),
	FIELD(struct intent_create, category, .min = 1, .max = 128, .flags = FIELD_REQUIRED,
	    .doc = "Category of the object, as it is."),
	FIELD(struct intent_create, key, .max = GLOB_TEXT_MAX, .flags = FIELD_REQUIRED,
	    .doc = "Key of the object; * stands for anything, but with expect any."),
	FIELD(struct intent_create, path, .max = PATTERN_TEXT_MAX, .flags = FIELD_REQUIRED,
	    .doc = "JSON Pointer, as a change's path; a step may be * or **, but ** with a value "
		   "not. Empty: the object itself, made or gone."),
	FIELD(struct intent_create, expect, .choices = expects,
	    .doc = "value (when absent): exactly value; any: whatever it becomes; gone: it is "
		   "there no more."),
	FIELD(struct intent_create, value, .flags = FIELD_NULLABLE,
	    .doc = "Any JSON, at most 16 KiB; compared as the config compares what is there. One "
		   "that the config masks is not announced (422)."),
	FIELD(struct intent_create, actor, .min = 1, .max = ACTOR_MAX,
	    .flags = FIELD_NULLABLE | FIELD_SEEN,
	    .doc = "Who is to make it: the id of an actor, as attribution has it, in any case; of "
		   "what is pushed, what the push says as actor. Needed where the source says "
		   "who makes a change; refused where it cannot know; of what is pushed, absent "
		   "stands for anybody."),
	FIELD(struct intent_create, ticket, .min = 1, .max = TICKET_MAX,
	    .flags = FIELD_NULLABLE | FIELD_SEEN, .doc = "By which it was asked, for people."),
	FIELD(struct intent_create, reason, .min = 1, .max = REASON_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Why."),
	FIELD(struct intent_create, starts_at, .flags = FIELD_NULLABLE,
	    .doc = "From when it is awaited, at most 366 days ahead; now when absent."),
	FIELD(struct intent_create, ends_at, .flags = FIELD_REQUIRED,
	    .doc = "Until when: at most as long as a maintenance window may be (7 days, unless the "
		   "installation says otherwise). What counts is when the change is read: of a "
		   "source that is collected, let it reach past the next reading."),
	FIELD_END,
};
static const struct schema intent_create_schema =
    SCHEMA("DriftIntentCreate", struct intent_create, intent_create_fields);

struct intent_query {
	struct list_query page;
	struct uuid       config_id;
	const char       *state;
};
static const char *const  states[] = { "scheduled", "open", "fulfilled", "unfulfilled", "withdrawn",
	 NULL };
static const struct field intent_query_fields[] = {
	LIST_FIELDS(struct intent_query, "Most items of one answer."),
	FIELD(struct intent_query, config_id, .flags = FIELD_NULLABLE,
	    .doc = "Only those of this config."),
	FIELD(struct intent_query, state, .choices = states, .doc = "Only in this state."),
	FIELD_END,
};
static const struct schema intent_query_schema =
    SCHEMA("DriftIntentQuery", struct intent_query, intent_query_fields);

/* ---- handlers ---- */

static bool
intent_show(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct intent_seen *seen = row;
	const struct intent      *i = &seen->row;

	(void)r, (void)p, (void)e;
	*(struct intent_out *)out = (struct intent_out) {
		.id = i->id,
		.config_id = i->config_id,
		.category = i->category,
		.key = i->key,
		.path = i->path,
		.expect = i->expect,
		.value = { .text = seen->value },
		.actor = seen->actor,
		.ticket = i->ticket,
		.reason = i->reason,
		.owner = i->owner,
		.state = seen->state,
		.starts_at = i->starts_at,
		.ends_at = i->ends_at,
		.created_at = i->created_at,
		.confirmed_by = i->confirmed_by,
		.confirmed_at = i->confirmed_at,
		.ended_by = i->ended_by,
		.ended_at = i->ended_at,
		.changes = i->changes,
		.fulfilled_at = i->fulfilled_at,
		.report_id = i->report_id,
	};
	return true;
}

static bool
fetch_intents(struct request *r, struct list_page *p, struct err *e)
{
	const struct intent_query *q = r->query;
	const struct intent_filter f = { .config_id = q->config_id, .state = q->state };
	const struct acting       *a = acting_of(r, e);

	return a != NULL && intent_page(a, &f, &p->page, e);
}
static const struct list_ops intent_list_ops = {
	fetch_intents,
	LIST_OF(struct intent_seen, row.id),
	intent_show,
};

static bool
get_intent(struct request *r, const void *body, void *answer, struct err *e)
{
	struct intent_seen   seen;
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && intent_see(a, &r->id0, &seen, e) &&
	       intent_show(r, NULL, &seen, answer, e);
}

static bool
make_intent(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct intent_create *in = body;
	const struct intent_wish    wish = {
		   .config_id = in->config_id,
		   .category = in->category,
		   .key = in->key,
		   .path = in->path,
		   .expect = in->expect,
		   .value = json_get(r->json, "value"),
		   .actor = in->actor,
		   .ticket = in->ticket,
		   .reason = in->reason,
		   .starts_at = in->starts_at,
		   .ends_at = in->ends_at,
	};
	struct intent_seen   made;
	const struct acting *a = acting_of(r, e);

	return a != NULL && intent_make(a, &wish, &made, e) &&
	       intent_show(r, NULL, &made, answer, e);
}

static bool
confirm_intent(struct request *r, const void *body, void *answer, struct err *e)
{
	struct intent_seen   seen;
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && intent_second(a, &r->id0, &seen, e) &&
	       intent_show(r, NULL, &seen, answer, e);
}

static bool
withdraw_intent(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && intent_withdraw(a, &r->id0, e);
}

const struct route intent_routes[] = {
	ROUTE_LIST("/api/drift/intents", intent_query, ALLOW(READ, DRIFT), &intent_list_ops,
	    OUT_LIST(intent_out), "Lists announced changes, newest first."),
	ROUTE(GET, "/api/drift/intents/{id}", ALLOW(READ, DRIFT), RATE_READ, 200, get_intent,
	    IN_NONE, OUT(intent_out), "Shows an announced change, and what came of it."),
	ROUTE(POST, "/api/drift/intents", ALLOW(UPDATE, DRIFT), RATE_WRITE, 201, make_intent,
	    IN(intent_create), OUT(intent_out),
	    "Announces a change. What comes in the window with that value, made by that actor, is "
	    "accepted as announced, as long as who announced it may accept it; anything else of "
	    "that object alerts as usual, and says what was announced. What has not come at its "
	    "end is told. Where accepting needs a second "
	    "person, one has to confirm it. To name a value needs read:snapshots, and a change of "
	    "the tenant's own administration (source self) read:audit."),
	ROUTE(POST, "/api/drift/intents/{id}/confirm", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	    confirm_intent, IN_NONE, OUT(intent_out),
	    "Confirms what somebody else has announced, where accepting such a change needs two "
	    "persons (settings.four_eyes): without it the change alerts as usual. By a person who "
	    "is signed in, not by a key (403). 409 where it is confirmed already, over, or "
	    "announced with a service key."),
	ROUTE(DELETE_, "/api/drift/intents/{id}", ALLOW(UPDATE, DRIFT), RATE_WRITE, 204,
	    withdraw_intent, IN_NONE, OUT_NONE,
	    "Takes back an announced change of which nothing has come."),
	ROUTE_END,
};
