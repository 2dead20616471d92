/* libxdomain, sys: the backend table, for those who plug in compute kernels.
 *
 * Outside the promise (docs/abi.md): the table has its own version
 * (XD_BACKEND_TABLE_VERSION), which may change with a minor release; a table of
 * another version is refused with a message, never called.
 *
 * A backend is a table of kernels that work on its own buffers. Kernels stand at
 * the level at which work is worth fusing: a product with its bias and activation,
 * a loss with its gradient, the optimiser's sweep. A NULL kernel slot means the
 * reference kernel, which needs buffers that the host can see (xd_buffer.host not
 * NULL); a backend whose buffers it cannot see must fill every slot.
 *
 * Layout: everything is float32, and sizes stand in the order of memory. Pictures are
 * [batch][height][width][channels], codes [batch][latent_dim], dense weights
 * [inputs][outputs], convolution weights
 * [kernel_height][kernel_width][in_channels][out_channels] (both for conv2d and for
 * conv_transpose2d; in and out as the layer sees them going forward).
 *
 * Gradients: a layer's backward kernels receive `dy`, the loss's gradient BEFORE
 * the layer's own activation, and hand on `dx`, the gradient before the previous
 * layer's activation: they multiply by that activation's derivative, which all
 * activations here give from their output `x`. So no pass over the data is spent
 * on activations alone. Gradients are overwritten, not accumulated.
 *
 * Determinism: a kernel's result may depend on the shapes and the processor type,
 * never on the number of threads. Kernels return XD_OK or an error; they set no
 * message, the caller does. Slices of one call never overlap unless the slot says
 * they may be the same. Kernels allocate nothing after they have seen their largest
 * shape: scratch memory is the backend's own and only grows. */
#ifndef XDOMAIN_SYS_BACKEND_H
#define XDOMAIN_SYS_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include "../context.h"
#include "../export.h"
#include "../status.h"

XD_BEGIN_DECLS

/* What a table's table_version must be. */
#define XD_BACKEND_TABLE_VERSION 5u

/* One backend's private state for one context. */
typedef struct xd_backend xd_backend;

/* A backend's memory. A backend may put this struct first in a larger one. */
typedef struct xd_buffer {
  /* 64-byte aligned memory the host can see, or NULL */
  float *host;
  /* floats */
  size_t count;
} xd_buffer;

/* A place in a buffer; offset in floats. buffer NULL: absent, where a slot allows it. The only
 * struct that the interface passes by value: a pointer and a size_t, for which every C ABI states
 * the registers or memory, so that neither compiler nor flags matter. It stays these two words. */
typedef struct xd_slice {
  xd_buffer *buffer;
  size_t offset;
} xd_slice;

/* y = f(a). The numbers are stored in model files. */
typedef uint32_t xd_activation;
enum {
  XD_ACTIVATION_IDENTITY = 0,
  XD_ACTIVATION_RELU = 1,
  XD_ACTIVATION_LEAKY_RELU = 2, /* slope 0.2 below zero */
  XD_ACTIVATION_SIGMOID = 3,
  XD_ACTIVATION_TANH = 4
};

/* What a context lends its backend. The pointers stay valid until `close`. */
typedef struct xd_backend_host {
  /* never NULL */
  const xd_allocator *allocator;
  /* never NULL */
  const xd_runner *runner;
  /* never NULL; takes log_user */
  void (*log)(void *user, xd_log_level level, const char *message);
  void *log_user;
} xd_backend_host;

/* Weights rearranged once for many calls (inference). Made by `prepare`. */
typedef struct xd_prepared xd_prepared;

/* y[rows][outputs] = f(x[rows][inputs] weights + bias). Of a layer with spectral normalisation the
 * weights count as weights / sigma, in forward and backward_data; dweights is then the gradient of
 * weights / sigma. */
typedef struct xd_dense {
  uint32_t rows, inputs, outputs;
  /* 0: the weights as they are */
  float sigma;
  /* forward: of y */
  xd_activation activation;
  /* backward_data: of x */
  xd_activation x_activation;
  /* forward, backward_weights; backward_data if x_activation is not identity */
  xd_slice x;
  /* [inputs][outputs]; forward, backward_data */
  xd_slice weights;
  /* [outputs], may be absent; forward */
  xd_slice bias;
  /* forward: out */
  xd_slice y;
  /* backward: [rows][outputs], before y's activation */
  xd_slice dy;
  /* backward_data: out, before x's activation */
  xd_slice dx;
  /* backward_weights: out */
  xd_slice dweights;
  /* backward_weights: out, may be absent */
  xd_slice dbias;
  /* forward: instead of packing `weights`; may be NULL */
  const xd_prepared *prepared;
} xd_dense;

/* conv2d: y[oy][ox] = f(sum over ky,kx of x[oy*stride + ky - pad][ox*stride + kx - pad] W[ky][kx] +
 * bias), x zero outside. conv_transpose2d: its adjoint with the roles of x and y exchanged:
 * y[iy*stride + ky - pad][ix*stride + kx - pad] += x[iy][ix] W[ky][kx], then bias and f.
 * The output size is given, not derived: cells that no tap reaches hold f(bias).
 * upsample_conv2d: a conv2d of kernel 3, stride 1 and pad 1 of x upsampled as in xd_upsample to
 * twice its size; the last row or column of outputs is left out where an output's side is odd. */
typedef struct xd_convolution {
  /* sizes as the layer sees them going forward */
  uint32_t batch;
  uint32_t in_height, in_width, in_channels;
  uint32_t out_height, out_width, out_channels;
  uint32_t kernel_height, kernel_width, stride, pad;
  /* as in xd_dense */
  xd_activation activation, x_activation;
  /* as in xd_dense */
  xd_slice x, weights, bias, y, dy, dx, dweights, dbias;
  const xd_prepared *prepared;
} xd_convolution;

/* Reconstruction head on a decoder's output x_hat = sigmoid(a):
 * per picture  L = pixel_weight * sum w (x - x_hat)^2    (likelihood Gaussian and pixel cost)
 *                + bernoulli_weight * sum w (-x log x_hat - (1-x) log(1-x_hat))
 * da = dL/da / rows. The sums over rows are reported unweighted by the two weights;
 * w = window[size] where given, else 1. Logarithms of the Bernoulli term end at -100, so that a
 * saturated x_hat of 0 or 1 keeps it finite. */
typedef struct xd_reconstruction_loss {
  uint32_t rows, size;
  float pixel_weight, bernoulli_weight;
  xd_slice x, x_hat;
  /* [size], may be absent */
  xd_slice window;
  /* out: before the sigmoid; may be absent (loss only) */
  xd_slice da;
  /* out: sum over rows and cells of w (x - x_hat)^2 */
  double squared_error;
  /* out: the same of the Bernoulli term; 0 if its weight is 0 */
  double bernoulli;
} xd_reconstruction_loss;

/* The VAE's code. posterior[rows][2*latent_dim] holds [mean | log variance] a row.
 * forward:  z = mean + exp(log_variance / 2) * epsilon.
 * backward: dposterior from dz and the KL divergence from N(0, I), weighted,
 *           KL = sum (exp(lv) + mean^2 - 1 - lv) / 2, gradient divided by rows. */
typedef struct xd_posterior {
  uint32_t rows, latent_dim;
  /* what KL counts */
  float kl_weight;
  xd_slice posterior, epsilon;
  /* forward: out */
  xd_slice z;
  /* backward; already divided by rows */
  xd_slice dz;
  /* backward: out */
  xd_slice dposterior;
  /* backward: out, sum over rows, unweighted */
  double kl;
} xd_posterior;

/* Discriminator head: L = weight/rows * sum softplus(-sign * logit); softplus(-D) is
 * -log sigmoid(D), softplus(D) is -log(1 - sigmoid(D)). */
typedef struct xd_logistic_loss {
  uint32_t rows;
  float sign, weight;
  /* [rows] */
  xd_slice logits;
  /* out: [rows], may be absent */
  xd_slice dlogits;
  /* out: sum over rows, unweighted */
  double loss;
} xd_logistic_loss;

/* da += weight * 2 (a - b) / count, loss = sum (a - b)^2 over count = rows * columns cells;
 * a, b and da have row strides of their own (in floats). */
typedef struct xd_squared_distance {
  uint32_t rows, columns;
  /* the row strides */
  uint32_t a_stride, b_stride, da_stride;
  float weight;
  xd_slice a, b;
  /* in and out, may be absent */
  xd_slice da;
  /* out: sum, unweighted */
  double loss;
} xd_squared_distance;

/* The judge's head. labels are host memory; one that is not below classes gives
 * XD_ERROR_INVALID_ARGUMENT. The target is t = (1 - label_smoothing) onehot + label_smoothing /
 * classes, the loss - sum t log softmax, dlogits = (softmax - t) / rows. */
typedef struct xd_cross_entropy {
  uint32_t rows, classes;
  /* in [0, 1) */
  float label_smoothing;
  const uint32_t *labels;
  xd_slice logits;
  /* out, may be absent */
  xd_slice dlogits;
  /* out: sum over rows */
  double loss;
  /* out: rows whose largest logit is the label's */
  uint32_t correct;
} xd_cross_entropy;

/* Adam (Kingma and Ba 2015) with decoupled weight decay, over one contiguous block. */
typedef struct xd_adam {
  /* floats in each slice */
  size_t count;
  /* the step's numbers */
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  /* 1 - beta^t */
  float correction1, correction2;
  xd_slice parameters, gradients, moment1, moment2;
} xd_adam;

/* Spectral normalisation (Miyato et al. 2018) of one matrix W[rows][columns] = weights,
 * by power iteration u = W v / |W v|, v = W^T u / |W^T u|, sigma = u^T W v.
 * forward:  `iterations` steps on u[rows], v[columns] (in place), then sigma;
 *           XD_ERROR_NUMERIC where sigma is 0 or not finite.
 * backward: gradients (of W / sigma, in place) become those of W:
 *           (G - sum(G * W / sigma) u v^T) / sigma, u and v constant. */
typedef struct xd_spectral_norm {
  uint32_t rows, columns, iterations;
  xd_slice weights, u, v, gradients;
  /* forward: out; backward: in */
  double sigma;
} xd_spectral_norm;

/* Pictures normalised under a window, w(y, x) = vertical[y] * horizontal[x] (host memory, not
 * negative, not all 0):
 *   mean[c] = sum w x[c] / sum w
 *   deviation^2 = the mean over channels of sum w (x[c] - mean[c])^2 / sum w
 *   y[c] = 0.5 + 0.2 (x[c] - mean[c]) / max(deviation, 1/64), clamped to 0..1
 * Each picture by itself; x and y may be the same. Nothing is ever asked of its gradient. */
typedef struct xd_window_normalise {
  /* channels at most 4 */
  uint32_t batch, height, width, channels;
  /* [height], [width] */
  const float *vertical, *horizontal;
  xd_slice x, y;
} xd_window_normalise;

/* Group normalisation (Wu and He, arXiv 1803.08494), each picture by itself: its channels fall into
 * `groups` of channels / groups neighbours; with the mean m and the variance v of a group's cells
 *   y = f(scale[c] (x - m) / sqrt(v + epsilon) + shift[c]).
 * backward: dx through all of that, and the gradients of scale and shift, summed over the batch. */
typedef struct xd_group_norm {
  /* cells: width * height of a picture; groups divides channels */
  uint32_t batch, cells, channels, groups;
  float epsilon;
  xd_activation activation, x_activation;
  /* x: forward and backward; scale, shift: [channels] */
  xd_slice x, scale, shift;
  /* forward: out */
  xd_slice y;
  /* backward: before y's activation */
  xd_slice dy;
  /* backward: out, before x's activation; may be absent */
  xd_slice dx;
  /* backward: out, [channels]; may be absent, both together */
  xd_slice dscale, dshift;
} xd_group_norm;

/* Pictures of twice the size, each cell four times: y[oy][ox] = x[oy / 2][ox / 2]. A side of y is
 * twice that of x, or one less. backward: dx[iy][ix] = the sum of its cells' dy. */
typedef struct xd_upsample {
  /* x's and y's sizes; what x had */
  uint32_t batch, in_height, in_width, out_height, out_width, channels;
  xd_activation x_activation;
  /* backward: if x_activation is not identity */
  xd_slice x;
  /* forward: out */
  xd_slice y;
  /* backward: dx out, before x's activation */
  xd_slice dy, dx;
} xd_upsample;

/* y = f(x + other), count cells; y may be x.
 * backward: dx = dy before x_activation, dother = dy before other_activation. */
typedef struct xd_residual {
  size_t count;
  /* f is `activation`; the others are what x and other had */
  xd_activation activation, x_activation, other_activation;
  /* backward: where their activations are not identity */
  xd_slice x, other;
  /* forward: out */
  xd_slice y;
  /* backward; dx and dother are out, may be absent, and dx may be dy */
  xd_slice dy, dx, dother;
} xd_residual;

/* The kernels, each written once: kernel(name, (parameters)), a row a slot. The list makes the
 * table's fields below; a host may use it to forward, count or compare kernels. All return
 * xd_status. */
/* clang-format off */
#define XD_BACKEND_KERNELS(kernel) \
  kernel(dense_forward, (xd_backend *backend, const xd_dense *args)) \
  kernel(dense_backward_data, (xd_backend *backend, const xd_dense *args)) \
  kernel(dense_backward_weights, (xd_backend *backend, const xd_dense *args)) \
  kernel(conv2d_forward, (xd_backend *backend, const xd_convolution *args)) \
  kernel(conv2d_backward_data, (xd_backend *backend, const xd_convolution *args)) \
  kernel(conv2d_backward_weights, (xd_backend *backend, const xd_convolution *args)) \
  kernel(conv_transpose2d_forward, (xd_backend *backend, const xd_convolution *args)) \
  kernel(conv_transpose2d_backward_data, (xd_backend *backend, const xd_convolution *args)) \
  kernel(conv_transpose2d_backward_weights, (xd_backend *backend, const xd_convolution *args)) \
  /* y = f(x), count cells; x and y may be the same. */ \
  kernel(activation_forward, (xd_backend *backend, xd_activation activation, xd_slice x, \
                              xd_slice y, size_t count)) \
  /* dx = dy * f'(y) with y = f(x); dy and dx may be the same. */ \
  kernel(activation_backward, (xd_backend *backend, xd_activation activation, xd_slice y, \
                               xd_slice dy, xd_slice dx, size_t count)) \
  /* to[r][0..columns) = from[r][0..columns), with row strides in floats. */ \
  kernel(copy_columns, (xd_backend *backend, xd_slice to, uint32_t to_stride, xd_slice from, \
                        uint32_t from_stride, uint32_t rows, uint32_t columns)) \
  /* y = alpha * x + beta * y, count cells. */ \
  kernel(scale_add, (xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y, \
                     size_t count)) \
  kernel(reconstruction_loss, (xd_backend *backend, xd_reconstruction_loss *args)) \
  kernel(posterior_forward, (xd_backend *backend, const xd_posterior *args)) \
  kernel(posterior_backward, (xd_backend *backend, xd_posterior *args)) \
  kernel(logistic_loss, (xd_backend *backend, xd_logistic_loss *args)) \
  kernel(squared_distance, (xd_backend *backend, xd_squared_distance *args)) \
  kernel(cross_entropy, (xd_backend *backend, xd_cross_entropy *args)) \
  kernel(adam, (xd_backend *backend, const xd_adam *args)) \
  /* Of `count` matrices, each by itself. */ \
  kernel(spectral_norm_forward, (xd_backend *backend, xd_spectral_norm *matrices, uint32_t count)) \
  kernel(spectral_norm_backward, (xd_backend *backend, const xd_spectral_norm *matrices, \
                                  uint32_t count)) \
  /* count standard normal numbers: cell i is the i-th of the stream (seed, stream, first + i) of \
   * the library's counter-based generator, see docs/architecture.md. */ \
  kernel(random_normal, (xd_backend *backend, xd_slice to, size_t count, uint64_t seed, \
                         uint64_t stream, uint64_t first)) \
  /* Inverted dropout: to = from * mask / (1 - rate). Cell i of the mask is 0 where the uniform \
   * number first + i of (seed, stream) is below `rate`, else 1; the same call on a gradient is \
   * the backward pass. */ \
  kernel(dropout, (xd_backend *backend, xd_slice from, xd_slice to, size_t count, float rate, \
                   uint64_t seed, uint64_t stream, uint64_t first)) \
  kernel(window_normalise, (xd_backend *backend, const xd_window_normalise *args)) \
  kernel(group_norm_forward, (xd_backend *backend, const xd_group_norm *args)) \
  kernel(group_norm_backward, (xd_backend *backend, const xd_group_norm *args)) \
  kernel(upsample_forward, (xd_backend *backend, const xd_upsample *args)) \
  kernel(upsample_backward, (xd_backend *backend, const xd_upsample *args)) \
  kernel(upsample_conv2d_forward, (xd_backend *backend, const xd_convolution *args)) \
  kernel(upsample_conv2d_backward_data, (xd_backend *backend, const xd_convolution *args)) \
  kernel(upsample_conv2d_backward_weights, (xd_backend *backend, const xd_convolution *args)) \
  kernel(residual_forward, (xd_backend *backend, const xd_residual *args)) \
  kernel(residual_backward, (xd_backend *backend, const xd_residual *args))
/* clang-format on */

/* A row of the list as a field of the table. */
#define XD_BACKEND_KERNEL_FIELD(name, parameters) xd_status(*name) parameters;

/* The table. Slots marked "required" must be filled; the others may be NULL. */
typedef struct xd_backend_table {
  /* sizeof(xd_backend_table) */
  uint32_t struct_size;
  /* XD_BACKEND_TABLE_VERSION */
  uint32_t table_version;
  /* short, lower case, static */
  const char *name;

  /* Required. open: state for one context; *detail may be set to one static or
   * backend-owned line on what was chosen (valid until close). XD_ERROR_UNSUPPORTED
   * when the machine cannot. close: takes what open gave. */
  xd_status (*open)(xd_backend **out, const char **detail, const xd_backend_host *host);
  void (*close)(xd_backend *backend);

  /* Required. create: zeroed memory of count > 0 floats. write, read: count floats from
   * offset. destroy: never with NULL. */
  xd_status (*buffer_create)(xd_backend *backend, xd_buffer **out, size_t count);
  void (*buffer_destroy)(xd_backend *backend, xd_buffer *buffer);
  xd_status (*buffer_write)(xd_backend *backend, xd_slice to, const float *from, size_t count);
  xd_status (*buffer_read)(xd_backend *backend, float *to, xd_slice from, size_t count);
  /* Optional: a buffer of the host's own floats (64-byte aligned), which is only read and which the
   * host keeps until buffer_destroy. It spares inference a copy of the weights. */
  xd_status (*buffer_wrap)(xd_backend *backend, xd_buffer **out, const float *host, size_t count);

  /* Optional pair: weights for many forward calls of one geometry (activation, rows and
   * batch may differ). All other fields are as in the forward call. *out may be NULL where
   * calls of so many rows read the weights best as they are. */
  xd_status (*dense_prepare)(xd_backend *backend, xd_prepared **out, const xd_dense *args);
  xd_status (*conv2d_prepare)(xd_backend *backend, xd_prepared **out, const xd_convolution *args);
  xd_status (*conv_transpose2d_prepare)(xd_backend *backend, xd_prepared **out,
                                        const xd_convolution *args);
  xd_status (*upsample_conv2d_prepare)(xd_backend *backend, xd_prepared **out,
                                       const xd_convolution *args);
  void (*prepared_destroy)(xd_backend *backend, xd_prepared *prepared);

  /* Optional: dense_backward_data and dense_backward_weights at once, to the same bytes, where a
   * backend shares the work out better so. A table that forwards to another and wants to see the
   * two calls leaves it NULL. */
  xd_status (*dense_backward)(xd_backend *backend, const xd_dense *args);

  /* The kernels; NULL: the reference's. */
  XD_BACKEND_KERNELS(XD_BACKEND_KERNEL_FIELD)
} xd_backend_table;

/* A built-in backend's table, to forward to: by name; NULL when there is none. Every kernel slot
 * but dense_backward is filled; buffer_wrap and the prepare slots may be NULL. Static storage. */
XD_API const xd_backend_table *xd_backend_builtin(const char *name);

/* The table that a context runs on, every kernel slot filled, and in *backend its state: to call
 * kernels directly, on the context's thread. Both borrowed from the context. NULL of NULL. */
XD_API const xd_backend_table *xd_context_backend(const xd_context *context, xd_backend **backend);

/* A backend in a shared object that exports
 *   const xd_backend_table *xd_backend_plugin(void); */
typedef struct xd_backend_library xd_backend_library;

/* Opens a shared object and checks its table's version and required slots; pass
 * xd_backend_library_table(...) to xd_context_options.backends. *why, where not NULL, receives one
 * line on a failure, at most why_size bytes with the final zero, else "". The caller closes *out.
 * XD_ERROR_NOT_FOUND (no file or no symbol), XD_ERROR_VERSION_TOO_NEW, XD_ERROR_BAD_DATA (a
 * required slot is empty), XD_ERROR_UNSUPPORTED, XD_ERROR_INVALID_ARGUMENT,
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_backend_library_open(xd_backend_library **out, char *why, size_t why_size,
                                         const char *path);

/* Closes the shared object, after every context that uses its table is gone. NULL is legal. */
XD_API void xd_backend_library_close(xd_backend_library *library);

/* Its table, valid until it is closed; NULL of NULL. */
XD_API const xd_backend_table *xd_backend_library_table(const xd_backend_library *library);

XD_END_DECLS

#endif
