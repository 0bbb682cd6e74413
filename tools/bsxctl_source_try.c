/* bsxctl_source.h: a pack is read from here, by the collectors' own engine. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/secret.h"
#include "core/store/drift/config.h"
#include "core/store/drift/source_credential.h"
#include "drift/config/drift.h"
#include "drift/config/spec.h"
#include "tools/bsxctl_source.h"

#define LOOK_MS 500
#define TELL_NS INT64_C(2000000000)

struct trying {
	struct ctl           *c;
	struct conf           conf; /* with the folder of the file */
	struct env            env;
	struct drift_spec    *spec;
	struct str            secret;
	struct drive_by       by;
	struct drive_watch    watch;
	const struct json    *parameters; /* as they were given; NULL: none */
	struct source_record *record;
	struct drive         *drive;
	struct multi         *multi;
};

static int64_t
now_ms(void)
{
	return clock_ns(&clock_system) / 1000000;
}

/* ---- what is given ---- */

/* A parameter that is an object (header fields) is typed as one. */
void
source_put_parameter(struct buf *b, const char *text)
{
	struct str   name, value = str_cut(str_of(text), '=', &name);
	struct err   none = { 0 };
	struct json *tree =
	    value.n > 0 && value.p[0] == '{' ? json_parse(b->mem, value, &none) : NULL;

	buf_json(b, name);
	buf_putc(b, ':');
	if (tree != NULL)
		json_print(b, tree);
	else
		buf_json(b, value);
}

/* As a config says it, without its credential. */
static char *
spec_text(struct ctl *c, const struct source_try *in, const char *kind, struct err *e)
{
	struct buf b;

	buf_make(&b, c->mem);
	buf_puts(&b, "{\"source\":{\"kind\":");
	buf_json(&b, str_of(kind));
	for (size_t i = 0; i < in->params_n; i++) {
		buf_puts(&b, i == 0 ? ",\"parameters\":{" : ",");
		source_put_parameter(&b, in->params[i]);
	}
	buf_puts(&b, in->params_n > 0 ? "}}}" : "}}");
	return buf_text(&b, e);
}

/* A pipe is whose it is. */
static bool
is_for_others(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 007) != 0;
}

bool
source_read_credential(struct ctl *c, const char *path, struct str *out, struct err *e)
{
	const bool from_stdin = strcmp(path, "-") == 0;
	int        fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	char      *text = secret_alloc(c->mem, CREDENTIAL_MAX + 1);
	size_t     n = 0;
	ssize_t    got = 1;

	if (fd < 0 || text == NULL)
		return err_set(e, ERR_INVALID, errno, "The credential's file cannot be read.", "%s",
		    ctl_text(c, path));
	if (is_for_others(fd)) {
		if (!from_stdin)
			close(fd);
		return err_set(e, ERR_INVALID, 0,
		    "The credential's file can be read by everybody: chmod o= it.", "%s",
		    ctl_text(c, path));
	}
	while (got > 0 && n <= CREDENTIAL_MAX) {
		got = read(fd, text + n, CREDENTIAL_MAX + 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (!from_stdin)
		close(fd);
	*out = (struct str) { text, n };
	return (got == 0 && n > 0 && n <= CREDENTIAL_MAX) ||
	       err_set(e, ERR_INVALID, 0,
		   "The credential's file cannot be read, is empty, or is too large.", "%s",
		   ctl_text(c, path));
}

static bool
is_path(const char *what)
{
	const size_t n = strlen(what);

	return strchr(what, '/') != NULL || (n > 5 && strcmp(what + n - 5, ".json") == 0);
}

/* ---- opening ---- */

static const struct json *
given_parameters(struct ctl *c, const char *spec)
{
	struct err         none = { 0 };
	const struct json *v = json_parse(c->mem, str_of(spec), &none);

	return v == NULL ? NULL : json_at(v, STR("/source/parameters"));
}

static bool
read_source(struct trying *t, const struct source_try *in, struct err *e)
{
	struct ctl         *c = t->c;
	const char         *kind = in->what, *slash = strrchr(in->what, '/');
	struct drift_config config = { 0 };
	struct drift       *drift;

	if (is_path(in->what)) {
		kind = source_name_of(c, in->what);
		t->conf.sources_dir = slash == NULL ? "."
						    : talloc_strndup(c->mem, in->what,
							  (size_t)(slash - in->what) + 1);
	}
	config.spec = spec_text(c, in, kind, e);
	drift = config.spec == NULL ? NULL : drift_make(c->mem, &t->env, e);
	if (config.spec != NULL)
		t->parameters = given_parameters(c, config.spec);
	if (drift == NULL || t->conf.sources_dir == NULL)
		return drift != NULL ? err_memory(e) : false;
	t->spec = spec_source(c->mem, drift, &config, e);
	if (t->spec == NULL)
		return false;
	return t->spec->source.rest != NULL ||
	       err_set(e, ERR_INVALID, 0, "This kind of source is tried as a config, by its id.",
		   "a kind without a pack");
}

static bool
open_engine(struct trying *t, const struct source_try *in, struct err *e)
{
	struct ctl   *c = t->c;
	struct guard *g = guard_make(c->mem, t->conf.outbound_allow, t->conf.outbound_http, e);

	t->multi = g == NULL ? NULL : multi_make(c->mem, g, NULL, e);
	if (t->multi == NULL)
		return false;
	t->by = (struct drive_by) {
		.env = &t->env,
		.multi = t->multi,
		.buckets = buckets_make(c->mem),
		.timeout_ms = t->conf.source_timeout_s * 1000,
		.bytes_max = (uint64_t)t->conf.source_max_run_bytes,
	};
	if (t->by.buckets == NULL)
		return err_memory(e);
	if (in->record == NULL)
		return true;
	t->record = source_record_make(c, in->record, t->secret, t->parameters, e);
	if (t->record == NULL)
		return false;
	t->watch = source_record_watch(t->record);
	t->by.watch = &t->watch;
	return true;
}

static bool
begin(struct trying *t, struct err *e)
{
	struct drive_start s = {
		.source = &t->spec->source,
		.session = talloc_zero(t->c->mem, struct source_session),
		.credential = "one",
		.secret = t->secret,
		.until_ms = now_ms() + t->conf.source_max_run_s * 1000,
	};

	if (s.session == NULL)
		return err_memory(e);
	t->drive = drive_begin(t->c->mem, &t->by, &s, e);
	return t->drive != NULL;
}

/* ---- reading ---- */

/* As it would be kept with a run. */
static bool
progress(struct trying *t, struct run_progress **p, struct err *e)
{
	struct source_progress far = { 0 };
	char                  *text;

	drive_progress(t->drive, &far);
	text = run_progress_print(t->c->mem, &far, e);
	return text != NULL && run_progress_read(t->c->mem, text, p, e) &&
	       (*p != NULL || err_memory(e));
}

static bool
tell(struct trying *t, int64_t *told_ns, struct err *e)
{
	const int64_t        now = clock_ns(&clock_system);
	struct run_progress *p;

	if (now - *told_ns < TELL_NS)
		return true;
	*told_ns = now;
	if (!progress(t, &p, e))
		return false;
	source_tell(t->c, p);
	return true;
}

static bool
go(struct trying *t, struct err *e)
{
	int64_t         told = clock_ns(&clock_system), again;
	enum drive_step step;

	for (;;) {
		step = drive_on(t->drive, now_ms(), &again, e);
		if (step != DRIVE_GOES)
			return step == DRIVE_DONE;
		again -= now_ms();
		if (!tell(t, &told, e) || !multi_wait(t->multi,
					      again < 0         ? 0
					      : again < LOOK_MS ? again
								: LOOK_MS,
					      NULL, 0, e))
			return false;
	}
}

/* ---- ---- */

static int
came_to_nothing(struct trying *t, const struct err *e)
{
	const char *remedy = drive_remedy(t->drive);

	(void)ctl_failed(e);
	if (remedy != NULL)
		fprintf(stderr, "        %s\n", ctl_text(t->c, remedy));
	return 1;
}

static int
try_it(struct trying *t)
{
	struct run_progress *p;
	struct err           e = { 0 }, why = { 0 };
	bool                 ok = go(t, &why), all;

	if (!progress(t, &p, &e))
		return ctl_failed(&e);
	all = source_table(t->c, p);
	if (t->record != NULL && !source_record_end(t->record, &e))
		return ctl_failed(&e);
	return !ok ? came_to_nothing(t, &why) : all ? 0 : 1;
}

int
source_try_pack(struct ctl *c, const struct source_try *in)
{
	struct trying t = { .c = c, .secret = STR("") };
	struct err    e = { 0 };

	if (is_path(in->what) && source_check_file(c, in->what) != 0)
		return 1;
	if (!ctl_conf(c, &e))
		return ctl_failed(&e);
	t.conf = *c->conf;
	t.env = (struct env) { .conf = &t.conf, .clock = &clock_system, .rand = &rand_system };
	if (!read_source(&t, in, &e) ||
	    (in->credential != NULL && !source_read_credential(c, in->credential, &t.secret, &e)) ||
	    !open_engine(&t, in, &e) || !begin(&t, &e))
		return ctl_failed(&e);
	return try_it(&t);
}
