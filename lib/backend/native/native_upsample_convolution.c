/* Convolutions of upsampled pictures by the native backend. Each class of the output's rows and columns, even or
 * odd, sees only two of x's, so that 3 x 3 taps on the upsampled picture are the 4 x 4 taps of a transposed
 * convolution of stride 2 on x, sums of the former: along one axis
 *   taps       w0 w1 w2     ->  w2, w1 + w2, w0 + w1, w0
 *   gradients  d0 d1 d2 d3  ->  d2 + d3, d1 + d2, d0 + d1
 * That takes sixteen products for thirty-six, before minimal filtering, and no upsampled picture. */
#include <string.h>

#include "backend/native/native_slots.h"

#define KERNEL 3
#define TAPS 4

/* The taps w that make up tap i: begin <= w < end. */
static const struct part { size_t begin, end; } parts[TAPS] = {{2, 3}, {1, 3}, {0, 2}, {0, 1}};

/* The same convolution with taps of its own, which lie in the backend's derived block;
 * none where they are prepared. */
static xd_status derive(xd_backend *backend, const xd_convolution *args, xd_buffer *taps,
                        xd_convolution *out) {
  const size_t area = (size_t)args->in_channels * args->out_channels;
  const size_t count = args->prepared ? 0 : TAPS * TAPS * area;
  const xd_status status =
      xdi_upsample_convolution_fits(args) ? xdi_native_derive(backend, count) : XD_ERROR_INVALID_ARGUMENT;
  *taps = (xd_buffer){.host = backend->derived.floats, .count = count};
  *out = *args;
  out->kernel_height = out->kernel_width = TAPS;
  out->stride = 2;
  out->pad = 1;
  return status;
}

static void sum_taps(const xd_backend *backend, float *to, const xd_convolution *args) {
  const size_t area = (size_t)args->in_channels * args->out_channels;
  const float *weights = xdi_slice_host(args->weights);
  for (size_t i = 0; i < TAPS * TAPS; i++, to += area) {
    const struct part rows = parts[i / TAPS], columns = parts[i % TAPS];
    memcpy(to, weights + (rows.begin * KERNEL + columns.begin) * area, area * sizeof *to);
    for (size_t row = rows.begin; row < rows.end; row++)
      for (size_t column = columns.begin; column < columns.end; column++)
        if (row != rows.begin || column != columns.begin)
          backend->kernels->add_cells(to, to, weights + (row * KERNEL + column) * area, 1.0f, area);
  }
}

static void sum_gradients(const xd_backend *backend, const xd_convolution *args, const float *from) {
  const size_t area = (size_t)args->in_channels * args->out_channels;
  float *to = xdi_slice_host(args->dweights);
  for (size_t tap = 0; tap < KERNEL * KERNEL; tap++, to += area) {
    const size_t row = KERNEL - 1 - tap / KERNEL, column = KERNEL - 1 - tap % KERNEL;
    const float *first = from + (row * TAPS + column) * area, *second = first + TAPS * area;
    backend->kernels->add_cells(to, first, first + area, 1.0f, area);
    backend->kernels->add_cells(to, to, second, 1.0f, area);
    backend->kernels->add_cells(to, to, second + area, 1.0f, area);
  }
}

xd_status xdi_native_upsample_conv2d_prepare(xd_backend *backend, xd_prepared **out,
                                             const xd_convolution *args) {
  xd_buffer taps;
  xd_convolution other;
  *out = NULL;
  const xd_status status = derive(backend, args, &taps, &other);
  if (status != XD_OK)
    return status;
  sum_taps(backend, taps.host, args);
  other.weights = (xd_slice){&taps, 0};
  return xdi_native_conv_transpose2d_prepare(backend, out, &other);
}

xd_status xdi_native_upsample_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  xd_buffer taps;
  xd_convolution other;
  const xd_status status = derive(backend, args, &taps, &other);
  if (status != XD_OK)
    return status;
  if (!args->prepared)
    sum_taps(backend, taps.host, args);
  other.weights = (xd_slice){&taps, 0};
  return xdi_native_conv_transpose2d_forward(backend, &other);
}

xd_status xdi_native_upsample_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  xd_buffer taps;
  xd_convolution other;
  const xd_status status = derive(backend, args, &taps, &other);
  if (status != XD_OK)
    return status;
  sum_taps(backend, taps.host, args);
  other.weights = (xd_slice){&taps, 0};
  return xdi_native_conv_transpose2d_backward_data(backend, &other);
}

xd_status xdi_native_upsample_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  xd_buffer taps;
  xd_convolution other;
  xd_status status = derive(backend, args, &taps, &other);
  if (status != XD_OK)
    return status;
  other.dweights = (xd_slice){&taps, 0};
  status = xdi_native_conv_transpose2d_backward_weights(backend, &other);
  if (status == XD_OK)
    sum_gradients(backend, args, taps.host);
  return status;
}
