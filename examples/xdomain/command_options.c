/* xdomain options: the library's table of options, as it describes itself. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include <xdomain/unstable/presets.h>

static const char usage[] =
    "usage: xdomain options [GROUP] [--preset NAME] [--json]\n\n"
    "Lists the options of a group (vae, mapping, judge, evaluation, train), or of all: name, default, range,\n"
    "and what it does. --set NAME=VALUE and --config FILE of the other commands take these names; 'train' and\n"
    "'map' those of the group train, where vae1.NAME and mapping2.NAME are those of one VAE or mapping.\n"
    "With --preset its text is printed, which --config reads.";

static bool describe(const char *group, uint32_t index, xd_option_info *info) {
  *info = (xd_option_info)XD_OPTION_INFO_INIT;
  return xd_options_describe(NULL, info, group, index) == XD_OK;
}

static const char *kind_name(xd_option_kind kind) {
  static const char *const names[] = {"", "integer", "real", "switch", "choice"};
  return kind < sizeof names / sizeof *names ? names[kind] : "";
}

/* ---- Plain ---- */

static void print_row(const xd_option_info *info) {
  char range[64], initial[64];
  if (info->kind == XD_OPTION_CHOICE) {
    snprintf(initial, sizeof initial, "%.*s", (int)strcspn(info->unit, "|"), info->unit);
    snprintf(range, sizeof range, "%s", info->unit);
  } else {
    snprintf(initial, sizeof initial, "%.10g", info->initial);
    snprintf(range, sizeof range, "%.10g..%.16g", info->least, info->most);
  }
  printf("  %-28s %-9s %-22s %s", info->name, initial, range, info->help);
  if (info->unit[0] && info->kind != XD_OPTION_CHOICE)
    printf(" [%s]", info->unit);
  putchar('\n');
}

static void print_group(const char *group) {
  xd_option_info info;
  printf("%s\n", group);
  for (uint32_t i = 0; describe(group, i, &info); i++)
    print_row(&info);
  for (uint32_t i = 0; xd_options_preset_name(group, i); i++)
    printf("%s%s", i ? ", " : "presets: ", xd_options_preset_name(group, i));
  if (xd_options_preset_name(group, 0))
    putchar('\n');
}

/* ---- JSON ---- */

static void print_text_member(const char *name, const char *text) {
  printf(", \"%s\": ", name);
  print_json_text(stdout, text);
}

static void print_row_json(const xd_option_info *info) {
  fputs("{\"name\": ", stdout);
  print_json_text(stdout, info->name);
  print_text_member("kind", kind_name(info->kind));
  printf(", \"default\": %.10g, \"least\": %.10g, \"most\": %.17g", info->initial, info->least, info->most);
  print_text_member("unit", info->unit);
  print_text_member("help", info->help);
  putchar('}');
}

static void print_group_json(const char *group) {
  xd_option_info info;
  print_json_text(stdout, group);
  fputs(": [", stdout);
  for (uint32_t i = 0; describe(group, i, &info); i++) {
    fputs(i ? ",\n  " : "\n  ", stdout);
    print_row_json(&info);
  }
  fputs("]", stdout);
}

/* ---- The command ---- */

static bool is_group(const char *name) {
  return xd_options_count(name) > 0;
}

static int print_groups(const char *only, bool json) {
  const char *group;
  uint32_t shown = 0;
  if (only && !is_group(only))
    return usage_error("there is no group of options '%s'", only);
  if (json)
    putchar('{');
  for (uint32_t i = 0; (group = xd_options_group_name(i)) != NULL; i++) {
    if (only && strcmp(only, group))
      continue;
    fputs(shown++ ? (json ? ",\n " : "\n") : "", stdout);
    if (json)
      print_group_json(group);
    else
      print_group(group);
  }
  if (json)
    puts("}");
  return EXIT_DONE;
}

static int print_preset(const char *group, const char *name) {
  const char *text = xd_options_preset_text(group ? group : "train", name);
  if (!text)
    return usage_error("there is no preset '%s'", name);
  fputs(text, stdout);
  return EXIT_DONE;
}

int command_options(int argc, char **argv) {
  bool json = false;
  const char *preset = NULL, *const * words;
  int word_count, code;
  const flag flags[] = {{"preset", FLAG_TEXT, &preset, "NAME", "print the text of a preset"},
                        {"json", FLAG_SWITCH, &json, NULL, "print one JSON object"}};
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  if (word_count > 1)
    return usage_error("one group is enough");
  const char *group = word_count ? words[0] : NULL;
  return preset ? print_preset(group, preset) : print_groups(group, json);
}
