/* The heavy kernels at the recipe's shapes, called through a context's own table. Operations are counted
 * as taps: 2 for each product, those with cells outside the picture too. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind { DENSE, CONV2D, CONV_TRANSPOSE2D } kind;

typedef struct shape {
  const char *name;
  kind kind;
  uint32_t batch;
  uint32_t in_side, in_channels, out_side, out_channels; /* dense: sides 1 */
  xd_activation activation, x_activation;
} shape;

static const shape shapes[] = {
    {"conv1", CONV2D, 128, 28, 1, 14, 32, XD_ACTIVATION_RELU, XD_ACTIVATION_IDENTITY},
    {"conv2", CONV2D, 128, 14, 32, 7, 64, XD_ACTIVATION_RELU, XD_ACTIVATION_RELU},
    {"dense_encoder", DENSE, 128, 1, 3136, 1, 256, XD_ACTIVATION_RELU, XD_ACTIVATION_RELU},
    {"dense_decoder", DENSE, 128, 1, 256, 1, 3136, XD_ACTIVATION_RELU, XD_ACTIVATION_RELU},
    {"conv_transpose1", CONV_TRANSPOSE2D, 128, 7, 64, 14, 32, XD_ACTIVATION_RELU, XD_ACTIVATION_RELU},
    {"conv_transpose2", CONV_TRANSPOSE2D, 128, 14, 32, 28, 1, XD_ACTIVATION_SIGMOID, XD_ACTIVATION_RELU},
    {"dense_mapping", DENSE, 512, 1, 256, 1, 256, XD_ACTIVATION_LEAKY_RELU, XD_ACTIVATION_LEAKY_RELU},
};

enum { KERNEL_SIDE = 4, STRIDE = 2, PAD = 1, BUFFERS = 8 };

/* A kernel's buffers and its call. */
typedef struct call {
  const xd_backend_table *table;
  xd_backend *backend;
  xd_dense dense;
  xd_convolution convolution;
  xd_buffer *buffers[BUFFERS];
  int buffer_count;
  xd_status (*run_dense)(xd_backend *backend, const xd_dense *args);
  xd_status (*run_convolution)(xd_backend *backend, const xd_convolution *args);
  double operations;
} call;

static xd_slice make_slice(xd_context *context, call *c, size_t count) {
  xd_slice slice = {NULL, 0};
  float *numbers = make_numbers(count);
  must(context, c->table->buffer_create(c->backend, &slice.buffer, count), "buffer");
  must(context, c->table->buffer_write(c->backend, slice, numbers, count), "buffer");
  c->buffers[c->buffer_count++] = slice.buffer;
  free(numbers);
  return slice;
}

static void fill_dense(xd_context *context, call *c, const shape *s) {
  const size_t x = (size_t)s->batch * s->in_channels, y = (size_t)s->batch * s->out_channels;
  const size_t weights = (size_t)s->in_channels * s->out_channels;
  xd_dense *d = &c->dense;
  *d = (xd_dense){.rows = s->batch,
                  .inputs = s->in_channels,
                  .outputs = s->out_channels,
                  .activation = s->activation,
                  .x_activation = s->x_activation};
  d->x = make_slice(context, c, x), d->dx = make_slice(context, c, x);
  d->y = make_slice(context, c, y), d->dy = make_slice(context, c, y);
  d->weights = make_slice(context, c, weights), d->dweights = make_slice(context, c, weights);
  d->bias = make_slice(context, c, s->out_channels), d->dbias = make_slice(context, c, s->out_channels);
  c->operations = 2.0 * (double)s->batch * (double)weights;
}

static void fill_convolution(xd_context *context, call *c, const shape *s) {
  const size_t x = (size_t)s->batch * s->in_side * s->in_side * s->in_channels;
  const size_t y = (size_t)s->batch * s->out_side * s->out_side * s->out_channels;
  const size_t weights = (size_t)KERNEL_SIDE * KERNEL_SIDE * s->in_channels * s->out_channels;
  const uint32_t taps_side = s->kind == CONV2D ? s->out_side : s->in_side;
  xd_convolution *v = &c->convolution;
  *v = (xd_convolution){.batch = s->batch,
                        .in_height = s->in_side,
                        .in_width = s->in_side,
                        .in_channels = s->in_channels,
                        .out_height = s->out_side,
                        .out_width = s->out_side,
                        .out_channels = s->out_channels,
                        .kernel_height = KERNEL_SIDE,
                        .kernel_width = KERNEL_SIDE,
                        .stride = STRIDE,
                        .pad = PAD,
                        .activation = s->activation,
                        .x_activation = s->x_activation};
  v->x = make_slice(context, c, x), v->dx = make_slice(context, c, x);
  v->y = make_slice(context, c, y), v->dy = make_slice(context, c, y);
  v->weights = make_slice(context, c, weights), v->dweights = make_slice(context, c, weights);
  v->bias = make_slice(context, c, s->out_channels), v->dbias = make_slice(context, c, s->out_channels);
  c->operations = 2.0 * (double)s->batch * taps_side * taps_side * (double)weights;
}

static int choose(call *c, const shape *s, const char *pass) {
  const xd_backend_table *t = c->table;
  const int index = strcmp(pass, "forward") == 0            ? 0
                    : strcmp(pass, "backward_data") == 0    ? 1
                    : strcmp(pass, "backward_weights") == 0 ? 2
                                                            : -1;
  if (index < 0)
    return 0;
  if (s->kind == DENSE) {
    xd_status (*const dense[])(xd_backend *, const xd_dense *) = {t->dense_forward, t->dense_backward_data,
                                                                  t->dense_backward_weights};
    c->run_dense = dense[index];
    return 1;
  }
  xd_status (*const convolutions[])(xd_backend *, const xd_convolution *) = {
      t->conv2d_forward,           t->conv2d_backward_data,           t->conv2d_backward_weights,
      t->conv_transpose2d_forward, t->conv_transpose2d_backward_data, t->conv_transpose2d_backward_weights};
  c->run_convolution = convolutions[index + (s->kind == CONV2D ? 0 : 3)];
  return 1;
}

static void run(xd_context *context, call *c) {
  must(context,
       c->run_dense ? c->run_dense(c->backend, &c->dense) : c->run_convolution(c->backend, &c->convolution),
       "kernel");
}

double measure_kernel(xd_context *context, const char *kernel, const char *pass, double seconds) {
  const shape *s = NULL;
  call c = {0};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    if (strcmp(shapes[i].name, kernel) == 0)
      s = &shapes[i];
  c.table = xd_context_backend(context, &c.backend);
  if (!s || !choose(&c, s, pass)) {
    fprintf(stderr, "bench: no kernel %s %s\n", kernel, pass);
    exit(2);
  }
  (s->kind == DENSE ? fill_dense : fill_convolution)(context, &c, s);
  for (int i = 0; i < 3; i++)
    run(context, &c);
  double calls = 0.0, spent = 0.0;
  const double begun = seconds_now();
  do {
    run(context, &c);
    calls++;
    spent = seconds_now() - begun;
  } while (spent < seconds);
  for (int i = 0; i < c.buffer_count; i++)
    c.table->buffer_destroy(c.backend, c.buffers[i]);
  return calls * c.operations * 1e-9 / spent;
}
