/* The onednn plug-in: one context's state, and what its sources share. The plug-in is a shared object of
 * its own and stands on the public headers alone. */
#ifndef XDI_BACKEND_ONEDNN_STATE_H
#define XDI_BACKEND_ONEDNN_STATE_H

#include <dnnl.h>
#include <stdbool.h>

#include <xdomain/sys/backend.h>

/* A kernel's work is cut into this many pieces, or not at all: by its shape, never by the number of
 * threads. Each piece runs on one thread of the context's runner; oneDNN's own threads stay unused. */
enum { XDI_ONEDNN_PIECES = 4 };

typedef struct xdi_convolver xdi_convolver;

struct xd_backend {
  const xd_allocator *allocator;
  const xd_runner *runner;
  const xd_backend_table *table; /* of the built-in backend that does all the rest */
  xd_backend *behind;            /* its state */
  dnnl_engine_t engine;
  dnnl_stream_t streams[XDI_ONEDNN_PIECES];
  xdi_convolver *convolvers; /* one for each geometry met so far */
  char detail[64];
};

/* Cells [first, first + count) of `total` that piece `index` of `pieces` has. */
typedef struct xdi_onednn_span {
  uint32_t first, count;
} xdi_onednn_span;

xdi_onednn_span xdi_onednn_range(uint32_t total, uint32_t step, uint32_t index, uint32_t pieces);
uint32_t xdi_onednn_pieces(double multiplications, uint32_t total, uint32_t step);
xd_status xdi_onednn_status(dnnl_status_t status);
float *xdi_onednn_host(xd_slice slice); /* NULL where absent */

/* Runs task(argument, piece) for each piece, oneDNN held to the thread it is called on. */
typedef struct xdi_pieces {
  void (*task)(void *argument, uint32_t piece);
  void *argument;
} xdi_pieces;
xd_status xdi_onednn_run(xd_backend *backend, const xdi_pieces *work, uint32_t pieces);

/* y[rows][columns], rows `stride` apart: y = f(y + bias); bias may be NULL. False: f is not done, for it
 * is left to the backend behind (xdi_onednn_activate). */
bool xdi_onednn_finish(float *y, size_t rows, uint32_t columns, size_t stride, const float *bias,
                       xd_activation activation);
bool xdi_onednn_finishes(xd_activation activation);
/* dx *= f'(x), both with rows `stride` apart. */
void xdi_onednn_derive(float *dx, const float *x, size_t rows, uint32_t columns, size_t stride,
                       xd_activation activation);
/* sums[columns] = sum over rows of x. */
void xdi_onednn_sum_rows(float *sums, const float *x, size_t rows, uint32_t columns, size_t stride);

xd_status xdi_onednn_dense_forward(xd_backend *backend, const xd_dense *args);
xd_status xdi_onednn_dense_backward_data(xd_backend *backend, const xd_dense *args);
xd_status xdi_onednn_dense_backward_weights(xd_backend *backend, const xd_dense *args);

xd_status xdi_onednn_conv2d_forward(xd_backend *backend, const xd_convolution *args);
xd_status xdi_onednn_conv2d_backward_data(xd_backend *backend, const xd_convolution *args);
xd_status xdi_onednn_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args);
xd_status xdi_onednn_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args);
xd_status xdi_onednn_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args);
xd_status xdi_onednn_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args);

/* Convolutions (onednn_convolver.c): a primitive for one geometry, with its memory. */
typedef enum xdi_pass { XDI_PASS_FORWARD = 1, XDI_PASS_DATA = 2, XDI_PASS_WEIGHTS = 3 } xdi_pass;

/* All fields are of one size and there is no padding: compared as bytes. "source" is the side that the
 * convolution reads and "target" the one it writes, going forward. */
typedef struct xdi_onednn_sizes {
  uint32_t pass, batch;
  uint32_t source_height, source_width, source_channels;
  uint32_t target_height, target_width, target_channels;
  uint32_t kernel_height, kernel_width, stride, pad;
  uint32_t transposed; /* weights lie as [kernel][kernel][target][source] */
  uint32_t bias;       /* forward: added; weights: its gradient is wanted */
  uint32_t activation; /* forward */
} xdi_onednn_sizes;

/* What one piece works on. */
typedef struct xdi_lane {
  dnnl_memory_t source, target, packed, plain, bias, scratchpad;
  float *memory;        /* the scratchpad's */
  float *packed_memory; /* weights in the primitive's layout; of lane 0 alone unless pass is WEIGHTS */
  float *plain_memory;  /* pass WEIGHTS: gradients of this piece, and behind them those of the bias */
} xdi_lane;

struct xdi_convolver {
  xdi_convolver *next;
  xdi_onednn_sizes geometry;
  bool usable; /* false: oneDNN has nothing for this geometry */
  bool reorders;
  dnnl_primitive_t primitive, reorder;
  size_t weight_count;
  xdi_lane lanes[XDI_ONEDNN_PIECES];
};

/* The convolver for a geometry, made where there is none yet. Owned by the backend. */
xd_status xdi_onednn_convolver(xd_backend *backend, xdi_convolver **out, const xdi_onednn_sizes *geometry);
void xdi_onednn_convolvers_destroy(xd_backend *backend);

void *xdi_onednn_allocate(xd_backend *backend, size_t size); /* zero bytes too; NULL: no memory */
void xdi_onednn_release(xd_backend *backend, void *memory);

#endif
