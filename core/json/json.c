#include "core/json/json_reader.h"

#include <stdio.h>
#include <string.h>

#include "core/base/index.h"

#define CHUNK_MIN   256
#define CHUNK_MAX   (256 * 1024)
#define STACK_FIRST 64
#define SMALL       16 /* members up to which names are compared pairwise */
#define POINTER_MAX 100

/* ---- faults ---- */

/* Text of outside made harmless: printable ASCII as it is, the rest as \xXX. */
static size_t
harmless(char *out, size_t n, size_t max, struct str s)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n && n + 5 < max; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if (c >= 0x20 && c < 0x7f) {
			if (c == '~' || c == '/')
				out[n++] = '~';
			out[n++] = c == '~' ? '0' : c == '/' ? '1' : (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	return n;
}

/* The open containers' current members, as a JSON Pointer; what is too long ends in "...". */
static void
fault_pointer(const struct reader *r, char out[static POINTER_MAX])
{
	size_t n = 0;

	for (uint32_t i = 0; i < r->depth; i++) {
		const struct frame *f = &r->frames[i];
		bool                last = i + 1 == r->depth;
		uint32_t            names = last ? r->n_names : f[1].names;
		uint32_t            nodes = last ? r->n_nodes : f[1].nodes;
		char                number[16];
		struct str          step;

		if (f->object && names == f->names)
			break; /* no name read yet */
		snprintf(number, sizeof number, "%u", nodes - f->nodes);
		step = f->object ? r->names[names - 1] : str_of(number);
		if (n + step.n + 5 >= POINTER_MAX - 4) {
			n += (size_t)snprintf(out + n, POINTER_MAX - n, "/...");
			break;
		}
		out[n++] = '/';
		n = harmless(out, n, POINTER_MAX - 4, step);
	}
	out[n] = '\0';
}

bool
reader_fault_at(struct reader *r, const uint8_t *at, const char *what)
{
	char   pointer[POINTER_MAX], pub[200];
	size_t offset = (size_t)(at - r->base);

	fault_pointer(r, pointer);
	snprintf(pub, sizeof pub, "Not valid JSON: %s at byte %zu%s%s.", what, offset,
	    pointer[0] != '\0' ? ", in " : "", pointer);
	return err_set(r->e, ERR_MALFORMED, 0, pub, "%s at byte %zu of %zu", what, offset,
	    (size_t)(r->end - r->base));
}

bool
reader_fault(struct reader *r, const char *what)
{
	return reader_fault_at(r, r->p, r->p == r->end ? "the text ends too early" : what);
}

/* ---- memory ---- */

void *
reader_take(struct reader *r, size_t n)
{
	void *p;

	n = (n + 7) & ~(size_t)7;
	if (n > r->left) {
		bool   own = r->first != NULL && n > r->chunk_next / 4;
		size_t size = own || n > r->chunk_next ? n : r->chunk_next;

		p = talloc_size(r->first != NULL ? r->first : r->mem, size);
		if (p == NULL) {
			(void)err_memory(r->e);
			return NULL;
		}
		if (own)
			return p; /* what is left of the current chunk stays in use */
		if (r->first == NULL)
			r->first = p;
		r->chunk = p;
		r->left = size;
		if (r->chunk_next < CHUNK_MAX)
			r->chunk_next *= 2;
	}
	p = r->chunk;
	r->chunk += n;
	r->left -= n;
	return p;
}

static bool
grow(struct reader *r, void **stack, uint32_t *cap, size_t size)
{
	uint32_t want = *cap > 0 ? *cap * 2 : STACK_FIRST;
	void    *p = talloc_realloc_size(r->mem, *stack, want * size);

	if (p == NULL)
		return err_memory(r->e);
	*stack = p;
	*cap = want;
	return true;
}

static struct json *
push(struct reader *r, enum json_type type)
{
	struct json *v;

	if (++r->values > JSON_VALUES_MAX) {
		(void)err_set(r->e, ERR_TOO_LARGE, 0, "The JSON text has too many values.",
		    "more than %d values", JSON_VALUES_MAX);
		return NULL;
	}
	if (r->n_nodes == r->cap_nodes &&
	    !grow(r, (void **)&r->nodes, &r->cap_nodes, sizeof *r->nodes))
		return NULL;
	v = &r->nodes[r->n_nodes++];
	v->type = type;
	v->n = 0;
	v->text = (struct str) { NULL, 0 };
	return v;
}

/* ---- scalars ---- */

static inline bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Indentation: past all blanks, or to where there are too few bytes left to look at many at a time.
 */
static inline const uint8_t *
skip_blanks(const uint8_t *p, const uint8_t *end)
{
	for (; end - p >= SCAN_BYTES; p += SCAN_BYTES) {
		unsigned other = scan_mask(scan_load(p) == ' ') ^ SCAN_ALL;

		if (other != 0)
			return p + __builtin_ctz(other);
	}
	return p;
}

static inline void
skip_space(struct reader *r)
{
	const uint8_t *p = r->p;

	while (p < r->end && is_space(*p))
		p = skip_blanks(p + 1, r->end);
	r->p = p;
}

static bool
read_digits(struct reader *r)
{
	const uint8_t *start = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > start || reader_fault(r, "a number without a digit where one must be");
}

static bool
read_number(struct reader *r)
{
	const uint8_t *start = r->p;
	struct json   *v;

	if (*r->p == '-')
		r->p++;
	if (r->p < r->end && *r->p == '0') {
		r->p++;
		if (r->p < r->end && *r->p >= '0' && *r->p <= '9')
			return reader_fault(r, "a number with a leading zero");
	} else if (!read_digits(r)) {
		return false;
	}
	if (r->p < r->end && *r->p == '.') {
		r->p++;
		if (!read_digits(r))
			return false;
	}
	if (r->p < r->end && (*r->p | 0x20) == 'e') {
		r->p++;
		if (r->p < r->end && (*r->p == '+' || *r->p == '-'))
			r->p++;
		if (!read_digits(r))
			return false;
	}
	v = push(r, JSON_NUMBER);
	if (v == NULL)
		return false;
	v->text = (struct str) { (const char *)start, (size_t)(r->p - start) };
	return true;
}

static bool
read_word(struct reader *r, const char *word, enum json_type type)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return reader_fault(r, "an unknown word");
	r->p += n;
	return push(r, type) != NULL;
}

/* ---- member names ---- */

/* Index of a name that stood before, or n.  The filter spares most of the comparing. */
static uint32_t
repeated_small(const struct str *names, uint32_t n)
{
	uint64_t seen = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct str s = names[i];
		uint64_t   bit = (uint64_t)s.n * 7;

		if (s.n > 0)
			bit += (uint8_t)s.p[0] + 5u * (uint8_t)s.p[s.n / 2] +
			       11u * (uint8_t)s.p[s.n - 1];
		bit = (uint64_t)1 << (bit & 63);
		if ((seen & bit) != 0)
			for (uint32_t j = 0; j < i; j++)
				if (str_eq(names[j], s))
					return i;
		seen |= bit;
	}
	return n;
}

static bool
repeated_large(struct reader *r, const struct str *names, uint32_t n, uint32_t *which)
{
	struct index_entry *v = talloc_array(r->mem, struct index_entry, n);
	uint32_t           *group = v != NULL ? talloc_array(v, uint32_t, n) : NULL;
	uint32_t            groups;
	bool                ok = group != NULL || err_memory(r->e);

	for (uint32_t i = 0; ok && i < n; i++)
		v[i] = index_entry(names[i], 0);
	ok = ok && index_group(v, v, n, group, &groups, r->e);
	*which = n;
	if (ok && groups < n) {
		/* the first that is not the first of its group */
		uint32_t *first = talloc_zero_array(v, uint32_t, groups);

		ok = first != NULL || err_memory(r->e);
		for (uint32_t i = 0; ok && *which == n && i < n; i++)
			if (first[group[i]]++ > 0)
				*which = i;
	}
	talloc_free(v);
	return ok;
}

static bool
check_names(struct reader *r, const struct frame *f)
{
	struct str    *names = r->names + f->names;
	uint32_t       n = r->n_names - f->names, which;
	const uint8_t *at;

	if (n <= SMALL)
		which = repeated_small(names, n);
	else if (!repeated_large(r, names, n, &which))
		return false;
	if (which == n)
		return true;
	/* The pointer ends in the last name: make that the repeated one. */
	names[n - 1] = names[which];
	at = (const uint8_t *)names[which].p;
	return reader_fault_at(
	    r, at >= r->base && at < r->end ? at : r->p, "a member name given twice");
}

/* Is the name that is expected next what stands here, up to its closing quote?  One that had
 * escapes is none to go by. */
static inline bool
is_expected(const struct reader *r, const struct frame *f, uint32_t i)
{
	const uint8_t *name;
	size_t         n;

	if (!f->expected_all || i >= f->expected_n)
		return false;
	name = (const uint8_t *)f->expected[i].p;
	n = f->expected[i].n + 1;
	return name >= r->base && name < r->end && (size_t)(r->end - r->p) >= n &&
	       memcmp(name, r->p, n) == 0;
}

static bool
read_name(struct reader *r)
{
	struct frame *f = &r->frames[r->depth - 1];
	uint32_t      i = r->n_names - f->names;

	skip_space(r);
	if (r->p == r->end || *r->p != '"')
		return reader_fault(r, "a member name was expected");
	r->p++;
	if (r->n_names == r->cap_names &&
	    !grow(r, (void **)&r->names, &r->cap_names, sizeof *r->names))
		return false;
	if (is_expected(r, f, i)) {
		r->names[r->n_names] = f->expected[i];
		r->p += f->expected[i].n + 1;
	} else {
		f->expected_all = false;
		if (!reader_string(r, &r->names[r->n_names]))
			return false;
	}
	r->n_names++;
	skip_space(r);
	if (r->p == r->end || *r->p != ':')
		return reader_fault(r, "a colon was expected");
	r->p++;
	return true;
}

/* ---- containers ---- */

/* Of a member, of which name it is; of an element, whose. */
static uint32_t
place_of(const struct reader *r)
{
	const struct frame *up = r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
	uintptr_t           name;

	if (up == NULL)
		return 0;
	if (!up->object)
		return up->place + 1;
	name = (uintptr_t)r->names[r->n_names - 1].p;
	return (uint32_t)(((uint64_t)name * 0x9E3779B97F4A7C15u) >> 32);
}

static bool
open_container(struct reader *r, bool object)
{
	struct frame *f = &r->frames[r->depth];
	struct shape *s;

	if (r->depth == JSON_DEPTH_MAX)
		return reader_fault(r, "more than 128 levels");
	*f = (struct frame) {
		.nodes = r->n_nodes, .names = r->n_names, .place = place_of(r), .object = object
	};
	s = &r->shapes[f->place % SHAPES];
	if (object && s->n > 0 && s->place == f->place) {
		f->expected_all = true;
		f->expected = s->names;
		f->expected_n = s->n;
	}
	r->p++;
	r->depth++;
	return true;
}

/* The list of an object's names: that of the one before it there, or a new one. */
static bool
close_names(struct reader *r, const struct frame *f, struct str **names)
{
	uint32_t n = r->n_names - f->names;

	if (f->expected_all && n == f->expected_n) {
		*names = f->expected;
		return true;
	}
	if (n > 1 && !check_names(r, f))
		return false;
	*names = reader_take(r, n * sizeof **names);
	if (*names == NULL)
		return false;
	memcpy(*names, r->names + f->names, n * sizeof **names);
	r->shapes[f->place % SHAPES] = (struct shape) { *names, n, f->place };
	return true;
}

/* Moves the innermost container's parts off the stacks and pushes it as a value. */
static bool
close_container(struct reader *r)
{
	const struct frame *f = &r->frames[r->depth - 1];
	uint32_t            n = r->n_nodes - f->nodes;
	struct json        *items = NULL, *v;
	struct str         *names = NULL;

	r->p++;
	if (n > 0 && f->object && !close_names(r, f, &names))
		return false;
	if (n > 0 && (items = reader_take(r, n * sizeof *items)) == NULL)
		return false;
	if (n > 0)
		memcpy(items, r->nodes + f->nodes, n * sizeof *items);
	r->n_nodes = f->nodes;
	r->n_names = f->names;
	r->depth--;
	v = push(r, f->object ? JSON_OBJECT : JSON_ARRAY);
	if (v == NULL)
		return false;
	v->n = n;
	v->items = items;
	v->names = names;
	return true;
}

enum step { STEP_FAULT, STEP_VALUE, STEP_AFTER };

static enum step
after(bool ok)
{
	return ok ? STEP_AFTER : STEP_FAULT;
}

/* Reads a scalar, or the start of a container up to its first value. */
static enum step
read_value(struct reader *r)
{
	struct json *v;
	bool         object;

	skip_space(r);
	if (r->p == r->end)
		return after(reader_fault(r, ""));
	switch (*r->p) {
	case '"':
		v = push(r, JSON_STRING);
		if (v == NULL)
			return STEP_FAULT;
		r->p++;
		if (reader_string(r, &v->text))
			return STEP_AFTER;
		r->n_nodes--; /* not a finished value: the pointer counts these */
		return after(reader_fault(r, ""));
	case '{':
	case '[':
		object = *r->p == '{';
		if (!open_container(r, object))
			return STEP_FAULT;
		skip_space(r);
		if (r->p < r->end && *r->p == (object ? '}' : ']'))
			return after(close_container(r));
		return !object || read_name(r) ? STEP_VALUE : STEP_FAULT;
	case 't':
		return after(read_word(r, "true", JSON_TRUE));
	case 'f':
		return after(read_word(r, "false", JSON_FALSE));
	case 'n':
		return after(read_word(r, "null", JSON_NULL));
	default:
		if (*r->p == '-' || (*r->p >= '0' && *r->p <= '9'))
			return after(read_number(r));
		return after(reader_fault(r, "a value was expected"));
	}
}

/* A value is complete: what follows it in the container it stands in. */
static enum step
read_after(struct reader *r)
{
	bool object = r->frames[r->depth - 1].object;

	skip_space(r);
	if (r->p < r->end && *r->p == ',') {
		r->p++;
		return !object || read_name(r) ? STEP_VALUE : STEP_FAULT;
	}
	if (r->p < r->end && *r->p == (object ? '}' : ']'))
		return after(close_container(r));
	return after(
	    reader_fault(r, object ? "a comma or } was expected" : "a comma or ] was expected"));
}

static bool
read_text(struct reader *r)
{
	enum step step = STEP_VALUE;

	do
		step = step == STEP_VALUE ? read_value(r) : read_after(r);
	while (step == STEP_VALUE || (step == STEP_AFTER && r->depth > 0));
	if (step == STEP_FAULT)
		return false;
	skip_space(r);
	return r->p == r->end || reader_fault(r, "text after the end of the value");
}

struct json *
json_parse(TALLOC_CTX *mem, struct str text, struct err *e)
{
	static const uint8_t nothing = 0;
	struct reader        r = { .mem = mem, .e = e };
	struct json         *root;
	bool                 ok;

	r.base = r.p = text.n > 0 ? (const uint8_t *)text.p : &nothing;
	r.end = r.base + text.n;
	r.chunk_next = text.n / 2 < CHUNK_MIN ? CHUNK_MIN : text.n / 2;
	if (r.chunk_next > CHUNK_MAX)
		r.chunk_next = CHUNK_MAX;
	root = reader_take(&r, sizeof *root);
	if (root == NULL)
		return NULL;
	talloc_set_name_const(root, "struct json");
	ok = read_text(&r);
	if (ok)
		*root = r.nodes[0];
	talloc_free(r.nodes);
	talloc_free(r.names);
	if (ok)
		return root;
	talloc_free(root);
	return NULL;
}
