/* Flags from the library's table of options. */
#include "option_flags.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* ---- Names ---- */

/* "vae.latent_dim" gives "vae-latent-dim" with a digit behind it, if there is one; to be freed. */
static char *spell_flag(const char *option, const char *digit) {
  char *name = join_texts(option, digit, "");
  for (char *at = name; at && *at; at++)
    if (*at == '_' || *at == '.')
      *at = '-';
  return name;
}

/* "vae.latent_dim" and "2" give "vae2.latent_dim"; to be freed. */
static char *scope_option(const char *option, const char *digit) {
  const char *dot = strchr(option, '.');
  char *scope = dot ? strndup(option, (size_t)(dot - option)) : NULL;
  char *scoped = scope ? join_texts(scope, digit, dot) : strdup(option);
  free(scope);
  return scoped;
}

static const option_flag *find_flag(const option_flags *flags, const char *name) {
  for (size_t i = 0; i < flags->count; i++)
    if (!strcmp(flags->items[i].name, name))
      return &flags->items[i];
  return NULL;
}

/* Takes over the flag's texts. */
static bool add_flag(option_flags *flags, option_flag made) {
  bool added = made.name && made.option;
  if (added && find_flag(flags, made.name)) {
    free(made.name);
    free(made.option);
    return true;
  }
  if (added && flags->count == flags->room) {
    const size_t room = flags->room ? 2 * flags->room : 128;
    option_flag *items = realloc(flags->items, room * sizeof *items);
    added = items != NULL;
    if (added) {
      flags->items = items;
      flags->room = room;
    }
  }
  if (added) {
    flags->items[flags->count++] = made;
    return true;
  }
  free(made.name);
  free(made.option);
  return false;
}

/* ---- The table ---- */

/* A flag, and where its option has a scope the flags for one domain or mapping. */
static bool add_flags(option_flags *flags, const char *name, option_flag like, const char *option) {
  static const char *const digits[] = {"", "1", "2"};
  const size_t count = strchr(option, '.') ? 3 : 1;
  bool good = true;
  for (size_t i = 0; i < count && good; i++) {
    option_flag made = like;
    made.name = spell_flag(name, digits[i]);
    made.option = scope_option(option, digits[i]);
    made.listed = like.listed && i == 0;
    good = add_flag(flags, made);
  }
  return good;
}

static bool describe(const char *group, uint32_t index, xd_option_info *info) {
  *info = (xd_option_info){.struct_size = sizeof *info};
  return xd_options_describe(NULL, info, group, index) == XD_OK;
}

static const char *bare_name(const char *option) {
  const char *dot = strchr(option, '.');
  return dot ? dot + 1 : option;
}

/* How many options of the group have a name, scopes left out. */
static uint32_t count_named(const char *group, const char *bare) {
  uint32_t named = 0;
  xd_option_info info;
  for (uint32_t i = 0; describe(group, i, &info); i++)
    named += !strcmp(bare_name(info.name), bare);
  return named;
}

static uint32_t find_option(const char *group, const char *option) {
  xd_option_info info;
  uint32_t index = 0;
  while (describe(group, index, &info) && strcmp(info.name, option))
    index++;
  return index;
}

bool make_option_flags(option_flags *out, const char *group, const option_alias *aliases,
                       size_t alias_count) {
  xd_option_info info;
  bool good = true;
  *out = (option_flags){.group = group};
  for (size_t i = 0; i < alias_count && good; i++) {
    const option_alias *a = &aliases[i];
    const option_flag like = {
        .fixed = a->fixed, .help = a->help, .described = find_option(group, a->option), .listed = true};
    good = add_flags(out, a->name, like, a->option);
  }
  for (uint32_t i = 0; good && describe(group, i, &info); i++) {
    const char *bare = bare_name(info.name);
    const bool unique = count_named(group, bare) == 1;
    const option_flag like = {.described = i, .listed = true};
    if (unique)
      good = add_flags(out, bare, like, info.name);
    if (good && bare != info.name)
      good = add_flags(out, info.name, (option_flag){.described = i, .listed = !unique}, info.name);
  }
  return good;
}

void free_option_flags(option_flags *flags) {
  for (size_t i = 0; i < flags->count; i++) {
    free(flags->items[i].name);
    free(flags->items[i].option);
  }
  free(flags->items);
  *flags = (option_flags){.count = 0};
}

/* ---- Settings ---- */

bool add_setting(option_settings *s, setting added) {
  if (s->count == s->room) {
    const size_t room = s->room ? 2 * s->room : 32;
    setting *items = realloc(s->items, room * sizeof *items);
    if (!items)
      return false;
    s->items = items;
    s->room = room;
  }
  s->items[s->count++] = added;
  return true;
}

void free_settings(option_settings *s) {
  free(s->items);
  free_option_flags(&s->flags);
  *s = (option_settings){.count = 0};
}

/* A choice may be given by its number, as earlier versions took it. */
static xd_status set_option(xd_options *options, xd_context *context, const setting *s) {
  const xd_status status = xd_options_set_text(options, context, s->option, s->value);
  const bool digit = isdigit((unsigned char)s->value[0]) && !s->value[1];
  if (status != XD_ERROR_INVALID_ARGUMENT || !digit)
    return status;
  return xd_options_set_number(options, context, s->option, s->value[0] - '0');
}

static xd_status apply(const setting *s, xd_context *context, xd_options *options) {
  if (s->kind == SETTING_FILE)
    return xd_options_load(options, context, s->value);
  return s->kind == SETTING_TEXT ? xd_options_read(options, context, s->value)
                                 : set_option(options, context, s);
}

xd_status apply_settings(const option_settings *s, xd_context *context, xd_options *options) {
  xd_status status = s->preset ? xd_options_apply_preset(options, context, s->preset) : XD_OK;
  for (size_t i = 0; i < s->count && !status; i++)
    if (s->items[i].kind == SETTING_FILE)
      status = apply(&s->items[i], context, options);
  for (size_t i = 0; i < s->count && !status; i++)
    if (s->items[i].kind != SETTING_FILE)
      status = apply(&s->items[i], context, options);
  return status;
}

bool has_flag(const option_settings *s, const char *name) {
  for (size_t i = 0; i < s->count; i++)
    if (s->items[i].flag && !fnmatch(name, s->items[i].flag, 0))
      return true;
  return false;
}

/* ---- What is not read ---- */

/* The name of the text's next assignment, to be freed, and behind it the rest; the text is one that xdomain has read. NULL
 * at the end, and without memory. */
static char *take_name(const char **text) {
  static const char blanks[] = " \t\r\n\f\v";
  const char *at = *text + strspn(*text, blanks);
  for (; *at == '#'; at += strspn(at, blanks))
    at += strcspn(at, "\n");
  const size_t length = strcspn(at, " \t=");
  *text = at + length;
  *text += strspn(*text, " \t=");
  *text += strcspn(*text, " \t\r\n\f\v#");
  return length ? strndup(at, length) : NULL;
}

static void say_if_unread(const unread_options *unread, size_t count, const char *given, const char *name,
                          const char *option) {
  for (size_t i = 0; i < count; i++)
    if (!fnmatch(unread[i].name, option, 0)) {
      notice("%s%s is not used: %s", given, name, unread[i].why);
      return;
    }
}

void say_unread(const option_settings *s, const unread_options *unread, size_t count) {
  for (size_t i = 0; i < s->count; i++) {
    const setting *item = &s->items[i];
    const char *text = item->value;
    char *name;
    if (item->kind == SETTING_OPTION)
      say_if_unread(unread, count, "--", item->flag, item->option);
    for (; item->kind == SETTING_TEXT && (name = take_name(&text)) != NULL; free(name))
      say_if_unread(unread, count, "--set ", name, name);
  }
}
