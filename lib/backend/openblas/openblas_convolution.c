/* Convolutions as products of patch matrices.
 *
 * A patch matrix has a row for each cell of the narrow side (backend/geometry.h) and in it the wide
 * cells under the kernel there: [narrow cells][kernel_height * kernel_width * wide_channels]. Going
 * from wide to narrow, patches are gathered and multiplied; going from narrow to wide, the product is
 * patches, which are scattered and summed. The matrix is made in chunks of whole narrow rows, so that
 * it stays small at any batch and picture size. conv_transpose2d's weights are brought into the order
 * [in][tap][out] first, which makes them one matrix. */
#include <string.h>

#include "backend/geometry.h"
#include "backend/openblas/openblas_state.h"
#include "backend/reference/reference.h"
#include "backend/reference/reference_product.h"
#include "base/memory.h"
#include "base/runner.h"

#define CHUNK_CELLS ((size_t)128 * 1024) /* half a MiB of patches, unless one narrow row needs more */
#define SHARD_CELLS ((size_t)32 * 1024)  /* fewer are not worth another thread */

/* A pass over the patches of the narrow rows [rows.begin, rows.end), counted over the whole batch. */
typedef struct patch_pass {
  const xdi_geometry *g;
  xdi_range rows;
  float *patches;
  const float *from; /* gather: the wide side */
  float *to;         /* scatter: the wide side */
} patch_pass;

static size_t patch_size(const xdi_geometry *g) {
  return g->kernel_height * g->kernel_width * g->wide_channels;
}

static size_t narrow_rows(const xdi_geometry *g) {
  return g->batch * g->narrow_height;
}

/* Narrow rows a chunk; at least one. */
static size_t chunk_rows(const xdi_geometry *g) {
  const size_t cells = g->narrow_width * patch_size(g), rows = CHUNK_CELLS / cells;
  return rows < 1 ? 1 : rows < narrow_rows(g) ? rows : narrow_rows(g);
}

static float *patch_scratch(xd_backend *backend, const xdi_geometry *g) {
  size_t row, all;
  if (!xdi_multiply(g->narrow_width, patch_size(g), &row) || !xdi_multiply(row, chunk_rows(g), &all))
    return NULL;
  return xdi_openblas_scratch(backend, XDI_SCRATCH_PATCHES, all);
}

/* The wide cell under tap (ky, 0) of the place (row, column), as an offset that may lie before it. */
static size_t wide_offset(const xdi_geometry *g, size_t picture, size_t y, size_t x) {
  return ((picture * g->wide_height + y) * g->wide_width + x) * g->wide_channels;
}

/* Runs are often a few cells, for which calls of memset and memcpy would cost more than the work. */
static void fill_zero(float *restrict to, size_t count) {
  for (size_t i = 0; i < count; i++)
    to[i] = 0.0f;
}

static void copy_run(float *restrict to, const float *restrict from, size_t count) {
  for (size_t i = 0; i < count; i++)
    to[i] = from[i];
}

static void gather_patch(const xdi_geometry *g, size_t picture, size_t row, size_t column, const float *wide,
                         float *patch) {
  const xdi_range ys = xdi_taps_inside(row, g->stride, g->pad, g->kernel_height, g->wide_height);
  const xdi_range xs = xdi_taps_inside(column, g->stride, g->pad, g->kernel_width, g->wide_width);
  const size_t line = g->kernel_width * g->wide_channels;
  const size_t before = xs.begin * g->wide_channels, after = xs.end * g->wide_channels;
  for (size_t ky = 0; ky < g->kernel_height; ky++, patch += line) {
    if (ky < ys.begin || ky >= ys.end || before == after) {
      fill_zero(patch, line);
      continue;
    }
    const float *from =
        wide + wide_offset(g, picture, row * g->stride + ky - g->pad, column * g->stride + xs.begin - g->pad);
    fill_zero(patch, before);
    copy_run(patch + before, from, after - before);
    fill_zero(patch + after, line - after);
  }
}

static void scatter_patch(const xdi_geometry *g, size_t picture, size_t row, size_t column, float *wide,
                          const float *patch) {
  const xdi_range ys = xdi_taps_inside(row, g->stride, g->pad, g->kernel_height, g->wide_height);
  const xdi_range xs = xdi_taps_inside(column, g->stride, g->pad, g->kernel_width, g->wide_width);
  const size_t line = g->kernel_width * g->wide_channels;
  const size_t before = xs.begin * g->wide_channels, count = (xs.end - xs.begin) * g->wide_channels;
  for (size_t ky = ys.begin; ky < ys.end && count > 0; ky++) {
    float *restrict to =
        wide + wide_offset(g, picture, row * g->stride + ky - g->pad, column * g->stride + xs.begin - g->pad);
    const float *restrict from = patch + ky * line + before;
    for (size_t i = 0; i < count; i++)
      to[i] += from[i];
  }
}

/* The part of a pass that lies in its index-th picture: pictures never share cells. */
static void pass_picture(void *argument, uint32_t index) {
  const patch_pass *pass = argument;
  const xdi_geometry *g = pass->g;
  const size_t picture = pass->rows.begin / g->narrow_height + index;
  const size_t first = picture * g->narrow_height, last = first + g->narrow_height;
  const size_t begin = pass->rows.begin > first ? pass->rows.begin : first;
  const size_t end = pass->rows.end < last ? pass->rows.end : last;
  for (size_t row = begin; row < end; row++)
    for (size_t column = 0; column < g->narrow_width; column++) {
      float *patch = pass->patches + ((row - pass->rows.begin) * g->narrow_width + column) * patch_size(g);
      if (pass->from)
        gather_patch(g, picture, row - first, column, pass->from, patch);
      else
        scatter_patch(g, picture, row - first, column, pass->to, patch);
    }
}

static xd_status run_pass(xd_backend *backend, patch_pass pass) {
  const xdi_geometry *g = pass.g;
  const size_t cells = (pass.rows.end - pass.rows.begin) * g->narrow_width * patch_size(g);
  const uint32_t pictures =
      (uint32_t)((pass.rows.end - 1) / g->narrow_height - pass.rows.begin / g->narrow_height + 1);
  if (cells >= SHARD_CELLS)
    return xdi_run(backend->runner, pass_picture, &pass, pictures) ? XD_ERROR_INTERNAL : XD_OK;
  for (uint32_t i = 0; i < pictures; i++)
    pass_picture(&pass, i);
  return XD_OK;
}

static xdi_range next_chunk(const xdi_geometry *g, size_t begin) {
  const size_t end = begin + chunk_rows(g);
  return (xdi_range){begin, end < narrow_rows(g) ? end : narrow_rows(g)};
}

/* narrow = patches(wide) matrix. */
static xd_status wide_to_narrow(xd_backend *backend, const xdi_geometry *g, const float *wide,
                                xdi_matrix matrix, float *narrow) {
  float *patches = patch_scratch(backend, g);
  if (!patches)
    return XD_ERROR_OUT_OF_MEMORY;
  for (xdi_range rows = next_chunk(g, 0); rows.begin < rows.end; rows = next_chunk(g, rows.end)) {
    xd_status status = run_pass(backend, (patch_pass){g, rows, patches, wide, NULL});
    if (status == XD_OK)
      status = xdi_openblas_product(backend, narrow + rows.begin * g->narrow_width * g->narrow_channels,
                                    (xdi_matrix){patches, patch_size(g), false}, matrix,
                                    (rows.end - rows.begin) * g->narrow_width, patch_size(g),
                                    g->narrow_channels, 1.0f, 0.0f);
    if (status != XD_OK)
      return status;
  }
  return XD_OK;
}

/* patches(wide) += narrow matrix, after wide = 0. */
static xd_status narrow_to_wide(xd_backend *backend, const xdi_geometry *g, const float *narrow,
                                xdi_matrix matrix, float *wide) {
  float *patches = patch_scratch(backend, g);
  if (!patches)
    return XD_ERROR_OUT_OF_MEMORY;
  memset(wide, 0, g->batch * g->wide_height * g->wide_width * g->wide_channels * sizeof *wide);
  for (xdi_range rows = next_chunk(g, 0); rows.begin < rows.end; rows = next_chunk(g, rows.end)) {
    const float *from = narrow + rows.begin * g->narrow_width * g->narrow_channels;
    xd_status status = xdi_openblas_product(backend, patches, (xdi_matrix){from, g->narrow_channels, false},
                                            matrix, (rows.end - rows.begin) * g->narrow_width,
                                            g->narrow_channels, patch_size(g), 1.0f, 0.0f);
    if (status == XD_OK)
      status = run_pass(backend, (patch_pass){g, rows, patches, NULL, wide});
    if (status != XD_OK)
      return status;
  }
  return XD_OK;
}

/* to[patch][narrow channel], or its transpose, = the sum over the narrow cells of patch and cell. */
static xd_status pair_sides(xd_backend *backend, const xdi_geometry *g, const float *wide,
                            const float *narrow, float *to, bool narrow_first) {
  float *patches = patch_scratch(backend, g);
  if (!patches)
    return XD_ERROR_OUT_OF_MEMORY;
  for (xdi_range rows = next_chunk(g, 0); rows.begin < rows.end; rows = next_chunk(g, rows.end)) {
    const size_t cells = (rows.end - rows.begin) * g->narrow_width, channels = g->narrow_channels;
    const float *from = narrow + rows.begin * g->narrow_width * channels;
    xdi_matrix a = {patches, patch_size(g), true}, b = {from, channels, false};
    if (narrow_first) {
      a = (xdi_matrix){from, channels, true};
      b = (xdi_matrix){patches, patch_size(g), false};
    }
    xd_status status = run_pass(backend, (patch_pass){g, rows, patches, wide, NULL});
    if (status == XD_OK)
      status =
          xdi_openblas_product(backend, to, a, b, narrow_first ? channels : patch_size(g), cells,
                               narrow_first ? patch_size(g) : channels, 1.0f, rows.begin > 0 ? 1.0f : 0.0f);
    if (status != XD_OK)
      return status;
  }
  return XD_OK;
}

static void bias_gradient(const xd_convolution *args) {
  const size_t cells = (size_t)args->batch * args->out_height * args->out_width;
  if (args->dbias.buffer)
    xdi_sum_columns(xdi_slice_host(args->dbias), xdi_slice_host(args->dy), cells, args->out_channels);
}

static xd_status finish_forward(xd_backend *backend, const xd_convolution *args) {
  const xdi_finish how = {xdi_slice_host(args->bias), NULL, args->activation};
  const size_t cells = (size_t)args->batch * args->out_height * args->out_width;
  return xdi_openblas_finish(backend, xdi_slice_host(args->y), cells, args->out_channels, &how);
}

static xd_status finish_backward(xd_backend *backend, const xd_convolution *args) {
  const xdi_finish how = {NULL, xdi_slice_host(args->x), args->x_activation};
  const size_t cells = (size_t)args->batch * args->in_height * args->in_width;
  return xdi_openblas_finish(backend, xdi_slice_host(args->dx), cells, args->in_channels, &how);
}

xd_status xdi_openblas_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv2d_geometry(args);
  const xdi_matrix weights = {xdi_slice_host(args->weights), args->out_channels, false};
  const xd_status status =
      wide_to_narrow(backend, &g, xdi_slice_host(args->x), weights, xdi_slice_host(args->y));
  return status != XD_OK ? status : finish_forward(backend, args);
}

xd_status xdi_openblas_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv2d_geometry(args);
  const xdi_matrix weights = {xdi_slice_host(args->weights), args->out_channels, true};
  const xd_status status =
      narrow_to_wide(backend, &g, xdi_slice_host(args->dy), weights, xdi_slice_host(args->dx));
  return status != XD_OK ? status : finish_backward(backend, args);
}

xd_status xdi_openblas_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv2d_geometry(args);
  bias_gradient(args);
  return pair_sides(backend, &g, xdi_slice_host(args->x), xdi_slice_host(args->dy),
                    xdi_slice_host(args->dweights), false);
}

/* to[b][a][n] = from[a][b][n]. */
static void exchange(float *to, const float *from, size_t a_count, size_t b_count, size_t n_count) {
  for (size_t a = 0; a < a_count; a++)
    for (size_t b = 0; b < b_count; b++)
      memcpy(to + (b * a_count + a) * n_count, from + (a * b_count + b) * n_count, n_count * sizeof *to);
}

static size_t taps_of(const xd_convolution *args) {
  return (size_t)args->kernel_height * args->kernel_width;
}

static bool weight_count(const xd_convolution *args, size_t *count) {
  return xdi_multiply(taps_of(args), args->in_channels, count) &&
         xdi_multiply(*count, args->out_channels, count);
}

/* The weights as [in][tap][out]: prepared, or turned into scratch memory. NULL without memory. */
static const float *turned_weights(xd_backend *backend, const xd_convolution *args) {
  size_t count;
  if (args->prepared)
    return args->prepared->turned;
  float *turned =
      weight_count(args, &count) ? xdi_openblas_scratch(backend, XDI_SCRATCH_TURNED, count) : NULL;
  if (turned)
    exchange(turned, xdi_slice_host(args->weights), taps_of(args), args->in_channels, args->out_channels);
  return turned;
}

xd_status xdi_openblas_conv_transpose2d_prepare(xd_backend *backend, xd_prepared **out,
                                                const xd_convolution *args) {
  size_t count;
  *out = NULL;
  xd_prepared *prepared = xdi_allocate_zeroed(backend->allocator, 1, sizeof *prepared);
  if (prepared && weight_count(args, &count))
    prepared->turned = xdi_allocate(backend->allocator, count, sizeof(float));
  if (!prepared || !prepared->turned) {
    xdi_release(backend->allocator, prepared);
    return XD_ERROR_OUT_OF_MEMORY;
  }
  exchange(prepared->turned, xdi_slice_host(args->weights), taps_of(args), args->in_channels,
           args->out_channels);
  *out = prepared;
  return XD_OK;
}

void xdi_openblas_prepared_destroy(xd_backend *backend, xd_prepared *prepared) {
  xdi_release(backend->allocator, prepared->turned);
  xdi_release(backend->allocator, prepared);
}

xd_status xdi_openblas_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  const xdi_matrix weights = {turned_weights(backend, args), patch_size(&g), false};
  if (!weights.cells)
    return XD_ERROR_OUT_OF_MEMORY;
  const xd_status status =
      narrow_to_wide(backend, &g, xdi_slice_host(args->x), weights, xdi_slice_host(args->y));
  return status != XD_OK ? status : finish_forward(backend, args);
}

xd_status xdi_openblas_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  const xdi_matrix weights = {turned_weights(backend, args), patch_size(&g), true};
  if (!weights.cells)
    return XD_ERROR_OUT_OF_MEMORY;
  const xd_status status =
      wide_to_narrow(backend, &g, xdi_slice_host(args->dy), weights, xdi_slice_host(args->dx));
  return status != XD_OK ? status : finish_backward(backend, args);
}

xd_status xdi_openblas_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  const xdi_geometry g = xdi_conv_transpose2d_geometry(args);
  size_t count;
  float *turned =
      weight_count(args, &count) ? xdi_openblas_scratch(backend, XDI_SCRATCH_TURNED, count) : NULL;
  if (!turned)
    return XD_ERROR_OUT_OF_MEMORY;
  bias_gradient(args);
  const xd_status status =
      pair_sides(backend, &g, xdi_slice_host(args->dy), xdi_slice_host(args->x), turned, true);
  if (status == XD_OK)
    exchange(xdi_slice_host(args->dweights), turned, args->in_channels, taps_of(args), args->out_channels);
  return status;
}
