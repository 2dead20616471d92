/* What the tests of the kernels share: a backend opened by its table alone, buffers with guarded
 * edges, numbers to fill them, and comparisons. Include it instead of support.h. */
#ifndef XD_TESTS_BACKEND_SUPPORT_H
#define XD_TESTS_BACKEND_SUPPORT_H

#include "support.h"

#include <math.h>

#include "backend/registry.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/runner.h"
#include "xdomain/sys/backend.h"

/* ---- an open backend ---- */

#define BENCH_BUFFERS 32

typedef struct bench {
  xd_backend_table table; /* completed */
  xd_backend *backend;
  counting_allocator counter;
  xd_allocator allocator;
  xd_pool *pool;
  xd_runner runner;
  xd_backend_host host;
  const char *detail;
  xd_buffer *buffers[BENCH_BUFFERS];
  int buffer_count;
  bool warm; /* kernels may not allocate any more */
} bench;

static inline void ignore_log(void *user, xd_log_level level, const char *message) {
  (void)user, (void)level, (void)message;
}

/* Must not move while it is open. Where the backend cannot be opened, nothing is left of it. */
static inline xd_status try_bench(bench *b, const xd_backend_table *table, uint32_t threads) {
  memset(b, 0, sizeof *b);
  xdi_backend_complete(&b->table, table);
  b->allocator = counting_allocator_hooks(&b->counter);
  b->runner = xdi_serial_runner;
  if (threads > 1) {
    assert_status(xd_pool_create(&b->pool, threads, &b->allocator), XD_OK);
    b->runner = xdi_pool_runner(b->pool);
  }
  b->host = (xd_backend_host){&b->allocator, &b->runner, ignore_log, NULL};
  const xd_status status = b->table.open(&b->backend, &b->detail, &b->host);
  if (status != XD_OK)
    xd_pool_release(b->pool);
  return status;
}

static inline void open_bench(bench *b, const xd_backend_table *table, uint32_t threads) {
  assert_status(try_bench(b, table, threads), XD_OK);
}

/* A context on a host's or a plug-in's table. */
static inline xd_status open_context_on(xd_context **out, const xd_backend_table *table,
                                        xd_context_options options) {
  options.backends = &table, options.backend_count = 1, options.backend = table->name;
  return xd_context_create(out, &options);
}

static inline void clear_bench(bench *b);

static inline void close_bench(bench *b) {
  clear_bench(b);
  b->table.close(b->backend);
  xd_pool_release(b->pool);
  ck_assert_uint_eq(atomic_load(&b->counter.live_blocks), 0);
}

/* BENCH_CALL(b, slot, arguments...): the kernel must succeed, and when warm, allocate nothing. */
#define BENCH_CALL(b, slot, ...) \
  do { \
    const size_t before_ = atomic_load(&(b)->counter.total); \
    assert_status((b)->table.slot((b)->backend, __VA_ARGS__), XD_OK); \
    if ((b)->warm) \
      ck_assert_msg(atomic_load(&(b)->counter.total) == before_, "%s: warm, but %s allocates", \
                    (b)->table.name, #slot); \
  } while (0)

/* ---- buffers: each slice in one of its own, with marked cells before and behind ---- */

#define GUARD_BEFORE 3 /* odd: a slice is not always aligned */
#define GUARD_BEHIND 19
#define GUARD_VALUE(number) (-12345.5f - (float)(number)) /* of no two buffers the same */

static inline xd_slice make_slice(bench *b, const float *values, size_t count) {
  xd_slice slice = {NULL, GUARD_BEFORE};
  const size_t whole = GUARD_BEFORE + count + GUARD_BEHIND;
  ck_assert_int_lt(b->buffer_count, BENCH_BUFFERS);
  assert_status(b->table.buffer_create(b->backend, &slice.buffer, whole), XD_OK);
  ck_assert_uint_eq(slice.buffer->count, whole);
  float *cells = malloc(whole * sizeof *cells);
  ck_assert_ptr_nonnull(cells);
  for (size_t i = 0; i < whole; i++)
    cells[i] = GUARD_VALUE(b->buffer_count);
  if (values && count)
    memcpy(cells + GUARD_BEFORE, values, count * sizeof *cells);
  assert_status(b->table.buffer_write(b->backend, (xd_slice){slice.buffer, 0}, cells, whole), XD_OK);
  free(cells);
  b->buffers[b->buffer_count++] = slice.buffer;
  return slice;
}

static inline void read_slice(bench *b, float *to, xd_slice slice, size_t count) {
  assert_status(b->table.buffer_read(b->backend, to, slice, count), XD_OK);
}

static inline void check_guards(bench *b, int number) {
  xd_buffer *buffer = b->buffers[number];
  float edge[GUARD_BEFORE + GUARD_BEHIND];
  read_slice(b, edge, (xd_slice){buffer, 0}, GUARD_BEFORE);
  read_slice(b, edge + GUARD_BEFORE, (xd_slice){buffer, buffer->count - GUARD_BEHIND}, GUARD_BEHIND);
  for (int i = 0; i < GUARD_BEFORE + GUARD_BEHIND; i++)
    if (edge[i] != GUARD_VALUE(number))
      ck_abort_msg("%s: a kernel wrote beside its slice", b->table.name);
}

/* Gives back all slices, after a look at their edges. */
static inline void clear_bench(bench *b) {
  for (int i = 0; i < b->buffer_count; i++) {
    check_guards(b, i);
    b->table.buffer_destroy(b->backend, b->buffers[i]);
  }
  b->buffer_count = 0;
}

/* ---- numbers ---- */

/* Reproducible numbers in [low, high), by a plain generator (Knuth's MMIX constants); the caller
 * frees them. */
static inline float *make_numbers(uint64_t seed, size_t count, float low, float high) {
  float *numbers = malloc((count ? count : 1) * sizeof *numbers);
  ck_assert_ptr_nonnull(numbers);
  uint64_t state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
  for (size_t i = 0; i < count; i++) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    numbers[i] = low + (high - low) * ((float)(state >> 40) * 0x1p-24f);
  }
  return numbers;
}

/* make_numbers in a slice. */
static inline xd_slice random_slice(bench *b, uint64_t seed, size_t count, float low, float high) {
  float *numbers = make_numbers(seed, count, low, high);
  const xd_slice slice = make_slice(b, numbers, count);
  free(numbers);
  return slice;
}

/* A slice of NaN: whoever reads it before he writes it shows. */
static inline xd_slice empty_slice(bench *b, size_t count) {
  float *numbers = malloc((count ? count : 1) * sizeof *numbers);
  ck_assert_ptr_nonnull(numbers);
  for (size_t i = 0; i < count; i++)
    numbers[i] = NAN;
  const xd_slice slice = make_slice(b, numbers, count);
  free(numbers);
  return slice;
}

static const xd_slice no_slice = {NULL, 0};

/* ---- comparisons ---- */

static inline double largest_of(const float *values, size_t count) {
  double largest = 0.0;
  for (size_t i = 0; i < count; i++)
    largest = fmax(largest, fabs((double)values[i]));
  return largest;
}

/* |got - wanted| <= bound for each cell. Check notes each of its own assertions in a file: too slow
 * for single cells. */
static inline void assert_within(const char *who, const char *what, const float *got, const float *wanted,
                                 size_t count, double bound) {
  for (size_t i = 0; i < count; i++)
    if (!(fabs((double)got[i] - (double)wanted[i]) <= bound))
      ck_abort_msg("%s: %s[%zu of %zu] is %.9g, not %.9g within %.3g", who, what, i, count, (double)got[i],
                   (double)wanted[i], bound);
}

/* The same, with a bound relative to the largest |wanted|. */
static inline void assert_close(const char *who, const char *what, const float *got, const float *wanted,
                                size_t count, double tolerance) {
  assert_within(who, what, got, wanted, count, tolerance * fmax(largest_of(wanted, count), 1e-6));
}

static inline void assert_number_close(const char *who, const char *what, double got, double wanted,
                                       double tolerance) {
  ck_assert_msg(fabs(got - wanted) <= tolerance * fmax(fabs(wanted), 1e-6), "%s: %s is %.12g, not %.12g", who,
                what, got, wanted);
}

#endif
