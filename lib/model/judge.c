/* The judge's handle: pairs of 3x3 convolutions, of stride 1 and of stride 2 with twice the channels,
 * then a dense layer of features and one of logits. The features are what the last layer reads. Large pictures are
 * halved first: a class is told without their finest detail, which would be most of the work. */
#include "model/judge.h"

#include <string.h>

#include "base/memory.h"
#include "layer/builtin.h"
#include "model/argument.h"
#include "model/blueprint.h"
#include "model/inference.h"
#include "model/model.h"
#include "tensor/shape.h"

#define OWNER "the judge"
#define LARGEST_MAP 64 /* default blocks: their first one sees no larger side */
#define SMALLEST_MAP 4 /* and halve until both sides are at most this */
#define KERNEL 3
#define PAD 1

static xd_status check_network(xd_context *context, const xd_network *network) {
  const xdi_layer *last = &network->layers[network->layer_count - 1];
  const xd_status status = xdi_check_picture(context, "a judge", network->input);
  if (status != XD_OK)
    return status;
  if (last->spec.tag != xdi_dense_layer.tag || last->activation != XD_ACTIVATION_IDENTITY ||
      xdi_cells(last->in) > XDI_LATENT_MAX || xdi_output_size(network) > XD_CLASS_LIMIT)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "a judge must end in a dense layer without an activation, from 1 to %d features to 1 to %d "
        "classes, not from %zu to %u",
        XDI_LATENT_MAX, XD_CLASS_LIMIT, xdi_cells(last->in), xdi_output_size(network));
  return XD_OK;
}

xd_status xdi_judge_wrap(xd_judge **out, xd_context *context, xd_network *network) {
  xdi_part *part;
  const xd_status status = xdi_part_wrap(&part, context, network, check_network);
  *out = (xd_judge *)part;
  return status;
}

/* ---- creation ---- */

static xd_status check_settings(xd_context *context, const xdi_judge_settings *settings, xd_shape picture) {
  const xd_status status = xdi_check_picture_options(context, "judge", picture);
  if (status != XD_OK)
    return status;
  if (settings->classes == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "judge.classes is 0: a judge needs their number");
  const uint32_t most = xdi_count_halvings(picture, 1);
  if (settings->blocks > most)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "judge.blocks is %u, but pictures of %ux%u can be halved %u times", settings->blocks,
                    picture.width, picture.height, most);
  return XD_OK;
}

static xd_layer_spec convolution(uint32_t channels, uint32_t stride) {
  return (xd_layer_spec){XD_TAG('C', 'N', 'V', '2'), {channels, KERNEL, stride, PAD, XD_ACTIVATION_RELU}};
}

static void list_layers(const xdi_judge_settings *settings, xd_shape picture, xdi_layer_list *out) {
  uint32_t channels = settings->base_channels, blocks = settings->blocks, halvings = 0;
  if (blocks == 0) {
    if (picture.width > LARGEST_MAP || picture.height > LARGEST_MAP)
      halvings = xdi_count_halvings(picture, LARGEST_MAP);
    blocks = xdi_count_halvings(picture, SMALLEST_MAP) - halvings;
  }
  out->count = 0;
  for (uint32_t i = 0; i < halvings; i++)
    xdi_layer_list_add(out, convolution(channels, 2));
  for (uint32_t i = 0; i < blocks; i++) {
    xdi_layer_list_add(out, convolution(channels, 1));
    channels *= 2;
    xdi_layer_list_add(out, convolution(channels, 2));
  }
  xdi_layer_list_add_perceptron(out, 1, settings->feature_dim, XD_ACTIVATION_RELU, settings->dropout,
                                settings->classes);
}

xd_status xdi_judge_build(xd_judge **out, xd_context *context, const xdi_judge_settings *settings) {
  xdi_part *part;
  const xd_shape picture = {
      .width = settings->width, .height = settings->height, .channels = settings->channels};
  xdi_blueprint blueprint = {.input = picture, .seed = settings->seed};
  *out = NULL;
  xd_status status = check_settings(context, settings, picture);
  if (status != XD_OK)
    return status;
  list_layers(settings, picture, &blueprint.layers);
  status = xdi_part_build(&part, context, &blueprint, check_network);
  *out = (xd_judge *)part;
  return status;
}

xd_status xd_judge_create(xd_judge **out, xd_context *context, const xd_options *options) {
  xdi_judge_settings settings;
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, OWNER);
  if (status == XD_OK)
    status = xdi_read_judge(&settings, context, options);
  return status == XD_OK ? xdi_judge_build(out, context, &settings) : status;
}

/* ---- the handle ---- */

xd_judge *xd_judge_retain(const xd_judge *judge) {
  return xdi_part_retain(judge);
}

void xd_judge_release(const xd_judge *judge) {
  xdi_part_release(judge);
}

const xd_network *xd_judge_network(const xd_judge *judge) {
  return xdi_part_network(judge);
}

void xd_judge_picture_shape(const xd_judge *judge, xd_shape *out) {
  xd_network_input_shape(xdi_part_network(judge), out);
}

uint32_t xd_judge_class_count(const xd_judge *judge) {
  return xdi_output_size(xdi_part_network(judge));
}

uint32_t xd_judge_feature_dim(const xd_judge *judge) {
  const xd_network *network = xdi_part_network(judge);
  return network ? (uint32_t)xdi_cells(network->layers[network->layer_count - 1].in) : 0;
}

/* ---- names of classes ---- */

/* The names in one block: where each begins among the bytes that follow. */
typedef struct class_list {
  uint32_t count;
  uint32_t at[XD_CLASS_LIMIT];
  char bytes[];
} class_list;

static const char *text_of(const char *name) {
  return name ? name : "";
}

xd_status xdi_judge_name_classes(xd_judge *judge, xd_context *context, const char *const *names,
                                 uint32_t count) {
  size_t size = sizeof(class_list);
  for (uint32_t i = 0; i < count; i++)
    size += strlen(text_of(names[i])) + 1;
  class_list *list = xdi_allocate_zeroed(&judge->part.allocator, 1, size);
  if (!list)
    return xdi_fail_memory(context, "naming a judge's classes");
  for (uint32_t i = 0, at = 0; i < count; i++) {
    const size_t length = strlen(text_of(names[i])) + 1;
    memcpy(list->bytes + at, text_of(names[i]), length);
    list->at[i] = at;
    at += (uint32_t)length;
  }
  list->count = count;
  xdi_release(&judge->part.allocator, judge->part.more);
  judge->part.more = list;
  return XD_OK;
}

uint32_t xdi_judge_name_count(const xd_judge *judge) {
  const class_list *list = judge ? judge->part.more : NULL;
  return list ? list->count : 0;
}

const char *xd_judge_class_name(const xd_judge *judge, uint32_t label) {
  const class_list *list = judge ? judge->part.more : NULL;
  return list && label < list->count ? list->bytes + list->at[label] : "";
}

static xd_status check_names(xd_context *context, const xd_judge *judge, const char *const *names,
                             uint32_t count) {
  if (!judge || (!names && count > 0))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_with_class_names: %s is NULL",
                    judge ? "names" : "judge");
  if (count > xd_judge_class_count(judge))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_judge_with_class_names: %u names, but the judge has %u classes", count,
                    xd_judge_class_count(judge));
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    status = xdi_check_text(context, names[i], "judge", "class names");
  return status;
}

xd_status xd_judge_with_class_names(xd_judge **out, xd_context *context, const xd_judge *judge,
                                    const char *const *names, uint32_t count) {
  if (out)
    *out = NULL;
  xd_status status = xdi_check_creation(context, out, OWNER);
  if (status == XD_OK)
    status = check_names(context, judge, names, count);
  if (status == XD_OK)
    status = xdi_judge_wrap(out, context, judge->part.network);
  if (status == XD_OK)
    status = xdi_judge_name_classes(*out, context, names, count);
  if (status == XD_OK || !out)
    return status;
  xd_judge_release(*out);
  *out = NULL;
  return status;
}

/* ---- prediction ---- */

void xdi_judge_choose(uint32_t *labels, const float *logits, uint32_t count, uint32_t classes) {
  for (uint32_t i = 0; i < count; i++, logits += classes) {
    labels[i] = 0;
    for (uint32_t k = 1; k < classes; k++)
      if (logits[k] > logits[labels[i]])
        labels[i] = k;
  }
}

static xd_status predict(const xd_judge *judge, xd_context *context, float *logits, float *features,
                         const float *pictures, uint32_t count) {
  const xdi_inference call = {.count = count,
                              .kind = XDI_ROWS_OF_PIXELS,
                              .inputs = {pictures, NULL},
                              .input_widths = {xdi_input_size(judge->part.network), 0},
                              .outputs = {logits, NULL},
                              .output_widths = {xd_judge_class_count(judge), 0},
                              .last_input = features,
                              .last_input_width = xd_judge_feature_dim(judge)};
  return xdi_infer(context, judge->part.network, &call);
}

static xd_status check_call(const xd_judge *judge, xd_context *context) {
  const xd_status status = xdi_require(context, context, "the context");
  return status == XD_OK ? xdi_require(context, judge, OWNER) : status;
}

xd_status xd_judge_predict(const xd_judge *judge, xd_context *context, uint32_t *labels, float *logits,
                           float *features, const float *pictures, uint32_t count) {
  xd_status status = check_call(judge, context);
  if (status == XD_OK && count > 0)
    status = xdi_require(context, pictures, "pictures");
  if (status != XD_OK || count == 0)
    return status;
  const uint32_t classes = xd_judge_class_count(judge);
  float *own = NULL;
  size_t cells;
  if (!logits && labels) {
    if (xdi_multiply(count, classes, &cells))
      own = xdi_allocate(&context->allocator, cells, sizeof *own);
    if (!own)
      return xdi_fail_memory(context, "predicting classes");
    logits = own;
  }
  status = predict(judge, context, logits, features, pictures, count);
  if (status == XD_OK && labels)
    xdi_judge_choose(labels, logits, count, classes);
  xdi_release(&context->allocator, own);
  return status;
}
