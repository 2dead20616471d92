/* What an xd_options holds: for the sources of this room. */
#ifndef XDI_OPTIONS_OPTIONS_H
#define XDI_OPTIONS_OPTIONS_H

#include "base/context.h"
#include "options/table.h"

struct xd_options {
  xd_allocator allocator;
  const xdi_option_group *group;
  double values[XDI_OPTION_LIMIT]; /* section after section */
};

/* An option's places among the values: two for vae.NAME and the like. */
typedef struct xdi_option_place {
  const xdi_option_row *row;
  uint32_t at[2], count;
} xdi_option_place;

/* Finds the option of a name of `length` bytes. */
xd_status xdi_find_option(xdi_option_place *out, xd_context *context, const xd_options *options,
                          const char *name, size_t length);

/* Sets values[] (an option's group's) from a number, or from a text of `length` bytes without blanks. */
xd_status xdi_set_number(double *values, xd_context *context, const xdi_option_place *place, double number);
xd_status xdi_set_text(double *values, xd_context *context, const xdi_option_place *place, const char *text,
                       size_t length);

/* A value as text; `to` has XD_OPTION_TEXT_SIZE bytes. */
void xdi_write_value(char *to, const xdi_option_row *row, double value);

/* Whether two values of an option mean the same: reals are used as floats. */
bool xdi_same_value(const xdi_option_row *row, double a, double b);

#endif
