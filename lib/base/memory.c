/* Memory: the C heap behind the allocator interface, and checked sizes. */

#include "base/memory.h"

#include <string.h>

#include "base/system.h"

static void *allocate_from_heap(void *user, size_t size, size_t alignment) {
  (void)user;
  return xdi_system_allocate(size, alignment);
}

static void release_to_heap(void *user, void *pointer, size_t size, size_t alignment) {
  (void)user, (void)size, (void)alignment;
  xdi_system_release(pointer);
}

const xd_allocator xdi_heap = {
    .struct_size = sizeof(xd_allocator), .allocate = allocate_from_heap, .release = release_to_heap};

/* A host's release is told how large the block was; that stands in front of it. The heap knows by itself. */
#define PREFIX XDI_ALIGNMENT

static bool needs_prefix(const xd_allocator *allocator) {
  return allocator->release != release_to_heap;
}

void *xdi_allocate(const xd_allocator *allocator, size_t count, size_t size) {
  size_t bytes;
  if (!xdi_multiply(count, size, &bytes) || bytes == 0)
    return NULL;
  if (!needs_prefix(allocator))
    return allocator->allocate(allocator->user, bytes, XDI_ALIGNMENT);
  if (!xdi_add(bytes, PREFIX, &bytes))
    return NULL;
  char *block = allocator->allocate(allocator->user, bytes, XDI_ALIGNMENT);
  if (!block)
    return NULL;
  memcpy(block, &bytes, sizeof bytes);
  return block + PREFIX;
}

void *xdi_allocate_zeroed(const xd_allocator *allocator, size_t count, size_t size) {
  void *memory = xdi_allocate(allocator, count, size);
  if (memory)
    memset(memory, 0, count * size);
  return memory;
}

void xdi_release(const xd_allocator *allocator, void *pointer) {
  size_t bytes = 0;
  if (!pointer)
    return;
  if (!needs_prefix(allocator)) {
    allocator->release(allocator->user, pointer, bytes, XDI_ALIGNMENT);
    return;
  }
  char *block = (char *)pointer - PREFIX;
  memcpy(&bytes, block, sizeof bytes);
  allocator->release(allocator->user, block, bytes, XDI_ALIGNMENT);
}

char *xdi_duplicate_text(const xd_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = xdi_allocate(allocator, size, 1);
  if (copy)
    memcpy(copy, text, size);
  return copy;
}

bool xdi_multiply(size_t a, size_t b, size_t *out) {
  if (b != 0 && a > SIZE_MAX / b)
    return false;
  *out = a * b;
  return true;
}

bool xdi_add(size_t a, size_t b, size_t *out) {
  if (a > SIZE_MAX - b)
    return false;
  *out = a + b;
  return true;
}
