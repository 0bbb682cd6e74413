#include "core/auth/mail/mail_queue.h"

#include <string.h>

#include "core/auth/ident.h"
#include "core/auth/mail/mail_link.h"
#include "core/auth/settings.h"
#include "core/json/schema.h"
#include "core/store/alert/outbox.h"

static const struct field order_fields[] = {
	FIELD(struct mail_order, user, .flags = FIELD_NULLABLE, .doc = "User."),
	FIELD(struct mail_order, address, .flags = FIELD_NULLABLE, .doc = "Address."),
	FIELD(struct mail_order, other, .flags = FIELD_NULLABLE, .doc = "New address."),
	FIELD(struct mail_order, by, .flags = FIELD_NULLABLE, .doc = "Who invites."),
	FIELD(struct mail_order, change, .doc = "Number of the change."),
	FIELD(struct mail_order, password, .flags = FIELD_NULLABLE, .doc = "Nothing."),
	FIELD(struct mail_order, nobody, .doc = "Nobody to write to."),
	FIELD_END,
};
static const struct schema order_schema = SCHEMA("MailOrder", struct mail_order, order_fields);

bool
mail_is_on(const struct auth *a)
{
	return a->env->conf->smtp_url != NULL && *a->env->conf->smtp_url != '\0';
}

/* ---- queueing ---- */

bool
mail_queue(
    const struct deed_by *by, enum mail_kind kind, const struct mail_order *order, struct err *e)
{
	const struct env *env = by->auth->env;
	struct outbox     o = {
		    .id = uuid_make(env->clock, env->rand),
		    .kind = OUTBOX_MAIL,
		    .event = talloc_strdup(by->mem, mail_kind_text(kind)),
		    .state = talloc_strdup(by->mem, "pending"),
		    .created_at = { clock_ms(env->clock) },
	};
	struct buf b;

	buf_make(&b, by->mem);
	if (o.event == NULL || o.state == NULL)
		return err_memory(e);
	return schema_encode(&b, &order_schema, order, e) && (buf_ok(&b) || err_memory(e)) &&
	       tenant_seal(by->t, by->mem, OUTBOX_BODY_PLACE(&o.id), buf_str(&b), &o.body, e) &&
	       outbox_add(by->t->db, &o, e);
}

bool
invite_send(const struct deed_by *by, const struct user *u, const char *name, struct err *e)
{
	const struct mail_order order = { .user = u->id, .address = u->email, .by = name };

	if (!mail_is_on(by->auth))
		return err_fault(
		    e, by->mem, "/password", "is needed: this installation sends no invitations");
	return mail_queue(by, MAIL_INVITE, &order, e);
}

/* ---- preparing ---- */

struct preparing {
	const struct deed_by *by;
	enum mail_kind        kind;
	struct mail_order     order;
	struct user           user;
	struct mail_message  *m;
	struct mail_facts     facts;
	const char           *why; /* nothing is sent */
};

static bool
nothing(struct preparing *p, const char *why)
{
	p->why = why;
	return true;
}

/* The user as it is now.  p->why: there is nobody. */
static bool
find_user(struct preparing *p, struct err *e)
{
	const struct mail_order *o = &p->order;
	bool                     ok;

	if (o->nobody || (uuid_is_nil(&o->user) && o->address == NULL))
		return nothing(p, "There is no such user.");
	ok = uuid_is_nil(&o->user) ? user_by_email(p->by->t, p->by->mem, o->address, &p->user, e)
				   : user_by_id(p->by->t, p->by->mem, &o->user, &p->user, e);
	if (!ok && e->code == ERR_MISSING) {
		err_clear(e);
		return nothing(p, "There is no such user.");
	}
	return ok;
}

/* Whether this mail makes sense for that user still. */
static void
judge_user(struct preparing *p)
{
	bool invited = strcmp(p->user.status, "invited") == 0;

	/* who has not accepted yet and forgot is invited once more */
	if (p->kind == MAIL_RESET && invited)
		p->kind = MAIL_INVITE;
	if (p->kind == MAIL_INVITE ? !invited : !user_is_active(&p->user))
		nothing(p, "The user is not to be written to.");
}

static bool
make_link(
    struct preparing *p, const char *purpose, const char *email, int64_t life_s, struct err *e)
{
	const struct mail_link in = { purpose, email, life_s, p->order.change };
	const char            *token;

	if (!mail_link_make(p->by, &p->user, &in, &token, e))
		return false;
	if (token == NULL)
		return nothing(p, "The user has changed meanwhile.");
	p->facts.link = mail_link_url(p->by, purpose, token, e);
	return p->facts.link != NULL;
}

static bool
address_it(struct preparing *p, struct err *e)
{
	p->m->to = p->user.email;
	switch (p->kind) {
	case MAIL_RESET:
		return make_link(p, LINK_RESET, p->user.email, LINK_RESET_S, e);
	case MAIL_INVITE:
		return make_link(p, LINK_INVITE, p->user.email, LINK_INVITE_S, e);
	case MAIL_EMAIL_CONFIRM:
		p->m->to = p->order.other;
		return make_link(p, LINK_EMAIL, p->order.other, LINK_EMAIL_S, e);
	case MAIL_EMAIL_NOTICE:
	case MAIL_PASSWORD_CHANGED:
		p->m->to = p->order.address;
		return true;
	case MAIL_KEY_ENDING:
	case MAIL_GRANT_MADE:
	case MAIL_GRANT_ENDED:
	case MAIL_TEST:
		return true;
	case MAIL_KIND__MAX:
		break;
	}
	return err_set(e, ERR_INTERNAL, 0, "internal error", "no such kind of mail");
}

const char *
mail_sender(TALLOC_CTX *mem, const struct conf *c, struct err *e)
{
	const char *host = strstr(c->public_url, "://");
	char       *from;
	size_t      n;

	if (c->smtp_from != NULL && *c->smtp_from != '\0')
		return c->smtp_from;
	host = host == NULL ? "localhost" : host + 3;
	n = strcspn(host, ":");
	if (*host == '[' || n == 0) {
		host = "localhost";
		n = strlen(host);
	}
	from = talloc_asprintf(mem, "blindspotx@%.*s", (int)n, host);
	if (from == NULL)
		err_memory(e);
	return from;
}

bool
mail_sender_of(
    struct auth *a, TALLOC_CTX *mem, const struct tenant *t, struct mail_message *m, struct err *e)
{
	const struct settings *s;
	const char            *own;

	if (!settings_of(a, t, &s, e))
		return false;
	own = s->notifications->from_name;
	m->reply_to =
	    s->notifications->from == NULL ? NULL : talloc_strdup(mem, s->notifications->from);
	m->from_name =
	    own == NULL ? MAIL_SENDER_NAME : talloc_asprintf(mem, "%s via " MAIL_SENDER_NAME, own);
	if (m->from_name == NULL || (m->reply_to == NULL && s->notifications->from != NULL))
		return err_memory(e);
	m->from = mail_sender(mem, a->env->conf, e);
	return m->from != NULL;
}

static bool
write_it(struct preparing *p, struct err *e)
{
	const struct conf *c = p->by->auth->env->conf;
	struct mail_facts *f = &p->facts;

	f->tenant = p->by->t->tenant->name;
	f->slug = p->by->t->tenant->slug;
	f->address = p->kind == MAIL_EMAIL_NOTICE ? p->order.address : p->user.email;
	f->by = p->order.by != NULL ? p->order.by : "An administrator";
	f->other = p->order.other;
	f->site = talloc_asprintf(
	    p->by->mem, "%s%s/", c->public_url, c->base_path == NULL ? "" : c->base_path);
	p->m->at_ms = clock_ms(p->by->auth->env->clock);
	if (f->site == NULL)
		return err_memory(e);
	return mail_sender_of(p->by->auth, p->by->mem, p->by->t->tenant, p->m, e) &&
	       mail_write(p->by->mem, p->kind, f, p->m, e);
}

static bool
read_order(struct preparing *p, const char *event, struct str body, struct err *e)
{
	const struct json *tree = json_parse(p->by->mem, body, e);

	if (tree == NULL || !schema_decode(p->by->mem, &order_schema, tree, &p->order, e))
		return false;
	return mail_kind_parse(event, &p->kind) ||
	       err_set(e, ERR_INTERNAL, 0, "internal error", "no mail of kind %s", event);
}

bool
mail_prepare(const struct deed_by *by, const char *event, struct str body, struct mail_message *m,
    const char **why, struct err *e)
{
	struct preparing p = { .by = by, .m = m };

	if (!read_order(&p, event, body, e) || !find_user(&p, e))
		return false;
	if (p.why == NULL)
		judge_user(&p);
	if (p.why == NULL && !address_it(&p, e))
		return false;
	*why = p.why;
	return p.why != NULL || write_it(&p, e);
}
