/* A backend of the host's own: it counts the calls of each kernel and forwards them to another
 * backend's. Two contexts then train the same network for a few steps, one on the counting backend and
 * one on the backend behind it: the losses must be the same.
 *
 * usage: counting_backend [NAME]    the built-in backend to forward to; the best one by default */
#include <stdint.h>
#include <stdio.h>

#include <xdomain/sys/backend.h>
#include <xdomain/unstable/backend_detail.h>
#include <xdomain/unstable/vae_trainer.h>
#include <xdomain/xdomain.h>

enum { SIDE = 16, BATCH = 8, STEPS = 3 };

/* ---- The backend ------------------------------------------------------------------------------- */

/* A plug-in gives struct xd_backend its own meaning: the state of one context. */
struct xd_backend {
  const xd_allocator *allocator;
  xd_backend *behind;
};

/* A table's functions get no word from main but their own state, so these two lie outside it. */
static const xd_backend_table *forward_to;
static unsigned long calls[32];

static xd_status open_counting(xd_backend **out, const char **detail, const xd_backend_host *host) {
  const xd_allocator *allocator = host->allocator;
  xd_backend *opened = allocator->allocate(allocator->user, sizeof *opened, _Alignof(xd_backend));
  if (!opened)
    return XD_ERROR_OUT_OF_MEMORY;
  opened->allocator = allocator;
  xd_status status = forward_to->open(&opened->behind, detail, host);
  if (status != XD_OK) {
    allocator->release(allocator->user, opened, sizeof *opened, _Alignof(xd_backend));
    return status;
  }
  *out = opened;
  return XD_OK;
}

static void close_counting(xd_backend *backend) {
  forward_to->close(backend->behind);
  backend->allocator->release(backend->allocator->user, backend, sizeof *backend, _Alignof(xd_backend));
}

/* The buffers are those of the backend behind, which its kernels expect. */
static xd_status create_buffer(xd_backend *backend, xd_buffer **out, size_t count) {
  return forward_to->buffer_create(backend->behind, out, count);
}

static void destroy_buffer(xd_backend *backend, xd_buffer *buffer) {
  forward_to->buffer_destroy(backend->behind, buffer);
}

static xd_status write_buffer(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  return forward_to->buffer_write(backend->behind, to, from, count);
}

static xd_status read_buffer(xd_backend *backend, float *to, xd_slice from, size_t count) {
  return forward_to->buffer_read(backend->behind, to, from, count);
}

/* The kernels whose only argument is a struct; the few others are written out below. */
#define KERNELS(X) \
  X(dense_forward, const xd_dense *) \
  X(dense_backward_data, const xd_dense *) \
  X(dense_backward_weights, const xd_dense *) \
  X(conv2d_forward, const xd_convolution *) \
  X(conv2d_backward_data, const xd_convolution *) \
  X(conv2d_backward_weights, const xd_convolution *) \
  X(conv_transpose2d_forward, const xd_convolution *) \
  X(conv_transpose2d_backward_data, const xd_convolution *) \
  X(conv_transpose2d_backward_weights, const xd_convolution *) \
  X(reconstruction_loss, xd_reconstruction_loss *) \
  X(posterior_forward, const xd_posterior *) \
  X(posterior_backward, xd_posterior *) \
  X(logistic_loss, xd_logistic_loss *) \
  X(squared_distance, xd_squared_distance *) \
  X(cross_entropy, xd_cross_entropy *) \
  X(adam, const xd_adam *)

#define AS_INDEX(kernel, type) INDEX_##kernel,
enum { KERNELS(AS_INDEX) INDEX_random_normal, KERNEL_COUNT };

#define AS_NAME(kernel, type) #kernel,
static const char *const kernel_names[KERNEL_COUNT] = {KERNELS(AS_NAME) "random_normal"};

#define AS_FUNCTION(kernel, type) \
  static xd_status count_##kernel(xd_backend *backend, type arguments) { \
    calls[INDEX_##kernel]++; \
    return forward_to->kernel(backend->behind, arguments); \
  }
KERNELS(AS_FUNCTION)

static xd_status count_random_normal(xd_backend *backend, xd_slice to, size_t count, uint64_t seed,
                                     uint64_t stream, uint64_t first) {
  calls[INDEX_random_normal]++;
  return forward_to->random_normal(backend->behind, to, count, seed, stream, first);
}

/* The slots left NULL (activations, copies, dropout, spectral norms) are served by the reference kernels, which work on
 * any buffer that the host can see. Without the prepare slots weights are packed at every call. */
#define AS_SLOT(kernel, type) .kernel = count_##kernel,
static const xd_backend_table counting_table = {
    .struct_size = sizeof(xd_backend_table),
    .table_version = XD_BACKEND_TABLE_VERSION,
    .name = "counting",
    .open = open_counting,
    .close = close_counting,
    .buffer_create = create_buffer,
    .buffer_destroy = destroy_buffer,
    .buffer_write = write_buffer,
    .buffer_read = read_buffer,
    KERNELS(AS_SLOT).random_normal = count_random_normal,
};

/* ---- Its use ----------------------------------------------------------------------------------- */

static int fail(const xd_context *context, const char *what, xd_status status) {
  fprintf(stderr, "%s: %s: %s\n", what, xd_status_name(status), context ? xd_context_message(context) : "");
  return 1;
}

/* A bright bar on a dark ground, at another place in each picture. */
static void draw(float pictures[BATCH][SIDE][SIDE]) {
  for (int picture = 0; picture < BATCH; picture++)
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++)
        pictures[picture][y][x] = (x - picture) % BATCH < 2 ? 0.9f : 0.1f;
}

static int train(xd_context *context, double losses[STEPS]) {
  static float pictures[BATCH][SIDE][SIDE];
  xd_options *options = NULL;
  xd_values *result = NULL;
  xd_vae_trainer *trainer = NULL;
  char text[96];
  draw(pictures);

  snprintf(text, sizeof text, "width=%d height=%d channels=1 base_channels=8 latent_dim=4 batch=%d", SIDE,
           SIDE, BATCH);
  xd_status status = xd_options_create(&options, context, "vae");
  if (status == XD_OK)
    status = xd_options_read(options, context, text);
  if (status == XD_OK)
    status = xd_values_create(&result, context);
  if (status == XD_OK)
    status = xd_vae_trainer_create(&trainer, context, NULL, NULL, options);
  for (int step = 0; status == XD_OK && step < STEPS; step++) {
    status = xd_vae_trainer_step(trainer, result, &pictures[0][0][0], NULL, BATCH, 0.001f);
    if (status == XD_OK)
      xd_values_find(result, &losses[step], "total");
  }
  xd_vae_trainer_destroy(trainer);
  xd_values_destroy(result);
  xd_options_destroy(options);
  return status == XD_OK ? 0 : fail(context, "training", status);
}

/* Trains on a backend by name; `table`, where not NULL, is one that the host brings. */
static int train_on(const char *name, const xd_backend_table *table, double losses[STEPS]) {
  xd_context *context = NULL;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backend = name;
  options.backends = table ? &table : NULL;
  options.backend_count = table ? 1 : 0;
  xd_status status = xd_context_create(&context, &options);
  if (status != XD_OK)
    return fail(NULL, name, status);
  printf("%s\n", xd_context_backend_detail(context));
  int result = train(context, losses);
  xd_context_destroy(context);
  return result;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : xd_context_builtin_backend(0);
  double counted[STEPS], plain[STEPS];
  unsigned long total = 0;
  forward_to = xd_backend_builtin(name);
  if (!forward_to) {
    fprintf(stderr, "%s: no built-in backend of that name\n", name);
    return 1;
  }
  if (train_on("counting", &counting_table, counted) || train_on(name, NULL, plain))
    return 1;

  for (int kernel = 0; kernel < KERNEL_COUNT; kernel++) {
    if (calls[kernel])
      printf("%6lu  %s\n", calls[kernel], kernel_names[kernel]);
    total += calls[kernel];
  }
  for (int step = 0; step < STEPS; step++)
    if (counted[step] != plain[step]) {
      fprintf(stderr, "step %d: loss %.9g counted, %.9g plain\n", step, counted[step], plain[step]);
      return 1;
    }
  printf("%lu calls; the losses of %d steps are the same on both\n", total, STEPS);
  return total ? 0 : 1;
}
