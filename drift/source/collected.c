#include "drift/source/collected.h"

static const char *const completeness_names[] = {
#define X(id, wire) [id] = wire,
	COMPLETENESS(X)
#undef X
};

const char *
completeness_name(enum completeness c)
{
	return c < COMPLETENESS__MAX ? completeness_names[c] : "failed";
}

bool
completeness_parse(struct str s, enum completeness *out)
{
	for (enum completeness c = 0; c < COMPLETENESS__MAX; c++) {
		if (str_eqz(s, completeness_names[c])) {
			*out = c;
			return true;
		}
	}
	return false;
}
