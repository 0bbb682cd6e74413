/* bsxctl.h: `completion`, what a shell offers behind `bsxctl`, made from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "tools/bsxctl.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz-"

static struct str
first_word(const struct command *x, struct str *rest)
{
	struct str first;

	*rest = str_cut(str_of(x->name), ' ', &first);
	return first;
}

/* The first of its group: rows of one stand together. */
static bool
begins_group(const struct command *x)
{
	struct str rest, first = first_word(x, &rest);

	return x == commands || !str_eq(first, first_word(x - 1, &rest));
}

/* Whether the n bytes at `word` stand as a word among those of b from `from` on. */
static bool
has(const struct buf *b, size_t from, const char *word, size_t n)
{
	for (size_t i = from; i + n <= b->n; i++)
		if (memcmp(b->p + i, word, n) == 0 && (i + n == b->n || b->p[i + n] == ' '))
			return true;
	return false;
}

/* Each --word of a text, once. */
static void
put_options_of(struct buf *b, size_t from, const char *text)
{
	for (const char *at = strstr(text, "--"); at != NULL;) {
		size_t n = strspn(at, LETTERS);

		if (n > 2 && !has(b, from, at, n)) {
			buf_putc(b, ' ');
			buf_add(b, at, n);
		}
		at = strstr(at + n, "--");
	}
}

static void
put_options(struct buf *b, const struct command *x)
{
	size_t from = b->n;

	buf_puts(b, "--help");
	put_options_of(b, from, x->args);
	put_options_of(b, from, x->help);
}

/* A pattern of `case`, of the first two words, and what is offered there. */
static void
put_row(struct buf *b, struct str first, struct str second, const char *behind)
{
	buf_puts(b, "\t'");
	buf_add(b, first.p, first.n);
	buf_putc(b, ' ');
	if (second.p != NULL)
		buf_add(b, second.p, second.n);
	buf_puts(b, "'");
	buf_puts(b, behind);
	buf_puts(b, ") offer='");
}

static void
put_first_words(struct buf *b)
{
	struct str rest;

	put_row(b, STR(""), STR(""), "");
	for (const struct command *x = commands; x->name != NULL; x++)
		if (begins_group(x)) {
			struct str first = first_word(x, &rest);

			buf_add(b, first.p, first.n);
			buf_putc(b, ' ');
		}
	buf_puts(b, "-c --help --version' ;;\n");
}

static void
put_group(struct buf *b, const struct command *x)
{
	struct str rest, first = first_word(x, &rest);

	put_row(b, first, STR(""), "");
	for (; x->name != NULL && str_eq(first_word(x, &rest), first); x++) {
		buf_add(b, rest.p, rest.n);
		buf_putc(b, ' ');
	}
	buf_puts(b, "--help' ;;\n");
}

/* Behind nothing: first words; behind that of a group, its words; behind a command, its options. */
static void
put_rows(struct buf *b)
{
	put_first_words(b);
	for (const struct command *x = commands; x->name != NULL; x++) {
		struct str rest, first = first_word(x, &rest);

		if (rest.p != NULL && begins_group(x))
			put_group(b, x);
		put_row(b, first, rest, rest.p == NULL ? "*" : "");
		put_options(b, x);
		buf_puts(b, "' ;;\n");
	}
}

/* Words are what stands before, without options and the file of -c. */
static const struct shell {
	const char *name, *before, *after;
} shells[] = {
	{ "bash",
	    "# What bash offers behind bsxctl; made by `bsxctl completion bash`.\n"
	    "# shellcheck shell=bash\n"
	    "_bsxctl() {\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} i offer=''\n"
	    "\tlocal -a typed=()\n"
	    "\tCOMPREPLY=()\n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n"
	    "\t\t-c) i=$((i + 1)) ;;\n"
	    "\t\t-*) ;;\n"
	    "\t\t*) typed+=(\"${COMP_WORDS[i]}\") ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tcase \"${typed[0]} ${typed[1]}\" in\n",
	    "\tesac\n"
	    "\t[[ ${COMP_WORDS[COMP_CWORD - 1]} == -c ]] && return\n"
	    "\tmapfile -t COMPREPLY < <(compgen -W \"$offer\" -- \"$cur\")\n"
	    "}\n"
	    "complete -o default -F _bsxctl bsxctl\n" },
	{ "zsh",
	    "#compdef bsxctl\n"
	    "# What zsh offers behind bsxctl; made by `bsxctl completion zsh`.\n"
	    "local i offer=''\n"
	    "local -a typed\n"
	    "for ((i = 2; i < CURRENT; i++)); do\n"
	    "\tcase ${words[i]} in\n"
	    "\t-c) ((i++)) ;;\n"
	    "\t-*) ;;\n"
	    "\t*) typed+=(\"${words[i]}\") ;;\n"
	    "\tesac\n"
	    "done\n"
	    "case \"${typed[1]} ${typed[2]}\" in\n",
	    "esac\n"
	    "[[ ${words[CURRENT-1]} == -c ]] && { _files; return }\n"
	    "compadd -- ${=offer}\n"
	    "[[ $offer == --help* ]] && _files\n" },
};

int
cmd_completion(struct ctl *c, int argc, char **argv)
{
	struct buf b;

	if (argc != 2)
		return ctl_usage("completion", false);
	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		struct err e = { 0 };

		if (strcmp(argv[1], shells[i].name) != 0)
			continue;
		buf_make(&b, c->mem);
		buf_puts(&b, shells[i].before);
		put_rows(&b);
		buf_puts(&b, shells[i].after);
		if (!buf_ok(&b))
			return err_memory(&e), ctl_failed(&e);
		fwrite(b.p, 1, b.n, stdout);
		return 0;
	}
	return ctl_usage("completion", false);
}
