#include "tests/store/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/server.h"

bool
dump_holds(const char *needle)
{
	char   command[400];
	char  *text = NULL;
	size_t n = 0, room = 0, got;
	bool   found;
	FILE  *f;

	snprintf(command, sizeof(command),
	    "mariadb-dump --no-defaults --socket=%s --user=root --all-databases "
	    "--skip-extended-insert --skip-lock-tables 2>/dev/null",
	    server_socket());
	f = popen(command, "r");
	assert_non_null(f);
	do {
		room += 1 << 20;
		text = realloc(text, room);
		assert_non_null(text);
		got = fread(text + n, 1, room - n, f);
		n += got;
	} while (got > 0);
	pclose(f);
	assert_true(n > 10000);
	found = memmem(text, n, needle, strlen(needle)) != NULL;
	free(text);
	return found;
}
