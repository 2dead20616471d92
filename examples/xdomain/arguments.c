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
  case FLAG_SET:
  case FLAG_CONFIG:
    break;
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

/* "vae.lambda2: weight of the ELBO (1)": the option where its name has a scope, what it does, and its default. */
static void print_option(const option_flag *of, const char *group) {
  char help[640], value[64];
  xd_option_info info = XD_OPTION_INFO_INIT;
  if (xd_options_describe(NULL, &info, group, of->described))
    return;
  const char *text = of->help ? of->help : info.help, *scoped = strchr(info.name, '.') ? info.name : "",
             *colon = *scoped ? ": " : "";
  if (of->fixed) {
    snprintf(help, sizeof help, "%s=%s: %s", info.name, of->fixed, text);
    print_flag(of->name, NULL, help);
    return;
  }
  if (info.kind == XD_OPTION_CHOICE)
    snprintf(help, sizeof help, "%s%s%s (%.*s)", scoped, colon, text, (int)strcspn(info.unit, "|"),
             info.unit);
  else
    snprintf(help, sizeof help, "%s%s%s (%.6g)", scoped, colon, text, info.initial);
  snprintf(value, sizeof value, "%s",
           info.kind == XD_OPTION_CHOICE    ? info.unit
           : info.kind == XD_OPTION_SWITCH  ? "0|1"
           : info.kind == XD_OPTION_INTEGER ? "N"
                                            : "X");
  print_flag(of->name, value, help);
}

static bool has_scopes(const option_flags *flags) {
  for (size_t i = 0; i < flags->count; i++)
    if (!flags->items[i].listed)
      return true;
  return false;
}

static void print_options(const option_settings *s) {
  printf("\nOptions of the library ('xdomain options %s' tells their ranges):\n", s->flags.group);
  for (size_t i = 0; i < s->flags.count; i++)
    if (s->flags.items[i].listed)
      print_option(&s->flags.items[i], s->flags.group);
  if (has_scopes(&s->flags))
    puts(
        "Those of VAEs and mappings also take a 1 or 2 behind their names: for one domain, or for the mapping\n"
        "that starts from it.");
}

static void print_help(const command_line *line) {
  printf("%s\n\nOptions:\n", line->usage);
  for (size_t i = 0; i < line->flag_count; i++)
    print_flag(line->flags[i].name, line->flags[i].value, line->flags[i].help);
  print_flag("help", NULL, "this text");
  if (line->settings)
    print_options(line->settings);
}

/* ---- Reading ---- */

static const option_flag *find_option_flag(const command_line *line, int found) {
  const size_t index = (size_t)(found - FIRST_FLAG);
  return index < line->flag_count ? NULL : &line->settings->flags.items[index - line->flag_count];
}

static bool hides(const command_line *line, const char *name) {
  for (size_t i = 0; i < line->flag_count; i++)
    if (!strcmp(line->flags[i].name, name))
      return true;
  return false;
}

/* The tables as getopt_long wants them, with --help and the end; the caller frees it. NULL without memory. A flag
 * of the command hides an option's of that name. */
static struct option *make_options(const command_line *line) {
  const size_t more = line->settings ? line->settings->flags.count : 0;
  struct option *options = calloc(line->flag_count + more + 2, sizeof *options), *at = options;
  if (!options)
    return NULL;
  for (size_t i = 0; i < line->flag_count; i++)
    *at++ = (struct option){.name = line->flags[i].name,
                            .has_arg = line->flags[i].value ? required_argument : no_argument,
                            .val = FIRST_FLAG + (int)i};
  for (size_t i = 0; i < more; i++) {
    const option_flag *f = &line->settings->flags.items[i];
    if (!hides(line, f->name))
      *at++ = (struct option){.name = f->name,
                              .has_arg = f->fixed ? no_argument : required_argument,
                              .val = FIRST_FLAG + (int)(line->flag_count + i)};
  }
  *at = (struct option){.name = "help", .has_arg = no_argument, .val = HELP};
  return options;
}

static const char *flag_name(const command_line *line, int found) {
  const option_flag *of = found == HELP ? NULL : find_option_flag(line, found);
  return found == HELP ? "help" : of ? of->name : line->flags[found - FIRST_FLAG].name;
}

/* getopt_long found no option, or none that fits its value; `word` is the one it looked at. */
static int refuse_word(const command_line *line, int found, const char *word) {
  if (found == ':')
    return usage_error("option '--%s' needs a value", flag_name(line, optopt));
  if (optopt >= FIRST_FLAG || optopt == HELP)
    return usage_error("option '--%s' takes no value", flag_name(line, optopt));
  if (optopt)
    return usage_error("unknown option '-%c'", optopt);
  return usage_error("unknown or ambiguous option '%s'", word);
}

static int take_flag(const command_line *line, int found, const char *value) {
  const option_flag *of = find_option_flag(line, found);
  bool taken = true;
  if (of) {
    taken = add_setting(line->settings, (setting){.kind = SETTING_OPTION,
                                                  .option = of->option,
                                                  .value = of->fixed ? of->fixed : value,
                                                  .flag = of->name});
    return taken ? EXIT_DONE : failure("out of memory");
  }
  const flag *f = &line->flags[found - FIRST_FLAG];
  if (f->kind == FLAG_SET || f->kind == FLAG_CONFIG)
    taken = add_setting(f->to,
                        (setting){.kind = f->kind == FLAG_SET ? SETTING_TEXT : SETTING_FILE, .value = value});
  else if (!read_value(f, value))
    return usage_error("option '--%s': '%s' is not a valid %s", f->name, value, f->value);
  return taken ? EXIT_DONE : failure("out of memory");
}

static int read_all(const command_line *line, int argc, char **argv, const struct option *options,
                    bool *helped) {
  int found, code = EXIT_DONE;
  optind = 1;
  opterr = 0;
  while (!code && (found = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
    if (found == HELP) {
      print_help(line);
      *helped = true;
      return EXIT_DONE;
    }
    code = found < FIRST_FLAG ? refuse_word(line, found, argv[optind - 1]) : take_flag(line, found, optarg);
  }
  return code;
}

bool read_command_line(const command_line *line, int argc, char **argv, const char *const **words,
                       int *word_count, int *code) {
  bool helped = false;
  option_settings *s = line->settings;
  struct option *options = NULL;
  if (!s || make_option_flags(&s->flags, line->group, line->aliases, line->alias_count))
    options = make_options(line);
  *code = options ? read_all(line, argc, argv, options, &helped) : failure("out of memory");
  free(options);
  *words = (const char *const *)(argv + optind);
  *word_count = argc - optind;
  return !*code && !helped;
}

int check_temperature(float temperature) {
  return temperature >= 0.0f && temperature <= 4.0f ? EXIT_DONE : usage_error("--temperature is 0 to 4");
}
