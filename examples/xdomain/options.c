/* Command line options from one table a command: reading them and printing their help. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

static void print_help(const char *usage, const option *options, size_t count) {
  printf("%s\n\nOptions:\n", usage);
  for (size_t i = 0; i < count; i++) {
    char left[64];
    snprintf(left, sizeof left, "%s %s", options[i].name, options[i].value ? options[i].value : "");
    printf("  %-26s %s\n", left, options[i].help);
  }
  printf("  %-26s %s\n", "--help", "this text");
}

static bool read_whole(const char *text, uint64_t limit, uint64_t *out) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end || errno || value > limit)
    return false;
  *out = value;
  return true;
}

static bool read_value(option_kind kind, void *to, const char *text) {
  uint64_t whole;
  char *end;
  switch (kind) {
  case OPTION_TEXT:
    *(const char **)to = text;
    return true;
  case OPTION_COUNT:
    if (!read_whole(text, UINT32_MAX, &whole))
      return false;
    *(uint32_t *)to = (uint32_t)whole;
    return true;
  case OPTION_SEED:
    return read_whole(text, UINT64_MAX, (uint64_t *)to);
  case OPTION_REAL:
    *(float *)to = strtof(text, &end);
    return end != text && !*end;
  case OPTION_FLAG:
    break;
  }
  return false;
}

static const option *find(const option *options, size_t count, const char *name, size_t length) {
  for (size_t i = 0; i < count; i++)
    if (strlen(options[i].name) == length && !memcmp(options[i].name, name, length))
      return &options[i];
  return NULL;
}

static bool has_twin(const option *o, const option_twins *twins) {
  const char *to = o->to, *first = twins ? twins->first : NULL;
  return twins && to >= first && to < first + twins->size;
}

/* What a name sets: one target, and perhaps its twin. */
typedef struct found_option {
  const option *option;
  void *to, *also;
} found_option;

static found_option look_up(const option *options, size_t count, const option_twins *twins, const char *name,
                            size_t length) {
  const option *o = find(options, count, name, length);
  const char last = length > 3 ? name[length - 1] : '\0';
  found_option found = {o, o ? o->to : NULL, NULL};
  bool single = false;
  if (!o && (last == '1' || last == '2')) {
    o = find(options, count, name, length - 1);
    if (!o || !has_twin(o, twins))
      return found;
    single = true;
  }
  if (!o || !has_twin(o, twins))
    return found;
  void *twin = (char *)twins->second + ((char *)o->to - (char *)twins->first);
  return (found_option){o, single && last == '2' ? twin : o->to, single ? NULL : twin};
}

/* One option at argv[*at], as "--name value" or "--name=value". */
static bool read_one(char **argv, int argc, int *at, const option *options, size_t count,
                     const option_twins *twins) {
  const char *word = argv[*at], *equals = strchr(word, '=');
  size_t length = equals ? (size_t)(equals - word) : strlen(word);
  const found_option found = look_up(options, count, twins, word, length);
  const option *o = found.option;
  if (!o)
    return usage_error("unknown option '%.*s'", (int)length, word), false;
  if (o->kind == OPTION_FLAG) {
    if (equals)
      return usage_error("option '%s' takes no value", o->name), false;
    *(bool *)found.to = true;
    return true;
  }
  if (!equals && *at + 1 >= argc)
    return usage_error("option '%s' needs %s", o->name, o->value), false;
  const char *value = equals ? equals + 1 : argv[++*at];
  if (read_value(o->kind, found.to, value) && (!found.also || read_value(o->kind, found.also, value)))
    return true;
  return usage_error("option '%.*s': '%s' is not a valid %s", (int)length, word, value, o->value), false;
}

bool read_twin_options(int argc, char **argv, const char *usage, const option *options, size_t option_count,
                       const option_twins *twins, const char **words, int *word_count, int *code) {
  bool only_words = false;
  *word_count = 0;
  for (int i = 1; i < argc; i++) {
    if (only_words || argv[i][0] != '-' || !argv[i][1]) {
      words[(*word_count)++] = argv[i];
    } else if (!strcmp(argv[i], "--")) {
      only_words = true;
    } else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
      print_help(usage, options, option_count);
      *code = EXIT_DONE;
      return false;
    } else if (!read_one(argv, argc, &i, options, option_count, twins)) {
      *code = EXIT_USAGE;
      return false;
    }
  }
  return true;
}
