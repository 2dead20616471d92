/* Memory through the host's allocator, and sizes that cannot overflow. */
#ifndef XDI_BASE_MEMORY_H
#define XDI_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xdomain/context.h"

#define XDI_ALIGNMENT 64

/* The C library's heap as an allocator; static storage. */
extern const xd_allocator xdi_heap;

/* 64-byte aligned, or NULL (also for size 0 and for count * size beyond size_t). */
void *xdi_allocate(const xd_allocator *allocator, size_t count, size_t size);
void *xdi_allocate_zeroed(const xd_allocator *allocator, size_t count, size_t size);
void xdi_release(const xd_allocator *allocator, void *pointer); /* NULL is legal */
char *xdi_duplicate_text(const xd_allocator *allocator, const char *text);

/* *out = a * b, or a + b; false when it does not fit (then *out is untouched). */
bool xdi_multiply(size_t a, size_t b, size_t *out);
bool xdi_add(size_t a, size_t b, size_t *out);

#endif
