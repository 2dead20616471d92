/* The native backend's table, and the choice of its kernels. */
#include "backend/native/native.h"

#include "backend/host_memory.h"
#include "backend/native/native_slots.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

/* ---- the variants of the kernels ---- */

#if defined(__x86_64__)
/* Not every compiler's __builtin_cpu_supports knows it; the registers are those of AVX. */
static bool has_f16c(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C) != 0;
}
#endif

/* NULL: they are for another processor, or this one lacks their instructions. */
static const xdi_kernels *avx512(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("fma") && has_f16c())
    return &xdi_kernels_avx512;
#endif
  return NULL;
}

static const xdi_kernels *avx2(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c())
    return &xdi_kernels_avx2;
#endif
  return NULL;
}

static const xdi_kernels *neon(void) {
#if defined(__aarch64__)
  return &xdi_kernels_neon;
#else
  return NULL;
#endif
}

static const xdi_kernels *portable(void) {
  return &xdi_kernels_portable;
}

static const xdi_kernels *best(void) {
  const xdi_kernels *kernels = avx512();
  if (!kernels)
    kernels = avx2();
  if (!kernels)
    kernels = neon();
  return kernels ? kernels : portable();
}

const char *xdi_native_processor(void) {
  return best()->name;
}

/* ---- a context's state ---- */

static xd_status open_with(xd_backend **out, const char **detail, const xd_backend_host *host,
                           const xdi_kernels *kernels) {
  *out = NULL;
  if (!kernels) {
    *detail = "this processor lacks the instructions";
    return XD_ERROR_UNSUPPORTED;
  }
  xd_backend *backend = xdi_allocate_zeroed(host->allocator, 1, sizeof *backend);
  if (!backend)
    return XD_ERROR_OUT_OF_MEMORY;
  backend->allocator = host->allocator;
  backend->runner = host->runner;
  backend->kernels = kernels;
  atomic_init(&backend->busy, 0);
  *detail = kernels->name;
  *out = backend;
  return XD_OK;
}

static void close_backend(xd_backend *backend) {
  xdi_release(backend->allocator, backend->shared.floats);
  xdi_release(backend->allocator, backend->slots.floats);
  xdi_release(backend->allocator, backend->derived.floats);
  xdi_release(backend->allocator, backend);
}

static xd_status create_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  return xdi_host_buffer_create(backend->allocator, out, count);
}

static xd_status wrap_buffer(xd_backend *backend, xd_buffer **out, const float *host, size_t count) {
  return xdi_host_buffer_wrap(backend->allocator, out, host, count);
}

static void destroy_buffer(xd_backend *backend, xd_buffer *buffer) {
  xdi_host_buffer_destroy(backend->allocator, buffer);
}

/* ---- the tables ---- */

#define NATIVE_VALUE(name, parameters) .name = xdi_native_##name,

/* clang-format off */
#define NATIVE_TABLE(table, variant, label) \
  static xd_status open_##variant(xd_backend **out, const char **detail, const xd_backend_host *host) { \
    return open_with(out, detail, host, variant()); \
  } \
  const xd_backend_table table = { \
      .struct_size = sizeof(xd_backend_table), \
      .table_version = XD_BACKEND_TABLE_VERSION, \
      .name = label, \
      .open = open_##variant, \
      .close = close_backend, \
      .buffer_create = create_buffer, \
      .buffer_destroy = destroy_buffer, \
      .buffer_write = xdi_host_buffer_write, \
      .buffer_read = xdi_host_buffer_read, \
      .buffer_wrap = wrap_buffer, \
      .dense_prepare = xdi_native_dense_prepare, \
      .conv2d_prepare = xdi_native_conv2d_prepare, \
      .conv_transpose2d_prepare = xdi_native_conv_transpose2d_prepare, \
      .upsample_conv2d_prepare = xdi_native_upsample_conv2d_prepare, \
      .prepared_destroy = xdi_native_prepared_destroy, \
      .dense_backward = xdi_native_dense_backward, \
      XD_BACKEND_KERNELS(NATIVE_VALUE) \
  }

NATIVE_TABLE(xdi_native_table, best, "native");
NATIVE_TABLE(xdi_native_avx512_table, avx512, "native:avx512");
NATIVE_TABLE(xdi_native_avx2_table, avx2, "native:avx2");
NATIVE_TABLE(xdi_native_neon_table, neon, "native:neon");
NATIVE_TABLE(xdi_native_portable_table, portable, "native:portable");
/* clang-format on */

bool xdi_native_can_run(const xd_backend_table *table) {
  return (table != &xdi_native_avx512_table || avx512()) && (table != &xdi_native_avx2_table || avx2()) &&
         (table != &xdi_native_neon_table || neon());
}
