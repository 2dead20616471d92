/* Filling an xd_values. */
#ifndef XDI_OPTIONS_VALUES_H
#define XDI_OPTIONS_VALUES_H

#include "base/context.h"
#include "xdomain/values.h"

#define XDI_VALUE_NAME_SIZE 40 /* "validation1.reconstruction_acc" and more */

typedef struct xdi_value {
  char name[XDI_VALUE_NAME_SIZE];
  double number;
} xdi_value;

struct xd_values {
  xd_allocator allocator;
  uint32_t count, capacity;
  xdi_value *at;
};

/* A list inside of another struct: nothing is allocated. A zeroed one may be closed. */
void xdi_values_open(xd_values *values, const xd_allocator *allocator);
void xdi_values_close(xd_values *values);

/* Adds `number` under a name, or gives the value of that name a new number. NULL values are left alone. */
xd_status xdi_values_set(xd_values *values, xd_context *context, const char *name, double number);

/* The same for several. */
typedef struct xdi_number {
  const char *name;
  double number;
} xdi_number;

xd_status xdi_values_set_all(xd_values *values, xd_context *context, const xdi_number *numbers,
                             uint32_t count);

/* The same under a name that is made: prefix (or "") and name, as "validation1." and "acc"; or name, a point
 * and a number, as "acc.5". */
xd_status xdi_values_set_scoped(xd_values *values, xd_context *context, const char *prefix, const char *name,
                                double number);
xd_status xdi_values_set_numbered(xd_values *values, xd_context *context, const char *name, uint32_t index,
                                  double number);

/* Takes over all values of `from` under their names behind a prefix. */
xd_status xdi_values_copy(xd_values *to, xd_context *context, const char *prefix, const xd_values *from);

/* Adds to each of these the value of `from` divided by `count`: the mean of so many calls. */
xd_status xdi_values_add_mean(xd_values *to, xd_context *context, const char *prefix, const xd_values *from,
                              uint32_t count);

/* 0 where there is no such value. */
double xdi_values_get(const xd_values *values, const char *name);

#endif
