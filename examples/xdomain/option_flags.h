/* The library's options on a command line: its table gives the flags, their help and their checks, so that a new
 * option needs no line here (option_flags.c). */
#ifndef XDOMAIN_OPTION_FLAGS_H
#define XDOMAIN_OPTION_FLAGS_H

#include <stdbool.h>
#include <stddef.h>

#include <xdomain/xdomain.h>

/* A flag with a name of its own for an option; it comes before one of that name from the table. */
typedef struct option_alias {
  const char *name;   /* "latent" */
  const char *option; /* "vae.latent_dim" */
  const char *fixed;  /* the value that a flag without one sets; NULL: the flag takes a value */
  const char *help;   /* NULL: the option's */
} option_alias;

/* What a flag sets. */
typedef struct option_flag {
  char *name, *option; /* "latent2", "vae2.latent_dim" */
  const char *fixed, *help;
  uint32_t described; /* number of the option in its group */
  bool listed;        /* in the help; flags for one domain or mapping are not */
} option_flag;

/* All that a group's options give: for "vae.latent_dim" the flags --vae-latent-dim and, where no other option is
 * called so, --latent-dim; each of them also with a 1 or 2 behind it. */
typedef struct option_flags {
  const char *group;
  option_flag *items;
  size_t count, room;
} option_flags;

/* False without memory. */
bool make_option_flags(option_flags *out, const char *group, const option_alias *aliases, size_t alias_count);
void free_option_flags(option_flags *flags);

/* What was given on the command line, in order: values of options, texts of --set, paths of --config. */
typedef enum setting_kind { SETTING_OPTION, SETTING_TEXT, SETTING_FILE } setting_kind;

typedef struct setting {
  setting_kind kind;
  const char *option, *value;
  const char *flag; /* "latent2", by which the option was given; NULL: by none of its own */
} setting;

typedef struct option_settings {
  const char *preset;
  setting *items;
  size_t count, room;
  option_flags flags; /* whose texts the settings point to */
} option_settings;

bool add_setting(option_settings *s, setting added);
void free_settings(option_settings *s);

/* Changes options by the preset, then by files, then by what else was given. */
xd_status apply_settings(const option_settings *s, xd_context *context, xd_options *options);

/* Whether a flag was given; a name is a pattern of fnmatch, here and below. */
bool has_flag(const option_settings *s, const char *name);

typedef struct unread_options {
  const char *name, *why; /* "vae*.*", "the VAEs stay as they are" */
} unread_options;

/* Says of options that a command does not read where they were given by themselves; presets and files may be for other
 * commands too. */
void say_unread(const option_settings *s, const unread_options *unread, size_t count);

#endif
