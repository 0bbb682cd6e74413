#include "core/auth/mfa/mfa.h"

#include <string.h>

#include <qrencode.h>

#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/mfa/recovery.h"
#include "core/base/secret.h"
#include "core/crypt/totp.h"

#define ISSUER     "BlindSpotX"
#define QUIET_ZONE 4 /* modules (ISO/IEC 18004) */

/* ---- how fresh ---- */

bool
mfa_is_fresh(const struct caller *c, int64_t now_ms)
{
	if (c->two_factor && c->aal < 2)
		return false;
	return c->auth_time_ms <= now_ms && now_ms - c->auth_time_ms <= STEP_UP_MAX_AGE_S * 1000;
}

bool
mfa_ask_fresh(const struct caller *c, int64_t now_ms, struct err *e)
{
	if (mfa_is_fresh(c, now_ms))
		return true;
	return err_set(e, ERR_STEP_UP, 0, "Prove again who you are, then repeat this.",
	    "signed in too long ago, or with one factor of two");
}

struct strings
mfa_methods(bool two_factor, bool has_password)
{
	static const char *factors[] = { "totp", "recovery_code" };
	static const char *password[] = { "password" };
	static const char *provider[] = { "provider" };

	if (two_factor)
		return (struct strings) { factors, 2 };
	return (struct strings) { has_password ? password : provider, 1 };
}

/* ---- setting up ---- */

/* One run of dark modules: a bar as a closed path. */
static void
draw_row(struct buf *b, const QRcode *q, int y)
{
	const unsigned char *row = q->data + (size_t)y * (size_t)q->width;
	int                  from = -1;

	for (int x = 0; x <= q->width; x++) {
		bool dark = x < q->width && (row[x] & 1) != 0;

		if (dark && from < 0)
			from = x;
		if (dark || from < 0)
			continue;
		buf_printf(
		    b, "M%d %dh%dv1h-%dz", from + QUIET_ZONE, y + QUIET_ZONE, x - from, x - from);
		from = -1;
	}
}

char *
mfa_qr_svg(TALLOC_CTX *mem, const char *text, struct err *e)
{
	QRcode    *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	struct buf b;
	int        side;

	if (q == NULL) {
		err_set(e, ERR_INTERNAL, 0, "internal error", "libqrencode refused a text of %zu",
		    strlen(text));
		return NULL;
	}
	side = q->width + 2 * QUIET_ZONE;
	buf_make(&b, mem);
	buf_printf(&b,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
	    " shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dh-%dz\"/>"
	    "<path fill=\"#000\" d=\"",
	    side, side, side, side, side);
	for (int y = 0; y < q->width; y++)
		draw_row(&b, q, y);
	buf_puts(&b, "\"/></svg>");
	QRcode_free(q);
	return buf_text(&b, e);
}

/* The form that authenticator apps have agreed on (Key Uri Format). */
static char *
print_uri(const struct deed_by *by, const char *secret, struct err *e)
{
	struct buf b;

	buf_make(&b, by->mem);
	buf_puts(&b, "otpauth://totp/" ISSUER "%20");
	buf_url(&b, str_of(by->t->tenant->slug));
	buf_putc(&b, ':');
	buf_url(&b, str_of(by->caller->name));
	buf_puts(&b, "?secret=");
	buf_puts(&b, secret);
	buf_puts(&b, "&issuer=" ISSUER "%20");
	buf_url(&b, str_of(by->t->tenant->slug));
	buf_printf(&b, "&algorithm=SHA1&digits=%d&period=%d", TOTP_DIGITS, TOTP_PERIOD_S);
	return buf_text(&b, e);
}

static bool
describe(const struct deed_by *by, struct str secret, struct mfa_setup *out, struct err *e)
{
	char *text = totp_secret_print(by->mem, secret, e);
	char *uri = text == NULL ? NULL : print_uri(by, text, e);
	char *svg = uri == NULL ? NULL : mfa_qr_svg(by->mem, uri, e);

	if (svg == NULL)
		return false;
	secret_guard(uri);
	secret_guard(svg);
	*out = (struct mfa_setup) { text, uri, svg };
	return true;
}

/* ---- changes ---- */

struct change {
	const struct deed_by *by;
	struct user           user;
	struct recovery_row   rows[RECOVERY_CODES];
	struct proving        proving;
	instant               now;
};

static bool
change_begin(struct change *c, const struct deed_by *by, struct err *e)
{
	c->by = by;
	c->now.ms = clock_ms(by->auth->env->clock);
	c->proving = (struct proving) { .by = by, .user = &c->user };
	return user_by_id(by->t, by->mem, &by->caller->user, &c->user, e);
}

static struct audit_entry
entry_of(const struct deed_by *by, enum audit_action action)
{
	return (struct audit_entry) { .action = action, .target_id = by->caller->user };
}

struct set_up {
	const struct deed_by *by;
	struct blob           sealed;
	instant               now;
};

static bool
setup_body(struct db *db, void *arg, struct err *e)
{
	struct set_up *s = arg;

	(void)db;
	return factor_set_pending(s->by->t, &s->by->caller->user, s->sealed, s->now, e);
}

bool
mfa_setup(const struct deed_by *by, struct mfa_setup *out, struct err *e)
{
	struct audit_entry entry = entry_of(by, AUDIT_FACTOR_SETUP);
	struct set_up      s = { .by = by, .now = { clock_ms(by->auth->env->clock) } };
	char              *secret = secret_alloc(by->mem, TOTP_SECRET_LEN);
	struct str         plain = { secret, TOTP_SECRET_LEN };

	if (secret == NULL)
		return err_memory(e);
	rand_fill(by->auth->env->rand, secret, TOTP_SECRET_LEN);
	return tenant_seal(by->t, by->mem,
		   (struct sealed_place) { "users", "2fa_secret", &by->caller->user }, plain,
		   &s.sealed, e) &&
	       audit_deed(by, setup_body, &s, &entry, e) && describe(by, plain, out, e);
}

static void
bump_user(const struct deed_by *by, const struct uuid *user)
{
	cache_bump_user(by->auth->env->segment, user);
}

static bool
raise_session(const struct change *c, int64_t aal, struct err *e)
{
	const struct deed_by *by = c->by;
	bool                  raised;

	if (!session_raise(by->t, &by->caller->session, aal, c->now, &raised, e))
		return false;
	return raised || err_set(e, ERR_UNAUTHENTICATED, 0, "The session has ended. Sign in again.",
			     "the session was ended meanwhile");
}

static bool
end_by(const struct change *c, enum ends_event event, struct err *e)
{
	const struct caller *who = c->by->caller;
	struct ending        x = {
		       .event = event, .now = c->now, .user = who->user, .session = who->session
	};

	return ends_apply(c->by->t, &x, e);
}

static bool
enable_body(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;

	(void)db;
	return end_by(c, END_FACTOR_ADDED, e) &&
	       recovery_add(c->by->t, c->rows, RECOVERY_CODES, e) && raise_session(c, 2, e);
}

static bool
refuse_setup(struct err *e, const char *why)
{
	return err_set(e, ERR_CONFLICT, 0, "Set up the second factor first.", "%s", why);
}

bool
mfa_enable(const struct deed_by *by, const char *code, struct strings *codes, struct err *e)
{
	const struct proof shown = { .code = code };
	struct audit_entry entry = entry_of(by, AUDIT_FACTOR_ENABLE);
	struct change      c;
	struct factor      f;

	if (!change_begin(&c, by, e) || !factor_by_user(by->t, by->mem, &c.user.id, &f, e))
		return false;
	if (f.pending.p == NULL)
		return refuse_setup(e, "nothing is being set up");
	if (c.now.ms - f.pending_at.ms > MFA_SETUP_S * 1000)
		return refuse_setup(e, "it was set up too long ago");
	c.proving.pending = true;
	if (!proof_check(&c.proving, &shown, e) ||
	    !recovery_make(by, &c.user.id, codes, c.rows, e) ||
	    !proof_deed(&c.proving, enable_body, &c, &entry, e))
		return false;
	bump_user(by, &c.user.id);
	return true;
}

static bool
disable_body(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;
	bool           found;

	(void)db;
	return factor_drop(c->by->t, &c->user.id, &found, e) && end_by(c, END_FACTOR_REMOVED, e) &&
	       raise_session(c, 1, e);
}

static bool
refuse_none(struct err *e)
{
	return err_set(e, ERR_CONFLICT, 0, "There is no second factor.", "no second factor");
}

/* Who has no password has nothing else to show than a code. */
static bool
check_password(struct change *c, const char *password, struct err *e)
{
	const struct proof shown = { .password = password };

	if (password == NULL && c->user.password == NULL)
		return true;
	if (password == NULL)
		return err_fault(e, c->by->mem, "/password", "is required");
	return proof_check(&c->proving, &shown, e);
}

bool
mfa_disable(
    const struct deed_by *by, const char *password, const struct proof *second, struct err *e)
{
	struct audit_entry entry = entry_of(by, AUDIT_FACTOR_DISABLE);
	struct change      c;

	if (!change_begin(&c, by, e))
		return false;
	if (!c.user.two_factor)
		return refuse_none(e);
	if (!check_password(&c, password, e) || !proof_check(&c.proving, second, e) ||
	    !proof_deed(&c.proving, disable_body, &c, &entry, e))
		return false;
	bump_user(by, &c.user.id);
	return true;
}

static bool
renew_body(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;

	(void)db;
	return end_by(c, END_CODES_RENEWED, e) &&
	       recovery_add(c->by->t, c->rows, RECOVERY_CODES, e);
}

bool
mfa_renew_codes(const struct deed_by *by, struct strings *codes, struct err *e)
{
	struct audit_entry entry = entry_of(by, AUDIT_RECOVERY_CODES);
	struct change      c;

	if (!change_begin(&c, by, e))
		return false;
	if (!c.user.two_factor)
		return refuse_none(e);
	return recovery_make(by, &c.user.id, codes, c.rows, e) &&
	       audit_deed(by, renew_body, &c, &entry, e);
}

/* ---- proving again ---- */

static bool
step_up_body(struct db *db, void *arg, struct err *e)
{
	struct change *c = arg;

	(void)db;
	return raise_session(c, c->user.two_factor ? 2 : c->by->caller->aal, e);
}

/* A password is no proof of who has more to show. */
static bool
check_kind(const struct change *c, const struct proof *shown, struct err *e)
{
	TALLOC_CTX *mem = c->by->mem;

	if (!c->user.two_factor && shown->password == NULL)
		return err_fault(e, mem, "/password", "is required: there is no second factor");
	if (c->user.two_factor && shown->code == NULL && shown->recovery_code == NULL)
		return err_fault(e, mem, "/code", "is required, or recovery_code");
	return true;
}

bool
mfa_step_up(const struct deed_by *by, const struct proof *shown, instant *auth_time, struct err *e)
{
	struct audit_entry entry = entry_of(by, AUDIT_SESSION_STEP_UP);
	struct change      c;

	if (!change_begin(&c, by, e) || !check_kind(&c, shown, e) ||
	    !proof_check(&c.proving, shown, e))
		return false;
	entry.details = audit_details(
	    by->mem, &proof_told, &(struct proof_told) { .method = c.proving.method }, e);
	if (entry.details == NULL)
		return false;
	entry.target_id = by->caller->session;
	if (!proof_deed(&c.proving, step_up_body, &c, &entry, e))
		return false;
	cache_bump_session(by->auth->env->segment, &by->caller->session);
	*auth_time = c.now;
	return true;
}
