#include "drift/engine/view.h"

#include <string.h>

#include "drift/engine/diff.h"

#define CUT     "\xe2\x80\xa6~#" /* what is left of a shortened text, and the hash of all of it */
#define CUT_LEN (sizeof(CUT) - 1)

struct str
view_value(struct view v, struct str text)
{
	return v.values || text.p == NULL ? text : STR(VIEW_WITHHELD_JSON);
}

const char *
view_hash(struct view v, const char *hex)
{
	return v.values ? hex : VIEW_WITHHELD;
}

/* ---- labels ---- */

/* Members that elements are known by, though what they hold is a setting. */
static const char *const settings[] = { "value", "href", "ip_prefix", "ipv6_prefix", "cidr",
	"CidrIp", "cidrAddress", "domain", "host", "mountPath", "containerPort" };

static bool
is_name(struct str member)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (str_eqz(member, settings[i]))
			return false;
	return diff_identity(member);
}

/* Behind a canonical string or number at `p`; NULL: it is neither, or stands for a masked one. */
static const char *
skip_scalar(const char *p, const char *end)
{
	static const char masked[] = "\"[masked";

	if (p == end || *p != '"') {
		while (p < end && *p != ',' && *p != ']' && *p != '#')
			p++;
		return p < end && *p != '#' ? p : NULL;
	}
	if ((size_t)(end - p) >= sizeof(masked) - 1 && memcmp(p, masked, sizeof(masked) - 1) == 0)
		return NULL;
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : NULL;
}

/* [member=text,...] with nothing but names; what does not read so is withheld. */
static bool
is_identity(struct str label)
{
	const char *p = label.p, *end = label.p + label.n, *eq;

	while (p != NULL && p < end && (*p == '[' || *p == ',')) {
		p++;
		eq = memchr(p, '=', (size_t)(end - p));
		if (eq == NULL || !is_name((struct str) { p, (size_t)(eq - p) }))
			return false;
		p = skip_scalar(eq + 1, end);
	}
	return p != NULL && p + 1 == end && *p == ']';
}

/* ---- steps ---- */

static struct str
without_hash(struct str step)
{
	const char *cut = memmem(step.p, step.n, CUT, CUT_LEN);

	return cut == NULL ? step : (struct str) { step.p, (size_t)(cut - step.p) + CUT_LEN - 2 };
}

static void
add_step(struct buf *b, struct str step, bool *hid)
{
	struct str rest = without_hash(step);

	if (step.n > 0 && step.p[0] == '[' && !is_identity(step)) {
		buf_puts(b, VIEW_WITHHELD);
		*hid = true;
		return;
	}
	buf_add(b, rest.p, rest.n);
	*hid = *hid || rest.n != step.n;
}

static bool
is_plain(struct str text)
{
	return memmem(text.p, text.n, "/[", 2) == NULL &&
	       memmem(text.p, text.n, CUT, CUT_LEN) == NULL;
}

bool
view_path(
    TALLOC_CTX *mem, struct view v, struct str text, struct str *out, bool *hidden, struct err *e)
{
	struct str step;
	struct buf b;
	bool       hid = false;

	*out = text;
	if (hidden != NULL)
		*hidden = false;
	if (v.values || text.n == 0 || is_plain(text))
		return true;
	buf_make(&b, mem);
	while (text.p != NULL) {
		text = str_cut(text, '/', &step);
		add_step(&b, step, &hid);
		if (text.p != NULL)
			buf_putc(&b, '/');
	}
	*out = buf_str(&b);
	if (hidden != NULL)
		*hidden = hid;
	return buf_ok(&b) || err_memory(e);
}

char *
view_zeros(TALLOC_CTX *mem, struct str path)
{
	static const char zero[] = "\\u0000";
	size_t            zeros = 0, n = 0;
	char             *z;

	for (size_t i = 0; i < path.n; i++)
		zeros += path.p[i] == '\0';
	z = talloc_size(mem, path.n + zeros * (sizeof zero - 2) + 1);
	if (z == NULL)
		return NULL;
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '\0') {
			memcpy(z + n, zero, sizeof zero - 1);
			n += sizeof zero - 1;
		} else {
			z[n++] = path.p[i];
		}
	}
	z[n] = '\0';
	return z;
}
