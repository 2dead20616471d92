/* A direction of a model as one graph of ONNX: encoder, generator and decoder in a row, as a translator runs them. */
#include <string.h>

#include "onnx.h"

static onnx_value name_value(const char *name, onnx_form form, xd_shape shape) {
  onnx_value value = {.shape = shape};
  snprintf(value.base, sizeof value.base, "%s", name);
  snprintf(value.names[form], sizeof value.names[form], "%s", name);
  return value;
}

static xd_shape shape_code(uint32_t size) {
  return (xd_shape){.width = 1, .height = 1, .channels = size};
}

/* The posterior's means, the first half of what an encoder makes. */
static onnx_value put_means(protobuf *graph, onnx_value *posterior, uint32_t size) {
  const onnx_value code = name_value("code", ONNX_ROWS, shape_code(size));
  put_whole_constant(graph, "code.begin", (int64_t[]){0}, 1);
  put_whole_constant(graph, "code.end", (int64_t[]){size}, 1);
  put_whole_constant(graph, "code.axes", (int64_t[]){1}, 1);
  put_node(graph, &(onnx_node){
                      .kind = "Slice",
                      .inputs = {in_form(graph, posterior, ONNX_ROWS), "code.begin", "code.end", "code.axes"},
                      .output = "code"});
  return code;
}

/* The source's code, of a picture or given as a condition. */
static bool put_source(protobuf *graph, const runtime *run, const xd_model *model, uint32_t domain,
                       onnx_value *code) {
  const network_role *role = find_role(ENCODER, domain);
  const xd_network *encoder = find_network(model, role);
  const uint32_t size = xd_model_latent_dim(model, domain);
  xd_shape shape;
  if (!encoder) {
    *code = name_value("condition", ONNX_ROWS, shape_code(size));
    put_value(graph, ONNX_INPUT, "condition", &size, 1, "a label: 1 at its place, 0 elsewhere; or a vector");
    return true;
  }
  xd_model_picture_shape(model, domain, &shape);
  onnx_value picture = name_value("picture", ONNX_CELLS, shape), posterior;
  put_value(graph, ONNX_INPUT, "picture", (uint32_t[]){shape.height, shape.width, shape.channels}, 3,
            "height, width, channels; 0..1");
  if (!put_network(graph, run, encoder, role->name, &picture, &posterior))
    return false;
  *code = put_means(graph, &posterior, size);
  return true;
}

static bool put_networks(protobuf *graph, const runtime *run, const xd_model *model, xd_direction direction) {
  const uint32_t source = direction, target = 3 - source, size = xd_model_latent_dim(model, target);
  const network_role *generator = find_role(GENERATOR, direction), *decoder = find_role(DECODER, target);
  onnx_value code, made, picture;
  xd_shape shape;
  if (!put_source(graph, run, model, source, &code))
    return false;
  put_value(graph, ONNX_INPUT, "noise", &size, 1, "normal, of deviation 1 or, for less variety, less");
  onnx_value pair = name_value("pair", ONNX_ROWS, shape_code(size + code.shape.channels));
  put_node(graph, &(onnx_node){.kind = "Concat",
                               .inputs = {"noise", in_form(graph, &code, ONNX_ROWS)},
                               .output = "pair",
                               .attributes = {{.name = "axis", .kind = ONNX_INT, .ints = {1}}}});
  if (!put_network(graph, run, find_network(model, generator), generator->name, &pair, &made) ||
      !put_network(graph, run, find_network(model, decoder), decoder->name, &made, &picture))
    return false;
  xd_model_picture_shape(model, target, &shape);
  put_node(graph, &(onnx_node){.kind = "Identity",
                               .inputs = {in_form(graph, &picture, ONNX_CELLS)},
                               .output = "translation"});
  put_value(graph, ONNX_OUTPUT, "translation", (uint32_t[]){shape.height, shape.width, shape.channels}, 3,
            "height, width, channels; 0..1");
  return true;
}

bool put_direction(protobuf *to, const runtime *run, const xd_model *model, xd_direction direction) {
  const char *way = xd_direction_name(direction);
  if (!xd_model_generator(model, direction)) {
    failure("the model has no mapping %s", way);
    return false;
  }
  const char *const texts[] = {"direction", way,
                               "source",    xd_model_name(model, direction),
                               "target",    xd_model_name(model, 3 - direction),
                               NULL};
  const size_t begin = begin_onnx(to);
  const bool whole = put_networks(to, run, model, direction);
  end_onnx(to, begin, way, texts);
  if (whole && to->failed)
    failure("the graph needs more memory than there is, or than ONNX's 2 GiB");
  return whole && !to->failed;
}
