#include "core/web/encoding.h"

static bool
is_weight_0(struct str s)
{
	if (s.n == 0 || s.p[0] != '0')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] != (i == 1 ? '.' : '0'))
			return false;
	return true;
}

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) */
static bool
is_weight(struct str s)
{
	if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1'))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		char most = s.p[0] == '1' ? '0' : '9';

		if (i == 1 ? s.p[i] != '.' : s.p[i] < '0' || s.p[i] > most)
			return false;
	}
	return true;
}

/* The parameters of one coding say that it may be used. */
static bool
is_taken(struct str params)
{
	struct str one, name, value;

	while (params.p != NULL) {
		params = str_cut(params, ';', &one);
		value = str_trim(str_cut(str_trim(one), '=', &name));
		if (str_caseeqz(str_trim(name), "q"))
			return is_weight(value) && !is_weight_0(value);
	}
	return true;
}

bool
encoding_accepted(struct str field, const char *coding)
{
	struct str one, name, params;
	bool       any = false;

	while (field.p != NULL) {
		field = str_cut(field, ',', &one);
		params = str_cut(one, ';', &name);
		name = str_trim(name);
		if (str_caseeqz(name, coding))
			return is_taken(params);
		if (str_eqz(name, "*"))
			any = is_taken(params);
	}
	return any;
}
