/* Every backward kernel of the reference backend against central finite differences of its forward
 * kernel, and Adam against its closed form. The other backends are held to the reference by
 * test_backend_conformance.c. */
#include "backend_support.h"

#define TOLERANCE 1e-3 /* of the tensor's largest gradient */

static bench reference;

static void open_reference(void) {
  open_bench(&reference, xd_backend_builtin("reference"), 1);
}

static void close_reference(void) {
  close_bench(&reference);
}

/* ---- the check ---- */

/* The loss as a function of all that a problem holds; weights the outputs as the gradient seeds do. */
typedef double (*loss_function)(void *problem);

/* Compares `gradient` with (loss(x + h) - loss(x - h)) / 2h for each of the count cells of `x`. */
static void check_gradient(const char *what, loss_function loss, void *problem, xd_slice x,
                           const float *gradient, size_t count, float h) {
  float *numeric = malloc(count * sizeof *numeric);
  ck_assert_ptr_nonnull(numeric);
  for (size_t i = 0; i < count; i++) {
    float *cell = x.buffer->host + x.offset + i;
    const float value = *cell, above = value + h, below = value - h;
    *cell = above;
    const double high = loss(problem);
    *cell = below;
    const double low = loss(problem);
    *cell = value;
    numeric[i] = (float)((high - low) / ((double)above - (double)below));
  }
  ck_assert_double_gt(largest_of(numeric, count), 1e-4);
  assert_close("reference", what, gradient, numeric, count, TOLERANCE);
  free(numeric);
}

static void check_slice(const char *what, loss_function loss, void *problem, xd_slice x, xd_slice gradient,
                        size_t count, float h) {
  float *cells = malloc(count * sizeof *cells);
  ck_assert_ptr_nonnull(cells);
  read_slice(&reference, cells, gradient, count);
  check_gradient(what, loss, problem, x, cells, count, h);
  free(cells);
}

static double weighted_sum(xd_slice values, xd_slice weights, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++)
    sum += (double)values.buffer->host[values.offset + i] * (double)weights.buffer->host[weights.offset + i];
  return sum;
}

/* Numbers of magnitude [0.2, 1), so that no step crosses the kink of a rectifier. */
static xd_slice kink_free_slice(uint64_t seed, size_t count) {
  float *numbers = make_numbers(seed, count, -0.8f, 0.8f);
  for (size_t i = 0; i < count; i++)
    numbers[i] += numbers[i] < 0.0f ? -0.2f : 0.2f;
  const xd_slice slice = make_slice(&reference, numbers, count);
  free(numbers);
  return slice;
}

/* ---- products: loss = sum c * f(product(g(x0)) + bias), g the previous layer's activation ---- */

typedef struct product_problem {
  xd_dense dense;
  xd_convolution convolution;
  int kind; /* 0 dense, 1 conv2d, 2 conv_transpose2d */
  size_t x_count, y_count, weight_count, bias_count;
  xd_activation activation, x_activation;
  xd_slice x0, x, weights, bias, y, c, dy, dx, dweights, dbias;
} product_problem;

static double product_loss(void *argument) {
  product_problem *p = argument;
  BENCH_CALL(&reference, activation_forward, p->x_activation, p->x0, p->x, p->x_count);
  if (p->kind == 0)
    BENCH_CALL(&reference, dense_forward, &p->dense);
  else if (p->kind == 1)
    BENCH_CALL(&reference, conv2d_forward, &p->convolution);
  else
    BENCH_CALL(&reference, conv_transpose2d_forward, &p->convolution);
  return weighted_sum(p->y, p->c, p->y_count);
}

static void run_backward(product_problem *p) {
  BENCH_CALL(&reference, activation_backward, p->activation, p->y, p->c, p->dy, p->y_count);
  if (p->kind == 0) {
    BENCH_CALL(&reference, dense_backward_data, &p->dense);
    BENCH_CALL(&reference, dense_backward_weights, &p->dense);
  } else if (p->kind == 1) {
    BENCH_CALL(&reference, conv2d_backward_data, &p->convolution);
    BENCH_CALL(&reference, conv2d_backward_weights, &p->convolution);
  } else {
    BENCH_CALL(&reference, conv_transpose2d_backward_data, &p->convolution);
    BENCH_CALL(&reference, conv_transpose2d_backward_weights, &p->convolution);
  }
}

static void make_slices(product_problem *p) {
  p->x0 = kink_free_slice(1, p->x_count);
  p->x = empty_slice(&reference, p->x_count);
  p->weights = random_slice(&reference, 2, p->weight_count, -0.5f, 0.5f);
  p->bias = random_slice(&reference, 3, p->bias_count, -0.5f, 0.5f);
  p->y = empty_slice(&reference, p->y_count);
  p->c = random_slice(&reference, 4, p->y_count, -1.0f, 1.0f);
  p->dy = empty_slice(&reference, p->y_count);
  p->dx = empty_slice(&reference, p->x_count);
  p->dweights = empty_slice(&reference, p->weight_count);
  p->dbias = empty_slice(&reference, p->bias_count);
}

static void check_product(product_problem *p) {
  product_loss(p);
  run_backward(p);
  check_slice("dx", product_loss, p, p->x0, p->dx, p->x_count, 0.01f);
  check_slice("dweights", product_loss, p, p->weights, p->dweights, p->weight_count, 0.01f);
  check_slice("dbias", product_loss, p, p->bias, p->dbias, p->bias_count, 0.01f);
  clear_bench(&reference);
}

static void check_dense(xd_activation activation, xd_activation x_activation) {
  product_problem p = {.kind = 0, .activation = activation, .x_activation = x_activation};
  const uint32_t rows = 3, inputs = 7, outputs = 5;
  p.x_count = rows * inputs, p.y_count = rows * outputs;
  p.weight_count = inputs * outputs, p.bias_count = outputs;
  make_slices(&p);
  p.dense = (xd_dense){.rows = rows, .inputs = inputs, .outputs = outputs, .activation = activation};
  p.dense.x_activation = x_activation;
  p.dense.x = p.x, p.dense.weights = p.weights, p.dense.bias = p.bias, p.dense.y = p.y;
  p.dense.dy = p.dy, p.dense.dx = p.dx, p.dense.dweights = p.dweights, p.dense.dbias = p.dbias;
  check_product(&p);
}

static void check_convolution(int kind, xd_convolution shape, xd_activation activation,
                              xd_activation x_activation) {
  product_problem p = {.kind = kind, .activation = activation, .x_activation = x_activation};
  p.x_count = (size_t)shape.batch * shape.in_height * shape.in_width * shape.in_channels;
  p.y_count = (size_t)shape.batch * shape.out_height * shape.out_width * shape.out_channels;
  p.weight_count = (size_t)shape.kernel_height * shape.kernel_width * shape.in_channels * shape.out_channels;
  p.bias_count = shape.out_channels;
  make_slices(&p);
  shape.activation = activation, shape.x_activation = x_activation;
  shape.x = p.x, shape.weights = p.weights, shape.bias = p.bias, shape.y = p.y;
  shape.dy = p.dy, shape.dx = p.dx, shape.dweights = p.dweights, shape.dbias = p.dbias;
  p.convolution = shape;
  check_product(&p);
}

static const xd_activation smooth[] = {XD_ACTIVATION_IDENTITY, XD_ACTIVATION_SIGMOID, XD_ACTIVATION_TANH};

START_TEST(dense_backward__agrees_with_differences) {
  for (xd_activation x_activation = XD_ACTIVATION_IDENTITY; x_activation <= XD_ACTIVATION_TANH;
       x_activation++)
    check_dense(smooth[x_activation % 3], x_activation);
}
END_TEST

static const xd_convolution conv2d_shapes[] = {
    {.batch = 2,
     .in_height = 6,
     .in_width = 6,
     .in_channels = 2,
     .out_height = 3,
     .out_width = 3,
     .out_channels = 3,
     .kernel_height = 4,
     .kernel_width = 4,
     .stride = 2,
     .pad = 1},
    {.batch = 1,
     .in_height = 5,
     .in_width = 4,
     .in_channels = 1,
     .out_height = 5,
     .out_width = 4,
     .out_channels = 2,
     .kernel_height = 3,
     .kernel_width = 3,
     .stride = 1,
     .pad = 1},
    {.batch = 2,
     .in_height = 7,
     .in_width = 8,
     .in_channels = 2,
     .out_height = 3,
     .out_width = 2,
     .out_channels = 2,
     .kernel_height = 2,
     .kernel_width = 5,
     .stride = 3,
     .pad = 1},
};

START_TEST(conv2d_backward__agrees_with_differences) {
  for (size_t i = 0; i < sizeof conv2d_shapes / sizeof *conv2d_shapes; i++)
    for (xd_activation x_activation = XD_ACTIVATION_IDENTITY; x_activation <= XD_ACTIVATION_TANH;
         x_activation++)
      check_convolution(1, conv2d_shapes[i], smooth[x_activation % 3], x_activation);
}
END_TEST

static const xd_convolution transpose_shapes[] = {
    {.batch = 2,
     .in_height = 3,
     .in_width = 3,
     .in_channels = 3,
     .out_height = 6,
     .out_width = 6,
     .out_channels = 2,
     .kernel_height = 4,
     .kernel_width = 4,
     .stride = 2,
     .pad = 1},
    {.batch = 1,
     .in_height = 4,
     .in_width = 5,
     .in_channels = 2,
     .out_height = 4,
     .out_width = 5,
     .out_channels = 1,
     .kernel_height = 3,
     .kernel_width = 3,
     .stride = 1,
     .pad = 1},
    {.batch = 2,
     .in_height = 2,
     .in_width = 3,
     .in_channels = 2,
     .out_height = 6,
     .out_width = 7,
     .out_channels = 2,
     .kernel_height = 3,
     .kernel_width = 2,
     .stride = 3,
     .pad = 0},
};

START_TEST(conv_transpose2d_backward__agrees_with_differences) {
  for (size_t i = 0; i < sizeof transpose_shapes / sizeof *transpose_shapes; i++)
    for (xd_activation x_activation = XD_ACTIVATION_IDENTITY; x_activation <= XD_ACTIVATION_TANH;
         x_activation++)
      check_convolution(2, transpose_shapes[i], smooth[x_activation % 3], x_activation);
}
END_TEST

/* ---- activations ---- */

typedef struct activation_problem {
  xd_activation activation;
  xd_slice x, y, c, dx;
  size_t count;
} activation_problem;

static double activation_loss(void *argument) {
  activation_problem *p = argument;
  BENCH_CALL(&reference, activation_forward, p->activation, p->x, p->y, p->count);
  return weighted_sum(p->y, p->c, p->count);
}

START_TEST(activation_backward__agrees_with_differences) {
  activation_problem p = {.activation = (xd_activation)_i, .count = 23};
  p.x = kink_free_slice(10, p.count);
  p.y = empty_slice(&reference, p.count);
  p.c = random_slice(&reference, 11, p.count, -1.0f, 1.0f);
  p.dx = empty_slice(&reference, p.count);
  activation_loss(&p);
  BENCH_CALL(&reference, activation_backward, p.activation, p.y, p.c, p.dx, p.count);
  check_slice("dx", activation_loss, &p, p.x, p.dx, p.count, 0.005f);
}
END_TEST

/* ---- loss heads ---- */

typedef struct reconstruction_problem {
  xd_reconstruction_loss head;
  xd_slice a;
} reconstruction_problem;

static double reconstruction_value(void *argument) {
  reconstruction_problem *p = argument;
  xd_reconstruction_loss head = p->head;
  head.da = no_slice;
  BENCH_CALL(&reference, activation_forward, XD_ACTIVATION_SIGMOID, p->a, head.x_hat,
             (size_t)head.rows * head.size);
  BENCH_CALL(&reference, reconstruction_loss, &head);
  return ((double)head.pixel_weight * head.squared_error + (double)head.bernoulli_weight * head.bernoulli) /
         head.rows;
}

static void check_reconstruction(float pixel_weight, float bernoulli_weight, bool window) {
  enum { rows = 3, size = 11, count = rows * size };
  reconstruction_problem p = {.a = random_slice(&reference, 20, count, -3.0f, 3.0f)};
  p.head =
      (xd_reconstruction_loss){.rows = rows,
                               .size = size,
                               .pixel_weight = pixel_weight,
                               .bernoulli_weight = bernoulli_weight,
                               .x = random_slice(&reference, 21, count, 0.0f, 1.0f),
                               .x_hat = empty_slice(&reference, count),
                               .window = window ? random_slice(&reference, 22, size, 0.1f, 2.0f) : no_slice,
                               .da = empty_slice(&reference, count)};
  reconstruction_value(&p);
  BENCH_CALL(&reference, reconstruction_loss, &p.head);
  check_slice("da", reconstruction_value, &p, p.a, p.head.da, count, 0.01f);
  clear_bench(&reference);
}

START_TEST(reconstruction_loss__agrees_with_differences) {
  check_reconstruction(50.0f, 0.0f, false);
  check_reconstruction(0.0f, 1.0f, false);
  check_reconstruction(1.5f, 0.75f, true);
}
END_TEST

START_TEST(reconstruction_loss__stays_finite_when_saturated) {
  const float x[] = {0.0f, 1.0f}, x_hat[] = {1.0f, 0.0f};
  xd_reconstruction_loss head = {.rows = 1, .size = 2, .bernoulli_weight = 1.0f};
  head.x = make_slice(&reference, x, 2), head.x_hat = make_slice(&reference, x_hat, 2);
  BENCH_CALL(&reference, reconstruction_loss, &head);
  ck_assert(isfinite(head.bernoulli));
  ck_assert_double_gt(head.bernoulli, 20.0);
}
END_TEST

static double posterior_value(void *argument) {
  xd_posterior p = *(xd_posterior *)argument;
  const size_t cells = (size_t)p.rows * p.latent_dim;
  float dposterior[64];
  BENCH_CALL(&reference, posterior_forward, &p);
  /* The KL divergence comes from the backward kernel, whose gradient must not be disturbed. */
  read_slice(&reference, dposterior, p.dposterior, 2 * cells);
  BENCH_CALL(&reference, posterior_backward, &p);
  memcpy(p.dposterior.buffer->host + p.dposterior.offset, dposterior, 2 * cells * sizeof *dposterior);
  return weighted_sum(p.z, p.dz, cells) + (double)p.kl_weight * p.kl / p.rows;
}

START_TEST(posterior_backward__agrees_with_differences) {
  enum { rows = 3, latent_dim = 5, cells = rows * latent_dim };
  xd_posterior p = {.rows = rows, .latent_dim = latent_dim, .kl_weight = 0.7f};
  p.posterior = random_slice(&reference, 30, 2 * cells, -1.5f, 1.5f);
  p.epsilon = random_slice(&reference, 31, cells, -2.0f, 2.0f);
  p.z = empty_slice(&reference, cells);
  p.dz = random_slice(&reference, 32, cells, -1.0f, 1.0f);
  p.dposterior = empty_slice(&reference, 2 * cells);
  BENCH_CALL(&reference, posterior_forward, &p);
  BENCH_CALL(&reference, posterior_backward, &p);
  check_slice("dposterior", posterior_value, &p, p.posterior, p.dposterior, 2 * cells, 0.01f);
}
END_TEST

START_TEST(posterior_backward__kl_is_zero_for_the_prior) {
  const float zeros[8] = {0};
  xd_posterior p = {.rows = 2, .latent_dim = 2, .kl_weight = 1.0f};
  float dposterior[8];
  p.posterior = make_slice(&reference, zeros, 8), p.epsilon = make_slice(&reference, zeros, 4);
  p.dz = make_slice(&reference, zeros, 4), p.dposterior = empty_slice(&reference, 8);
  BENCH_CALL(&reference, posterior_backward, &p);
  read_slice(&reference, dposterior, p.dposterior, 8);
  ck_assert_double_eq(p.kl, 0.0);
  for (int i = 0; i < 8; i++)
    ck_assert_float_eq(dposterior[i], 0.0f);
}
END_TEST

static double logistic_value(void *argument) {
  xd_logistic_loss head = *(xd_logistic_loss *)argument;
  head.dlogits = no_slice;
  BENCH_CALL(&reference, logistic_loss, &head);
  return (double)head.weight * head.loss / head.rows;
}

START_TEST(logistic_loss__agrees_with_differences) {
  xd_logistic_loss head = {.rows = 13, .sign = _i ? -1.0f : 1.0f, .weight = 0.6f};
  head.logits = random_slice(&reference, 40, 13, -4.0f, 4.0f);
  head.dlogits = empty_slice(&reference, 13);
  BENCH_CALL(&reference, logistic_loss, &head);
  check_slice("dlogits", logistic_value, &head, head.logits, head.dlogits, 13, 0.02f);
}
END_TEST

START_TEST(logistic_loss__is_linear_far_on_the_wrong_side) {
  const float logits[] = {-500.0f, 500.0f, 0.0f};
  float dlogits[3];
  xd_logistic_loss head = {.rows = 3, .sign = 1.0f, .weight = 3.0f};
  head.logits = make_slice(&reference, logits, 3), head.dlogits = empty_slice(&reference, 3);
  BENCH_CALL(&reference, logistic_loss, &head);
  read_slice(&reference, dlogits, head.dlogits, 3);
  assert_number_close("reference", "loss", head.loss, 500.0 + log(2.0), 1e-12);
  ck_assert_float_eq(dlogits[0], -1.0f);
  ck_assert_float_eq_tol(dlogits[1], 0.0f, 1e-30f);
  ck_assert_float_eq(dlogits[2], -0.5f);
}
END_TEST

static double squared_value(void *argument) {
  xd_squared_distance head = *(xd_squared_distance *)argument;
  head.da = no_slice;
  BENCH_CALL(&reference, squared_distance, &head);
  return (double)head.weight * head.loss / ((double)head.rows * head.columns);
}

START_TEST(squared_distance__agrees_with_differences_and_adds) {
  enum { rows = 3, columns = 4, a_stride = 6, b_stride = 5, da_stride = 4 };
  xd_squared_distance head = {rows, columns,  a_stride, b_stride, da_stride,
                              1.3f, no_slice, no_slice, no_slice, 0};
  float before[rows * da_stride], after[rows * da_stride], gradient[rows * columns];
  head.a = random_slice(&reference, 50, rows * a_stride, -1.0f, 1.0f);
  head.b = random_slice(&reference, 51, rows * b_stride, -1.0f, 1.0f);
  head.da = random_slice(&reference, 52, rows * da_stride, -1.0f, 1.0f);
  read_slice(&reference, before, head.da, rows * da_stride);
  BENCH_CALL(&reference, squared_distance, &head);
  read_slice(&reference, after, head.da, rows * da_stride);
  for (int i = 0; i < rows * columns; i++)
    gradient[i] = after[i] - before[i];
  for (size_t row = 0; row < rows; row++)
    check_gradient("da", squared_value, &head, (xd_slice){head.a.buffer, head.a.offset + row * a_stride},
                   gradient + row * columns, columns, 0.02f);
}
END_TEST

static double cross_entropy_value(void *argument) {
  xd_cross_entropy head = *(xd_cross_entropy *)argument;
  head.dlogits = no_slice;
  BENCH_CALL(&reference, cross_entropy, &head);
  return head.loss / head.rows;
}

START_TEST(cross_entropy__agrees_with_differences) {
  enum { rows = 4, classes = 6 };
  const uint32_t labels[rows] = {0, 5, 2, 2};
  xd_cross_entropy head = {.rows = rows, .classes = classes, .label_smoothing = _i ? 0.1f : 0.0f};
  head.labels = labels;
  head.logits = random_slice(&reference, 60, rows * classes, -3.0f, 3.0f);
  head.dlogits = empty_slice(&reference, rows * classes);
  BENCH_CALL(&reference, cross_entropy, &head);
  check_slice("dlogits", cross_entropy_value, &head, head.logits, head.dlogits, rows * classes, 0.02f);
}
END_TEST

START_TEST(cross_entropy__counts_the_correct_and_refuses_a_wrong_label) {
  const float logits[] = {1.0f, 3.0f, 2.0f, 900.0f, -900.0f, 0.0f};
  uint32_t labels[] = {1, 1};
  xd_cross_entropy head = {.rows = 2, .classes = 3, .labels = labels};
  head.logits = make_slice(&reference, logits, 6);
  BENCH_CALL(&reference, cross_entropy, &head);
  ck_assert_uint_eq(head.correct, 1);
  const float equal[] = {2.0f, 2.0f, 2.0f, 0.0f, 5.0f, 5.0f};
  xd_cross_entropy first = {.rows = 2, .classes = 3, .labels = (const uint32_t[]){0, 1}};
  first.logits = make_slice(&reference, equal, 6);
  BENCH_CALL(&reference, cross_entropy, &first);
  ck_assert_uint_eq(first.correct, 2);
  assert_number_close("reference", "loss", head.loss, 1800.0 + log(1.0 + exp(-1.0) + exp(-2.0)), 1e-6);
  labels[0] = 3;
  assert_status(reference.table.cross_entropy(reference.backend, &head), XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

/* ---- spectral norm ---- */

typedef struct spectral_problem {
  xd_spectral_norm norm;
  xd_slice c;
} spectral_problem;

static double spectral_value(void *argument) {
  spectral_problem *p = argument;
  BENCH_CALL(&reference, spectral_norm_forward, &p->norm, 1);
  return weighted_sum(p->norm.weights, p->c, (size_t)p->norm.rows * p->norm.columns) / p->norm.sigma;
}

START_TEST(spectral_norm_backward__agrees_with_differences) {
  enum { rows = 6, columns = 4, count = rows * columns };
  spectral_problem p = {.norm = {.rows = rows, .columns = columns, .iterations = 2}};
  float gradients[count];
  p.norm.weights = random_slice(&reference, 70, count, -0.3f, 1.0f);
  p.norm.u = random_slice(&reference, 71, rows, -1.0f, 1.0f);
  p.norm.v = random_slice(&reference, 72, columns, -1.0f, 1.0f);
  p.c = random_slice(&reference, 73, count, -0.3f, 1.0f);
  p.norm.gradients = random_slice(&reference, 73, count, -0.3f, 1.0f);
  BENCH_CALL(&reference, spectral_norm_forward, &p.norm, 1);
  BENCH_CALL(&reference, spectral_norm_backward, &p.norm, 1);
  read_slice(&reference, gradients, p.norm.gradients, count);
  p.norm.iterations = 0; /* u and v are constants of the gradient */
  check_gradient("gradients", spectral_value, &p, p.norm.weights, gradients, count, 0.01f);
}
END_TEST

START_TEST(spectral_norm_forward__finds_the_largest_singular_value) {
  const float weights[] = {3.0f, 0.0f, 0.0f, 0.0f, 5.0f, 0.0f}; /* 2 x 3, singular values 5 and 3 */
  const float v[] = {1.0f, 1.0f, 1.0f};
  xd_spectral_norm norm = {.rows = 2, .columns = 3, .iterations = 40};
  norm.weights = make_slice(&reference, weights, 6);
  norm.u = empty_slice(&reference, 2), norm.v = make_slice(&reference, v, 3);
  BENCH_CALL(&reference, spectral_norm_forward, &norm, 1);
  assert_number_close("reference", "sigma", norm.sigma, 5.0, 1e-6);
}
END_TEST

START_TEST(spectral_norm_forward__refuses_a_matrix_of_zeros) {
  const float zeros[4] = {0}, ones[2] = {1.0f, 1.0f};
  xd_spectral_norm norm = {.rows = 2, .columns = 2, .iterations = 1};
  norm.weights = make_slice(&reference, zeros, 4);
  norm.u = make_slice(&reference, ones, 2), norm.v = make_slice(&reference, ones, 2);
  assert_status(reference.table.spectral_norm_forward(reference.backend, &norm, 1), XD_ERROR_NUMERIC);
}
END_TEST

/* ---- dropout ---- */

START_TEST(dropout__draws_the_stream_of_uniform_numbers) {
  enum { count = 37 };
  float from[count], to[count];
  const uint64_t seed = UINT64_C(0xfedcba9876543210), stream = UINT64_C(0x100000002),
                 first = UINT64_C(0x3fffffffd);
  for (int i = 0; i < count; i++)
    from[i] = 1.0f + (float)i;
  const xd_slice x = make_slice(&reference, from, count), y = empty_slice(&reference, count);
  BENCH_CALL(&reference, dropout, x, y, count, 0.25f, seed, stream, first);
  read_slice(&reference, to, y, count);
  for (size_t i = 0; i < count; i++) {
    const bool dropped = xdi_random_uniform(seed, stream, first + i) < 0.25f;
    ck_assert_float_eq_tol(to[i], dropped ? 0.0f : from[i] / 0.75f, 1e-5f);
  }
}
END_TEST

/* ---- Adam ---- */

/* With a constant gradient the corrected moments are g and g^2 at every step, so a step moves a
 * parameter by rate * g / (|g| + epsilon), after decay by 1 - rate * weight_decay. */
START_TEST(adam__moves_by_the_closed_form) {
  const float start[] = {1.0f, -2.0f, 0.5f}, gradient[] = {0.25f, -4.0f, 0.0f}, zeros[3] = {0};
  double wanted[] = {1.0, -2.0, 0.5};
  float got[3];
  xd_adam adam = {.count = 3, .learning_rate = 0.01f, .beta1 = 0.9f, .beta2 = 0.99f, .epsilon = 0.125f};
  adam.weight_decay = 0.5f;
  adam.parameters = make_slice(&reference, start, 3), adam.gradients = make_slice(&reference, gradient, 3);
  adam.moment1 = make_slice(&reference, zeros, 3), adam.moment2 = make_slice(&reference, zeros, 3);
  for (int step = 1; step <= 3; step++) {
    adam.correction1 = (float)(1.0 - pow(0.9, step)), adam.correction2 = (float)(1.0 - pow(0.99, step));
    BENCH_CALL(&reference, adam, &adam);
    for (int i = 0; i < 3; i++) {
      const double g = (double)gradient[i];
      wanted[i] = wanted[i] * (1.0 - 0.01 * 0.5) - 0.01 * g / (fabs(g) + 0.125);
    }
  }
  read_slice(&reference, got, adam.parameters, 3);
  for (int i = 0; i < 3; i++)
    ck_assert_double_eq_tol((double)got[i], wanted[i], 1e-6);
  read_slice(&reference, got, adam.moment1, 3);
  ck_assert_double_eq_tol((double)got[0], 0.25 * (1.0 - 0.9 * 0.9 * 0.9), 1e-6);
  read_slice(&reference, got, adam.moment2, 3);
  ck_assert_double_eq_tol((double)got[1], 16.0 * (1.0 - 0.99 * 0.99 * 0.99), 1e-6);
}
END_TEST

static void add_checked(Suite *suite, const char *name, const TTest *test, int runs) {
  TCase *tcase = tcase_create(name);
  tcase_add_checked_fixture(tcase, open_reference, close_reference);
  tcase_add_loop_test(tcase, test, 0, runs);
  suite_add_tcase(suite, tcase);
}
#define add_runs(suite, test, runs) add_checked(suite, #test, test, runs)

static Suite *make_suite(void) {
  Suite *suite = suite_create("reference_gradients");
  add_runs(suite, dense_backward__agrees_with_differences, 1);
  add_runs(suite, conv2d_backward__agrees_with_differences, 1);
  add_runs(suite, conv_transpose2d_backward__agrees_with_differences, 1);
  add_runs(suite, activation_backward__agrees_with_differences, XD_ACTIVATION_TANH + 1);
  add_runs(suite, reconstruction_loss__agrees_with_differences, 1);
  add_runs(suite, reconstruction_loss__stays_finite_when_saturated, 1);
  add_runs(suite, posterior_backward__agrees_with_differences, 1);
  add_runs(suite, posterior_backward__kl_is_zero_for_the_prior, 1);
  add_runs(suite, logistic_loss__agrees_with_differences, 2);
  add_runs(suite, logistic_loss__is_linear_far_on_the_wrong_side, 1);
  add_runs(suite, squared_distance__agrees_with_differences_and_adds, 1);
  add_runs(suite, cross_entropy__agrees_with_differences, 2);
  add_runs(suite, cross_entropy__counts_the_correct_and_refuses_a_wrong_label, 1);
  add_runs(suite, spectral_norm_backward__agrees_with_differences, 1);
  add_runs(suite, spectral_norm_forward__finds_the_largest_singular_value, 1);
  add_runs(suite, spectral_norm_forward__refuses_a_matrix_of_zeros, 1);
  add_runs(suite, dropout__draws_the_stream_of_uniform_numbers, 1);
  add_runs(suite, adam__moves_by_the_closed_form, 1);
  return suite;
}

XD_SUITE_MAIN(make_suite)
