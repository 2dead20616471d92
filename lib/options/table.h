/* The rows as a table, and the groups that they make. */
#ifndef XDI_OPTIONS_TABLE_H
#define XDI_OPTIONS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdomain/options.h"

/* How a settings struct holds a value. */
typedef enum xdi_option_storage {
  XDI_STORAGE_UINT32,
  XDI_STORAGE_UINT64,
  XDI_STORAGE_FLOAT
} xdi_option_storage;

typedef struct xdi_option_row {
  const char *scoped; /* "vae.steps" in a section of a group of several, else the name */
  const char *name;
  xd_option_kind kind;
  xdi_option_storage storage;
  size_t offset; /* in the settings of its rows */
  double least, most, initial;
  const char *unit, *help;
} xdi_option_row;

/* Rows that stand together: all of a simple group's, or one scope's. */
typedef struct xdi_option_section {
  const char *scope; /* "vae1", or "" */
  const char *both;  /* "vae", or "" */
  const xdi_option_row *rows;
  uint32_t count;
  size_t offset; /* of the section's settings in the group's */
} xdi_option_section;

#define XDI_SECTION_LIMIT 5

typedef struct xdi_option_group {
  const char *name;
  uint32_t section_count;
  xdi_option_section sections[XDI_SECTION_LIMIT];
} xdi_option_group;

/* Options of the largest group, over all its sections. */
#define XDI_OPTION_LIMIT 160

/* NULL where there is no such group. */
const xdi_option_group *xdi_find_group(const char *name);

/* The place of a section's first option among a group's values. */
uint32_t xdi_section_first(const xdi_option_group *group, uint32_t section);

/* Whether a section is the second of a pair, whose options are listed with the first one's. */
bool xdi_section_is_second(const xdi_option_group *group, uint32_t section);

/* Whether a section has this row: the options of its own that a group of several has are in no scope of it. */
bool xdi_section_has(const xdi_option_group *group, uint32_t section, const xdi_option_row *row);

#endif
