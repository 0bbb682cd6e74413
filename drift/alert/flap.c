#include "drift/alert/flap.h"

#include <stdlib.h>
#include <string.h>

#define FLAP_MASK ((UINT32_C(1) << FLAP_STEPS) - 1)
/* 0.8 + 0.4 * place / 19, times 95: whole numbers, 1,900 all together. */
#define WEIGHT_OLDEST 76
#define WEIGHT_STEP   2
#define WEIGHT_SUM    1900

static uint32_t
bits_now(const struct flap *f)
{
	return f->behind >= FLAP_STEPS ? 0 : (f->bits << f->behind) & FLAP_MASK;
}

int64_t
flap_share(const struct flap *f)
{
	uint32_t bits = bits_now(f);
	int64_t  sum = 0;

	for (int i = 0; i < FLAP_STEPS; i++)
		if (bits & (UINT32_C(1) << i))
			sum += WEIGHT_OLDEST + WEIGHT_STEP * (FLAP_STEPS - 1 - i);
	return sum * 10000 / WEIGHT_SUM;
}

size_t
flap_count(const struct flap *f)
{
	size_t n = 0;

	for (uint32_t bits = bits_now(f); bits != 0; bits &= bits - 1)
		n++;
	return n;
}

bool
flap_over(const struct flap *f)
{
	return !f->present && bits_now(f) == 0;
}

/* ---- what is there ---- */

static int
by_fingerprint(const void *a, const void *b)
{
	return memcmp(
	    ((const struct flap *)a)->fingerprint, ((const struct flap *)b)->fingerprint, HASH_LEN);
}

static bool
is_there(const struct limits *l, const struct change *c, enum hold_reason hold)
{
	return c->severity >= l->min_severity &&
	       (hold == HOLD_NONE || hold == HOLD_SILENCE || hold == HOLD_FLAPPING);
}

/* The findings of a check, each once. */
static struct flap *
present(TALLOC_CTX *mem, const struct limits *l, const struct held_changes *of, size_t *out_n)
{
	const struct change *changes = of->changes;
	struct flap         *out = talloc_zero_size(mem, (of->n + 1) * sizeof(out[0]));
	size_t               found = 0;

	*out_n = 0;
	for (size_t i = 0; out != NULL && i < of->n; i++) {
		if (!is_there(l, &changes[i], of->holds[i]))
			continue;
		memcpy(out[found].fingerprint, changes[i].fingerprint, HASH_LEN);
		memcpy(out[found].value_hash, changes[i].value_hash, HASH_LEN);
		out[found].category = changes[i].category;
		out[found++].present = true;
	}
	if (out != NULL && found > 1)
		qsort(out, found, sizeof(out[0]), by_fingerprint);
	for (size_t i = 0; i < found; i++)
		if (*out_n == 0 || by_fingerprint(&out[*out_n - 1], &out[i]) != 0)
			out[(*out_n)++] = out[i];
	return out;
}

/* ---- a check ---- */

/* `was` NULL: not known; `is` NULL: not there. */
struct both_flaps {
	const struct flap *was, *is;
};

static struct flap
step(const struct limits *l, const struct flap *was, const struct flap *is)
{
	struct flap f = was != NULL ? *was : *is;
	bool        there = is != NULL, changed;

	changed = was == NULL || was->present != there ||
		  (there && memcmp(was->value_hash, is->value_hash, HASH_LEN) != 0);
	f.began = f.calmed = f.dirty = false;
	f.behind++;
	if (changed) {
		f.bits = (was == NULL ? 0 : bits_now(&f)) | 1;
		f.behind = 0;
		f.present = there;
		f.dirty = true;
		if (there)
			memcpy(f.value_hash, is->value_hash, HASH_LEN);
	}
	if (f.flapping && flap_share(&f) < l->flap_low * 100)
		f.calmed = true;
	else if (!f.flapping && flap_share(&f) >= l->flap_high * 100)
		f.began = true;
	f.flapping = (f.flapping || f.began) && !f.calmed;
	f.dirty = f.dirty || f.began || f.calmed;
	return f;
}

static bool
is_read(const struct held_changes *found, struct str category)
{
	return found->read == NULL || category.n == 0 || found->read(found->of, category);
}

/* One of a collection that was not read stays as it was. */
static bool
add(TALLOC_CTX *mem, struct flaps *out, struct flap f, struct str category, struct err *e)
{
	if (f.category.n == 0 && f.dirty && category.n > 0) {
		f.category = str_of(str_dup(mem, category));
		if (f.category.p == NULL)
			return err_memory(e);
	}
	out->flapping += f.flapping;
	out->began += f.began;
	out->items[out->n++] = f;
	return true;
}

static bool
one_check(TALLOC_CTX *mem, const struct limits *l, const struct held_changes *found,
    const struct both_flaps *at, struct flaps *out, struct err *e)
{
	struct str  category = at->is != NULL ? at->is->category : at->was->category;
	struct flap f;

	if (is_read(found, category)) {
		f = step(l, at->was, at->is);
		if (at->was == NULL)
			f.category = (struct str) { 0 }; /* a copy that stays */
		return add(mem, out, f, category, e);
	}
	if (at->was == NULL)
		return true;
	f = *at->was;
	f.began = f.calmed = f.dirty = false;
	return add(mem, out, f, category, e);
}

bool
flaps_check(TALLOC_CTX *mem, const struct limits *l, const struct flaps *before,
    const struct held_changes *found, struct flaps *out, struct err *e)
{
	size_t       now_n, a = 0, b = 0;
	struct flap *now = present(mem, l, found, &now_n);

	*out = (struct flaps) { .checks = before->checks + 1 };
	out->items = talloc_zero_size(mem, (before->n + now_n + 1) * sizeof(out->items[0]));
	if (now == NULL || out->items == NULL)
		return err_memory(e);
	while (a < before->n || b < now_n) {
		int                     c = a == before->n ? 1
					    : b == now_n   ? -1
							 : by_fingerprint(&before->items[a], &now[b]);
		const struct both_flaps at = { c <= 0 ? &before->items[a] : NULL,
			c >= 0 ? &now[b] : NULL };

		if (!one_check(mem, l, found, &at, out, e))
			return false;
		a += c <= 0;
		b += c >= 0;
	}
	talloc_free(now);
	return true;
}

const struct flap *
flap_of(const struct flaps *f, const uint8_t *fingerprint)
{
	struct flap want;

	memcpy(want.fingerprint, fingerprint, HASH_LEN);
	return f == NULL || f->n == 0
		   ? NULL
		   : bsearch(&want, f->items, f->n, sizeof(f->items[0]), by_fingerprint);
}

void
flaps_hold(const struct flaps *f, const struct held_changes *found)
{
	for (size_t i = 0; f->flapping > 0 && i < found->n; i++) {
		const struct flap *at =
		    found->holds[i] != HOLD_NONE ? NULL : flap_of(f, found->changes[i].fingerprint);

		if (at != NULL && at->flapping)
			found->holds[i] = HOLD_FLAPPING;
	}
}
