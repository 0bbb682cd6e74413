#include "drift/config/schedule.h"

#include <string.h>

#define CRON_BACK_MS (INT64_C(41) * 366 * 86400000) /* a slot has come by then, if any does */

/* ---- what the API takes ---- */

static const struct field spec_fields[] = {
	FIELD(struct schedule_spec, interval_s, .min = SCHEDULE_LEAST_S, .max = SCHEDULE_MOST_S,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "It is collected every so many seconds; this or `cron`."),
	FIELD(struct schedule_spec, cron, .min = 1, .max = CRON_TEXT_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "When it is collected: minute, hour, day of the month, month and day of the "
		   "week, as \"30 3 * * 1-5\"; each * or numbers, ranges, lists and steps, months "
		   "and days of the week also by their English names (JAN, SUN). Where both days "
		   "say something either is enough. Also @hourly, @daily, @weekly, @monthly and "
		   "@yearly. A time that a clock set forward skips has its turn when it is set, "
		   "one that a clock set back repeats has it the first time."),
	FIELD(struct schedule_spec, timezone, .min = 1, .max = ZONE_NAME_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Whose clocks `cron` means, as Europe/Berlin; UTC when absent."),
	FIELD(struct schedule_spec, enabled,
	    .doc = "false: it is collected only when somebody asks for it; true when absent."),
	FIELD_END,
};
const struct schema schedule_spec_schema =
    SCHEMA_GIVEN("DriftSchedule", struct schedule_spec, spec_fields, given);

static bool
compile_cron(
    TALLOC_CTX *mem, const struct schedule_spec *in, struct schedule_plan *out, struct err *e)
{
	struct err why = { 0 };
	char       text[CRON_WHY_MAX];

	if (!cron_parse(str_of(in->cron), &out->cron, text))
		return err_fault(e, mem, "/schedule/cron", "%s", text);
	out->zone = zone_load(mem, ZONE_FOLDER, in->timezone == NULL ? "UTC" : in->timezone, &why);
	if (out->zone != NULL)
		return true;
	if (why.code == ERR_INVALID)
		return err_fault(e, mem, "/schedule/timezone", "%s", why.pub);
	*e = why;
	return false;
}

bool
schedule_compile(
    TALLOC_CTX *mem, const struct schedule_spec *in, struct schedule_plan *out, struct err *e)
{
	*out = (struct schedule_plan) { 0 };
	if (in == NULL)
		return true;
	out->enabled =
	    in->enabled || (in->given & schema_bit(&schedule_spec_schema, "enabled")) == 0;
	out->interval_ms = in->interval_s * 1000;
	if ((in->interval_s == 0) == (in->cron == NULL))
		return err_fault(e, mem, "/schedule", "must have one of interval_s and cron");
	if (in->cron != NULL)
		return compile_cron(mem, in, out, e);
	return in->timezone == NULL ||
	       err_fault(e, mem, "/schedule/timezone", "goes with cron only");
}

/* ---- slots ---- */

/* The same for ever, and spread evenly: the random part of an id. */
static int64_t
share_of(const struct uuid *config, int64_t of)
{
	uint64_t v = 0;

	for (size_t i = 8; i < sizeof(config->b); i++)
		v = v << 8 | config->b[i];
	v ^= v >> 33;
	v *= UINT64_C(0xff51afd7ed558ccd);
	v ^= v >> 33;
	return (int64_t)(v % (uint64_t)of);
}

static instant
cron_after(const struct schedule_plan *p, int64_t after_ms)
{
	int64_t s = after_ms / 1000 - (after_ms % 1000 < 0), at = cron_next(&p->cron, p->zone, s);

	return (instant) { at == INT64_MAX ? 0 : at * 1000 };
}

instant
slot_next(const struct schedule_plan *p, const struct uuid *config, instant after)
{
	int64_t phase;

	if (!p->enabled || after.ms < 0)
		return (instant) { 0 };
	if (p->interval_ms == 0)
		return cron_after(p, after.ms);
	phase = share_of(config, p->interval_ms);
	if (after.ms < phase)
		return (instant) { phase };
	return (instant) { after.ms - (after.ms - phase) % p->interval_ms + p->interval_ms };
}

/* That there is a slot between an instant and now holds for all that are earlier. */
static instant
cron_before(const struct schedule_plan *p, int64_t at_ms)
{
	int64_t low = at_ms > CRON_BACK_MS ? at_ms - CRON_BACK_MS : 0, high = at_ms + 1, mid;
	instant best = { 0 }, slot;

	while (low < high) {
		mid = low + (high - low) / 2;
		slot = cron_after(p, mid);
		if (slot.ms != 0 && slot.ms <= at_ms) {
			best = slot;
			low = slot.ms;
		} else {
			high = mid;
		}
		if (high - low <= 1)
			break;
	}
	return best;
}

instant
slot_last(const struct schedule_plan *p, const struct uuid *config, instant at)
{
	int64_t phase;

	if (!p->enabled || at.ms < 0)
		return (instant) { 0 };
	if (p->interval_ms == 0)
		return cron_before(p, at.ms);
	phase = share_of(config, p->interval_ms);
	if (at.ms < phase)
		return (instant) { 0 };
	return (instant) { at.ms - (at.ms - phase) % p->interval_ms };
}

instant
slot_due(const struct schedule_plan *p, const struct uuid *config, instant slot)
{
	int64_t most;

	if (slot.ms == 0 || p->interval_ms != 0)
		return slot;
	most = (cron_after(p, slot.ms).ms - slot.ms) / 10;
	if (most > CRON_JITTER_MS || most <= 0)
		most = CRON_JITTER_MS;
	return (instant) { slot.ms + share_of(config, most) };
}

int64_t
slots_between(
    const struct schedule_plan *p, const struct uuid *config, instant after, instant before)
{
	instant slot = slot_next(p, config, after);
	int64_t n = 0;

	if (p->enabled && p->interval_ms != 0 && slot.ms < before.ms)
		n = (before.ms - 1 - slot.ms) / p->interval_ms + 1;
	else
		while (slot.ms != 0 && slot.ms < before.ms && n < SCHEDULE_COUNT_MAX) {
			n++;
			slot = slot_next(p, config, slot);
		}
	return n < SCHEDULE_COUNT_MAX ? n : SCHEDULE_COUNT_MAX;
}

int64_t
schedule_beat_s(const struct schedule_plan *p)
{
	int64_t s;

	if (!p->enabled)
		return 0;
	s = p->interval_ms != 0 ? p->interval_ms / 1000 : cron_longest_s(&p->cron);
	return s + s / 10;
}
