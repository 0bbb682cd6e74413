#include "drift/alert/alerting.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/channel.h"
#include "core/store/life.h"
#include "core/store/tx.h"
#include "drift/alert/message.h"

#define TITLE_NAME_MAX 300 /* bytes of a config's name in a title */

/* The findings of a report against what the open alert has told. */
struct findings {
	size_t *order; /* indexes of changes: the most severe first, then as in the report */
	size_t  n;
	struct finding *now; /* of the report, by fingerprint, each once */
	size_t          now_n;
	struct finding *fresh; /* not told yet, or with another value */
	size_t          fresh_n;
	struct finding *gone; /* told, and no more */
	size_t          gone_n;
	enum severity   max;
	bool            silenced; /* all of them: an alert is kept, and not told */
	size_t          at_max;   /* how many of that severity */
};

void
alerting_open_key(const struct uuid *config, char out[static ALERT_OPEN_KEY_MAX])
{
	memcpy(out, "drift:", 6);
	uuid_print(config, out + 6);
}

/* ---- findings ---- */

static int
by_fingerprint(const void *a, const void *b)
{
	return memcmp(((const struct finding *)a)->fingerprint.p,
	    ((const struct finding *)b)->fingerprint.p, HASH_LEN);
}

static bool
findings_alloc(TALLOC_CTX *mem, struct findings *f, size_t n, size_t told, struct err *e)
{
	f->order = talloc_zero_size(mem, (n + 1) * sizeof(f->order[0]));
	f->now = talloc_zero_size(mem, (n + 1) * sizeof(f->now[0]));
	f->fresh = talloc_zero_size(mem, (n + 1) * sizeof(f->fresh[0]));
	f->gone = talloc_zero_size(mem, (told + 1) * sizeof(f->gone[0]));
	if (f->order == NULL || f->now == NULL || f->fresh == NULL || f->gone == NULL)
		return err_memory(e);
	return true;
}

static void
findings_pick(
    const struct alerting *a, const struct uuid *alert, enum hold hold, struct findings *f)
{
	for (int v = SEVERITY_CRITICAL; v >= (int)a->min_severity; v--) {
		size_t before = f->n;

		for (size_t i = 0; i < a->n; i++)
			if ((int)a->changes[i].severity == v && a->holds[i] == hold)
				f->order[f->n++] = i;
		if (before == 0 && f->n > 0) {
			f->max = (enum severity)v;
			f->at_max = f->n;
		}
	}
	for (size_t i = 0; i < f->n; i++) {
		const struct change *c = &a->changes[f->order[i]];

		f->now[i] = (struct finding) { *alert, { c->fingerprint, HASH_LEN },
			{ c->value_hash, HASH_LEN } };
	}
	f->now_n = f->n;
	if (f->now_n > 1)
		qsort(f->now, f->now_n, sizeof(f->now[0]), by_fingerprint);
}

static void
findings_unique(struct findings *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->now_n; i++)
		if (n == 0 || by_fingerprint(&f->now[n - 1], &f->now[i]) != 0)
			f->now[n++] = f->now[i];
	f->now_n = n;
}

/* `told` is in the order of fingerprints too. */
static void
findings_against(struct findings *f, const struct finding *told, size_t told_n)
{
	size_t a = 0, b = 0;

	while (a < told_n || b < f->now_n) {
		int c = a == told_n ? 1 : b == f->now_n ? -1 : by_fingerprint(&told[a], &f->now[b]);

		if (c < 0)
			f->gone[f->gone_n++] = told[a];
		else if (c > 0 || told[a].value_hash.n != HASH_LEN ||
			 memcmp(told[a].value_hash.p, f->now[b].value_hash.p, HASH_LEN) != 0)
			f->fresh[f->fresh_n++] = f->now[b];
		a += c <= 0;
		b += c >= 0;
	}
}

/* ---- telling ---- */

static bool
tell_one(struct db *db, TALLOC_CTX *mem, const struct alerting *a,
    const struct alert_target *target, const char *event, const struct alert *alert,
    struct str body, size_t *sent, struct err *e)
{
	enum severity  severity = SEVERITY_CRITICAL;
	struct channel c;

	(void)severity_parse(str_of(alert->severity), &severity);
	if (severity < target->min_severity)
		return true;
	if (!channel_by_id(db, mem, &target->channel_id, &c, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	if (strcmp(c.status, "active") != 0)
		return true;
	(*sent)++;
	return message_post(db, mem, a->deps, a->t, &c.id, &alert->id, event, body, NULL, e);
}

bool
alerting_tell(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *event,
    const struct alert *alert, const size_t *order, size_t order_n, size_t *sent, struct err *e)
{
	struct str body;

	*sent = 0;
	if (a->targets_n == 0)
		return true;
	if (!message_print(mem, a, event, alert, order, order_n, &body, e))
		return false;
	for (size_t i = 0; i < a->targets_n; i++)
		if (!tell_one(db, mem, a, &a->targets[i], event, alert, body, sent, e))
			return false;
	return true;
}

static const struct {
	const char *code, *reason;
} hold_words[HOLD__MAX] = {
#define X(id, code, reason) { code, reason },
	HOLDS(X)
#undef X
};

static size_t
held_back(const struct alerting *a, enum hold h)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += a->holds[i] == h && a->changes[i].severity >= a->min_severity;
	return n;
}

static bool
any_held_back(const struct alerting *a)
{
	for (enum hold h = HOLD_NONE + 1; h < HOLD__MAX; h++)
		if (held_back(a, h) > 0)
			return true;
	return false;
}

static void
print_held_back(struct buf *b, const struct alerting *a)
{
	bool first = true;

	for (enum hold h = HOLD_NONE + 1; h < HOLD__MAX; h++) {
		size_t n = held_back(a, h);

		if (n == 0)
			continue;
		buf_puts(b, first ? ",\"held_back\":[{\"code\":" : ",{\"code\":");
		first = false;
		buf_json(b, str_of(hold_words[h].code));
		buf_printf(b, ",\"changes\":%zu,\"reason\":", n);
		buf_json(b, str_of(hold_words[h].reason));
		buf_putc(b, '}');
	}
	if (!first)
		buf_putc(b, ']');
}

static bool
not_alerted(
    TALLOC_CTX *mem, const struct alerting *a, const char *code, const char *reason, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"code\":");
	buf_json(&b, str_of(code));
	buf_puts(&b, ",\"reason\":");
	buf_json(&b, str_of(reason));
	print_held_back(&b, a);
	buf_putc(&b, '}');
	a->report->not_alerted.text = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
tell(struct db *db, TALLOC_CTX *mem, const struct alerting *a, const char *event,
    const struct alert *alert, const struct findings *f, struct err *e)
{
	size_t sent;

	if (!alerting_tell(db, mem, a, event, alert, f->order, f->n, &sent, e))
		return false;
	if (sent > 0)
		return true;
	return not_alerted(mem, a, "no_channel",
	    "The alert is in the list, but the config names no active channel for its severity.",
	    e);
}

/* ---- the alert ---- */

static bool
set_title(TALLOC_CTX *mem, const struct alerting *a, const struct findings *f, struct alert *alert,
    struct err *e)
{
	size_t n = strnlen(a->config_name, TITLE_NAME_MAX);

	alert->title = talloc_asprintf(mem, "%zu change%s in %.*s (%zu %s)", f->n,
	    f->n == 1 ? "" : "s", (int)n, a->config_name, f->at_max, severity_name(f->max));
	return alert->title != NULL ? true : err_memory(e);
}

static bool
not_told(TALLOC_CTX *mem, const struct alerting *a, struct err *e)
{
	return not_alerted(mem, a, "silence",
	    "A silence covers every finding: the alert is in the list, and says which.", e);
}

static bool
open_alert(struct db *db, TALLOC_CTX *mem, const struct alerting *a, struct findings *f,
    instant now, struct err *e)
{
	char         key[ALERT_OPEN_KEY_MAX];
	struct alert alert = { .id = uuid_make(a->deps->clock, a->deps->rand),
		.config_id = a->config_id,
		.report_id = a->report->id,
		.changes = (int64_t)f->n,
		.opened_at = now,
		.updated_at = now,
		.version = 1 };

	alerting_open_key(&a->config_id, key);
	alert.open_key = key;
	alert.kind = talloc_strdup(mem, "drift");
	alert.status = talloc_strdup(mem, "open");
	alert.severity = talloc_strdup(mem, severity_name(f->max));
	if (alert.kind == NULL || alert.status == NULL || alert.severity == NULL)
		return err_memory(e);
	for (size_t i = 0; i < f->now_n; i++)
		f->now[i].alert_id = alert.id;
	if (f->silenced) {
		alert.suppressed_by = talloc_strdup(mem, a->silence);
		return alert.suppressed_by != NULL
			   ? set_title(mem, a, f, &alert, e) && alert_add(db, &alert, e) &&
				 not_told(mem, a, e)
			   : err_memory(e);
	}
	return set_title(mem, a, f, &alert, e) && alert_add(db, &alert, e) &&
	       finding_put(db, f->now, f->now_n, e) && tell(db, mem, a, EVENT_OPENED, &alert, f, e);
}

static bool
write_alert(struct db *db, struct alert *alert, struct err *e)
{
	bool done;

	if (!alert_set(db, alert, &done, e))
		return false;
	return done ? true : tx_again(e);
}

static bool
raise_severity(TALLOC_CTX *mem, struct alert *alert, enum severity max, struct err *e)
{
	enum severity old = SEVERITY_INFO;

	(void)severity_parse(str_of(alert->severity), &old);
	if (max > old)
		alert->severity = talloc_strdup(mem, severity_name(max));
	return alert->severity != NULL ? true : err_memory(e);
}

static bool
update_alert(struct db *db, TALLOC_CTX *mem, const struct alerting *a, struct alert *alert,
    struct findings *f, instant now, struct err *e)
{
	const char *event = alert->suppressed_by == NULL ? EVENT_UPDATED : EVENT_OPENED;

	alert->report_id = a->report->id;
	alert->changes = (int64_t)f->n;
	alert->updated_at = now;
	alert->suppressed_by = f->silenced ? talloc_strdup(mem, a->silence) : NULL;
	if (f->silenced && alert->suppressed_by == NULL)
		return err_memory(e);
	if (!raise_severity(mem, alert, f->max, e) || !set_title(mem, a, f, alert, e) ||
	    !write_alert(db, alert, e))
		return false;
	/* What it would tell is told when the silence ends. */
	if (f->silenced)
		return not_told(mem, a, e);
	if (!finding_put(db, f->fresh, f->fresh_n, e))
		return false;
	/* What was not read may still be there; with clear_runs, what comes and goes is told once.
	 */
	if (a->complete && a->clear_runs <= 1 && !finding_drop(db, f->gone, f->gone_n, e))
		return false;
	if (f->fresh_n > 0)
		return tell(db, mem, a, event, alert, f, e);
	return not_alerted(mem, a, "nothing_new",
	    "The open alert has told of every finding already, with the same values.", e);
}

bool
alerting_event(struct db *db, const struct alerting *a, const struct alert *alert, const char *from,
    const char *note, struct err *e)
{
	const struct life_event v = { .id = uuid_make(a->deps->clock, a->deps->rand),
		.subject = { alert->id.b, sizeof(alert->id.b) },
		.at = alert->updated_at,
		.actor = "system",
		.from_status = from,
		.to_status = alert->status,
		.note = note };

	return life_event_add(db, &v, 1, e);
}

static bool
resolve_alert(struct db *db, TALLOC_CTX *mem, const struct alerting *a, struct alert *alert,
    const struct findings *f, instant now, struct err *e)
{
	const char *from = alert->status;

	alert->report_id = a->report->id;
	alert->changes = 0;
	alert->updated_at = now;
	alert->resolved_at = now;
	alert->resolved_by = talloc_strdup(mem, "system");
	alert->status = talloc_strdup(mem, "resolved");
	alert->open_key = NULL;
	if (alert->resolved_by == NULL || alert->status == NULL)
		return err_memory(e);
	if (!write_alert(db, alert, e) ||
	    !alerting_event(db, a, alert, from, "No finding is left.", e))
		return false;
	/* Who was told of it is told of its end. */
	return (alert->suppressed_by != NULL && f->gone_n == 0) ||
	       tell(db, mem, a, EVENT_RESOLVED, alert, f, e);
}

/* Without findings: says why, or ends the open alert. */
static bool
no_findings(struct db *db, TALLOC_CTX *mem, struct alerting *a, struct alert *alert,
    const struct findings *f, instant now, struct err *e)
{
	if (a->complete)
		a->clean_runs++;
	if (alert != NULL && a->complete && a->clean_runs < a->clear_runs) {
		a->again = true;
		return not_alerted(mem, a, "clear_runs",
		    "The open alert ends after clear_runs snapshots in a row without findings.", e);
	}
	if (alert != NULL && a->complete)
		return resolve_alert(db, mem, a, alert, f, now, e);
	if (!a->complete)
		return not_alerted(mem, a, "incomplete",
		    "No finding in what was compared; collections that were not read were not "
		    "compared.",
		    e);
	if (any_held_back(a))
		return not_alerted(mem, a, "held_back", "Every finding is held back.", e);
	if (a->n > 0)
		return not_alerted(mem, a, "below_min_severity",
		    "No change reaches the config's min_severity.", e);
	return true;
}

static int64_t
findings_score(const struct alerting *a, const struct findings *f)
{
	int64_t score = 0;

	for (size_t i = 0; i < f->n; i++)
		score += severity_weight(a->changes[f->order[i]].severity);
	return score;
}

static bool
apply_open(struct db *db, TALLOC_CTX *mem, struct alerting *a, instant now, struct err *e)
{
	char            key[ALERT_OPEN_KEY_MAX];
	struct findings f = { 0 };
	struct finding *told = NULL;
	struct alert    alert = { 0 };
	size_t          told_n = 0;
	bool            open;

	alerting_open_key(&a->config_id, key);
	open = alert_by_open_key(db, mem, key, &alert, e);
	if (!open && e->code != ERR_MISSING)
		return false;
	err_clear(e);
	if (open && !finding_list(db, mem, &alert.id, &told, &told_n, e))
		return false;
	if (!findings_alloc(mem, &f, a->n, told_n, e))
		return false;
	findings_pick(a, &alert.id, HOLD_NONE, &f);
	if (f.n == 0) {
		findings_pick(a, &alert.id, HOLD_SILENCE, &f);
		f.silenced = f.n > 0;
	}
	findings_unique(&f);
	findings_against(&f, told, told_n);
	if (f.n == 0)
		return no_findings(db, mem, a, open ? &alert : NULL, &f, now, e);
	a->clean_runs = 0;
	if (!open && (int64_t)f.n < a->min_changes)
		return not_alerted(mem, a, "below_min_changes",
		    "There are fewer findings than the config's min_changes.", e);
	if (!open && findings_score(a, &f) < a->min_score)
		return not_alerted(mem, a, "below_min_score",
		    "The findings together do not reach the config's min_score.", e);
	if (!open)
		return open_alert(db, mem, a, &f, now, e);
	return update_alert(db, mem, a, &alert, &f, now, e);
}

bool
alerting_apply(struct db *db, TALLOC_CTX *mem, struct alerting *a, struct err *e)
{
	instant now = { clock_ms(a->deps->clock) };

	a->report->not_alerted.text = NULL;
	if (strcmp(a->report->status, "baseline") == 0)
		return not_alerted(mem, a, "first_snapshot",
		    "The first complete snapshot is the baseline; it never alerts.", e);
	if (!a->in_order)
		return not_alerted(mem, a, "out_of_order",
		    "A newer snapshot was compared already; this one is history.", e);
	if (!apply_open(db, mem, a, now, e))
		return false;
	if (a->report->not_alerted.text == NULL && any_held_back(a))
		return not_alerted(
		    mem, a, "held_back", "Some findings are held back from the alert.", e);
	return true;
}
