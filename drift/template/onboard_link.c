/* onboard.h: what is sealed with one, and its link, made of that. */
#include "drift/source/auth.h"
#include "drift/template/consent.h"
#include "drift/template/onboard.h"

bool
onboard_order_open(const struct deed_by *home, const struct onboarding *o,
    struct onboard_order *out, struct err *e)
{
	const struct json *tree;
	struct str         text;

	if (o->secret.n == 0)
		return err_set(
		    e, ERR_CONFLICT, 0, "The link is over.", "what the app shows is gone");
	if (!tenant_open(home->t, home->mem, ONBOARD_SECRET_PLACE(&o->id), o->secret, &text, e))
		return false;
	tree = json_parse(home->mem, text, e);
	return tree != NULL && schema_decode(home->mem, &onboard_order_schema, tree, out, e);
}

bool
onboard_link_of(
    const struct acting *a, const struct onboard_linked *l, const char **url, struct err *e)
{
	const struct auth         *auth = a->by.auth;
	const struct consent_state s = { a->by.t->tenant->id, l->id, l->ends_at.ms };
	struct consent_link        link = { l->login, l->directory, l->client_id, NULL };

	link.state = consent_state_close(auth, a->by.mem, &s, e);
	*url = link.state == NULL ? NULL : consent_url(a->by.mem, auth->env->conf, &link, e);
	return *url != NULL;
}

/* For the app that it was made for, whichever is shown for new ones by now. */
bool
onboard_link(const struct acting *a, const struct onboard_seen *s, const char **url, struct err *e)
{
	const struct onboarding *o = &s->row;
	struct onboard_order     order;
	struct source_credential shown;
	struct drift_spec       *spec;
	struct onboard_linked    l = { o->id, o->ends_at, o->directory, NULL, STR("") };
	struct onboard_lead      lead = { NULL, o->directory, NULL, "/packs/0" };

	if (s->n == 0)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "an onboarding of no pack");
	if (!onboard_order_open(&a->by, o, &order, e) ||
	    !schema_decode(a->by.mem, &source_credential_schema, order.credential.tree, &shown, e))
		return false;
	lead.pack = s->packs[0].pack;
	lead.parameters = order.parameters.tree;
	spec = onboard_pack(a, &lead, e);
	if (spec == NULL)
		return false;
	l.client_id = shown.client_id;
	l.login = onboard_login(spec);
	return onboard_link_of(a, &l, url, e);
}
