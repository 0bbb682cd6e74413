/* bsxctl.h: `keys`: the keyring's versions, what each of them wraps, and the signing keys. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/auth/audit_details.h"
#include "core/auth/key_rotation.h"
#include "core/auth/keys_from.h"
#include "core/auth/sealed_refused.h"
#include "core/auth/tenant/tenant_rekey.h"
#include "core/store/identity/keys.h"
#include "core/store/server/rewrap.h"
#include "core/store/tenant/program.h"
#include "tools/bsxctl.h"

/* ---- what there is ---- */

struct version_shown {
	uint64_t    version;
	const char *use; /* "seals", "opens", "next", "past" */
	int64_t     data_keys, signing_keys, templates;
};
static const struct field version_fields[] = {
	FIELD(struct version_shown, version, .doc = "Its number."),
	FIELD(struct version_shown, use, .doc = "seals, opens, next or past."),
	FIELD(struct version_shown, data_keys, .doc = "Keys of tenants that it wraps."),
	FIELD(struct version_shown, signing_keys, .doc = "Signing keys that it seals."),
	FIELD(struct version_shown, templates, .doc = "Shared templates that it seals."),
	FIELD_END,
};
static const struct schema version_schema =
    SCHEMA("KeyringVersion", struct version_shown, version_fields);

struct signing_shown {
	const char *kid, *use;
};
static const struct field signing_fields[] = {
	FIELD(struct signing_shown, kid, .doc = "Its name."),
	FIELD(struct signing_shown, use, .doc = "signs, is next, or verifies what it signed."),
	FIELD_END,
};
static const struct schema signing_schema =
    SCHEMA("SigningShown", struct signing_shown, signing_fields);

static const struct field program_fields[] = {
	FIELD(struct program_group, kind, .doc = "responder or driftd."),
	FIELD(struct program_group, host, .doc = "Where they run."),
	FIELD(struct program_group, n, .doc = "Processes that said so within a minute."),
	FIELD(
	    struct program_group, seals, .doc = "The lowest version that one of them seals with."),
	FIELD(struct program_group, opens, .doc = "The highest version that all of them have."),
	FIELD_END,
};
static const struct schema program_schema =
    SCHEMA("ProgramShown", struct program_group, program_fields);

struct keys_shown {
	struct items keyring, signing_keys, programs;
};
static const struct field keys_fields[] = {
	FIELD(struct keys_shown, keyring, .item = &version_schema, .doc = "Highest first."),
	FIELD(struct keys_shown, signing_keys, .item = &signing_schema, .doc = "All."),
	FIELD(struct keys_shown, programs, .item = &program_schema, .doc = "That run."),
	FIELD_END,
};
static const struct schema keys_schema = SCHEMA("Keys", struct keys_shown, keys_fields);

static void
add_wrapped(struct version_shown *v, const struct wrapped *w)
{
	if (w->version != v->version)
		return;
	if (strcmp(w->what, "tenant_keys") == 0)
		v->data_keys = w->rows;
	else if (strcmp(w->what, "signing_keys") == 0)
		v->signing_keys = w->rows;
	else
		v->templates = w->rows;
}

static bool
look_at_keyring(struct ctl *c, struct items *out, struct err *e)
{
	const struct keyring *k = c->env.keyring;
	const uint32_t        seals = keyring_newest(k); /* asked first: it may look again */
	struct version_shown *list;
	struct wrapped       *all;
	size_t                n = 0;
	unsigned              room = 0;

	for (uint32_t v = keyring_below(k, 0); v > 0; v = keyring_below(k, v))
		room++;
	list = talloc_zero_array(c->mem, struct version_shown, room);
	if (list == NULL)
		return err_memory(e);
	if (!rewrap_count(c->d, c->mem, &all, &n, e))
		return false;
	*out = (struct items) { list, 0 };
	for (uint32_t v = keyring_below(k, 0); v > 0; v = keyring_below(k, v)) {
		struct version_shown *x = &list[out->n++];
		const char           *use = keyring_use_names[keyring_use_of(k, v)];

		*x = (struct version_shown) { .version = v, .use = use };
		if (*use == '\0')
			x->use = v == seals ? "seals" : "opens";
		for (size_t i = 0; i < n; i++)
			add_wrapped(x, &all[i]);
	}
	return true;
}

static bool
look_at_signing(struct ctl *c, struct items *out, struct err *e)
{
	const struct token_key *active;
	struct token_keys      *ks = signing_keys_load(c->d, c->mem, &active, e);
	struct signing_turn     turn = { 0 };
	struct signing_shown   *list;

	if (ks == NULL || !signing_turn_get(c->d, c->mem, &turn, e))
		return false;
	list = talloc_zero_array(c->mem, struct signing_shown, (unsigned)token_keys_count(ks));
	if (list == NULL)
		return err_memory(e);
	*out = (struct items) { list, token_keys_count(ks) };
	for (size_t i = 0; i < out->n; i++) {
		const char *kid = token_key_kid(token_keys_at(ks, i));
		bool        next = turn.successor != NULL && strcmp(kid, turn.successor) == 0;

		list[i].kid = kid;
		list[i].use = strcmp(kid, turn.active) == 0 ? "signs"
			      : next                        ? "is next"
							    : "verifies what it signed";
	}
	return true;
}

static void
say_version(const struct version_shown *v)
{
	ctl_say("keyring: version %llu %s%s; %lld data keys, %lld signing keys, %lld templates",
	    (unsigned long long)v->version, v->use[0] == 'n' || v->use[0] == 'p' ? "is " : "",
	    v->use, (long long)v->data_keys, (long long)v->signing_keys, (long long)v->templates);
}

static void
say_program(struct ctl *c, const struct program_group *p)
{
	ctl_say("%s on %s: %lld processes; version %lld seals, %lld is the highest that all have",
	    ctl_text(c, p->kind), ctl_text(c, p->host), (long long)p->n, (long long)p->seals,
	    (long long)p->opens);
}

static bool
list_keys(struct ctl *c, bool json, struct err *e)
{
	struct keys_shown           all;
	const struct version_shown *v;
	const struct signing_shown *s;
	struct program_group       *p;

	if (!look_at_keyring(c, &all.keyring, e) || !look_at_signing(c, &all.signing_keys, e) ||
	    !programs_running(database_control(c->d), c->mem, &p, &all.programs.n, e))
		return false;
	all.programs.p = p;
	if (json)
		return ctl_json(c, &keys_schema, &all, e);
	v = all.keyring.p;
	s = all.signing_keys.p;
	for (size_t i = 0; i < all.keyring.n; i++)
		say_version(&v[i]);
	for (size_t i = 0; i < all.signing_keys.n; i++)
		ctl_say("signing key: %s %s", s[i].kid, s[i].use);
	for (size_t i = 0; i < all.programs.n; i++)
		say_program(c, &p[i]);
	return true;
}

int
cmd_keys_list(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	bool                       json = false;
	struct err                 e = { 0 };
	int                        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'j')
			return ctl_usage("keys list", false);
		json = true;
	}
	if (optind != argc)
		return ctl_usage("keys list", false);
	return ctl_open(c, &e) && list_keys(c, json, &e) ? 0 : ctl_failed(&e);
}

/* ---- the keyring's file ---- */

struct keyring_told {
	const char *keyring; /* what was done */
	int64_t     version, rows, accounts;
};
static const struct field keyring_told_fields[] = {
	TOLD(struct keyring_told, keyring),
	TOLD(struct keyring_told, version),
	TOLD_IF(struct keyring_told, rows),
	TOLD_IF(struct keyring_told, accounts),
	FIELD_END,
};
static const struct schema keyring_told_schema =
    SCHEMA("KeyringTold", struct keyring_told, keyring_told_fields);

static bool
tell(struct ctl *c, const struct keyring_told *t, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_KEY_ROTATE, .target_kind = "keyring" };

	entry.details = audit_details(c->mem, &keyring_told_schema, t, e);
	return entry.details != NULL && ctl_audit(c, &entry, e);
}

/* One that comes from elsewhere is changed where it comes from: in the file that it is made of. */
bool
ctl_keyring_change(
    struct ctl *c, struct keyring_change in, const char *done, uint32_t *now, struct err *e)
{
	struct service s = { .uid = geteuid() };
	struct err     none = { 0 };

	if (in.path == NULL && !keys_are_ours(c->conf))
		return err_set(e, ERR_CONFLICT, 0,
		    "The keyring comes from elsewhere: change the file that it is made of, by "
		    "--file, and put it back there.",
		    "%s", keyring_name(c->env.keyring));
	if (in.path == NULL)
		in.path = c->conf->keyring;
	if (!service_find(c, NULL, &s, &none))
		s.uid = geteuid();
	in.owner = s.uid;
	return keyring_change(&in, &rand_system, now, e) &&
	       tell(c, &(struct keyring_told) { .keyring = done, .version = *now }, e);
}

/* What is to be done with the file that was changed. */
void
ctl_keyring_next(struct ctl *c, const char *file, const char *then)
{
	if (keys_are_ours(c->conf))
		ctl_say("copy the file to every host, have both services load it there (systemctl "
			"reload blindspotx driftd), then: bsxctl keys %s",
		    then);
	else
		ctl_say("put %s where the %s gets it, have both services load it (a credential: "
			"systemctl restart blindspotx driftd), then: bsxctl keys %s",
		    ctl_text(c, file), keys_kind(c->conf), then);
}

static bool
add(struct ctl *c, const char *file, struct err *e)
{
	const struct keyring_change in = { .path = file, .turn = KEYRING_ADD };
	uint32_t                    version;
	char                        then[32];

	if (!ctl_keyring_change(c, in, "add", &version, e))
		return false;
	ctl_say("version %u is next in %s: it opens, and does not seal yet", (unsigned)version,
	    file == NULL ? c->conf->keyring : ctl_text(c, file));
	snprintf(then, sizeof(then), "use %u", (unsigned)version);
	ctl_keyring_next(c, file, then);
	return true;
}

struct file_options {
	const char *file; /* NULL: the keyring's own */
	bool        force;
};

static bool
file_options(int argc, char **argv, bool may_force, struct file_options *out)
{
	static const struct option options[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "force", no_argument, NULL, '!' },
		{ 0 },
	};
	int o;

	*out = (struct file_options) { 0 };
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o == '?' || (o == 'f' ? out->file != NULL : out->force || !may_force))
			return false;
		if (o == 'f')
			out->file = optarg;
		else
			out->force = true;
	}
	return true;
}

int
cmd_keys_add(struct ctl *c, int argc, char **argv)
{
	struct file_options x;
	struct err          e = { 0 };

	if (!file_options(argc, argv, false, &x) || optind != argc)
		return ctl_usage("keys add", false);
	return ctl_open(c, &e) && add(c, x.file, &e) ? 0 : ctl_failed(&e);
}

/* Those that run and have not loaded it could not open what others seal. */
static bool
all_have(struct ctl *c, uint32_t version, struct err *e)
{
	struct program_group *list;
	size_t                n, behind = 0;

	if (!programs_running(database_control(c->d), c->mem, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (list[i].opens < version) {
			fputs("bsxctl: ", stderr);
			fprintf(stderr, "%s on %s has not loaded version %u\n",
			    ctl_text(c, list[i].kind), ctl_text(c, list[i].host),
			    (unsigned)version);
			behind++;
		}
	return behind == 0 ||
	       err_set(e, ERR_CONFLICT, 0,
		   "Programs that run have not loaded that version: copy the keyring there, reload "
		   "them and wait for half a minute, or use --force.",
		   "version %u, and %zu kinds of programs", (unsigned)version, behind);
}

static bool
use(struct ctl *c, const char *file, uint32_t version, struct err *e)
{
	const struct keyring_change in = { .path = file, .turn = KEYRING_USE, .version = version };

	if (!ctl_keyring_change(c, in, "use", &version, e))
		return false;
	ctl_say("version %u of %s seals from now on, once the services have loaded it",
	    (unsigned)version, file == NULL ? c->conf->keyring : ctl_text(c, file));
	ctl_keyring_next(c, file, "rotate --keyring");
	return true;
}

static bool
number_of(int argc, char **argv, uint32_t *out)
{
	uint64_t u;

	if (optind != argc - 1 || !str_to_u64(str_of(argv[optind]), &u) || u == 0 || u > UINT32_MAX)
		return false;
	*out = (uint32_t)u;
	return true;
}

int
cmd_keys_use(struct ctl *c, int argc, char **argv)
{
	struct file_options x;
	uint32_t            version;
	struct err          e = { 0 };

	if (!file_options(argc, argv, true, &x) || !number_of(argc, argv, &version))
		return ctl_usage("keys use", false);
	return ctl_open(c, &e) && (x.force || all_have(c, version, &e)) &&
		       use(c, x.file, version, &e)
		   ? 0
		   : ctl_failed(&e);
}

/* ---- what it wraps ---- */

static bool
show(void *arg, const struct rewrap_at *at)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %lld of %lld\033[K%s", at->what, (long long)at->done,
		    (long long)at->total, at->done >= at->total ? "\n" : "");
	return false;
}

/* How much is of a version before. */
static bool
count_former(struct ctl *c, int64_t *rows, struct err *e)
{
	uint32_t        newest = keyring_newest(c->env.keyring);
	struct wrapped *all;
	size_t          n = 0;

	*rows = 0;
	if (!rewrap_count(c->d, c->mem, &all, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		*rows += all[i].version != newest ? all[i].rows : 0;
	return true;
}

static bool
rotate_keyring(struct ctl *c, bool dry, struct err *e)
{
	const struct provision    p = { c->prov, c->d, &c->env };
	const struct rewrap_watch w = { show, NULL };
	struct keyring_told t = { .keyring = "rewrap", .version = keyring_newest(c->env.keyring) };

	if (!(dry ? count_former(c, &t.rows, e) : rewrap_rows(c->d, &w, &t.rows, e)) ||
	    !rewrap_accounts(&p, &w, !dry, &t.accounts, e) || !(dry || provision_service(&p, e)))
		return false;
	ctl_say("%lld keys %s wrapped by version %lld, %lld accounts %s its password",
	    (long long)t.rows, dry ? "would be" : "are now", (long long)t.version,
	    (long long)t.accounts, dry ? "would get" : "have now");
	return dry || ((t.rows == 0 && t.accounts == 0) || tell(c, &t, e));
}

static bool
rotate_signing(struct ctl *c, bool force, struct err *e)
{
	struct auth a = { .env = &c->env, .database = c->d };
	bool        turned = false;

	if (!rotation_keys(&a, force ? ROTATE_FORCED : ROTATE_NOW, ctl_actor(c), &turned, e))
		return false;
	if (turned)
		ctl_say("the next signing key signs from now on");
	return list_keys(c, false, e);
}

/* ---- a tenant's data key ---- */

static bool
show_pass(void *arg, const struct reseal_pass *p, const char *table)
{
	(void)arg;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %llu values seen, %llu sealed anew\033[K", table,
		    (unsigned long long)p->seen, (unsigned long long)p->sealed);
	return false;
}

static void
say_refused(void *arg, const char *table, const char *column, const struct uuid *row)
{
	char id[UUID_TEXT_MAX] = "a chunk";

	(void)arg;
	if (row != NULL)
		uuid_print(row, id);
	fprintf(stderr, "bsxctl: %s.%s of %s does not open: it was moved or changed\n", table,
	    column, id);
}

static void
say_pass(const struct tenant *t, const struct reseal_pass *p, const struct data_keys *now)
{
	ctl_say("tenant %s: data key %llu seals; %llu of %llu values were sealed anew", t->slug,
	    (unsigned long long)now->newest, (unsigned long long)p->sealed,
	    (unsigned long long)p->seen);
	if (p->refused > 0)
		ctl_say("tenant %s: %llu do not open; the keys before stay until that is seen to",
		    t->slug, (unsigned long long)p->refused);
	else if (p->destroyed > 0)
		ctl_say("tenant %s: the keys before are destroyed", t->slug);
	else if (now->n > 1)
		ctl_say("tenant %s: driftd destroys the key before once nothing has named it for "
			"a while (%d s after it was made)",
		    t->slug, RESEAL_SETTLE_S);
}

static bool
rotate_tenant(struct ctl *c, const char *slug, bool *refused, struct err *e)
{
	struct auth               a = { .env = &c->env, .database = c->d };
	struct deed_by            by = { .auth = &a, .mem = c->mem };
	const struct reseal_watch w = { show_pass, say_refused, c };
	struct reseal_pass        pass = { 0 };
	const struct tenant      *t;
	struct data_keys          now;

	if (!tenant_by_slug(c->d, str_of(slug), &t, e))
		return err_note(e, "tenant %s", ctl_text(c, slug));
	if (!tenant_stands(t))
		return err_set(e, ERR_CONFLICT, 0, "The tenant is being made or erased.",
		    "tenant %s is %s", t->slug, t->status);
	if (!tenant_db_open(c->d, t, true, &by.t, e) || !tenant_rekey(&by, ctl_actor(c), &now, e) ||
	    !reseal_walk(c->d, by.t, &w, &pass, e))
		return false;
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	say_pass(t, &pass, &now);
	*refused = pass.refused > 0;
	sealed_refused_note(&a);
	return tell(c,
	    &(struct keyring_told) { .keyring = "data_key",
		.version = (int64_t)now.newest,
		.rows = (int64_t)pass.sealed },
	    e);
}

struct rotate_options {
	bool        force, keyring, dry;
	const char *tenant;
};

static bool
rotate_options(int argc, char **argv, struct rotate_options *out)
{
	static const struct option options[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "keyring", no_argument, NULL, 'k' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "tenant", required_argument, NULL, 't' },
		{ 0 },
	};
	int o;

	*out = (struct rotate_options) { 0 };
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool *to = o == 'f' ? &out->force : o == 'k' ? &out->keyring : &out->dry;

		if (o == '?' || (o == 't' ? out->tenant != NULL : *to))
			return false;
		if (o == 't')
			out->tenant = optarg;
		else
			*to = true;
	}
	return optind == argc && out->force + out->keyring + (out->tenant != NULL) <= 1 &&
	       (!out->dry || out->keyring);
}

int
cmd_keys_rotate(struct ctl *c, int argc, char **argv)
{
	struct rotate_options x;
	struct err            e = { 0 };
	bool                  ok, refused = false;

	if (!rotate_options(argc, argv, &x))
		return ctl_usage("keys rotate", false);
	ok = ctl_open(c, &e);
	if (x.tenant != NULL)
		ok = ok && rotate_tenant(c, x.tenant, &refused, &e);
	else if (x.keyring)
		ok = ok && ctl_provision(c, &e) && rotate_keyring(c, x.dry, &e);
	else
		ok = ok && rotate_signing(c, x.force, &e);
	return ok ? refused : ctl_failed(&e);
}
