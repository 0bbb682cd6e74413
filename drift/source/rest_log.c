/* rest.h: the log of a source, read as a source of its own. */
#include <string.h>

#include "core/base/clock.h"
#include "drift/source/rest.h"

const struct source_attribution *
rest_attribution(const struct source *s)
{
	return s->rest == NULL ? NULL : s->rest->pack->attribution;
}

const struct source_watch *
rest_watch(const struct source *s)
{
	return s->rest == NULL ? NULL : s->rest->pack->watch;
}

bool
rest_log(TALLOC_CTX *mem, const struct source *s, instant since, struct source *out, struct err *e)
{
	const struct source_pack *pack = s->rest->pack;
	struct rest              *log = talloc_memdup(mem, s->rest, sizeof(*log));
	char                      text[TIME_TEXT_MAX];

	if (log == NULL)
		return err_memory(e);
	time_print(since.ms, text);
	log->pack = pack->attribution->log;
	log->values = talloc_zero_array(log, struct str, (unsigned)pack->parameters_n + 2);
	if (log->values == NULL)
		return err_memory(e);
	for (size_t i = 0; i < pack->parameters_n; i++)
		log->values[i] = s->rest->values[i];
	log->values[pack->parameters_n] = str_of(talloc_strdup(log->values, text));
	if (log->values[pack->parameters_n].p == NULL)
		return err_memory(e);
	*out = *s;
	out->rest = log;
	return true;
}
