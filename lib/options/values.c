/* An ordered list of named numbers. */
#include "options/values.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

#define FIRST_CAPACITY 16u

void xdi_values_open(xd_values *values, const xd_allocator *allocator) {
  *values = (xd_values){.allocator = *allocator};
}

void xdi_values_close(xd_values *values) {
  xdi_release(&values->allocator, values->at);
  values->at = NULL;
  values->count = values->capacity = 0;
}

xd_status xd_values_create(xd_values **out, xd_context *context) {
  if (out)
    *out = NULL;
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_values_create: out or context is NULL");
  xd_values *values = xdi_allocate_zeroed(&context->allocator, 1, sizeof *values);
  if (!values)
    return xdi_fail_memory(context, "making a list of values");
  xdi_values_open(values, &context->allocator);
  *out = values;
  return XD_OK;
}

void xd_values_destroy(xd_values *values) {
  if (!values)
    return;
  const xd_allocator allocator = values->allocator;
  xdi_values_close(values);
  xdi_release(&allocator, values);
}

uint32_t xd_values_count(const xd_values *values) {
  return values ? values->count : 0;
}

const char *xd_values_name(const xd_values *values, uint32_t index) {
  return index < xd_values_count(values) ? values->at[index].name : NULL;
}

double xd_values_number(const xd_values *values, uint32_t index) {
  return index < xd_values_count(values) ? values->at[index].number : 0.0;
}

static xdi_value *find(const xd_values *values, const char *name) {
  for (uint32_t i = 0; i < xd_values_count(values); i++)
    if (strcmp(values->at[i].name, name) == 0)
      return &values->at[i];
  return NULL;
}

xd_status xd_values_find(const xd_values *values, double *out, const char *name) {
  const xdi_value *value = name ? find(values, name) : NULL;
  if (out)
    *out = value ? value->number : 0.0;
  return value ? XD_OK : XD_ERROR_NOT_FOUND;
}

void xd_values_clear(xd_values *values) {
  if (values)
    values->count = 0;
}

/* ---- Filling ---- */

static xd_status grow(xd_values *values, xd_context *context) {
  const uint32_t capacity = values->capacity ? 2 * values->capacity : FIRST_CAPACITY;
  xdi_value *at = xdi_allocate(&values->allocator, capacity, sizeof *at);
  if (!at)
    return xdi_fail_memory(context, "keeping values");
  if (values->at)
    memcpy(at, values->at, values->count * sizeof *at);
  xdi_release(&values->allocator, values->at);
  values->at = at;
  values->capacity = capacity;
  return XD_OK;
}

xd_status xdi_values_set(xd_values *values, xd_context *context, const char *name, double number) {
  if (!values)
    return XD_OK;
  xdi_value *value = find(values, name);
  const xd_status status = !value && values->count == values->capacity ? grow(values, context) : XD_OK;
  if (status != XD_OK)
    return status;
  if (!value) {
    value = &values->at[values->count++];
    snprintf(value->name, sizeof value->name, "%.*s", XDI_VALUE_NAME_SIZE - 1, name);
  }
  value->number = number;
  return XD_OK;
}

xd_status xdi_values_set_all(xd_values *values, xd_context *context, const xdi_number *numbers,
                             uint32_t count) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    status = xdi_values_set(values, context, numbers[i].name, numbers[i].number);
  return status;
}

xd_status xdi_values_set_scoped(xd_values *values, xd_context *context, const char *prefix, const char *name,
                                double number) {
  char full[2 * XDI_VALUE_NAME_SIZE];
  snprintf(full, sizeof full, "%s%s", prefix, name);
  return xdi_values_set(values, context, full, number);
}

xd_status xdi_values_set_numbered(xd_values *values, xd_context *context, const char *name, uint32_t index,
                                  double number) {
  char full[2 * XDI_VALUE_NAME_SIZE];
  snprintf(full, sizeof full, "%s.%lu", name, (unsigned long)index);
  return xdi_values_set(values, context, full, number);
}

xd_status xdi_values_copy(xd_values *to, xd_context *context, const char *prefix, const xd_values *from) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < xd_values_count(from); i++)
    status = xdi_values_set_scoped(to, context, prefix, from->at[i].name, from->at[i].number);
  return status;
}

xd_status xdi_values_add_mean(xd_values *to, xd_context *context, const char *prefix, const xd_values *from,
                              uint32_t count) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < xd_values_count(from); i++) {
    char full[2 * XDI_VALUE_NAME_SIZE];
    snprintf(full, sizeof full, "%s%s", prefix, from->at[i].name);
    status = xdi_values_set(to, context, full, xdi_values_get(to, full) + from->at[i].number / count);
  }
  return status;
}

double xdi_values_get(const xd_values *values, const char *name) {
  const xdi_value *value = find(values, name);
  return value ? value->number : 0.0;
}
