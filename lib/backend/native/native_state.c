/* Scratch memory and shards of the native backend. */
#include "backend/native/native_state.h"

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
  slot = xdi_native_ceil(slot, line) * line;
  if (!xdi_multiply(slot, shards, &all))
    return XD_ERROR_OUT_OF_MEMORY;
  const xd_status status = grow(backend, &backend->shared, shared);
  if (status != XD_OK)
    return status;
  backend->slot_size = slot;
  return grow(backend, &backend->slots, all);
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
