#include "drift/engine/pattern.h"

#include <string.h>

/* One step without its ~0 and ~1; false: another escape. */
static bool
unescape(TALLOC_CTX *mem, struct str step, struct str *out, struct err *e)
{
	char  *p;
	size_t n = 0;

	*out = step;
	if (step.n == 0 || memchr(step.p, '~', step.n) == NULL)
		return true;
	p = talloc_size(mem, step.n);
	if (p == NULL)
		return err_memory(e);
	for (size_t i = 0; i < step.n; i++) {
		char c = step.p[i];

		if (c == '~') {
			c = i + 1 < step.n ? step.p[++i] : 'x';
			if (c != '0' && c != '1')
				return false;
			c = c == '0' ? '~' : '/';
		}
		p[n++] = c;
	}
	*out = (struct str) { p, n };
	return true;
}

static uint32_t
count_steps(struct str text)
{
	uint32_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '/';
	return n;
}

/* Is it {a,b}: how many?  0: it is not. */
static uint32_t
count_choices(struct str step)
{
	uint32_t n = 1;

	if (step.n < 2 || step.p[0] != '{' || step.p[step.n - 1] != '}')
		return 0;
	for (size_t i = 0; i < step.n; i++)
		n += step.p[i] == ',';
	return n > 1 ? n : 0;
}

/* Of one glob of the step. */
static size_t
longest(struct str step)
{
	size_t n = 0, most = 0;

	if (count_choices(step) == 0)
		return step.n;
	for (size_t i = 1; i < step.n; i++) {
		n = step.p[i] == ',' ? 0 : n + 1;
		most = n > most ? n : most;
	}
	return most;
}

/* The step itself then counts as one that has a star: it is no name that could be looked up. */
static bool
compile_choices(TALLOC_CTX *mem, struct pattern *out, uint32_t i, struct str step, struct err *e)
{
	uint32_t      n = count_choices(step);
	struct str    rest, one;
	struct globs *choices;

	if (n == 0)
		return true;
	rest = (struct str) { step.p + 1, step.n - 2 };
	if (out->choices == NULL)
		out->choices = talloc_zero_array(mem, struct globs, out->n);
	choices = out->choices != NULL ? &out->choices[i] : NULL;
	if (choices == NULL || (choices->items = talloc_array(mem, struct glob, n)) == NULL)
		return err_memory(e);
	while (choices->n < n) {
		rest = str_cut(rest, ',', &one);
		choices->items[choices->n++] = glob_make(one, false);
	}
	out->steps[i].stars = 1;
	return true;
}

/* One step, as it is written. */
static bool
compile_step(TALLOC_CTX *mem, struct pattern *out, uint32_t i, struct str step, struct err *e)
{
	if (str_eqz(step, "**"))
		out->any |= (uint64_t)1 << i;
	out->steps[i] = glob_make(step, false);
	return compile_choices(mem, out, i, step, e);
}

bool
pattern_compile(
    TALLOC_CTX *mem, struct str text, const char *pointer, struct pattern *out, struct err *e)
{
	struct str rest = text, step;

	*out = (struct pattern) { .n = count_steps(text) };
	if (text.n > PATTERN_TEXT_MAX || out->n > PATTERN_STEPS_MAX)
		return err_fault(e, mem, pointer, "must have at most %d steps and %d bytes",
		    PATTERN_STEPS_MAX, PATTERN_TEXT_MAX);
	if (text.n > 0 && text.p[0] != '/')
		return err_fault(e, mem, pointer, "must be empty or start with /");
	out->steps = talloc_array(mem, struct glob, out->n);
	if (out->steps == NULL)
		return err_memory(e);
	if (text.n > 0)
		rest = str_cut(rest, '/', &step);
	for (uint32_t i = 0; i < out->n; i++) {
		rest = str_cut(rest, '/', &step);
		if (!unescape(mem, step, &step, e))
			return e->code != ERR_INTERNAL &&
			       err_fault(e, mem, pointer, "has a ~ that is not ~0 or ~1");
		if (longest(step) > GLOB_TEXT_MAX)
			return err_fault(
			    e, mem, pointer, "has a step of more than %d bytes", GLOB_TEXT_MAX);
		if (!compile_step(mem, out, i, step, e))
			return false;
	}
	return true;
}

void
pattern_fold(struct pattern *p)
{
	for (uint32_t i = 0; i < p->n; i++) {
		p->steps[i].fold = true;
		for (size_t k = 0; p->choices != NULL && k < p->choices[i].n; k++)
			p->choices[i].items[k].fold = true;
	}
}

/* `**` may stand for no step at all. */
static uint64_t
skip_any(const struct pattern *p, uint64_t states)
{
	uint64_t before;

	do {
		before = states;
		states |= (states & p->any) << 1;
	} while (states != before);
	return states;
}

uint64_t
pattern_start(const struct pattern *p)
{
	return skip_any(p, 1);
}

uint64_t
pattern_step(const struct pattern *p, uint64_t states, struct str name)
{
	uint64_t ignored = 0;

	return pattern_step_counted(p, states, name, &ignored);
}

static bool
step_matches(const struct pattern *p, uint32_t i, struct str name, uint64_t *steps)
{
	const struct globs *choices = p->choices != NULL ? &p->choices[i] : NULL;

	if (choices == NULL || choices->n == 0) {
		*steps += 1 + (p->steps[i].stars < 2 ? 0 : name.n / 2);
		return glob_match(&p->steps[i], name);
	}
	*steps += choices->n * (1 + name.n / 2);
	return globs_match(choices, name);
}

uint64_t
pattern_step_counted(const struct pattern *p, uint64_t states, struct str name, uint64_t *steps)
{
	uint64_t next = states & p->any;

	*steps += 1 + (uint64_t)__builtin_popcountll(p->any) / 8;

	for (uint64_t todo = states & ~p->any; todo != 0; todo &= todo - 1) {
		uint32_t i = (uint32_t)__builtin_ctzll(todo);

		if (i == p->n)
			continue;
		if (step_matches(p, i, name, steps))
			next |= (uint64_t)1 << (i + 1);
	}
	return skip_any(p, next);
}

bool
pattern_done(const struct pattern *p, uint64_t states)
{
	return (states >> p->n & 1) != 0;
}
