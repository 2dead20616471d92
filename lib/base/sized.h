/* Structs that begin with the size that their caller was built with, so that later versions append to them:
 * one reader, one writer. */
#ifndef XDI_BASE_SIZED_H
#define XDI_BASE_SIZED_H

#include <stddef.h>

#include "xdomain/context.h"

/* No struct of any version is larger: who forgot to set struct_size is found out. */
#define XDI_SIZED_MOST 4096

typedef struct xdi_sized {
  const char *name; /* of the type, for messages */
  size_t size;      /* of this library's version */
  size_t least;     /* of the first version that programs may have been built with */
} xdi_sized;

/* The bytes of a struct up to a field and with it. */
#define XDI_END_OF(type, field) (offsetof(type, field) + sizeof(((type *)0)->field))

/* A struct type, and the last field that its first version had. A struct without padding at its end keeps
 * every later field out of what older programs leave to chance. */
#define XDI_SIZED(type, last) \
  (&(const xdi_sized){#type, sizeof(type), \
                      (XDI_END_OF(type, last) + sizeof(size_t) - 1) / sizeof(size_t) * sizeof(size_t)})

/* Copies a caller's struct over the defaults already in `to`: fields that the caller's version does not know
 * keep them. XD_ERROR_INVALID_ARGUMENT: `from` is NULL, or its size is below the first version's, above the
 * bound or no multiple of a size_t's. XD_ERROR_UNSUPPORTED: beyond what this library knows it is not zero.
 * The context may be NULL. */
xd_status xdi_sized_read(xd_context *context, void *to, const void *from, const xdi_sized *as);

/* The check alone, for a struct that will be written. */
xd_status xdi_sized_check(xd_context *context, const void *of, const xdi_sized *as);

/* The check of an array, whose elements all have the size of its first; *step is that size. count 0 is
 * legal, and then the array may be NULL. */
xd_status xdi_sized_check_array(xd_context *context, const void *array, uint32_t count, const xdi_sized *as,
                                size_t *step);

/* The other way: as much of `from` as a struct of `to_size` bytes has room for, zeros in what only the caller
 * knows, and that size as its struct_size. Nothing for NULL or a size that no struct has. */
void xdi_sized_write(void *to, size_t to_size, const void *from, size_t from_size);

/* The size that a caller's struct states; it was checked before. */
size_t xdi_sized_stated(const void *of);

/* XD_ERROR_INVALID_ARGUMENT, with a message, for a switch that is neither 0 nor 1. */
xd_status xdi_check_switch(xd_context *context, const char *name, uint32_t value);

/* The same for a reserved field that is not 0. */
xd_status xdi_check_reserved(xd_context *context, const char *name, uint32_t value);

#endif
