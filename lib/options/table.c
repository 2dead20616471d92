/* The groups' tables, made from the rows, and what they tell of themselves. */
#include "options/table.h"

#include <string.h>

#include "base/context.h"
#include "base/sized.h"
#include "options/settings.h"

#define KIND_COUNT XD_OPTION_INTEGER
#define KIND_SEED XD_OPTION_INTEGER
#define KIND_REAL XD_OPTION_REAL
#define KIND_SWITCH XD_OPTION_SWITCH
#define KIND_CHOICE XD_OPTION_CHOICE
#define STORAGE_COUNT XDI_STORAGE_UINT32
#define STORAGE_SEED XDI_STORAGE_UINT64
#define STORAGE_REAL XDI_STORAGE_FLOAT
#define STORAGE_SWITCH XDI_STORAGE_UINT32
#define STORAGE_CHOICE XDI_STORAGE_UINT32

#define ROW_OF(type, prefix, kind_, name_, least_, most_, initial_, unit_, help_) \
  {.scoped = prefix #name_, \
   .name = #name_, \
   .kind = KIND_##kind_, \
   .storage = STORAGE_##kind_, \
   .offset = offsetof(type, name_), \
   .least = (least_), \
   .most = (most_), \
   .initial = (initial_), \
   .unit = (unit_), \
   .help = (help_)},
#define VAE_ROW(...) ROW_OF(xdi_vae_settings, "vae.", __VA_ARGS__)
#define MAPPING_ROW(...) ROW_OF(xdi_mapping_settings, "mapping.", __VA_ARGS__)
#define JUDGE_ROW(...) ROW_OF(xdi_judge_settings, "judge.", __VA_ARGS__)
#define EVALUATION_ROW(...) ROW_OF(xdi_evaluation_settings, "evaluation.", __VA_ARGS__)
#define TRAIN_ROW(...) ROW_OF(xdi_train_settings, "", __VA_ARGS__)

static const xdi_option_row vae_rows[] = {XDI_VAE_ROWS(VAE_ROW)};
static const xdi_option_row mapping_rows[] = {XDI_MAPPING_ROWS(MAPPING_ROW)};
static const xdi_option_row judge_rows[] = {XDI_JUDGE_ROWS(JUDGE_ROW)};
static const xdi_option_row evaluation_rows[] = {XDI_EVALUATION_ROWS(EVALUATION_ROW)};
static const xdi_option_row train_rows[] = {XDI_TRAIN_ROWS(TRAIN_ROW)};

#define COUNT_OF(rows) (sizeof(rows) / sizeof *(rows))
#define SECTION(scope, both, rows, offset) \
  { scope, both, rows, COUNT_OF(rows), offset }
#define SIMPLE(name, rows) \
  { \
    name, 1, { \
      SECTION("", "", rows, 0) \
    } \
  }

static const xdi_option_group groups[] = {
    SIMPLE("vae", vae_rows),
    SIMPLE("mapping", mapping_rows),
    SIMPLE("judge", judge_rows),
    SIMPLE("evaluation", evaluation_rows),
    {"train",
     5,
     {SECTION("", "", train_rows, 0), SECTION("vae1", "vae", vae_rows, offsetof(xdi_train_settings, vae[0])),
      SECTION("vae2", "vae", vae_rows, offsetof(xdi_train_settings, vae[1])),
      SECTION("mapping1", "mapping", mapping_rows, offsetof(xdi_train_settings, mapping[0])),
      SECTION("mapping2", "mapping", mapping_rows, offsetof(xdi_train_settings, mapping[1]))}},
};

_Static_assert(COUNT_OF(train_rows) + 2 * COUNT_OF(vae_rows) + 2 * COUNT_OF(mapping_rows) <= XDI_OPTION_LIMIT,
               "XDI_OPTION_LIMIT is too small");

const xdi_option_group *xdi_find_group(const char *name) {
  for (size_t i = 0; name && i < COUNT_OF(groups); i++)
    if (strcmp(groups[i].name, name) == 0)
      return &groups[i];
  return NULL;
}

uint32_t xdi_section_first(const xdi_option_group *group, uint32_t section) {
  uint32_t first = 0;
  for (uint32_t i = 0; i < section; i++)
    first += group->sections[i].count;
  return first;
}

bool xdi_section_is_second(const xdi_option_group *group, uint32_t section) {
  return section > 0 && strcmp(group->sections[section].both, group->sections[section - 1].both) == 0;
}

bool xdi_section_has(const xdi_option_group *group, uint32_t section, const xdi_option_row *row) {
  if (group->sections[section].scope[0] == '\0')
    return true;
  for (uint32_t i = 0; i < group->sections[0].count; i++)
    if (strcmp(group->sections[0].rows[i].name, row->name) == 0)
      return false;
  return true;
}

/* ---- What there is ---- */

void xd_option_info_init(xd_option_info *info, size_t struct_size) {
  const xd_option_info defaults = XD_OPTION_INFO_INIT;
  xdi_sized_write(info, struct_size, &defaults, sizeof defaults);
}

const char *xd_options_group_name(uint32_t index) {
  return index < COUNT_OF(groups) ? groups[index].name : NULL;
}

/* The row at a place of the group's list; NULL beyond the last. Where not NULL, *count counts all rows. */
static const xdi_option_row *find_listed(const xdi_option_group *group, uint32_t index, uint32_t *count) {
  const xdi_option_row *found = NULL;
  uint32_t listed = 0;
  for (uint32_t section = 0; section < group->section_count; section++) {
    const xdi_option_section *rows = &group->sections[section];
    for (uint32_t i = 0; !xdi_section_is_second(group, section) && i < rows->count; i++) {
      if (!xdi_section_has(group, section, &rows->rows[i]))
        continue;
      if (listed == index)
        found = &rows->rows[i];
      listed++;
    }
  }
  if (count)
    *count = listed;
  return found;
}

uint32_t xd_options_count(const char *group) {
  const xdi_option_group *found = xdi_find_group(group);
  uint32_t count = 0;
  if (found)
    find_listed(found, 0, &count);
  return count;
}

xd_status xd_options_describe(xd_context *context, xd_option_info *out, const char *group, uint32_t index) {
  const xdi_option_group *found = xdi_find_group(group);
  xd_option_info info = XD_OPTION_INFO_INIT;
  const xd_status status = xdi_sized_check(context, out, XDI_SIZED(xd_option_info, reserved));
  if (status != XD_OK)
    return status;
  if (!found)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "there is no group of options '%s'", group ? group : "");
  const xdi_option_row *row = find_listed(found, index, NULL);
  if (!row)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "group '%s' has no option %u", group, index);
  info.name = found->section_count > 1 ? row->scoped : row->name;
  info.kind = row->kind;
  info.unit = row->unit;
  info.help = row->help;
  info.least = row->least;
  info.most = row->most;
  info.initial = row->initial;
  xdi_sized_write(out, xdi_sized_stated(out), &info, sizeof info);
  return XD_OK;
}
