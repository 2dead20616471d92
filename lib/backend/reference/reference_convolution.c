/* Convolutions of the reference backend, and their adjoints.
 *
 * In the terms of backend/geometry.h the six kernels are three loops: they gather the wide cells that
 * meet a narrow one, gather the narrow cells that meet a wide one, or pair both into weights. The
 * first two exist with the weights as stored ([from][to] for each tap) and turned ([to][from]). */
#include <stdbool.h>

#include "backend/geometry.h"
#include "backend/reference/reference.h"
#include "backend/reference/reference_product.h"

/* What becomes of one output row of sums: bias and activation going forward, the slope of the
 * previous layer's activation at `x` going backward. */
typedef struct finish {
  const float *bias;
  const float *x;
  xd_activation activation;
} finish;

static finish forward_finish(const xd_convolution *args) {
  return (finish){xdi_slice_host(args->bias), NULL, args->activation};
}

static finish backward_finish(const xd_convolution *args) {
  const bool fused = args->x_activation != XD_ACTIVATION_IDENTITY;
  return (finish){NULL, fused ? xdi_slice_host(args->x) : NULL, args->x_activation};
}

static void start_row(double *sum, size_t columns, const finish *how, size_t channel) {
  for (size_t n = 0; n < columns; n++)
    sum[n] = how->bias ? (double)how->bias[channel + n] : 0.0;
}

static void finish_row(float *to, const double *sum, size_t columns, const finish *how, size_t cell) {
  if (how->x)
    xdi_finish_backward(how->activation, sum, how->x + cell, to + cell, columns);
  else
    xdi_finish_forward(how->activation, sum, to + cell, columns);
}

/* One cell of either side: its picture and its place in it. */
typedef struct cell {
  size_t picture, row, column;
} cell;

static cell cell_at(size_t index, size_t height, size_t width) {
  return (cell){index / width / height, index / width % height, index % width};
}

/* sum[n] += the taps of the narrow cell `at` on the wide side, for channels from `channel`. As stored,
 * the taps of one kernel row are one long product, for neighbouring taps meet neighbouring cells. */
static void add_wide(const xdi_geometry *g, cell at, const float *wide, const float *weights, bool turned,
                     double *sum, size_t channel, size_t columns) {
  const size_t area = g->wide_channels * g->narrow_channels;
  const xdi_range ys = xdi_taps_inside(at.row, g->stride, g->pad, g->kernel_height, g->wide_height);
  const xdi_range xs = xdi_taps_inside(at.column, g->stride, g->pad, g->kernel_width, g->wide_width);
  const size_t taps = xs.end - xs.begin;
  for (size_t ky = ys.begin; ky < ys.end && taps > 0; ky++) {
    const size_t row = at.picture * g->wide_height + at.row * g->stride + ky - g->pad;
    const size_t column = at.column * g->stride + xs.begin - g->pad;
    const float *from = wide + (row * g->wide_width + column) * g->wide_channels;
    const float *tap = weights + (ky * g->kernel_width + xs.begin) * area;
    if (!turned)
      xdi_add_row_product(sum, columns, taps * g->wide_channels, from, 1, tap + channel, g->narrow_channels);
    else
      for (size_t kx = 0; kx < taps; kx++)
        xdi_add_row_dots(sum, columns, g->wide_channels, from + kx * g->wide_channels,
                         tap + kx * area + channel * g->wide_channels, g->wide_channels);
  }
}

/* narrow[place] = the sum over the taps of wide[..] weights[tap]. */
static void gather_wide(const xdi_geometry *g, const float *wide, const float *weights, bool turned,
                        float *narrow, const finish *how) {
  const size_t cells = g->batch * g->narrow_height * g->narrow_width;
  double sum[XDI_REFERENCE_BLOCK];
  for (size_t index = 0; index < cells; index++)
    for (size_t channel = 0; channel < g->narrow_channels; channel += XDI_REFERENCE_BLOCK) {
      const size_t columns = xdi_reference_block(channel, g->narrow_channels);
      start_row(sum, columns, how, channel);
      add_wide(g, cell_at(index, g->narrow_height, g->narrow_width), wide, weights, turned, sum, channel,
               columns);
      finish_row(narrow, sum, columns, how, index * g->narrow_channels + channel);
    }
}

/* The place at which `tap` meets `wide`, a row or column of the wide side, if there is one. */
static bool place_of(size_t wide, size_t tap, size_t stride, size_t pad, size_t narrow, size_t *place) {
  if (wide + pad < tap || (wide + pad - tap) % stride != 0)
    return false;
  *place = (wide + pad - tap) / stride;
  return *place < narrow;
}

/* sum[n] += the places and taps that meet the wide cell `at`, for channels from `channel`. */
static void add_narrow(const xdi_geometry *g, cell at, const float *narrow, const float *weights, bool turned,
                       double *sum, size_t channel, size_t columns) {
  const size_t area = g->wide_channels * g->narrow_channels, from_channels = g->narrow_channels;
  for (size_t tap = 0; tap < g->kernel_height * g->kernel_width; tap++) {
    size_t row, column;
    if (!place_of(at.row, tap / g->kernel_width, g->stride, g->pad, g->narrow_height, &row) ||
        !place_of(at.column, tap % g->kernel_width, g->stride, g->pad, g->narrow_width, &column))
      continue;
    const size_t place = (at.picture * g->narrow_height + row) * g->narrow_width + column;
    const float *from = narrow + place * from_channels, *matrix = weights + tap * area;
    if (!turned)
      xdi_add_row_product(sum, columns, from_channels, from, 1, matrix + channel, g->wide_channels);
    else
      xdi_add_row_dots(sum, columns, from_channels, from, matrix + channel * from_channels, from_channels);
  }
}

/* wide[..] = the sum over the places and taps that meet it of narrow[place] weights[tap]. */
static void gather_narrow(const xdi_geometry *g, const float *narrow, const float *weights, bool turned,
                          float *wide, const finish *how) {
  const size_t cells = g->batch * g->wide_height * g->wide_width;
  double sum[XDI_REFERENCE_BLOCK];
  for (size_t index = 0; index < cells; index++)
    for (size_t channel = 0; channel < g->wide_channels; channel += XDI_REFERENCE_BLOCK) {
      const size_t columns = xdi_reference_block(channel, g->wide_channels);
      start_row(sum, columns, how, channel);
      add_narrow(g, cell_at(index, g->wide_height, g->wide_width), narrow, weights, turned, sum, channel,
                 columns);
      finish_row(wide, sum, columns, how, index * g->wide_channels + channel);
    }
}

/* One side of the pairing: where its cell of (picture, place) at the present tap lies. */
typedef struct side {
  const float *cells;
  size_t channels;
  bool wide;
} side;

static const float *side_cell(const xdi_geometry *g, const side *s, size_t picture, size_t row, size_t column,
                              size_t ky, size_t kx) {
  const size_t y = s->wide ? row * g->stride + ky - g->pad : row;
  const size_t x = s->wide ? column * g->stride + kx - g->pad : column;
  const size_t height = s->wide ? g->wide_height : g->narrow_height;
  const size_t width = s->wide ? g->wide_width : g->narrow_width;
  return s->cells + ((picture * height + y) * width + x) * s->channels;
}

#define PAIR_ROWS 8

/* A few rows of one tap's matrix: sum[i][n] = sum over pictures and places of in[i] * out[n]. */
static void pair_block(const xdi_geometry *g, const side *in, const side *out, size_t tap, xdi_range rows,
                       xdi_range columns, double sum[PAIR_ROWS][XDI_REFERENCE_BLOCK]) {
  const size_t ky = tap / g->kernel_width, kx = tap % g->kernel_width;
  const xdi_range ys = xdi_places_inside(ky, g->stride, g->pad, g->narrow_height, g->wide_height);
  const xdi_range xs = xdi_places_inside(kx, g->stride, g->pad, g->narrow_width, g->wide_width);
  const size_t in_step = in->channels * (in->wide ? g->stride : 1);
  const size_t out_step = out->channels * (out->wide ? g->stride : 1);
  for (size_t i = 0; i < rows.end - rows.begin; i++)
    for (size_t n = 0; n < columns.end - columns.begin; n++)
      sum[i][n] = 0.0;
  for (size_t picture = 0; picture < g->batch && xs.begin < xs.end; picture++)
    for (size_t y = ys.begin; y < ys.end; y++) {
      const float *a = side_cell(g, in, picture, y, xs.begin, ky, kx);
      const float *b = side_cell(g, out, picture, y, xs.begin, ky, kx);
      for (size_t i = rows.begin; i < rows.end; i++)
        xdi_add_row_product(sum[i - rows.begin], columns.end - columns.begin, xs.end - xs.begin, a + i,
                            in_step, b + columns.begin, out_step);
    }
}

/* dweights[tap][in][out] = sum over pictures and places of in * out at that tap. */
static void pair_sides(const xdi_geometry *g, side in, side out, float *dweights) {
  double sum[PAIR_ROWS][XDI_REFERENCE_BLOCK];
  for (size_t tap = 0; tap < g->kernel_height * g->kernel_width; tap++)
    for (size_t row = 0; row < in.channels; row += PAIR_ROWS)
      for (size_t column = 0; column < out.channels; column += XDI_REFERENCE_BLOCK) {
        const xdi_range rows = {row, row + PAIR_ROWS < in.channels ? row + PAIR_ROWS : in.channels};
        const xdi_range columns = {column, column + xdi_reference_block(column, out.channels)};
        pair_block(g, &in, &out, tap, rows, columns, sum);
        for (size_t i = rows.begin; i < rows.end; i++)
          for (size_t n = columns.begin; n < columns.end; n++)
            dweights[(tap * in.channels + i) * out.channels + n] = (float)sum[i - row][n - column];
      }
}

/* Weights of one output channel are the same cells in both orders: the faster loop may be chosen. */
static bool forward_turned(const xd_convolution *args) {
  return args->out_channels == 1;
}

static bool backward_turned(const xd_convolution *args) {
  return args->out_channels > 1;
}

static void bias_gradient(const xd_convolution *args) {
  const size_t cells = (size_t)args->batch * args->out_height * args->out_width;
  if (args->dbias.buffer)
    xdi_sum_columns(xdi_slice_host(args->dbias), xdi_slice_host(args->dy), cells, args->out_channels);
}

xd_status xdi_reference_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  const xdi_geometry g = xdi_conv2d_geometry(args);
  const finish how = forward_finish(args);
  gather_wide(&g, xdi_slice_host(args->x), xdi_slice_host(args->weights), forward_turned(args),
              xdi_slice_host(args->y), &how);
  return XD_OK;
}

xd_status xdi_reference_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  const xdi_geometry g = xdi_conv2d_geometry(args);
  const finish how = backward_finish(args);
  gather_narrow(&g, xdi_slice_host(args->dy), xdi_slice_host(args->weights), backward_turned(args),
                xdi_slice_host(args->dx), &how);
  return XD_OK;
}

xd_status xdi_reference_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  const xdi_geometry g = xdi_conv2d_geometry(args);
  const side in = {xdi_slice_host(args->x), args->in_channels, true};
  const side out = {xdi_slice_host(args->dy), args->out_channels, false};
  pair_sides(&g, in, out, xdi_slice_host(args->dweights));
  bias_gradient(args);
  return XD_OK;
}

xd_status xdi_reference_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  const finish how = forward_finish(args);
  gather_narrow(&g, xdi_slice_host(args->x), xdi_slice_host(args->weights), forward_turned(args),
                xdi_slice_host(args->y), &how);
  return XD_OK;
}

xd_status xdi_reference_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  const finish how = backward_finish(args);
  gather_wide(&g, xdi_slice_host(args->dy), xdi_slice_host(args->weights), backward_turned(args),
              xdi_slice_host(args->dx), &how);
  return XD_OK;
}

xd_status xdi_reference_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  (void)backend;
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  const side in = {xdi_slice_host(args->x), args->in_channels, false};
  const side out = {xdi_slice_host(args->dy), args->out_channels, true};
  pair_sides(&g, in, out, xdi_slice_host(args->dweights));
  bias_gradient(args);
  return XD_OK;
}
