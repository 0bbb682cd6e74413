#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "core/auth/access.h"
#include "core/auth/user_admin.h"
#include "core/base/secret.h"
#include "tools/bsxctl.h"

#define PASSWORD_MADE 18 /* random bytes: 24 characters */
#define LINE_MAX_BYTES 1100

struct create {
	const char *slug, *name, *admin, *display_name, *password_file;
};

/* ---- password ---- */

static bool
read_password(struct ctl *c, const char *path, char **out, struct err *e)
{
	bool  from_stdin = strcmp(path, "-") == 0;
	FILE *f = from_stdin ? stdin : fopen(path, "re");
	char *line = secret_alloc(c->mem, LINE_MAX_BYTES);
	bool  ok;

	if (f == NULL || line == NULL)
		return err_set(e, ERR_INVALID, 0, "The password file cannot be read.", "%s", path);
	ok = fgets(line, LINE_MAX_BYTES, f) != NULL;
	if (!from_stdin)
		fclose(f);
	line[ok ? strcspn(line, "\r\n") : 0] = '\0';
	*out = line;
	return *line != '\0' ||
	       err_set(e, ERR_INVALID, 0, "The password file is empty.", "%s", path);
}

static bool
make_password(struct ctl *c, char **out, struct err *e)
{
	uint8_t bytes[PASSWORD_MADE];

	rand_fill(c->deps.rand, bytes, sizeof(bytes));
	*out = base64url_print(c->mem, bytes, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	if (*out == NULL)
		return err_memory(e);
	secret_guard(*out);
	return true;
}

/* ---- create ---- */

/* The row of a tenant made now, or of one whose creation ended before it had a user. */
static bool
find_or_make(struct ctl *c, const struct create *in, const struct tenant **t, struct err *e)
{
	struct tenant made;

	if (!provision_tenant(c->prov, c->d, &c->deps, c->mem, in->slug, in->name, &made, e)) {
		if (e->code != ERR_CONFLICT || e->sys != 0)
			return false;
		err_clear(e);
	}
	return tenant_by_slug(c->d, str_of(in->slug), t, e);
}

static bool
add_admin(struct ctl *c, const struct create *in, const struct tenant *t, const char *password,
    struct err *e)
{
	struct tenant_db *tdb;
	bool              has;

	if (!tenant_db_open(c->d, t, false, &tdb, e) || !tenant_has_users(tdb, &has, e))
		return false;
	if (has)
		return err_set(e, ERR_CONFLICT, 0, "A tenant of that name exists.",
		    "tenant %s has users", t->slug);
	return access_install_roles(tdb, c->mem, c->deps.rand, c->deps.clock, e) &&
	    user_add_first(tdb, c->mem, &c->deps, in->admin, in->display_name, str_of(password),
	        "admin", e);
}

static int
create(struct ctl *c, const struct create *in)
{
	struct err           e = { 0 };
	const struct tenant *t;
	char                *password = NULL;

	if (!ctl_open(c, &e) || !ctl_provision(c, &e))
		return ctl_failed(&e);
	if (!(in->password_file != NULL ? read_password(c, in->password_file, &password, &e)
	                                : make_password(c, &password, &e)))
		return ctl_failed(&e);
	if (!find_or_make(c, in, &t, &e) || !add_admin(c, in, t, password, &e))
		return ctl_failed(&e);
	ctl_say("tenant: %s", in->slug);
	ctl_say("administrator: %s", ctl_text(c, in->admin));
	if (in->password_file == NULL)
		ctl_say("password: %s", password);
	return 0;
}

static int
cmd_create(struct ctl *c, int argc, char **argv)
{
	static const struct option options[] = { { "name", required_argument, NULL, 'n' },
		{ "admin", required_argument, NULL, 'a' },
		{ "display-name", required_argument, NULL, 'd' },
		{ "password-file", required_argument, NULL, 'p' }, { 0 } };
	struct create              in = { 0 };
	int                        o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'n':
			in.name = optarg;
			break;
		case 'a':
			in.admin = optarg;
			break;
		case 'd':
			in.display_name = optarg;
			break;
		case 'p':
			in.password_file = optarg;
			break;
		default:
			return ctl_usage("tenant", false);
		}
	}
	if (optind != argc - 1 || in.name == NULL || in.admin == NULL)
		return ctl_usage("tenant", false);
	in.slug = argv[optind];
	if (in.display_name == NULL)
		in.display_name = in.admin;
	return create(c, &in);
}

/* ---- list ---- */

static int
cmd_list(struct ctl *c)
{
	struct err     e = { 0 };
	struct uuid    last = { 0 };
	struct tenant *list;
	size_t         n = TENANT_PAGE;

	if (!ctl_open(c, &e))
		return ctl_failed(&e);
	while (n == TENANT_PAGE) {
		if (!tenant_list(c->d, c->mem, &last, &list, &n, &e))
			return ctl_failed(&e);
		for (size_t i = 0; i < n; i++) {
			char at[TIME_TEXT_MAX];

			last = list[i].id;
			time_print(list[i].created_at.ms, at);
			ctl_say("%-24s %-12s %s %s  %s", list[i].slug, list[i].status,
			    list[i].schema_name, at, ctl_text(c, list[i].name));
		}
		if (n > 0)
			talloc_free(list);
	}
	return 0;
}

int
cmd_tenant(struct ctl *c, int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "create") == 0)
		return cmd_create(c, argc - 1, argv + 1);
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return cmd_list(c);
	return ctl_usage("tenant", false);
}
