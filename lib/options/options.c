/* An xd_options: its making, and one value in or out. */
#include "options/options.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "options/number.h"

/* ---- Making ---- */

static void set_defaults(xd_options *options) {
  const xdi_option_group *group = options->group;
  double *to = options->values;
  for (uint32_t section = 0; section < group->section_count; section++)
    for (uint32_t i = 0; i < group->sections[section].count; i++)
      *to++ = group->sections[section].rows[i].initial;
}

static xd_status create(xd_options **out, xd_context *context, const xdi_option_group *group) {
  xd_options *options = xdi_allocate_zeroed(&context->allocator, 1, sizeof *options);
  if (!options)
    return xdi_fail_memory(context, "making options");
  options->allocator = context->allocator;
  options->group = group;
  set_defaults(options);
  *out = options;
  return XD_OK;
}

xd_status xd_options_create(xd_options **out, xd_context *context, const char *group) {
  if (out)
    *out = NULL;
  if (!out || !context || !group)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_options_create: out, context or group is NULL");
  const xdi_option_group *found = xdi_find_group(group);
  if (!found)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "there is no group of options '%s'", group);
  return create(out, context, found);
}

xd_status xd_options_clone(xd_options **out, xd_context *context, const xd_options *options) {
  if (out)
    *out = NULL;
  if (!out || !context || !options)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_options_clone: out, context or options is NULL");
  const xd_status status = create(out, context, options->group);
  if (status == XD_OK)
    memcpy((*out)->values, options->values, sizeof options->values);
  return status;
}

/* The seed of a part is no option of the whole, and keeps its default. */
static void copy_section(xd_options *to, const xd_options *from, uint32_t section) {
  const uint32_t first = xdi_section_first(from->group, section);
  for (uint32_t i = 0; i < from->group->sections[section].count; i++)
    if (xdi_section_has(from->group, section, &from->group->sections[section].rows[i]))
      to->values[i] = from->values[first + i];
}

xd_status xd_options_clone_scope(xd_options **out, xd_context *context, const xd_options *options,
                                 const char *scope) {
  if (out)
    *out = NULL;
  if (!out || !context || !options || !scope)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_options_clone_scope: out, context, options or scope is NULL");
  for (uint32_t section = 1; section < options->group->section_count; section++) {
    if (strcmp(options->group->sections[section].scope, scope) != 0)
      continue;
    const xd_status status = create(out, context, xdi_find_group(options->group->sections[section].both));
    if (status == XD_OK)
      copy_section(*out, options, section);
    return status;
  }
  return xdi_fail(context, XD_ERROR_NOT_FOUND, "options of group '%s' have no scope '%s'",
                  options->group->name, scope);
}

void xd_options_destroy(xd_options *options) {
  if (!options)
    return;
  const xd_allocator allocator = options->allocator;
  xdi_release(&allocator, options);
}

const char *xd_options_group(const xd_options *options) {
  return options ? options->group->name : "";
}

/* ---- Names ---- */

static bool is(const char *name, size_t length, const char *text) {
  return strlen(text) == length && memcmp(name, text, length) == 0;
}

/* Adds the section's option of that name to the places, if it has one. */
static void look_in(xdi_option_place *place, const xdi_option_group *group, uint32_t section,
                    const char *name, size_t length) {
  const xdi_option_section *rows = &group->sections[section];
  for (uint32_t i = 0; i < rows->count; i++) {
    if (!is(name, length, rows->rows[i].name) || !xdi_section_has(group, section, &rows->rows[i]))
      continue;
    place->row = &rows->rows[i];
    place->at[place->count++] = xdi_section_first(group, section) + i;
    return;
  }
}

/* By "scope.name". */
static void look_in_scope(xdi_option_place *place, const xdi_option_group *group, const char *name,
                          size_t scope, size_t length) {
  for (uint32_t i = 1; i < group->section_count; i++)
    if (is(name, scope, group->sections[i].scope) || is(name, scope, group->sections[i].both))
      look_in(place, group, i, name + scope + 1, length - scope - 1);
}

/* By a bare name in all scopes: *rival is set where scopes of two kinds have it. */
static void look_everywhere(xdi_option_place *place, const xdi_option_group *group, const char *name,
                            size_t length, const xdi_option_row **rival) {
  for (uint32_t i = 1; i < group->section_count; i++) {
    xdi_option_place here = {.count = 0};
    look_in(&here, group, i, name, length);
    if (here.count == 0)
      continue;
    if (place->count > 0 && here.row != place->row) {
      *rival = here.row;
      return;
    }
    place->row = here.row;
    place->at[place->count++] = here.at[0];
  }
}

xd_status xdi_find_option(xdi_option_place *out, xd_context *context, const xd_options *options,
                          const char *name, size_t length) {
  const xdi_option_group *group = options->group;
  const char *dot = memchr(name, '.', length);
  const xdi_option_row *rival = NULL;
  *out = (xdi_option_place){.count = 0};
  if (dot) {
    look_in_scope(out, group, name, (size_t)(dot - name), length);
  } else {
    look_in(out, group, 0, name, length);
    if (out->count == 0)
      look_everywhere(out, group, name, length, &rival);
  }
  if (rival)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "'%s' is either '%s' or '%s': name one of them",
                    out->row->name, out->row->scoped, rival->scoped);
  if (out->count > 0)
    return XD_OK;
  const int shown = length < 64 ? (int)length : 64;
  return xdi_fail(context, XD_ERROR_NOT_FOUND, "group '%s' has no option '%.*s'", group->name, shown, name);
}

/* ---- Values ---- */

static bool is_whole(const xdi_option_row *row) {
  return row->kind != XD_OPTION_REAL;
}

bool xdi_same_value(const xdi_option_row *row, double a, double b) {
  return is_whole(row) ? a == b : (float)a == (float)b;
}

/* The choice's name of an index, or NULL. */
static const char *find_choice(const xdi_option_row *row, uint32_t index, size_t *length) {
  const char *name = row->unit;
  for (; index > 0 && name; index--) {
    name = strchr(name, '|');
    name = name ? name + 1 : NULL;
  }
  if (name)
    *length = strcspn(name, "|");
  return name;
}

void xdi_write_value(char *to, const xdi_option_row *row, double value) {
  size_t length = 0;
  const char *choice = row->kind == XD_OPTION_CHOICE ? find_choice(row, (uint32_t)value, &length) : NULL;
  if (!choice) {
    xdi_print_number(to, value, !is_whole(row));
    return;
  }
  memcpy(to, choice, length);
  to[length] = '\0';
}

/* The full name in the group, as messages give it. */
static const char *name_of(const xdi_option_place *place) {
  return place->row->scoped;
}

static xd_status refuse(xd_context *context, const xdi_option_place *place, const char *value) {
  char least[XDI_NUMBER_SIZE], most[XDI_NUMBER_SIZE];
  const xdi_option_row *row = place->row;
  if (row->kind == XD_OPTION_CHOICE)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s cannot be %s: it is one of %s", name_of(place),
                    value, row->unit);
  if (row->kind == XD_OPTION_SWITCH)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s cannot be %s: it is 0 or 1", name_of(place),
                    value);
  xdi_print_number(least, row->least, false);
  xdi_print_number(most, row->most, false);
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s cannot be %s: it is a %s from %s to %s",
                  name_of(place), value, is_whole(row) ? "whole number" : "number", least, most);
}

static bool is_legal(const xdi_option_row *row, double number) {
  return number >= row->least && number <= row->most && (!is_whole(row) || number == floor(number));
}

xd_status xdi_set_number(double *values, xd_context *context, const xdi_option_place *place, double number) {
  char text[XDI_NUMBER_SIZE];
  if (!is_legal(place->row, number)) {
    xdi_print_number(text, number, false);
    return refuse(context, place, text);
  }
  for (uint32_t i = 0; i < place->count; i++)
    values[place->at[i]] = number + 0.0; /* of -0, 0 */
  return XD_OK;
}

static bool parse_choice(const xdi_option_row *row, double *out, const char *text, size_t length) {
  size_t size = 0;
  const char *name = find_choice(row, 0, &size);
  for (uint32_t i = 0; name; name = find_choice(row, ++i, &size))
    if (size == length && memcmp(name, text, size) == 0) {
      *out = i;
      return true;
    }
  return false;
}

xd_status xdi_set_text(double *values, xd_context *context, const xdi_option_place *place, const char *text,
                       size_t length) {
  double number = 0.0;
  const bool is_choice = place->row->kind == XD_OPTION_CHOICE;
  if (is_choice ? parse_choice(place->row, &number, text, length) : xdi_parse_number(&number, text, length))
    return xdi_set_number(values, context, place, number);
  char shown[XD_OPTION_TEXT_SIZE];
  const size_t kept = length < sizeof shown - 2 ? length : sizeof shown - 3;
  shown[0] = shown[kept + 1] = '\'';
  memcpy(shown + 1, text, kept);
  shown[kept + 2] = '\0';
  return refuse(context, place, shown);
}

static xd_status check_call(xd_context *context, const char *function, const void *options, const void *name,
                            const void *argument, const char *argument_name) {
  if (options && name && argument)
    return XD_OK;
  const char *missing = name ? argument_name : "name";
  if (!options)
    missing = "options";
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", function, missing);
}

xd_status xd_options_set_number(xd_options *options, xd_context *context, const char *name, double number) {
  xdi_option_place place;
  xd_status status = check_call(context, "xd_options_set_number", options, name, name, "name");
  if (status == XD_OK)
    status = xdi_find_option(&place, context, options, name, strlen(name));
  return status == XD_OK ? xdi_set_number(options->values, context, &place, number) : status;
}

xd_status xd_options_set_text(xd_options *options, xd_context *context, const char *name, const char *text) {
  static const char blanks[] = " \t\r\n\f\v";
  xdi_option_place place;
  xd_status status = check_call(context, "xd_options_set_text", options, name, text, "text");
  if (status == XD_OK)
    status = xdi_find_option(&place, context, options, name, strlen(name));
  if (status != XD_OK)
    return status;
  text += strspn(text, blanks);
  size_t length = strlen(text);
  while (length > 0 && strchr(blanks, text[length - 1]))
    length--;
  return xdi_set_text(options->values, context, &place, text, length);
}

/* Gives the value of a place; both of two must be the same. */
static xd_status get(xdi_option_place *place, xd_context *context, const xd_options *options,
                     const char *name) {
  char texts[2][XD_OPTION_TEXT_SIZE];
  xd_status status = xdi_find_option(place, context, options, name, strlen(name));
  if (status != XD_OK || place->count == 1)
    return status;
  const double first = options->values[place->at[0]], second = options->values[place->at[1]];
  if (xdi_same_value(place->row, first, second))
    return XD_OK;
  xdi_write_value(texts[0], place->row, first);
  xdi_write_value(texts[1], place->row, second);
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s has two values, %s and %s", name_of(place),
                  texts[0], texts[1]);
}

xd_status xd_options_get_number(const xd_options *options, xd_context *context, double *out,
                                const char *name) {
  xdi_option_place place;
  if (out)
    *out = 0.0;
  xd_status status = check_call(context, "xd_options_get_number", options, name, out, "out");
  if (status == XD_OK)
    status = get(&place, context, options, name);
  if (status == XD_OK)
    *out = options->values[place.at[0]];
  return status;
}

xd_status xd_options_get_text(const xd_options *options, xd_context *context, char *to, size_t size,
                              const char *name) {
  xdi_option_place place;
  char text[XD_OPTION_TEXT_SIZE];
  if (to && size > 0)
    to[0] = '\0';
  xd_status status = check_call(context, "xd_options_get_text", options, name, to, "to");
  if (status == XD_OK)
    status = get(&place, context, options, name);
  if (status != XD_OK)
    return status;
  xdi_write_value(text, place.row, options->values[place.at[0]]);
  const size_t length = strlen(text);
  if (length >= size)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "xd_options_get_text: %zu bytes have no room for '%s'", size,
                    text);
  memcpy(to, text, length + 1);
  return XD_OK;
}
