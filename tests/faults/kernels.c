/* The n-th call of a backend fails, of its kernels and of its buffers' writes and reads alike. */
#include "faults.h"

#include "xdomain/sys/backend.h"

/* The backend that does the work, and the count of calls. */
static const xd_backend_table *worker;
static uint64_t called, fail_at;

static bool fails(void) {
  return ++called == fail_at;
}

#define WRAP(name, type) \
  static xd_status failing_##name(xd_backend *backend, type *args) { \
    return fails() ? XD_ERROR_INTERNAL : worker->name(backend, args); \
  }

WRAP(dense_forward, const xd_dense)
WRAP(dense_backward_data, const xd_dense)
WRAP(dense_backward_weights, const xd_dense)
WRAP(conv2d_forward, const xd_convolution)
WRAP(conv2d_backward_data, const xd_convolution)
WRAP(conv2d_backward_weights, const xd_convolution)
WRAP(conv_transpose2d_forward, const xd_convolution)
WRAP(conv_transpose2d_backward_data, const xd_convolution)
WRAP(conv_transpose2d_backward_weights, const xd_convolution)
WRAP(reconstruction_loss, xd_reconstruction_loss)
WRAP(posterior_forward, const xd_posterior)
WRAP(posterior_backward, xd_posterior)
WRAP(logistic_loss, xd_logistic_loss)
WRAP(squared_distance, xd_squared_distance)
WRAP(cross_entropy, xd_cross_entropy)
WRAP(adam, const xd_adam)
WRAP(window_normalise, const xd_window_normalise)
WRAP(group_norm_forward, const xd_group_norm)
WRAP(group_norm_backward, const xd_group_norm)
WRAP(upsample_forward, const xd_upsample)
WRAP(upsample_backward, const xd_upsample)
WRAP(upsample_conv2d_forward, const xd_convolution)
WRAP(upsample_conv2d_backward_data, const xd_convolution)
WRAP(upsample_conv2d_backward_weights, const xd_convolution)
WRAP(residual_forward, const xd_residual)
WRAP(residual_backward, const xd_residual)

static xd_status failing_activation_forward(xd_backend *backend, xd_activation activation, xd_slice x,
                                            xd_slice y, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->activation_forward(backend, activation, x, y, count);
}

static xd_status failing_activation_backward(xd_backend *backend, xd_activation activation, xd_slice y,
                                             xd_slice dy, xd_slice dx, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->activation_backward(backend, activation, y, dy, dx, count);
}

static xd_status failing_copy_columns(xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from,
                                      uint32_t from_stride, uint32_t rows, uint32_t columns) {
  return fails() ? XD_ERROR_INTERNAL
                 : worker->copy_columns(backend, to, to_stride, from, from_stride, rows, columns);
}

static xd_status failing_scale_add(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                                   size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->scale_add(backend, alpha, x, beta, y, count);
}

static xd_status failing_spectral_norm_forward(xd_backend *backend, xd_spectral_norm *matrices,
                                               uint32_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->spectral_norm_forward(backend, matrices, count);
}

static xd_status failing_spectral_norm_backward(xd_backend *backend, const xd_spectral_norm *matrices,
                                                uint32_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->spectral_norm_backward(backend, matrices, count);
}

static xd_status failing_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                       uint64_t stream, uint64_t first) {
  return fails() ? XD_ERROR_INTERNAL : worker->random_normal(backend, to, count, seed, stream, first);
}

static xd_status failing_dropout(xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate,
                                 uint64_t seed, uint64_t stream, uint64_t first) {
  return fails() ? XD_ERROR_INTERNAL : worker->dropout(backend, from, to, count, rate, seed, stream, first);
}

static xd_status failing_write(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->buffer_write(backend, to, from, count);
}

static xd_status failing_read(xd_backend *backend, float *to, xd_slice from, size_t count) {
  return fails() ? XD_ERROR_INTERNAL : worker->buffer_read(backend, to, from, count);
}

static xd_backend_table failing_table(void) {
  worker = xd_backend_builtin(xd_context_builtin_backend(0));
  xd_backend_table table = *worker;
  table.name = "failing";
  table.buffer_write = failing_write;
  table.buffer_read = failing_read;
#define TAKE(name, parameters) table.name = failing_##name;
  XD_BACKEND_KERNELS(TAKE)
#undef TAKE
  return table;
}

static bool try(const scenario *what, const fixture *with, uint64_t n) {
  const xd_backend_table table = failing_table(), *const tables[] = {&table};
  counting_allocator counter = {0};
  const xd_allocator hooks = counting_allocator_hooks(&counter);
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.allocator = &hooks;
  options.backend = "failing";
  options.backends = tables, options.backend_count = 1;
  called = 0;
  fail_at = n;
  demand(xd_context_create(&context, &options) == XD_OK, "%s: call %llu", what->name, (unsigned long long)n);
  const xd_status status = what->run(context, with);
  const bool met = called >= n;
  /* A checkpoint that cannot be written is a warning, and the training goes on. */
  const bool may_go_on = !met || n == 0 || strncmp(what->name, "resume", 6) == 0;
  demand(status == XD_ERROR_INTERNAL ? n > 0 && met : status == XD_OK && may_go_on, "%s: call %llu: %s",
         what->name, (unsigned long long)n, xd_status_name(status));
  demand(status == XD_OK || xd_context_message(context)[0], "%s: call %llu", what->name,
         (unsigned long long)n);
  xd_context_destroy(context);
  demand(atomic_load(&counter.live_blocks) == 0, "%s: call %llu: memory is still held", what->name,
         (unsigned long long)n);
  return met;
}

void sweep_kernels(const sweep *of, const fixture *with) {
  uint64_t total = 0;
  for (const scenario *what = sweep_scenario(of, fault_scenarios); what->name;
       what = sweep_scenario(of, what + 1)) {
    uint64_t faults = 0;
    try(what, with, 0);
    for (uint64_t n = 1; try(what, with, n); n = sweep_next(of, n))
      faults++;
    printf("%-12s %6llu calls of the backend failed\n", what->name, (unsigned long long)faults);
    total += faults;
  }
  printf("all          %6llu calls of the backend failed\n", (unsigned long long)total);
}
