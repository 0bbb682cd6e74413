// simdjson.h: the library, behind functions of C.
#include "tests/bench/simdjson.h"

#include <simdjson.h>

#include <cstring>
#include <vector>

static simdjson::dom::parser parser;
static std::vector<char>     room;
static size_t                length;

extern "C" void
simdjson_load(const char *p, size_t n)
{
	if (room.size() < n + simdjson::SIMDJSON_PADDING)
		room.resize(n + simdjson::SIMDJSON_PADDING);
	std::memcpy(room.data(), p, n);
	length = n;
}

extern "C" bool
simdjson_parse(void)
{
	return parser.parse(room.data(), length, false).error() == simdjson::SUCCESS;
}
