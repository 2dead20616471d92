/* Convolution primitives, one for each geometry, made at its first call and kept until the backend closes.
 *
 * Pictures lie [batch][height][width][channels], which oneDNN takes as strides; weights are rearranged
 * into the layout it likes best, once a call. Memory objects and scratch memory belong to a piece, so
 * that pieces run at the same time on one primitive. */
#include "backend/onednn/onednn_state.h"

#include <string.h>

typedef struct layouts {
  dnnl_memory_desc_t source, target, plain, any, bias;
  dnnl_dims_t strides, before, behind;
} layouts;

static dnnl_dim_t reach_behind(uint32_t from, uint32_t to, uint32_t kernel, const xdi_onednn_sizes *g) {
  return ((dnnl_dim_t)to - 1) * g->stride + kernel - (dnnl_dim_t)from - g->pad;
}

static dnnl_status_t describe_pictures(dnnl_memory_desc_t *to, uint32_t batch, uint32_t height,
                                       uint32_t width, uint32_t channels) {
  const dnnl_dims_t dims = {batch, channels, height, width};
  const dnnl_dims_t strides = {(dnnl_dim_t)height * width * channels, 1, (dnnl_dim_t)width * channels,
                               channels};
  return dnnl_memory_desc_init_by_strides(to, 4, dims, dnnl_f32, strides);
}

static dnnl_status_t describe_weights(layouts *to, const xdi_onednn_sizes *g) {
  const dnnl_dims_t dims = {g->target_channels, g->source_channels, g->kernel_height, g->kernel_width};
  const dnnl_dim_t cell = (dnnl_dim_t)g->source_channels * g->target_channels;
  const dnnl_dims_t strides = {g->transposed ? g->source_channels : 1, g->transposed ? 1 : g->target_channels,
                               cell * g->kernel_width, cell};
  const dnnl_dims_t bias = {g->target_channels}, one = {1};
  dnnl_status_t status = dnnl_memory_desc_init_by_strides(&to->plain, 4, dims, dnnl_f32, strides);
  if (status == dnnl_success)
    status = dnnl_memory_desc_init_by_tag(&to->any, 4, dims, dnnl_f32, dnnl_format_tag_any);
  if (status == dnnl_success)
    status = dnnl_memory_desc_init_by_strides(&to->bias, 1, bias, dnnl_f32, one);
  return status;
}

static dnnl_status_t describe(layouts *to, const xdi_onednn_sizes *g) {
  for (int i = 0; i < 2; i++)
    to->strides[i] = g->stride, to->before[i] = g->pad;
  to->behind[0] = reach_behind(g->source_height, g->target_height, g->kernel_height, g);
  to->behind[1] = reach_behind(g->source_width, g->target_width, g->kernel_width, g);
  dnnl_status_t status =
      describe_pictures(&to->source, g->batch, g->source_height, g->source_width, g->source_channels);
  if (status == dnnl_success)
    status = describe_pictures(&to->target, g->batch, g->target_height, g->target_width, g->target_channels);
  return status == dnnl_success ? describe_weights(to, g) : status;
}

/* ---- Primitives ---- */

static dnnl_status_t add_activation(dnnl_primitive_attr_t attributes, xd_activation activation) {
  static const dnnl_alg_kind_t kinds[] = {dnnl_eltwise_linear, dnnl_eltwise_relu, dnnl_eltwise_relu,
                                          dnnl_eltwise_logistic, dnnl_eltwise_tanh};
  dnnl_post_ops_t operations = NULL;
  if (activation == XD_ACTIVATION_IDENTITY)
    return dnnl_success;
  dnnl_status_t status = dnnl_post_ops_create(&operations);
  if (status == dnnl_success)
    status = dnnl_post_ops_append_eltwise(operations, 1.0f, kinds[activation],
                                          activation == XD_ACTIVATION_LEAKY_RELU ? 0.2f : 0.0f, 0.0f);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_post_ops(attributes, operations);
  dnnl_post_ops_destroy(operations);
  return status;
}

static dnnl_status_t describe_forward(dnnl_primitive_desc_t *out, xd_backend *backend,
                                      const xdi_onednn_sizes *g, const layouts *l,
                                      const_dnnl_primitive_attr_t attributes) {
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = dnnl_convolution_forward_desc_init(
      &operation, dnnl_forward_training, dnnl_convolution_direct, &l->source, &l->any,
      g->bias ? &l->bias : NULL, &l->target, l->strides, l->before, l->behind);
  return status == dnnl_success
             ? dnnl_primitive_desc_create(out, &operation, attributes, backend->engine, NULL)
             : status;
}

/* A backward primitive asks for the forward one as a hint. */
static dnnl_status_t describe_backward(dnnl_primitive_desc_t *out, xd_backend *backend,
                                       const xdi_onednn_sizes *g, const layouts *l,
                                       const_dnnl_primitive_attr_t attributes) {
  dnnl_primitive_desc_t hint = NULL;
  dnnl_convolution_desc_t operation;
  dnnl_status_t status = describe_forward(&hint, backend, g, l, NULL);
  if (status != dnnl_success)
    return status;
  if (g->pass == XDI_PASS_DATA)
    status = dnnl_convolution_backward_data_desc_init(&operation, dnnl_convolution_direct, &l->source,
                                                      &l->any, &l->target, l->strides, l->before, l->behind);
  else
    status = dnnl_convolution_backward_weights_desc_init(&operation, dnnl_convolution_direct, &l->source,
                                                         &l->any, g->bias ? &l->bias : NULL, &l->target,
                                                         l->strides, l->before, l->behind);
  if (status == dnnl_success)
    status = dnnl_primitive_desc_create(out, &operation, attributes, backend->engine, hint);
  dnnl_primitive_desc_destroy(hint);
  return status;
}

static dnnl_status_t describe_primitive(dnnl_primitive_desc_t *out, xd_backend *backend,
                                        const xdi_onednn_sizes *g, const layouts *l) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(&attributes);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && g->pass == XDI_PASS_FORWARD)
    status = add_activation(attributes, (xd_activation)g->activation);
  if (status == dnnl_success)
    status =
        (g->pass == XDI_PASS_FORWARD ? describe_forward : describe_backward)(out, backend, g, l, attributes);
  dnnl_primitive_attr_destroy(attributes);
  return status;
}

/* Between the plain layout of weights and the primitive's; none where they are the same. */
static dnnl_status_t create_reorder(xdi_convolver *convolver, xd_backend *backend,
                                    const dnnl_memory_desc_t *plain, const dnnl_memory_desc_t *packed) {
  const bool unpacks = convolver->geometry.pass == XDI_PASS_WEIGHTS;
  dnnl_primitive_desc_t description = NULL;
  convolver->reorders = !dnnl_memory_desc_equal(plain, packed);
  if (!convolver->reorders)
    return dnnl_success;
  dnnl_status_t status =
      dnnl_reorder_primitive_desc_create(&description, unpacks ? packed : plain, backend->engine,
                                         unpacks ? plain : packed, backend->engine, NULL);
  if (status == dnnl_success)
    status = dnnl_primitive_create(&convolver->reorder, description);
  dnnl_primitive_desc_destroy(description);
  return status;
}

/* ---- Lanes ---- */

static dnnl_status_t create_memory(dnnl_memory_t *out, xd_backend *backend,
                                   const dnnl_memory_desc_t *layout) {
  return dnnl_memory_create(out, layout, backend->engine, DNNL_MEMORY_NONE);
}

static dnnl_status_t create_views(xdi_lane *lane, xd_backend *backend, const layouts *l,
                                  const dnnl_memory_desc_t *packed, const dnnl_memory_desc_t *scratchpad) {
  dnnl_status_t status = create_memory(&lane->source, backend, &l->source);
  if (status == dnnl_success)
    status = create_memory(&lane->target, backend, &l->target);
  if (status == dnnl_success)
    status = create_memory(&lane->packed, backend, packed);
  if (status == dnnl_success)
    status = create_memory(&lane->plain, backend, &l->plain);
  if (status == dnnl_success)
    status = create_memory(&lane->bias, backend, &l->bias);
  if (status == dnnl_success)
    status = create_memory(&lane->scratchpad, backend, scratchpad);
  return status;
}

static xd_status open_lane(xdi_convolver *convolver, uint32_t index, xd_backend *backend, const layouts *l,
                           const_dnnl_primitive_desc_t description) {
  const dnnl_memory_desc_t *packed = dnnl_primitive_desc_query_md(
      description,
      convolver->geometry.pass == XDI_PASS_WEIGHTS ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
  const dnnl_memory_desc_t *scratchpad =
      dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
  const bool own_weights = convolver->geometry.pass == XDI_PASS_WEIGHTS;
  xdi_lane *lane = &convolver->lanes[index];
  xd_status status = xdi_onednn_status(create_views(lane, backend, l, packed, scratchpad));
  if (status == XD_OK && index == 0)
    status = xdi_onednn_status(create_reorder(convolver, backend, &l->plain, packed));
  if (status != XD_OK)
    return status;
  lane->memory = xdi_onednn_allocate(backend, dnnl_memory_desc_get_size(scratchpad));
  if (!lane->memory)
    return XD_ERROR_OUT_OF_MEMORY;
  if (own_weights || index == 0) {
    lane->packed_memory = xdi_onednn_allocate(backend, dnnl_memory_desc_get_size(packed));
    if (!lane->packed_memory)
      return XD_ERROR_OUT_OF_MEMORY;
  }
  if (own_weights) {
    const size_t channels = convolver->geometry.source_channels + (size_t)convolver->geometry.target_channels;
    lane->plain_memory = xdi_onednn_allocate(backend, (convolver->weight_count + channels) * sizeof(float));
    if (!lane->plain_memory)
      return XD_ERROR_OUT_OF_MEMORY;
  }
  return xdi_onednn_status(dnnl_memory_set_data_handle(lane->scratchpad, lane->memory));
}

static void close_lane(xdi_lane *lane, xd_backend *backend) {
  const dnnl_memory_t views[] = {lane->source, lane->target, lane->packed,
                                 lane->plain,  lane->bias,   lane->scratchpad};
  for (size_t i = 0; i < sizeof views / sizeof *views; i++)
    if (views[i])
      dnnl_memory_destroy(views[i]);
  xdi_onednn_release(backend, lane->memory);
  xdi_onednn_release(backend, lane->packed_memory);
  xdi_onednn_release(backend, lane->plain_memory);
}

/* ---- Convolvers ---- */

static void destroy(xdi_convolver *convolver, xd_backend *backend) {
  for (int i = 0; i < XDI_ONEDNN_PIECES; i++)
    close_lane(&convolver->lanes[i], backend);
  if (convolver->reorder)
    dnnl_primitive_destroy(convolver->reorder);
  if (convolver->primitive)
    dnnl_primitive_destroy(convolver->primitive);
  xdi_onednn_release(backend, convolver);
}

void xdi_onednn_convolvers_destroy(xd_backend *backend) {
  while (backend->convolvers) {
    xdi_convolver *next = backend->convolvers->next;
    destroy(backend->convolvers, backend);
    backend->convolvers = next;
  }
}

/* Runs held to one thread, as the primitive is bound to their number. */
typedef struct building {
  xdi_convolver *convolver;
  xd_backend *backend;
  xd_status status;
} building;

static void build(void *argument, uint32_t piece) {
  building *b = argument;
  layouts l;
  dnnl_primitive_desc_t description = NULL;
  const xdi_onednn_sizes *g = &b->convolver->geometry;
  (void)piece;
  dnnl_status_t status = describe(&l, g);
  if (status == dnnl_success)
    status = describe_primitive(&description, b->backend, g, &l);
  if (status == dnnl_success)
    status = dnnl_primitive_create(&b->convolver->primitive, description);
  b->convolver->usable = status == dnnl_success;
  b->status = status == dnnl_out_of_memory ? XD_ERROR_OUT_OF_MEMORY : XD_OK;
  for (uint32_t i = 0; i < XDI_ONEDNN_PIECES && b->convolver->usable && b->status == XD_OK; i++)
    b->status = open_lane(b->convolver, i, b->backend, &l, description);
  if (description)
    dnnl_primitive_desc_destroy(description);
}

static xd_status create(xdi_convolver **out, xd_backend *backend, const xdi_onednn_sizes *geometry) {
  xdi_convolver *convolver = xdi_onednn_allocate(backend, sizeof *convolver);
  if (!convolver)
    return XD_ERROR_OUT_OF_MEMORY;
  memset(convolver, 0, sizeof *convolver);
  convolver->geometry = *geometry;
  convolver->weight_count = (size_t)geometry->kernel_height * geometry->kernel_width *
                            geometry->source_channels * geometry->target_channels;
  building b = {convolver, backend, XD_OK};
  const xdi_pieces work = {build, &b};
  const xd_status ran = xdi_onednn_run(backend, &work, 1);
  const xd_status status = ran != XD_OK ? ran : b.status;
  if (status != XD_OK) {
    destroy(convolver, backend);
    return status;
  }
  *out = convolver;
  return XD_OK;
}

xd_status xdi_onednn_convolver(xd_backend *backend, xdi_convolver **out, const xdi_onednn_sizes *geometry) {
  for (xdi_convolver *c = backend->convolvers; c; c = c->next)
    if (memcmp(&c->geometry, geometry, sizeof *geometry) == 0) {
      *out = c;
      return XD_OK;
    }
  const xd_status status = create(out, backend, geometry);
  if (status == XD_OK) {
    (*out)->next = backend->convolvers;
    backend->convolvers = *out;
  }
  return status;
}
