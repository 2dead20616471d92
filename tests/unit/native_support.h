/* What the tests of the native backend's insides share: its variants that this processor can run. */
#ifndef XD_TESTS_NATIVE_SUPPORT_H
#define XD_TESTS_NATIVE_SUPPORT_H

#include "backend_support.h"

#include "backend/native/native.h"
#include "backend/native/native_state.h"

#define VARIANTS 3

static const xd_backend_table *const variants[VARIANTS] = {&xdi_native_table, &xdi_native_avx2_table,
                                                           &xdi_native_portable_table};

static inline bool opens(const xd_backend_table *table) {
  const xd_backend_host host = {&xdi_heap, &xdi_serial_runner, NULL, NULL};
  const char *detail = NULL;
  xd_backend *backend = NULL;
  const xd_status status = table->open(&backend, &detail, &host);
  if (status == XD_OK)
    table->close(backend);
  return status == XD_OK;
}

/* for (each variant that this processor has) { body, with `b` an open bench of `threads` threads } */
#define FOR_EACH_VARIANT(b, threads) \
  for (int variant_ = 0; variant_ < VARIANTS; variant_++) \
    for (bool once_ = opens(variants[variant_]) && (open_bench(b, variants[variant_], threads), true); \
         once_; once_ = (close_bench(b), false))

#endif
