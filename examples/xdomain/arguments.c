/* Command lines, read by getopt_long from one table a command, from which the help is printed too. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { HELP = 'h', FIRST_FLAG = 256 }; /* what getopt_long returns; flags count from FIRST_FLAG */

#define HELP_COLUMN 29
#define HELP_WIDTH 100

static bool read_whole(const char *text, uint64_t limit, uint64_t *out) {
  char *end;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end || errno || value > limit)
    return false;
  *out = value;
  return true;
}

static bool read_real(const char *text, float *out) {
  char *end;
  *out = strtof(text, &end);
  return end != text && !*end && isfinite(*out);
}

static bool read_value(const flag *f, const char *text) {
  uint64_t whole;
  switch (f->kind) {
  case FLAG_TEXT:
    *(const char **)f->to = text;
    return true;
  case FLAG_COUNT:
    if (!read_whole(text, UINT32_MAX, &whole))
      return false;
    *(uint32_t *)f->to = (uint32_t)whole;
    return true;
  case FLAG_SEED:
    return read_whole(text, UINT64_MAX, f->to);
  case FLAG_REAL:
    return read_real(text, f->to);
  case FLAG_SWITCH:
    *(bool *)f->to = true;
    return true;
  }
  return false;
}

/* ---- Help ---- */

/* A text in lines that end before HELP_WIDTH and begin, after the first, at `indent`. */
static void print_wrapped(const char *text, int indent) {
  int column = indent;
  while (*text) {
    const int word = (int)strcspn(text, " ");
    if (column > indent && column + 1 + word > HELP_WIDTH) {
      printf("\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      putchar(' ');
      column++;
    }
    printf("%.*s", word, text);
    column += word;
    text += word;
    text += *text == ' ';
  }
  putchar('\n');
}

static void print_flag(const char *name, const char *value, const char *help) {
  const int width = printf("  --%s%s%s", name, value ? " " : "", value ? value : "");
  if (width + 1 > HELP_COLUMN)
    printf("\n%*s", HELP_COLUMN, "");
  else
    printf("%*s", HELP_COLUMN - width, "");
  print_wrapped(help, HELP_COLUMN);
}

static void print_help(const char *usage, const flag *flags, size_t count) {
  printf("%s\n\nOptions:\n", usage);
  for (size_t i = 0; i < count; i++)
    print_flag(flags[i].name, flags[i].value, flags[i].help);
  print_flag("help", NULL, "this text");
}

/* ---- Reading ---- */

/* The table as getopt_long wants it, with --help and the end; the caller frees it. NULL without memory. */
static struct option *make_options(const flag *flags, size_t count) {
  struct option *options = calloc(count + 2, sizeof *options);
  if (!options)
    return NULL;
  for (size_t i = 0; i < count; i++)
    options[i] = (struct option){.name = flags[i].name,
                                 .has_arg = flags[i].kind == FLAG_SWITCH ? no_argument : required_argument,
                                 .val = FIRST_FLAG + (int)i};
  options[count] = (struct option){.name = "help", .has_arg = no_argument, .val = HELP};
  return options;
}

/* getopt_long found no option, or none that fits its value; `word` is the one it looked at. */
static int refuse_word(int found, const char *word, const flag *flags) {
  const flag *known = optopt >= FIRST_FLAG ? &flags[optopt - FIRST_FLAG] : NULL;
  if (found == ':' && known)
    return usage_error("option '--%s' needs %s", known->name, known->value);
  if (known || optopt == HELP)
    return usage_error("option '--%s' takes no value", known ? known->name : "help");
  if (optopt)
    return usage_error("unknown option '-%c'", optopt);
  return usage_error("unknown or ambiguous option '%s'", word);
}

static bool read_all(int argc, char **argv, const struct option *options, const char *usage,
                     const flag *flags, size_t count, int *code) {
  int found;
  optind = 1;
  opterr = 0;
  while ((found = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
    if (found == HELP) {
      print_help(usage, flags, count);
      *code = EXIT_DONE;
      return false;
    }
    if (found < FIRST_FLAG) {
      *code = refuse_word(found, argv[optind - 1], flags);
      return false;
    }
    const flag *f = &flags[found - FIRST_FLAG];
    if (!read_value(f, optarg)) {
      *code = usage_error("option '--%s': '%s' is not a valid %s", f->name, optarg, f->value);
      return false;
    }
  }
  return true;
}

bool read_flags(int argc, char **argv, const char *usage, const flag *flags, size_t count,
                const char *const **words, int *word_count, int *code) {
  struct option *options = make_options(flags, count);
  if (!options) {
    *code = failure("out of memory");
    return false;
  }
  const bool going = read_all(argc, argv, options, usage, flags, count, code);
  free(options);
  *words = (const char *const *)(argv + optind);
  *word_count = argc - optind;
  return going;
}
