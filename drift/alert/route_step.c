#include "drift/alert/route_step.h"

#include <stdio.h>

#include "drift/engine/rules.h"

static const char *const severities[] = {
#define X(id, wire, weight) wire,
	SEVERITIES(X)
#undef X
	    NULL
};
static const struct field step_fields[] = {
	FIELD(struct route_step, after_s, .min = ROUTE_STEP_LEAST_S, .max = ROUTE_STEP_MOST_S,
	    .flags = FIELD_REQUIRED,
	    .doc =
		"So many seconds after the alert has opened, or opened again, without that anybody "
		"has acknowledged it; more than in the step before."),
	FIELD(struct route_step, channels, .min = 1, .max = ROUTE_STEP_CHANNELS,
	    .flags = FIELD_REQUIRED,
	    .doc = "Channels that are told then, by id; they hear how the alert goes on and ends."),
	FIELD(struct route_step, min_severity, .choices = severities,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Only where the alert is of this severity or worse by then."),
	FIELD(struct route_step, repeat_s, .min = ROUTE_STEP_LEAST_S, .max = 86400,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "They are told again each time so many seconds have gone by; with repeats."),
	FIELD(struct route_step, repeats, .min = 1, .max = ROUTE_STEP_REPEATS_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "How often at most. The last is over before the next step is due."),
	FIELD_END,
};
const struct schema route_step_schema =
    SCHEMA("AlertRouteEscalation", struct route_step, step_fields);

bool
route_check_ids(TALLOC_CTX *mem, struct strings ids, const char *member, struct err *e)
{
	char pointer[64], text[UUID_TEXT_MAX];

	for (size_t i = 0; i < ids.n; i++) {
		struct uuid id;

		snprintf(pointer, sizeof(pointer), "%s/%zu", member, i);
		if (!uuid_parse(str_of(ids.items[i]), &id))
			return err_fault(e, mem, pointer, "is no id");
		uuid_print(&id, text);
		ids.items[i] = talloc_strdup(mem, text);
		if (ids.items[i] == NULL)
			return err_memory(e);
	}
	return true;
}

/* When it is told last. */
static int64_t
end_of(const struct route_step *s)
{
	return s->after_s + s->repeats * s->repeat_s;
}

static bool
check_step(TALLOC_CTX *mem, const struct route_step *steps, size_t i, struct err *e)
{
	const struct route_step *s = &steps[i];
	char                     at[32], pointer[64];

	snprintf(at, sizeof(at), "/escalate/%zu", i);
	if ((s->repeat_s == 0) != (s->repeats == 0)) {
		snprintf(pointer, sizeof(pointer), "%s/%s", at,
		    s->repeats == 0 ? "repeats" : "repeat_s");
		return err_fault(e, mem, pointer, "is required where the other is there");
	}
	snprintf(pointer, sizeof(pointer), "%s/after_s", at);
	if (i > 0 && s->after_s <= end_of(&steps[i - 1]))
		return err_fault(e, mem, pointer,
		    "must be later than the step before is told last, after %lld s",
		    (long long)end_of(&steps[i - 1]));
	snprintf(pointer, sizeof(pointer), "%s/channels", at);
	return route_check_ids(mem, s->channels, pointer, e);
}

bool
route_steps_check(TALLOC_CTX *mem, const struct items *steps, struct err *e)
{
	for (size_t i = 0; i < steps->n; i++)
		if (!check_step(mem, steps->p, i, e))
			return false;
	return true;
}
