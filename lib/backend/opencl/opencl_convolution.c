/* Convolutions as products with patches (kernels/convolution.cl), some pictures at a time so that the patches have a
 * bounded size. Of conv2d x is the wide side and y the narrow one; of conv_transpose2d it is the other way round. */
#include "backend/opencl/opencl_state.h"

/* Floats of patches at a time, but for a single picture that has more. */
#define MOST_PATCHES ((size_t)1 << 24)

/* geometry in kernels/convolution.cl. */
typedef struct geometry {
  cl_uint pictures, stride, pad, kernel_height, kernel_width;
  cl_uint wide_height, wide_width, wide_channels, narrow_height, narrow_width;
} geometry;

/* A convolution, and the part of its batch in work. */
typedef struct work {
  xd_backend *backend;
  geometry g;
  uint32_t batch, narrow_channels;
  size_t wide_size, narrow_size; /* of a picture */
  uint32_t depth;                /* of a patch: taps and wide channels */
  uint32_t first, cells;         /* the first picture in work, and the places of all of them */
  xd_slice patches;
} work;

static geometry geometry_of(const xd_convolution *args, bool transposed) {
  return (geometry){.stride = args->stride,
                    .pad = args->pad,
                    .kernel_height = args->kernel_height,
                    .kernel_width = args->kernel_width,
                    .wide_height = transposed ? args->out_height : args->in_height,
                    .wide_width = transposed ? args->out_width : args->in_width,
                    .wide_channels = transposed ? args->out_channels : args->in_channels,
                    .narrow_height = transposed ? args->in_height : args->out_height,
                    .narrow_width = transposed ? args->in_width : args->out_width};
}

static xd_status begin(work *w, xd_backend *backend, const xd_convolution *args, bool transposed) {
  const geometry g = geometry_of(args, transposed);
  const size_t places = (size_t)g.narrow_height * g.narrow_width;
  *w = (work){.backend = backend, .g = g, .batch = args->batch};
  w->narrow_channels = transposed ? args->in_channels : args->out_channels;
  w->depth = g.kernel_height * g.kernel_width * g.wide_channels;
  w->wide_size = (size_t)g.wide_height * g.wide_width * g.wide_channels;
  w->narrow_size = places * w->narrow_channels;
  const size_t most = MOST_PATCHES / (places * w->depth), pictures = most < args->batch ? most : args->batch;
  w->g.pictures = pictures > 0 ? (uint32_t)pictures : 1;
  return xdi_opencl_take_room(backend, XDI_ROOM_PATCHES, &w->patches, w->g.pictures * places * w->depth);
}

/* The pictures from w->first on that are worked on together; false: none is left. */
static bool take_part(work *w) {
  const uint32_t left = w->batch - w->first;
  if (w->g.pictures > left)
    w->g.pictures = left;
  w->cells = w->g.pictures * w->g.narrow_height * w->g.narrow_width;
  return left > 0;
}

static xd_slice wide_at(const work *w, xd_slice slice) {
  return xdi_opencl_after(slice, w->first * w->wide_size);
}

static xd_slice narrow_at(const work *w, xd_slice slice) {
  return xdi_opencl_after(slice, w->first * w->narrow_size);
}

static xd_status gather(const work *w, xd_slice wide) {
  return XDI_RUN(w->backend, gather, (size_t)w->cells * w->g.kernel_height, XDI_STRUCT(&w->g),
                 XDI_SLICE(wide_at(w, wide)), XDI_SLICE(w->patches));
}

/* What becomes of the sums, forward or backward: see xdi_opencl_product. */
typedef struct finish {
  xd_slice bias, x;
  xd_activation activation;
} finish;

static finish forward_finish(const xd_convolution *args) {
  return (finish){.bias = args->bias, .activation = args->activation};
}

static finish backward_finish(const xd_convolution *args) {
  return (finish){.x = xdi_opencl_unless_identity(args->x_activation, args->x),
                  .activation = args->x_activation};
}

/* narrow = the patches of wide times weights[depth][narrow_channels]. */
static xd_status gather_wide(work *w, xd_slice wide, xd_slice weights, xd_slice narrow, finish how) {
  xd_status status = XD_OK;
  for (; status == XD_OK && take_part(w); w->first += w->g.pictures) {
    const xdi_opencl_product product = {.rows = w->cells,
                                        .depth = w->depth,
                                        .columns = w->narrow_channels,
                                        .a = w->patches,
                                        .b = weights,
                                        .to = narrow_at(w, narrow),
                                        .bias = how.bias,
                                        .x = narrow_at(w, how.x),
                                        .activation = how.activation};
    status = gather(w, wide);
    if (status == XD_OK)
      status = xdi_opencl_multiply(w->backend, &product);
  }
  return status;
}

/* wide = the sums of where the patches narrow weights[narrow_channels][depth] fall. */
static xd_status scatter_narrow(work *w, xd_slice narrow, xd_slice weights, xd_slice wide, finish how) {
  xd_status status = XD_OK;
  for (; status == XD_OK && take_part(w); w->first += w->g.pictures) {
    const xdi_opencl_product product = {.rows = w->cells,
                                        .depth = w->narrow_channels,
                                        .columns = w->depth,
                                        .a = narrow_at(w, narrow),
                                        .b = weights,
                                        .to = w->patches};
    status = xdi_opencl_multiply(w->backend, &product);
    if (status == XD_OK)
      status = XDI_RUN(w->backend, scatter, (size_t)w->g.pictures * w->g.wide_height * w->g.wide_width,
                       XDI_STRUCT(&w->g), XDI_SLICE(w->patches), XDI_SLICE(wide_at(w, wide)),
                       XDI_SLICE(how.bias), XDI_SLICE(wide_at(w, how.x)), XDI_UINT(how.activation));
  }
  return status;
}

/* dweights[depth][narrow_channels] = the patches of wide, turned, times narrow. */
static xd_status pair(work *w, xd_slice wide, xd_slice narrow, xd_slice dweights) {
  xd_status status = XD_OK;
  for (; status == XD_OK && take_part(w); w->first += w->g.pictures) {
    const xdi_opencl_product product = {.rows = w->depth,
                                        .depth = w->cells,
                                        .columns = w->narrow_channels,
                                        .a = w->patches,
                                        .turned = true,
                                        .b = narrow_at(w, narrow),
                                        .to = dweights,
                                        .adds = w->first > 0};
    status = gather(w, wide);
    if (status == XD_OK)
      status = xdi_opencl_multiply(w->backend, &product);
  }
  return status;
}

/* ---- Weights in another order ---- */

/* Weights stand as [tap][in][out]. Turned, each tap by itself: [tap][out][in]. */
static xdi_opencl_order taps_turned(const xd_convolution *args) {
  const uint32_t taps = args->kernel_height * args->kernel_width;
  const size_t area = (size_t)args->in_channels * args->out_channels;
  return (xdi_opencl_order){taps, args->out_channels, args->in_channels, area, 1, args->out_channels};
}

/* As [out][tap][in]. */
static xdi_opencl_order out_first(const xd_convolution *args) {
  const uint32_t taps = args->kernel_height * args->kernel_width;
  const size_t area = (size_t)args->in_channels * args->out_channels;
  return (xdi_opencl_order){args->out_channels, taps, args->in_channels, 1, area, args->out_channels};
}

/* As [in][tap][out]. */
static xdi_opencl_order in_first(const xd_convolution *args) {
  const uint32_t taps = args->kernel_height * args->kernel_width;
  const size_t area = (size_t)args->in_channels * args->out_channels;
  return (xdi_opencl_order){args->in_channels, taps, args->out_channels, args->out_channels, area, 1};
}

static xd_status take_turned(xd_backend *backend, const xd_convolution *args, xd_slice *out) {
  const size_t taps = (size_t)args->kernel_height * args->kernel_width;
  return xdi_opencl_take_room(backend, XDI_ROOM_TURNED, out, taps * args->in_channels * args->out_channels);
}

static xd_status turn_weights(xd_backend *backend, const xd_convolution *args, xdi_opencl_order order,
                              xd_slice *out) {
  const xd_status status = take_turned(backend, args, out);
  return status == XD_OK ? xdi_opencl_turn(backend, args->weights, *out, order) : status;
}

static xd_status sum_bias(xd_backend *backend, const xd_convolution *args) {
  return xdi_opencl_sum_columns(backend, args->dbias, args->dy,
                                args->batch * args->out_height * args->out_width, args->out_channels);
}

/* ---- The slots ---- */

xd_status xdi_opencl_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  work w;
  const xd_status status = begin(&w, backend, args, false);
  return status == XD_OK ? gather_wide(&w, args->x, args->weights, args->y, forward_finish(args)) : status;
}

xd_status xdi_opencl_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  work w;
  xd_slice turned;
  xd_status status = begin(&w, backend, args, false);
  if (status == XD_OK)
    status = turn_weights(backend, args, out_first(args), &turned);
  return status == XD_OK ? scatter_narrow(&w, args->dy, turned, args->dx, backward_finish(args)) : status;
}

xd_status xdi_opencl_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  work w;
  xd_status status = begin(&w, backend, args, false);
  if (status == XD_OK)
    status = pair(&w, args->x, args->dy, args->dweights);
  return status == XD_OK ? sum_bias(backend, args) : status;
}

xd_status xdi_opencl_conv_transpose2d_forward(xd_backend *backend, const xd_convolution *args) {
  work w;
  xd_slice turned;
  xd_status status = begin(&w, backend, args, true);
  if (status == XD_OK)
    status = turn_weights(backend, args, in_first(args), &turned);
  return status == XD_OK ? scatter_narrow(&w, args->x, turned, args->y, forward_finish(args)) : status;
}

xd_status xdi_opencl_conv_transpose2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  work w;
  xd_slice turned;
  xd_status status = begin(&w, backend, args, true);
  if (status == XD_OK)
    status = turn_weights(backend, args, taps_turned(args), &turned);
  return status == XD_OK ? gather_wide(&w, args->dy, turned, args->dx, backward_finish(args)) : status;
}

/* What is found has the order [tap][out][in]; turned once more it is [tap][in][out]. */
xd_status xdi_opencl_conv_transpose2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  const uint32_t in = args->in_channels, out = args->out_channels;
  const xdi_opencl_order back = {args->kernel_height * args->kernel_width, in, out, (size_t)in * out, 1, in};
  work w;
  xd_slice turned;
  xd_status status = begin(&w, backend, args, true);
  if (status == XD_OK)
    status = take_turned(backend, args, &turned);
  if (status == XD_OK)
    status = pair(&w, args->dy, args->x, turned);
  if (status == XD_OK)
    status = xdi_opencl_turn(backend, turned, args->dweights, back);
  return status == XD_OK ? sum_bias(backend, args) : status;
}

/* ---- Of upsampled pictures: upsampled first, and then as any other ---- */

static bool fits(const xd_convolution *args) {
  return xdi_opencl_doubles(args->in_height, args->out_height) &&
         xdi_opencl_doubles(args->in_width, args->out_width) && args->kernel_height == 3 &&
         args->kernel_width == 3 && args->stride == 1 && args->pad == 1;
}

/* The convolution of the pictures of twice the size, and in *up how they come about; x and dx are the room's. */
static xd_status double_pictures(xd_backend *backend, const xd_convolution *args, xd_convolution *doubled,
                                 xd_upsample *up) {
  xd_slice room;
  if (!fits(args))
    return XD_ERROR_INVALID_ARGUMENT;
  const xd_status status =
      xdi_opencl_take_room(backend, XDI_ROOM_UPSAMPLED, &room,
                           (size_t)4 * args->batch * args->in_height * args->in_width * args->in_channels);
  *doubled = *args;
  doubled->in_height *= 2, doubled->in_width *= 2;
  doubled->x = doubled->dx = room;
  doubled->x_activation = XD_ACTIVATION_IDENTITY;
  *up = (xd_upsample){.batch = args->batch,
                      .in_height = args->in_height,
                      .in_width = args->in_width,
                      .out_height = doubled->in_height,
                      .out_width = doubled->in_width,
                      .channels = args->in_channels,
                      .x_activation = args->x_activation,
                      .x = args->x,
                      .y = room,
                      .dy = room,
                      .dx = args->dx};
  return status;
}

/* What a slot of conv2d that reads pictures gives for those of twice the size. */
static xd_status run_doubled(xd_backend *backend, const xd_convolution *args,
                             xd_status (*slot)(xd_backend *, const xd_convolution *)) {
  xd_convolution doubled;
  xd_upsample up;
  xd_status status = double_pictures(backend, args, &doubled, &up);
  if (status == XD_OK)
    status = xdi_opencl_upsample_forward(backend, &up);
  return status == XD_OK ? slot(backend, &doubled) : status;
}

xd_status xdi_opencl_upsample_conv2d_forward(xd_backend *backend, const xd_convolution *args) {
  return run_doubled(backend, args, xdi_opencl_conv2d_forward);
}

xd_status xdi_opencl_upsample_conv2d_backward_weights(xd_backend *backend, const xd_convolution *args) {
  return run_doubled(backend, args, xdi_opencl_conv2d_backward_weights);
}

xd_status xdi_opencl_upsample_conv2d_backward_data(xd_backend *backend, const xd_convolution *args) {
  xd_convolution doubled;
  xd_upsample up;
  xd_status status = double_pictures(backend, args, &doubled, &up);
  if (status == XD_OK)
    status = xdi_opencl_conv2d_backward_data(backend, &doubled);
  return status == XD_OK ? xdi_opencl_upsample_backward(backend, &up) : status;
}
