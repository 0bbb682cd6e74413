/* routes.h: links by which an administrator lets an app read a directory. */
#include <string.h>

#include "core/web/rate.h"
#include "drift/template/onboard.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

/* ---- as it is answered ---- */

struct onboarding_out {
	struct uuid    id;
	const char    *tenant;
	struct uuid    tenant_id;
	const char    *directory;
	struct strings packs;
	const char    *state, *why;
	struct strings operation_ids;
	const char    *asked_by;
	instant        expires_at, created_at, answered_at, finished_at;
	const char    *consent_url;
};
static const struct field onboarding_out_fields[] = {
	FIELD(struct onboarding_out, id, .doc = "Number of the onboarding."),
	FIELD(struct onboarding_out, tenant,
	    .doc = "Short name of the tenant whose directory it is."),
	FIELD(struct onboarding_out, tenant_id, .doc = "Its id."),
	FIELD(struct onboarding_out, directory, .doc = "The directory that the link is for."),
	FIELD(struct onboarding_out, packs, .doc = "Source packs that are set up."),
	FIELD(struct onboarding_out, state,
	    .doc =
		"waiting (for the administrator; why says what the last answer came to), checking "
		"(whether the directory lets the app in), applying (the templates), done, failed "
		"or "
		"expired."),
	FIELD(struct onboarding_out, why, .flags = FIELD_NULLABLE,
	    .doc = "What is missing, in a sentence; null: nothing is known to be."),
	FIELD(struct onboarding_out, operation_ids,
	    .doc = "Applications of the templates (GET /api/operations/{id})."),
	FIELD(struct onboarding_out, asked_by, .doc = "Who asked for the link."),
	FIELD(struct onboarding_out, expires_at, .doc = "When the link ends."),
	FIELD(struct onboarding_out, created_at, .doc = "When it was asked for."),
	FIELD(struct onboarding_out, answered_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was answered last; null: never."),
	FIELD(struct onboarding_out, finished_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was done or failed; null: not yet."),
	FIELD(struct onboarding_out, consent_url, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "The link, for an administrator of the directory; where it is asked for alone."),
	FIELD_END,
};
static const struct schema onboarding_out_schema =
    SCHEMA("DriftOnboarding", struct onboarding_out, onboarding_out_fields);

static bool
packs_show(TALLOC_CTX *mem, const struct onboard_seen *s, struct strings *out, struct err *e)
{
	const char **list = talloc_zero_array(mem, const char *, (unsigned)s->n + 1);

	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->n; i++)
		list[i] = s->packs[i].pack;
	*out = (struct strings) { list, s->n };
	return true;
}

static bool
operations_show(TALLOC_CTX *mem, const struct onboard_seen *s, struct strings *out, struct err *e)
{
	const char **list = talloc_zero_array(mem, const char *, (unsigned)s->operations_n + 1);

	if (list == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->operations_n; i++) {
		char *id = talloc_size(list, UUID_TEXT_MAX);

		if (id == NULL)
			return err_memory(e);
		uuid_print(&s->operations[i], id);
		list[i] = id;
	}
	*out = (struct strings) { list, s->operations_n };
	return true;
}

static bool
show(
    const struct acting *a, const struct onboard_seen *s, struct onboarding_out *out, struct err *e)
{
	const struct onboarding *o = &s->row;

	*out = (struct onboarding_out) {
		.id = o->id,
		.tenant = o->tenant,
		.tenant_id = o->tenant_id,
		.directory = o->directory,
		.state = s->state,
		.why = o->why,
		.asked_by = o->asked_name,
		.expires_at = o->ends_at,
		.created_at = o->created_at,
		.answered_at = o->answered_at,
		.finished_at = o->finished_at,
	};
	return packs_show(a->by.mem, s, &out->packs, e) &&
	       operations_show(a->by.mem, s, &out->operation_ids, e);
}

/* ---- asking, and looking ---- */

struct onboarding_in {
	const char     *tenant, *directory;
	struct strings  packs;
	struct raw_json credential, parameters;
	int64_t         days;
};
static const struct field onboarding_in_fields[] = {
	FIELD(struct onboarding_in, tenant, .min = 1, .max = 63,
	    .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Short name of the tenant whose directory it is, or its id: the caller's own, "
		   "or one "
		   "that has granted them create:drift by a cross-tenant grant."),
	FIELD(struct onboarding_in, directory, .min = 3, .max = 253, .flags = FIELD_REQUIRED,
	    .doc = "Its directory (tenant) ID, or one of its domains: consent in another one does "
		   "nothing."),
	FIELD(struct onboarding_in, packs, .min = 1, .max = ONBOARD_PACKS_MAX,
	    .flags = FIELD_REQUIRED,
	    .doc =
		"Source packs that an administrator consents to (entra): of each the template of "
		"that name is applied, with the directory's ID as its variable tenant_id; where "
		"there "
		"is none, one is made. A template that leads to other hosts than the pack with "
		"these parameters does, or to another directory, is refused."),
	FIELD(struct onboarding_in, credential, .flags = FIELD_REQUIRED | FIELD_SECRET,
	    .doc = "What the app shows, as source.credential of a config: {client_id, "
		   "client_secret} or "
		   "{client_id, certificate, private_key} of a multitenant app registration that "
		   "names "
		   "/api/drift/onboarding/callback of this installation as a redirect URI."),
	FIELD(struct onboarding_in, parameters,
	    .doc =
		"Object: what else the packs want to know, as source.parameters of a config "
		"({\"cloud\": \"usgov\"}); what the app shows goes to the hosts that these make, "
		"and "
		"to no other."),
	FIELD(struct onboarding_in, days, .min = 1, .max = ONBOARD_DAYS_MAX,
	    .doc = "For so long the link counts; 7 when absent."),
	FIELD_END,
};
static const struct schema onboarding_in_schema =
    SCHEMA("DriftOnboardingCreate", struct onboarding_in, onboarding_in_fields);

/* Who may not apply a template may not ask for it to be applied. */
static bool
may_onboard(struct request *r, struct err *e)
{
	return onboard_may(&r->caller, e);
}

static bool
make_onboarding(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct onboarding_in *in = body;
	const struct onboard_wish   wish = { in->tenant, in->directory, in->packs,
		  in->credential.tree, in->parameters.tree, in->days };
	const struct acting        *a = acting_of(r, e);
	struct onboarding_out      *out = answer;
	struct onboard_seen         seen;
	const char                 *url;

	if (a == NULL || !onboard_ask(a, &wish, &seen, &url, e) || !show(a, &seen, out, e))
		return false;
	out->consent_url = url;
	return true;
}

static bool
fetch_onboardings(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && onboard_list(a, &p->page, e);
}

static bool
show_onboarding(
    struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct onboard_seen  seen;

	(void)p;
	return a != NULL && onboard_read(a, row, &seen, e) && show(a, &seen, out, e);
}
static const struct list_ops onboarding_list_ops = {
	fetch_onboardings,
	LIST_OF(struct onboarding, id),
	show_onboarding,
};

static bool
get_onboarding(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct onboard_seen  seen;

	(void)body;
	return a != NULL && onboard_see(a, &r->id0, &seen, e) && show(a, &seen, answer, e);
}

static bool
drop_onboarding(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && onboard_drop(a, &r->id0, e);
}

/* ---- the administrator's page ---- */

struct consent_query {
	const char *state, *tenant, *admin_consent, *error, *error_description;
};
static const struct field consent_query_fields[] = {
	FIELD(struct consent_query, state, .max = 400, .doc = "What the link carried."),
	FIELD(struct consent_query, tenant, .max = 64, .doc = "The directory's ID."),
	FIELD(struct consent_query, admin_consent, .max = 16, .doc = "True: it was given."),
	FIELD(struct consent_query, error, .max = 200, .doc = "Why it was not."),
	FIELD(struct consent_query, error_description, .max = 4000, .doc = "The same at length."),
	FIELD_END,
};
static const struct schema consent_query_schema =
    SCHEMA("OnboardingCallbackQuery", struct consent_query, consent_query_fields);

/* It looks again without what was answered. */
static bool
print_page(struct request *r, const struct onboard_told *t, const char *state, struct err *e)
{
	struct buf *b = &r->out;

	buf_make(b, r->mem);
	buf_puts(b, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	buf_puts(b, "<meta name=\"viewport\" content=\"width=device-width\">\n");
	if (t->more) {
		buf_puts(b, "<meta http-equiv=\"refresh\" content=\"5; url=?state=");
		buf_html(b, str_of(state));
		buf_puts(b, "\">\n");
	}
	buf_puts(b, "<title>");
	buf_html(b, str_of(t->title));
	buf_puts(b, "</title>\n</head>\n<body>\n<main>\n<h1>");
	buf_html(b, str_of(t->title));
	buf_puts(b, "</h1>\n<p role=\"status\">");
	buf_html(b, str_of(t->text));
	buf_puts(b, "</p>\n</main>\n</body>\n</html>\n");
	r->content_type = "text/html; charset=utf-8";
	return buf_ok(b) || err_memory(e);
}

static bool
get_consent(struct request *r, const void *body, void *answer, struct err *e)
{
	static const struct consent_query none = { 0 };
	const struct consent_query       *q = r->query != NULL ? r->query : &none;
	const struct onboard_answer       in = { q->state, q->tenant, q->admin_consent, q->error,
		      q->error_description };
	const struct deed_by              by = request_deed_by(r);
	struct onboard_told               told;

	(void)body, (void)answer;
	/* looking is for everybody; an answer is worth an attempt to sign in */
	if ((q->error != NULL || q->tenant != NULL) && !rate_as(r, RATE_LOGIN, e))
		return false;
	if (!onboard_answer(&by, &in, &told, e)) {
		if (e->code != ERR_MISSING)
			return false;
		told = (struct onboard_told) { "There is nothing here",
			"This link is none of ours, or was taken back: ask who has sent it to you "
			"for "
			"another.",
			false, false };
		err_clear(e);
	}
	return print_page(r, &told, q->state, e);
}

const struct route onboarding_routes[] = {
	ROUTE_LIST("/api/drift/onboarding", list_query, ALLOW(READ, DRIFT), &onboarding_list_ops,
	    OUT_LIST(onboarding_out),
	    "Lists links to administrators and what has come of each, newest first, until 90 days "
	    "behind the link's end."),
	ROUTE_FOUND(may_onboard, NULL, POST, "/api/drift/onboarding", ALLOW_FRESH(CREATE, DRIFT),
	    RATE_WRITE, 201, make_onboarding, IN(onboarding_in), OUT(onboarding_out),
	    "Makes a link by which an administrator lets an app read a directory: once that has "
	    "happened, and the directory has given the app a token, the packs' templates are "
	    "applied in "
	    "the tenant and what they make is read. In the tenant no more is done than the caller "
	    "may "
	    "do there at that time. Needs also update:drift."),
	ROUTE_QO(GET, "/api/drift/onboarding/callback", consent_query, ANYONE, RATE_OPEN, 200,
	    get_consent, IN_NONE, OUT_RAW("text/html; charset=utf-8"),
	    "Where Microsoft sends the administrator's browser back to: a page that says what has "
	    "come "
	    "of it. What the answer says is believed only as far as the directory itself shows it, "
	    "and "
	    "counts once; one that says no changes nothing but the sentence that is shown. An "
	    "answer is "
	    "charged to the address as a sign-in is (rate class login), looking is not."),
	ROUTE(GET, "/api/drift/onboarding/{id}", ALLOW(READ, DRIFT), RATE_READ, 200, get_onboarding,
	    IN_NONE, OUT(onboarding_out),
	    "Shows a link to an administrator and what has come of it."),
	ROUTE(DELETE_, "/api/drift/onboarding/{id}", ALLOW(DELETE, DRIFT), RATE_WRITE, 204,
	    drop_onboarding, IN_NONE, OUT_NONE,
	    "Takes a link back: it does nothing any more. What was made by it stays."),
	ROUTE_END,
};
