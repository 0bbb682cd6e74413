/* oidc.h: google-login. */
#include <string.h>

#include "core/auth/oidc/oidc_attempt.h"

/* Which of the tenant's Google providers the token says it is for; the signature is checked against
 * that one. */
static bool
find_google(struct oidc_attempt *s, struct str token, struct err *e)
{
	struct page            p = { .want = PROVIDERS_MAX };
	const struct provider *rows;
	struct idtoken         t;
	const struct json     *aud;

	if (!provider_list(s->by.t->db, s->by.mem, &p, e))
		return false;
	if (!idtoken_read(s->by.mem, token, &t, e)) {
		if (e->code == ERR_CREDENTIALS)
			s->out->why = OIDC_TOKEN_FORM;
		return false;
	}
	aud = json_get(t.claims, "aud");
	rows = p.rows;
	for (size_t i = 0; i < p.n && !s->found; i++) {
		s->found = strcmp(rows[i].kind, "google") == 0 && aud != NULL &&
			   aud->type == JSON_STRING && str_eqz(aud->text, rows[i].client_id);
		if (s->found)
			s->provider = rows[i];
	}
	return s->found ? oidc_place_make(s->by.mem, &s->provider, &s->place, e)
			: oidc_refuse(s, OIDC_TOKEN_AUDIENCE, e);
}

/* Of what is signed: a signature may be written in more than one way. */
static void
make_mark(struct oidc_attempt *s, struct str token)
{
	while (token.n > 0 && token.p[token.n - 1] != '.')
		token.n--;
	hash_sha256(token.p, token.n, s->mark);
}

static bool
google(struct oidc_attempt *s, const struct oidc_credential *in, struct err *e)
{
	struct str token = str_of(in->credential);

	if (!oidc_open_tenant(s->by.auth, in->tenant, &s->by.t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return oidc_refuse(s, OIDC_UNKNOWN, e);
	}
	s->out->t = s->by.t;
	make_mark(s, token);
	return find_google(s, token, e) && oidc_check_token(s, token, in->nonce, e) &&
	       oidc_look(s, e) && oidc_user_find(&s->who, &s->out->why, e) &&
	       oidc_begin_session(s, e);
}

bool
oidc_google(const struct deed_by *by, const struct oidc_credential *in, struct oidc_result *out,
    struct err *e)
{
	struct oidc_attempt s = {
		.by = *by,
		.out = out,
		.google = true,
		.in_body = in->in_body,
	};

	*out = (struct oidc_result) { .why = OIDC_OK };
	return oidc_end(&s, google(&s, in, e), e);
}
