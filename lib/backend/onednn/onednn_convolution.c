/* conv2d and conv_transpose2d by oneDNN's three convolution passes. A transposed convolution is the
 * adjoint: its forward pass is a convolution's pass to the data, its backward pass to the data a forward
 * one, and its weights' gradient is a convolution's with the two sides exchanged.
 *
 * The batch is cut into pieces. Gradients of weights are sums over pieces, added in their order. */
#include "backend/onednn/onednn_state.h"

#include <string.h>

typedef struct job {
  xd_backend *backend;
  const xd_convolution *args;
  xdi_onednn_sizes geometry;
  uint32_t pieces;
  xdi_convolver *convolvers[XDI_ONEDNN_PIECES]; /* of at most two batch sizes */
  const float *weights;
  float *source, *target; /* as the convolution sees them; the pass decides which one is written */
  float *bias;
  dnnl_status_t statuses[XDI_ONEDNN_PIECES];
} job;

/* ---- Preparation ---- */

static xdi_onednn_sizes geometry_of(const xd_convolution *args, xdi_pass pass, bool transposed) {
  xdi_onednn_sizes g = {.pass = pass,
                        .batch = args->batch,
                        .source_height = args->in_height,
                        .source_width = args->in_width,
                        .source_channels = args->in_channels,
                        .target_height = args->out_height,
                        .target_width = args->out_width,
                        .target_channels = args->out_channels,
                        .kernel_height = args->kernel_height,
                        .kernel_width = args->kernel_width,
                        .stride = args->stride,
                        .pad = args->pad,
                        .transposed = transposed};
  if (transposed) {
    g.source_height = args->out_height, g.source_width = args->out_width,
    g.source_channels = args->out_channels;
    g.target_height = args->in_height, g.target_width = args->in_width, g.target_channels = args->in_channels;
  }
  return g;
}

/* *usable false: some piece's geometry is beyond oneDNN. */
static xd_status find_convolvers(job *j, bool *usable) {
  const xdi_onednn_sizes *g = &j->geometry;
  const double work = (double)g->batch * g->target_height * g->target_width * g->kernel_height *
                      g->kernel_width * g->source_channels * g->target_channels;
  xd_status status = XD_OK;
  j->pieces = xdi_onednn_pieces(work, g->batch, 1);
  *usable = true;
  for (uint32_t i = 0; i < j->pieces && status == XD_OK; i++) {
    xdi_onednn_sizes piece = *g;
    piece.batch = xdi_onednn_range(g->batch, 1, i, j->pieces).count;
    status = xdi_onednn_convolver(j->backend, &j->convolvers[i], &piece);
    *usable = *usable && status == XD_OK && j->convolvers[i]->usable;
  }
  return status;
}

static dnnl_status_t reorder(job *j, xdi_convolver *convolver, uint32_t lane_index, bool unpacks) {
  xdi_lane *lane = &convolver->lanes[lane_index];
  const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, unpacks ? lane->packed : lane->plain},
                                       {DNNL_ARG_TO, unpacks ? lane->plain : lane->packed}};
  return dnnl_primitive_execute(convolver->reorder, j->backend->streams[lane_index], 2, arguments);
}

/* Lane 0 of each convolver packs the weights, for its other lanes too. */
static void pack(void *argument, uint32_t piece) {
  job *j = argument;
  (void)piece;
  for (uint32_t i = 0; i < j->pieces; i++) {
    xdi_convolver *convolver = j->convolvers[i];
    xdi_lane *lane = &convolver->lanes[0];
    bool done = !convolver->reorders;
    for (uint32_t k = 0; k < i; k++)
      done = done || j->convolvers[k] == convolver;
    if (done)
      continue;
    dnnl_memory_set_data_handle(lane->plain, (void *)(uintptr_t)j->weights);
    dnnl_memory_set_data_handle(lane->packed, lane->packed_memory);
    j->statuses[0] = reorder(j, convolver, 0, false);
    if (j->statuses[0] != dnnl_success)
      return;
  }
}

/* ---- One piece ---- */

static size_t source_size(const xdi_onednn_sizes *g) {
  return (size_t)g->source_height * g->source_width * g->source_channels;
}

static size_t target_size(const xdi_onednn_sizes *g) {
  return (size_t)g->target_height * g->target_width * g->target_channels;
}

static dnnl_status_t execute(job *j, uint32_t piece) {
  static const int places[][4] = {
      [XDI_PASS_FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_BIAS},
      [XDI_PASS_DATA] = {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST, 0},
      [XDI_PASS_WEIGHTS] = {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_BIAS}};
  xdi_convolver *convolver = j->convolvers[piece];
  const int *place = places[convolver->geometry.pass];
  xdi_lane *lane = &convolver->lanes[piece];
  const dnnl_exec_arg_t arguments[] = {{place[0], lane->source},
                                       {place[1], lane->packed},
                                       {place[2], lane->target},
                                       {DNNL_ARG_SCRATCHPAD, lane->scratchpad},
                                       {place[3], lane->bias}};
  return dnnl_primitive_execute(convolver->primitive, j->backend->streams[piece],
                                convolver->geometry.bias ? 5 : 4, arguments);
}

static void aim(job *j, uint32_t piece, float *source, float *target) {
  xdi_convolver *convolver = j->convolvers[piece];
  xdi_lane *lane = &convolver->lanes[piece];
  const bool own = convolver->geometry.pass == XDI_PASS_WEIGHTS;
  float *packed = own ? lane->packed_memory : convolver->lanes[0].packed_memory;
  if (!convolver->reorders)
    packed = own ? lane->plain_memory : (float *)(uintptr_t)j->weights;
  dnnl_memory_set_data_handle(lane->source, source);
  dnnl_memory_set_data_handle(lane->target, target);
  dnnl_memory_set_data_handle(lane->packed, packed);
  dnnl_memory_set_data_handle(lane->plain, own ? lane->plain_memory : (float *)(uintptr_t)j->weights);
  dnnl_memory_set_data_handle(lane->bias, own ? lane->plain_memory + convolver->weight_count : j->bias);
}

/* What a pass leaves to be done on what it wrote, while it is still in the cache. */
static void finish_forward(const job *j, float *y, uint32_t pictures) {
  const xd_convolution *args = j->args;
  xdi_onednn_finish(y, (size_t)pictures * args->out_height * args->out_width, args->out_channels,
                    args->out_channels, xdi_onednn_host(args->bias), args->activation);
}

static void finish_data(const job *j, float *dx, size_t offset, uint32_t pictures) {
  const xd_convolution *args = j->args;
  if (args->x_activation != XD_ACTIVATION_IDENTITY)
    xdi_onednn_derive(dx, xdi_onednn_host(args->x) + offset,
                      (size_t)pictures * args->in_height * args->in_width, args->in_channels,
                      args->in_channels, args->x_activation);
}

static void finish_weights(job *j, uint32_t piece, const float *source, uint32_t pictures) {
  xdi_convolver *convolver = j->convolvers[piece];
  xdi_lane *lane = &convolver->lanes[piece];
  const xdi_onednn_sizes *g = &j->geometry;
  if (convolver->reorders)
    j->statuses[piece] = reorder(j, convolver, piece, true);
  if (g->transposed && j->bias) /* oneDNN sums the target's side; here dy is the source */
    xdi_onednn_sum_rows(lane->plain_memory + convolver->weight_count, source,
                        (size_t)pictures * g->source_height * g->source_width, g->source_channels,
                        g->source_channels);
}

static void run_piece(void *argument, uint32_t piece) {
  job *j = argument;
  const xdi_onednn_sizes *g = &j->geometry;
  const xdi_onednn_span range = xdi_onednn_range(g->batch, 1, piece, j->pieces);
  const size_t source_offset = range.first * source_size(g), target_offset = range.first * target_size(g);
  float *source = j->source + source_offset, *target = j->target + target_offset;
  aim(j, piece, source, target);
  j->statuses[piece] = execute(j, piece);
  if (j->statuses[piece] != dnnl_success)
    return;
  if (g->pass == XDI_PASS_WEIGHTS)
    finish_weights(j, piece, source, range.count);
  else if (g->pass == XDI_PASS_DATA && g->transposed)
    finish_forward(j, source, range.count);
  else if (g->pass == XDI_PASS_DATA)
    finish_data(j, source, source_offset, range.count);
  else if (g->transposed)
    finish_data(j, target, target_offset, range.count);
}

/* ---- All pieces ---- */

static xd_status statuses_of(const job *j) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < j->pieces && status == XD_OK; i++)
    status = xdi_onednn_status(j->statuses[i]);
  return status;
}

static xd_status run(job *j) {
  const xdi_pieces packing = {pack, j}, work = {run_piece, j};
  xd_status status = j->geometry.pass == XDI_PASS_WEIGHTS ? XD_OK : xdi_onednn_run(j->backend, &packing, 1);
  if (status == XD_OK)
    status = xdi_onednn_status(j->statuses[0]);
  if (status == XD_OK)
    status = xdi_onednn_run(j->backend, &work, j->pieces);
  return status == XD_OK ? statuses_of(j) : status;
}

static void add_pieces(const job *j, float *to, size_t from, size_t count) {
  memcpy(to, j->convolvers[0]->lanes[0].plain_memory + from, count * sizeof *to);
  for (uint32_t piece = 1; piece < j->pieces; piece++) {
    const float *part = j->convolvers[piece]->lanes[piece].plain_memory + from;
    for (size_t i = 0; i < count; i++)
      to[i] += part[i];
  }
}

typedef xd_status (*kernel)(xd_backend *backend, const xd_convolution *args);

static job job_of(xd_backend *backend, const xd_convolution *args, xdi_pass pass, bool transposed) {
  return (job){.backend = backend,
               .args = args,
               .geometry = geometry_of(args, pass, transposed),
               .weights = xdi_onednn_host(args->weights)};
}

/* Through oneDNN, or where it cannot, the backend behind. */
static xd_status run_or_hand_on(job *j, kernel behind, bool *handed_on) {
  bool usable = false;
  const xd_status status = find_convolvers(j, &usable);
  *handed_on = status == XD_OK && !usable;
  if (status != XD_OK)
    return status;
  return usable ? run(j) : behind(j->backend->behind, j->args);
}

static xd_status forward(job *j, kernel behind) {
  const xd_convolution *args = j->args;
  bool handed_on = false;
  const xd_status status = run_or_hand_on(j, behind, &handed_on);
  const bool fused = j->geometry.pass == XDI_PASS_FORWARD;
  if (status != XD_OK || handed_on || fused || xdi_onednn_finishes(args->activation))
    return status;
  return j->backend->table->activation_forward(j->backend->behind, args->activation, args->y, args->y,
                                               (size_t)args->batch * args->out_height * args->out_width *
                                                   args->out_channels);
}

static xd_status backward_weights(job *j, kernel behind) {
  bool handed_on = false;
  const xd_status status = run_or_hand_on(j, behind, &handed_on);
  if (status != XD_OK || handed_on)
    return status;
  const size_t weights = j->convolvers[0]->weight_count;
  add_pieces(j, xdi_onednn_host(j->args->dweights), 0, weights);
  if (j->bias)
    add_pieces(j, j->bias, weights, j->args->out_channels);
  return XD_OK;
}

/* ---- The six kernels ---- */

xd_status xdi_onednn_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  job j = job_of(backend, args, XDI_PASS_FORWARD, false);
  j.source = xdi_onednn_host(args->x), j.target = xdi_onednn_host(args->y);
  j.bias = xdi_onednn_host(args->bias);
  j.geometry.bias = j.bias != NULL, j.geometry.activation = args->activation;
  return forward(&j, backend->table->conv2d_forward);
}

xd_status xdi_onednn_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  bool handed_on;
  job j = job_of(backend, args, XDI_PASS_DATA, false);
  j.source = xdi_onednn_host(args->dx), j.target = xdi_onednn_host(args->dy);
  return run_or_hand_on(&j, backend->table->conv2d_backward_data, &handed_on);
}

xd_status xdi_onednn_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  job j = job_of(backend, args, XDI_PASS_WEIGHTS, false);
  j.source = xdi_onednn_host(args->x), j.target = xdi_onednn_host(args->dy);
  j.bias = xdi_onednn_host(args->dbias);
  j.geometry.bias = j.bias != NULL;
  return backward_weights(&j, backend->table->conv2d_backward_weights);
}

xd_status xdi_onednn_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args) {
  job j = job_of(backend, args, XDI_PASS_DATA, true);
  j.source = xdi_onednn_host(args->y), j.target = xdi_onednn_host(args->x);
  return forward(&j, backend->table->conv_transpose2d_forward);
}

xd_status xdi_onednn_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  bool handed_on;
  job j = job_of(backend, args, XDI_PASS_FORWARD, true);
  j.source = xdi_onednn_host(args->dy), j.target = xdi_onednn_host(args->dx);
  return run_or_hand_on(&j, backend->table->conv_transpose2d_backward_data, &handed_on);
}

xd_status xdi_onednn_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  job j = job_of(backend, args, XDI_PASS_WEIGHTS, true);
  j.source = xdi_onednn_host(args->dy), j.target = xdi_onednn_host(args->x);
  j.bias = xdi_onednn_host(args->dbias);
  return backward_weights(&j, backend->table->conv_transpose2d_backward_weights);
}
