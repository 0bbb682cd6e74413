/* bsxctl.h: `ends`. */
#include <stdio.h>
#include <string.h>

#include "core/auth/ends.h"
#include "tools/bsxctl.h"

static int
name_width(void)
{
	size_t widest = 0;

	for (size_t i = 0; i < END__MAX; i++) {
		size_t n = strlen(ends_rows[i].event);

		widest = n > widest ? n : widest;
	}
	return (int)widest;
}

static void
put_row(int width, const struct ends_row *row)
{
	printf("%-*s", width, row->event);
	for (size_t i = 0; i < ENDS__MAX; i++)
		printf(" %-*s", i + 1 < ENDS__MAX ? (int)strlen(ends_columns[i].credential) : 0,
		    ends_word(row->cells[i]));
	putchar('\n');
}

int
cmd_ends(struct ctl *c, int argc, char **argv)
{
	int width = name_width();

	(void)c;
	(void)argv;
	if (argc != 1)
		return ctl_usage("ends", false);
	printf("%-*s", width, "");
	for (size_t i = 0; i < ENDS__MAX; i++)
		printf(" %s", ends_columns[i].credential);
	putchar('\n');
	for (size_t i = 0; i < END__MAX; i++)
		put_row(width, &ends_rows[i]);
	putchar('\n');
	for (size_t i = 0; i < ENDS__MAX; i++)
		printf("%s: %s.\n", ends_columns[i].credential, ends_columns[i].what);
	putchar('\n');
	for (size_t i = 0; i < END__MAX; i++)
		printf("%s: %s\n", ends_rows[i].event, ends_rows[i].why);
	return 0;
}
