/* Scratch memory, shards and prepared weights of the native backend. */
#include "backend/native/native_state.h"

#include "base/memory.h"
#include "base/runner.h"

static xd_status grow(xd_backend *backend, xdi_block *block, size_t count) {
  if (count <= block->count)
    return XD_OK;
  xdi_release(backend->allocator, block->floats);
  block->count = 0;
  block->floats = xdi_allocate(backend->allocator, count, sizeof(float));
  if (!block->floats)
    return XD_ERROR_OUT_OF_MEMORY;
  block->count = count;
  return XD_OK;
}

xd_status xdi_native_reserve(xd_backend *backend, size_t shared, uint32_t shards, size_t slot) {
  const size_t line = XDI_ALIGNMENT / sizeof(float);
  size_t all;
  if (slot > SIZE_MAX - line)
    return XD_ERROR_OUT_OF_MEMORY;
  slot = xdi_native_ceil(slot ? slot : 1, line) * line; /* claimed slots are places, empty ones too */
  if (!xdi_multiply(slot, shards, &all))
    return XD_ERROR_OUT_OF_MEMORY;
  const xd_status status = grow(backend, &backend->shared, shared);
  if (status != XD_OK)
    return status;
  backend->slot_size = slot;
  return grow(backend, &backend->slots, all);
}

xd_status xdi_native_derive(xd_backend *backend, size_t count) {
  return grow(backend, &backend->derived, count);
}

float *xdi_native_claim(xd_backend *backend, uint32_t *slot) {
  uint64_t busy = atomic_load_explicit(&backend->busy, memory_order_relaxed);
  do {
    *slot = (uint32_t)__builtin_ctzll(~busy);
  } while (!atomic_compare_exchange_weak_explicit(&backend->busy, &busy, busy | (UINT64_C(1) << *slot),
                                                  memory_order_acquire, memory_order_relaxed));
  return backend->slots.floats + *slot * backend->slot_size;
}

void xdi_native_release(xd_backend *backend, uint32_t slot) {
  atomic_fetch_and_explicit(&backend->busy, ~(UINT64_C(1) << slot), memory_order_release);
}

xd_status xdi_native_run(const xd_backend *backend, xd_task task, void *argument, uint32_t shards) {
  return xdi_run(backend->runner, task, argument, shards) == 0 ? XD_OK : XD_ERROR_INTERNAL;
}

xd_status xdi_native_prepared_create(xd_backend *backend, xd_prepared **out, size_t count,
                                     const xdi_narrow *kind, size_t scales) {
  const size_t line = XDI_ALIGNMENT;
  size_t numbers, bytes;
  *out = NULL;
  if (!xdi_multiply(count, kind ? kind->size : sizeof(float), &numbers) ||
      !xdi_add(numbers, 2 * line + scales * sizeof(float), &bytes))
    return XD_ERROR_OUT_OF_MEMORY;
  unsigned char *memory = xdi_allocate(backend->allocator, bytes, 1);
  if (!memory)
    return XD_ERROR_OUT_OF_MEMORY;
  unsigned char *panels = memory + line;
  *out = (xd_prepared *)(void *)memory;
  **out = (xd_prepared){.panels = kind ? NULL : (float *)(void *)panels,
                        .narrow = kind ? panels : NULL,
                        .kind = kind,
                        .scales = (float *)(void *)(panels + xdi_native_ceil(numbers, line) * line)};
  if (scales == 0)
    (*out)->scales = NULL;
  return XD_OK;
}

void xdi_native_prepared_destroy(xd_backend *backend, xd_prepared *prepared) {
  xdi_release(backend->allocator, prepared);
}
