#include "drift/watch/own_scope.h"

#include "core/auth/settings.h"
#include "drift/alert/limits.h"

bool
own_scope(
    struct auth *a, struct tenant_db *t, TALLOC_CTX *mem, struct alert_scope *out, struct err *e)
{
	const struct settings          *s;
	const struct settings_security *named;
	struct alert_target            *targets;
	size_t                          n;

	if (!settings_of(a, t->tenant, &s, e))
		return false;
	named = s->notifications->security.p;
	n = s->notifications->security.n;
	targets = talloc_zero_size(mem, (n + 1) * sizeof(targets[0]));
	if (targets == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		targets[i] = (struct alert_target) {
			.channel_id = named[i].channel_id,
			.repeat_min_s = REPEAT_MIN_S,
		};
		(void)severity_parse(str_of(named[i].min_severity), &targets[i].min_severity);
	}
	*out = (struct alert_scope) {
		.env = a->env,
		.t = t,
		.mem = mem,
		.config_name = "",
		.targets = targets,
		.targets_n = n,
	};
	return true;
}

bool
own_names(
    struct auth *a, const struct tenant *t, const struct uuid *channel, bool *yes, struct err *e)
{
	const struct settings          *s;
	const struct settings_security *named;

	*yes = false;
	if (!settings_of(a, t, &s, e))
		return false;
	named = s->notifications->security.p;
	for (size_t i = 0; i < s->notifications->security.n; i++)
		*yes = *yes || uuid_eq(&named[i].channel_id, channel);
	return true;
}
