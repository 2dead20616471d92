/* The native backend's state: its kernels, its scratch memory, and how it runs shards.
 *
 * Scratch memory only grows. There is one block that a call's shards share (packed weights, partial
 * sums), and slots for the shards' own use. A shard claims the lowest free slot, so that as many slots
 * are ever touched as shards run at once, and stay in the caches. */
#ifndef XDI_NATIVE_STATE_H
#define XDI_NATIVE_STATE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/native/kernels/kernels.h"
#include "backend/reference/reference.h"
#include "base/memory.h"
#include "xdomain/sys/backend.h"

/* No call is cut into more shards than this. */
#define XDI_MAX_SHARDS 32

/* Fewer multiply-adds than this are not worth a shard of their own: about 10 microseconds at the pace
 * of AVX-512 on one core. */
#define XDI_SHARD_WORK (1u << 20)

typedef struct xdi_block {
  float *floats;
  size_t count;
} xdi_block;

struct xd_backend {
  const xd_allocator *allocator;
  const xd_runner *runner;
  const xdi_kernels *kernels;
  xdi_block shared, slots;
  xdi_block derived; /* what a call makes beside `shared`: weights of others, their gradients, fixed rows */
  size_t slot_size;  /* floats, of the current call */
  _Atomic uint64_t busy; /* bit i: slot i is in use */
};

/* Weights in panels (see tiles.h); as binary16 or bytes where these hold them exactly, as in a model file of f16 or
 * i8. */
struct xd_prepared {
  const struct xdi_way *way; /* of convolutions, which packed them: see ways.h */
  float *panels;             /* one of the two is NULL */
  void *narrow;
  const xdi_narrow *kind; /* of bytes their columns' scales lie behind them */
  float *scales;
};

/* Room for panels of that many numbers; with a kind for narrow ones and that many scales. */
xd_status xdi_native_prepared_create(xd_backend *backend, xd_prepared **out, size_t count,
                                     const xdi_narrow *kind, size_t scales);
void xdi_native_prepared_destroy(xd_backend *backend, xd_prepared *prepared);

/* Makes room for `shared` floats in one block, and for `slot` floats for each of `shards` shards. */
xd_status xdi_native_reserve(xd_backend *backend, size_t shared, uint32_t shards, size_t slot);

/* Makes room for so many derived weights. */
xd_status xdi_native_derive(xd_backend *backend, size_t count);

/* A shard's scratch memory, and its return. */
float *xdi_native_claim(xd_backend *backend, uint32_t *slot);
void xdi_native_release(xd_backend *backend, uint32_t slot);

/* Runs `shards` <= XDI_MAX_SHARDS tasks. */
xd_status xdi_native_run(const xd_backend *backend, xd_task task, void *argument, uint32_t shards);

/* How many shards `work` units deserve when each should have `grain` of them, at most `pieces`. */
static inline uint32_t xdi_native_shards(double work, double grain, size_t pieces) {
  double shards = work / grain;
  if (shards > XDI_MAX_SHARDS)
    shards = XDI_MAX_SHARDS;
  if (shards > (double)pieces)
    shards = (double)pieces;
  return shards < 2.0 ? 1 : (uint32_t)shards;
}

/* A range cut into nearly equal parts, the first `longer` of which have one more than `size`. */
typedef struct xdi_cut {
  size_t size, longer;
} xdi_cut;

static inline xdi_cut xdi_cut_into(size_t total, size_t count) {
  return (xdi_cut){total / count, total % count};
}

/* Where part i begins, and part i - 1 ends. */
static inline size_t xdi_cut_at(xdi_cut cut, size_t i) {
  return cut.size * i + (i < cut.longer ? i : cut.longer);
}

static inline size_t xdi_native_part(size_t total, size_t count, size_t i) {
  return xdi_cut_at(xdi_cut_into(total, count), i);
}

static inline size_t xdi_native_ceil(size_t total, size_t unit) {
  return (total + unit - 1) / unit;
}

#endif
