/* Classes by their names: a set's labels become those of the classes of the same names elsewhere, in a model, a judge
 * or another set. A folder more or fewer then shifts no label. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/dataset.h"
#include "xdomain/unstable/classes.h"

bool xdi_is_class_number(const char *name, uint32_t label) {
  char number[16];
  snprintf(number, sizeof number, "%u", label);
  return strcmp(name, number) == 0;
}

xd_status xdi_check_class_names(xd_context *context, const char *const *names, uint32_t count,
                                const char *who) {
  if (count > XD_CLASS_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: %u names of classes, more than %u", who, count,
                    XD_CLASS_LIMIT);
  if (count > 0 && !names)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: names is NULL", who);
  for (uint32_t i = 0; i < count; i++)
    if (names[i] && !xdi_utf8_valid(names[i], strlen(names[i])))
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: the name of class %u is no UTF-8: '%s'", who,
                      i, names[i]);
  return XD_OK;
}

static const char *skip_zeros(const char *digits) {
  while (digits[0] == '0' && digits[1] != '\0')
    digits++;
  return digits;
}

static bool is_whole_number(const char *name) {
  return name[0] != '\0' && strspn(name, "0123456789") == strlen(name);
}

/* Alike, or whole numbers of one value: "007" is "7". */
static bool same_name(const char *first, const char *second) {
  if (is_whole_number(first) && is_whole_number(second))
    return strcmp(skip_zeros(first), skip_zeros(second)) == 0;
  return strcmp(first, second) == 0;
}

static const char *name_at(const char *const *names, uint32_t count, uint32_t label) {
  return label < count && names[label] ? names[label] : "";
}

void xdi_place_class_names(const char *to[XD_CLASS_LIMIT], const char *const *names, uint32_t count) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    to[label] = name_at(names, count, label)[0] != '\0' ? names[label] : NULL;
}

/* Names that are the number, and "", fit every name. */
static bool fits(const xd_dataset *set, uint32_t label, const char *there) {
  const char *name = xd_dataset_class_name(set, label);
  return name[0] == '\0' || there[0] == '\0' || same_name(name, there) || xdi_is_class_number(name, label) ||
         xdi_is_class_number(there, label);
}

xd_status xd_dataset_check_classes(const xd_dataset *set, xd_context *context, const char *const *names,
                                   uint32_t count, const char *where) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!set || (!names && count > 0))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_check_classes: %s is NULL",
                    set ? "names" : "set");
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (!fits(set, label, name_at(names, count, label)))
      return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "class %u is '%s' in a set, but '%s' in %s", label,
                      xd_dataset_class_name(set, label), names[label], where ? where : "its model");
  return XD_OK;
}

/* The number that a class of the set gets, or XDI_NO_CLASS. One that is called by its number alone stands for the
 * class of that number, unless that is called by a number too. */
static uint32_t find_class(const xd_dataset *set, uint32_t label, const char *const *names, uint32_t count) {
  const char *name = xd_dataset_class_name(set, label), *there = name_at(names, count, label);
  for (uint32_t i = 0; i < count; i++)
    if (name_at(names, count, i)[0] != '\0' && same_name(name, names[i]))
      return i;
  const bool stands = xdi_is_class_number(name, label) && there[0] != '\0' && !is_whole_number(there);
  return stands ? label : XDI_NO_CLASS;
}

static const char *first_name(const char *const *names, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (name_at(names, count, i)[0] != '\0')
      return names[i];
  return "";
}

/* to[label] of every class of the set. */
static xd_status find_classes(xd_context *context, const xd_dataset *set, const char *const *names,
                              uint32_t count, uint32_t *to) {
  uint32_t from[XD_CLASS_LIMIT], found = 0, first = XD_CLASS_LIMIT;
  for (uint32_t i = 0; i < XD_CLASS_LIMIT; i++)
    from[i] = to[i] = XDI_NO_CLASS;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    if (xd_dataset_class_size(set, label) == 0)
      continue;
    first = first < label ? first : label;
    to[label] = find_class(set, label, names, count);
    if (to[label] == XDI_NO_CLASS)
      continue;
    if (from[to[label]] != XDI_NO_CLASS)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                      "the classes '%s' and '%s' of a set are both class %u, '%s'",
                      xd_dataset_class_name(set, from[to[label]]), xd_dataset_class_name(set, label),
                      to[label], names[to[label]]);
    from[to[label]] = label;
    found++;
  }
  if (found > 0)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_NOT_FOUND,
                  "no class of a set, such as '%s', has the name of a class here, such as '%s'",
                  xd_dataset_class_name(set, first), first_name(names, count));
}

static void tell_left_out(xd_context *context, const xd_dataset *set, const uint32_t *to) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(set, label) > 0 && to[label] == XDI_NO_CLASS)
      xdi_log(context, XD_LOG_WARNING, "left out %u pictures of class '%s': there is no class of that name",
              xd_dataset_class_size(set, label), xd_dataset_class_name(set, label));
}

static xd_status check_arguments(xd_context *context, const void *out, const xd_dataset *set,
                                 const char *const *names, uint32_t count) {
  if (!out || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_match_classes: %s is NULL",
                    out ? "set" : "out");
  return xdi_check_class_names(context, names, count, "xd_dataset_match_classes");
}

xd_status xd_dataset_match_classes(xd_dataset **out, xd_context *context, const xd_dataset *set,
                                   const char *const *names, uint32_t count) {
  const char *all[XD_CLASS_LIMIT];
  uint32_t to[XD_CLASS_LIMIT];
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = check_arguments(context, out, set, names, count);
  if (status != XD_OK)
    return status;
  if (!set->store->labelled || first_name(names, count)[0] == '\0') {
    *out = xd_dataset_retain(set);
    return XD_OK;
  }
  status = find_classes(context, set, names, count, to);
  if (status != XD_OK)
    return status;
  xdi_place_class_names(all, names, count);
  tell_left_out(context, set, to);
  return xdi_dataset_relabel(out, context, set, to, all);
}
