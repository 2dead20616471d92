/* How work is cut and run, and the sweeps over what a product or a convolution has just written. */
#include "backend/onednn/onednn_state.h"

/* Of the OpenMP library that oneDNN was built with: the number is the calling thread's own. */
extern void omp_set_num_threads(int count);
extern int omp_get_max_threads(void);

#define WORTH_CUTTING 4e6 /* multiplications */

/* ---- Pieces ---- */

uint32_t xdi_onednn_pieces(double multiplications, uint32_t total, uint32_t step) {
  return multiplications >= WORTH_CUTTING && total / step >= XDI_ONEDNN_PIECES ? XDI_ONEDNN_PIECES : 1;
}

xdi_onednn_span xdi_onednn_range(uint32_t total, uint32_t step, uint32_t index, uint32_t pieces) {
  const uint64_t steps = total / step;
  const uint32_t first = (uint32_t)(steps * index / pieces) * step;
  const uint32_t next = index + 1 == pieces ? total : (uint32_t)(steps * (index + 1) / pieces) * step;
  return (xdi_onednn_span){first, next - first};
}

/* OpenMP's setting is the caller's to keep, whatever thread the runner calls on. */
static void run_alone(void *argument, uint32_t piece) {
  const xdi_pieces *work = argument;
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  work->task(work->argument, piece);
  omp_set_num_threads(before);
}

xd_status xdi_onednn_run(xd_backend *backend, const xdi_pieces *work, uint32_t pieces) {
  xdi_pieces copy = *work;
  if (pieces == 1) {
    run_alone(&copy, 0);
    return XD_OK;
  }
  return backend->runner->run(backend->runner->user, run_alone, &copy, pieces) == 0 ? XD_OK
                                                                                    : XD_ERROR_INTERNAL;
}

xd_status xdi_onednn_status(dnnl_status_t status) {
  if (status == dnnl_success)
    return XD_OK;
  return status == dnnl_out_of_memory ? XD_ERROR_OUT_OF_MEMORY : XD_ERROR_INTERNAL;
}

float *xdi_onednn_host(xd_slice slice) {
  return slice.buffer ? slice.buffer->host + slice.offset : NULL;
}

/* ---- Sweeps ---- */

bool xdi_onednn_finishes(xd_activation activation) {
  return activation != XD_ACTIVATION_SIGMOID && activation != XD_ACTIVATION_TANH;
}

static void add_row(float *restrict y, const float *restrict bias, uint32_t columns) {
  for (uint32_t i = 0; i < columns; i++)
    y[i] += bias[i];
}

/* slope 1: the identity; 0: ReLU. */
static void bend_row(float *y, uint32_t columns, float slope) {
  for (uint32_t i = 0; i < columns; i++)
    y[i] = y[i] > 0.0f ? y[i] : slope * y[i];
}

static void add_and_bend_row(float *restrict y, const float *restrict bias, uint32_t columns, float slope) {
  for (uint32_t i = 0; i < columns; i++) {
    const float a = y[i] + bias[i];
    y[i] = a > 0.0f ? a : slope * a;
  }
}

bool xdi_onednn_finish(float *y, size_t rows, uint32_t columns, size_t stride, const float *bias,
                       xd_activation activation) {
  const bool bends = activation == XD_ACTIVATION_RELU || activation == XD_ACTIVATION_LEAKY_RELU;
  const float slope = activation == XD_ACTIVATION_RELU ? 0.0f : 0.2f;
  for (size_t row = 0; row < rows && (bias || bends); row++, y += stride) {
    if (bias && bends)
      add_and_bend_row(y, bias, columns, slope);
    else if (bias)
      add_row(y, bias, columns);
    else
      bend_row(y, columns, slope);
  }
  return xdi_onednn_finishes(activation);
}

static void derive_row(float *restrict dx, const float *restrict x, uint32_t columns,
                       xd_activation activation) {
  if (activation == XD_ACTIVATION_RELU)
    for (uint32_t i = 0; i < columns; i++)
      dx[i] = x[i] > 0.0f ? dx[i] : 0.0f;
  else if (activation == XD_ACTIVATION_LEAKY_RELU)
    for (uint32_t i = 0; i < columns; i++)
      dx[i] = x[i] > 0.0f ? dx[i] : 0.2f * dx[i];
  else if (activation == XD_ACTIVATION_SIGMOID)
    for (uint32_t i = 0; i < columns; i++)
      dx[i] *= x[i] * (1.0f - x[i]);
  else
    for (uint32_t i = 0; i < columns; i++)
      dx[i] *= 1.0f - x[i] * x[i];
}

void xdi_onednn_derive(float *dx, const float *x, size_t rows, uint32_t columns, size_t stride,
                       xd_activation activation) {
  if (activation != XD_ACTIVATION_IDENTITY)
    for (size_t row = 0; row < rows; row++)
      derive_row(dx + row * stride, x + row * stride, columns, activation);
}

void xdi_onednn_sum_rows(float *sums, const float *x, size_t rows, uint32_t columns, size_t stride) {
  enum { BLOCK = 64 };
  for (uint32_t first = 0; first < columns; first += BLOCK) {
    const uint32_t width = columns - first < BLOCK ? columns - first : BLOCK;
    float block[BLOCK] = {0};
    double total[BLOCK] = {0};
    for (size_t row = 0; row < rows; row++) {
      add_row(block, x + row * stride + first, width);
      if (row % 64 == 63 || row + 1 == rows) /* long sums in double */
        for (uint32_t i = 0; i < width; i++) {
          total[i] += (double)block[i];
          block[i] = 0.0f;
        }
    }
    for (uint32_t i = 0; i < width; i++)
      sums[first + i] = (float)total[i];
  }
}
