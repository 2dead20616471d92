/* From an xd_options to the settings of the rooms that use it, and back to text. */
#include "options/settings.h"

#include <stdio.h>
#include <string.h>

#include "options/options.h"

/* ---- Reading ---- */

static void store(void *settings, const xdi_option_row *row, double value) {
  unsigned char *at = (unsigned char *)settings + row->offset;
  const uint32_t small = row->storage == XDI_STORAGE_UINT32 ? (uint32_t)value : 0;
  const uint64_t large = row->storage == XDI_STORAGE_UINT64 ? (uint64_t)value : 0;
  const float real = (float)value;
  switch (row->storage) {
  case XDI_STORAGE_UINT32:
    memcpy(at, &small, sizeof small);
    break;
  case XDI_STORAGE_UINT64:
    memcpy(at, &large, sizeof large);
    break;
  case XDI_STORAGE_FLOAT:
    memcpy(at, &real, sizeof real);
    break;
  }
}

static xd_status read_settings(void *to, xd_context *context, const xd_options *options, const char *name) {
  const xdi_option_group *group = xdi_find_group(name);
  if (options && options->group != group)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "options of group '%s' were given where those of '%s' are needed", options->group->name,
                    name);
  const double *value = options ? options->values : NULL;
  for (uint32_t section = 0; section < group->section_count; section++)
    for (uint32_t i = 0; i < group->sections[section].count; i++) {
      const xdi_option_row *row = &group->sections[section].rows[i];
      store((unsigned char *)to + group->sections[section].offset, row, value ? *value++ : row->initial);
    }
  return XD_OK;
}

xd_status xdi_read_vae(xdi_vae_settings *to, xd_context *context, const xd_options *options) {
  return read_settings(to, context, options, "vae");
}

xd_status xdi_read_mapping(xdi_mapping_settings *to, xd_context *context, const xd_options *options) {
  return read_settings(to, context, options, "mapping");
}

xd_status xdi_read_judge(xdi_judge_settings *to, xd_context *context, const xd_options *options) {
  return read_settings(to, context, options, "judge");
}

xd_status xdi_read_evaluation(xdi_evaluation_settings *to, xd_context *context, const xd_options *options) {
  return read_settings(to, context, options, "evaluation");
}

xd_status xdi_read_train(xdi_train_settings *to, xd_context *context, const xd_options *options) {
  return read_settings(to, context, options, "train");
}

uint32_t xdi_mapping_steps(const xdi_mapping_settings *settings, uint32_t groups) {
  const uint32_t least = 10, most = 20;
  if (settings->steps > 0)
    return settings->steps;
  return settings->steps_per_pair * (groups < least ? least : groups > most ? most : groups);
}

/* ---- Writing ---- */

static double fetch(const void *settings, const xdi_option_row *row) {
  const unsigned char *at = (const unsigned char *)settings + row->offset;
  uint32_t small = 0;
  uint64_t large = 0;
  float real = 0.0f;
  switch (row->storage) {
  case XDI_STORAGE_UINT32:
    memcpy(&small, at, sizeof small);
    return small;
  case XDI_STORAGE_UINT64:
    memcpy(&large, at, sizeof large);
    return (double)large;
  case XDI_STORAGE_FLOAT:
    memcpy(&real, at, sizeof real);
    break;
  }
  return (double)real;
}

static bool write_settings(char *to, size_t size, const void *settings, const char *name) {
  const xdi_option_section *rows = &xdi_find_group(name)->sections[0];
  char value[XD_OPTION_TEXT_SIZE];
  size_t length = 0;
  for (uint32_t i = 0; i < rows->count; i++) {
    const xdi_option_row *row = &rows->rows[i];
    if (row->storage == XDI_STORAGE_UINT64) /* a seed stands by itself */
      continue;
    xdi_write_value(value, row, fetch(settings, row));
    const int added = snprintf(to + length, size - length, "%s%s=%s", length ? " " : "", row->name, value);
    if (added < 0 || (size_t)added >= size - length)
      return false;
    length += (size_t)added;
  }
  return true;
}

bool xdi_write_vae(char *to, size_t size, const xdi_vae_settings *settings) {
  return write_settings(to, size, settings, "vae");
}

bool xdi_write_mapping(char *to, size_t size, const xdi_mapping_settings *settings) {
  return write_settings(to, size, settings, "mapping");
}

void xdi_each_option(const char *group_name, const void *settings,
                     void (*visit)(void *user, const char *name, const char *value), void *user) {
  const xdi_option_group *group = xdi_find_group(group_name);
  char name[2 * XD_OPTION_TEXT_SIZE], value[XD_OPTION_TEXT_SIZE];
  for (uint32_t section = 0; section < group->section_count; section++) {
    const xdi_option_section *rows = &group->sections[section];
    for (uint32_t i = 0; i < rows->count; i++) {
      if (!xdi_section_has(group, section, &rows->rows[i]))
        continue;
      snprintf(name, sizeof name, "%s%s%s", rows->scope, rows->scope[0] ? "." : "", rows->rows[i].name);
      xdi_write_value(value, &rows->rows[i],
                      fetch((const unsigned char *)settings + rows->offset, &rows->rows[i]));
      visit(user, name, value);
    }
  }
}
