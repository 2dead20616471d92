/* A network as nodes of ONNX. Its operators want pictures as planes, this library's as cells, and dense layers read
 * cells in a row: a value is turned from one form into another where the next layer wants it so. What each layer
 * computes is in docs/model-format.md. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.h"
#include <xdomain/sys/backend.h>

typedef struct name {
  char text[ONNX_NAME_SIZE];
} name;

/* One layer on its way into the graph. */
typedef struct step {
  protobuf *graph;
  const runtime *run;
  const xd_network *network;
  const planned_layer *layer;
  const uint32_t *values; /* of its specification */
  uint32_t index;
  name at; /* "encoder1.0.conv2d" */
  onnx_value *x, *other, *y;
  bool failed; /* the reason was printed */
} step;

/* ---- Forms ---- */

static void put_transpose(protobuf *graph, const char *from, const char *to, bool to_planes) {
  onnx_attribute order = {.name = "perm", .kind = ONNX_INTS, .ints = {0, 2, 3, 1}, .count = 4};
  if (to_planes)
    order = (onnx_attribute){.name = "perm", .kind = ONNX_INTS, .ints = {0, 3, 1, 2}, .count = 4};
  put_node(graph, &(onnx_node){.kind = "Transpose", .inputs = {from}, .output = to, .attributes = {order}});
}

/* Gives each row of a batch another shape. */
static void put_reshape(protobuf *graph, const char *from, const char *to, const int64_t *sides,
                        uint32_t rank) {
  char shape[sizeof(name) + 32];
  snprintf(shape, sizeof shape, "%s.shape", to);
  put_whole_constant(graph, shape, sides, rank);
  put_node(graph, &(onnx_node){.kind = "Reshape", .inputs = {from, shape}, .output = to});
}

const char *in_form(protobuf *graph, onnx_value *value, onnx_form form) {
  static const char *const endings[] = {".rows", ".cells", ".planes"};
  char *made = value->names[form];
  if (*made)
    return made;
  const bool from_rows = form == ONNX_CELLS && !*value->names[ONNX_PLANES];
  const onnx_form from = form != ONNX_CELLS ? ONNX_CELLS : from_rows ? ONNX_ROWS : ONNX_PLANES;
  const char *given = in_form(graph, value, from);
  snprintf(made, sizeof value->names[form], "%s%s", value->base, endings[form]);
  if (form == ONNX_ROWS)
    put_node(graph, &(onnx_node){.kind = "Flatten", .inputs = {given}, .output = made});
  else if (from_rows)
    put_reshape(graph, given, made,
                (int64_t[]){0, value->shape.height, value->shape.width, value->shape.channels}, 4);
  else
    put_transpose(graph, given, made, form == ONNX_PLANES);
  return made;
}

static const char *rows(const step *s, onnx_value *value) {
  return in_form(s->graph, value, ONNX_ROWS);
}

static const char *cells(const step *s, onnx_value *value) {
  return in_form(s->graph, value, ONNX_CELLS);
}

static const char *planes(const step *s, onnx_value *value) {
  return in_form(s->graph, value, ONNX_PLANES);
}

/* A form that a value has already. */
static onnx_form form_of(const onnx_value *value) {
  return *value->names[ONNX_PLANES] ? ONNX_PLANES : *value->names[ONNX_CELLS] ? ONNX_CELLS : ONNX_ROWS;
}

/* ---- Tensors ---- */

/* "encoder1.0.conv2d.PART" */
static name name_part(const step *s, const char *part) {
  name made;
  snprintf(made.text, sizeof made.text, "%.60s.%.30s", s->at.text, part);
  return made;
}

/* from[shape] into to[shape[order[0]]][shape[order[1]]]... */
static void permute(float *to, const float *from, const uint32_t shape[4], const uint32_t order[4]) {
  size_t strides[4], stride = 1;
  for (uint32_t i = 4; i-- > 0; stride *= shape[i])
    strides[i] = stride;
  for (uint32_t a = 0; a < shape[order[0]]; a++)
    for (uint32_t b = 0; b < shape[order[1]]; b++)
      for (uint32_t c = 0; c < shape[order[2]]; c++)
        for (uint32_t d = 0; d < shape[order[3]]; d++)
          *to++ = from[a * strides[order[0]] + b * strides[order[1]] + c * strides[order[2]] +
                       d * strides[order[3]]];
}

static bool find_tensor(const step *s, const char *part, xd_tensor *out) {
  for (uint32_t i = 0; i < xd_network_tensor_count(s->network); i++) {
    *out = (xd_tensor)XD_TENSOR_INIT;
    if (!xd_network_tensor(s->network, i, out) && out->layer == s->index &&
        !strcmp(strrchr(out->name, '.') + 1, part))
      return true;
  }
  return false;
}

/* The layer's tensor, with as much room behind it; NULL where it failed. */
static float *read_tensor(step *s, const char *part, xd_tensor *out) {
  const bool found = find_tensor(s, part, out);
  float *numbers = found ? malloc(2 * out->count * sizeof *numbers) : NULL;
  xd_status status = XD_OK;
  if (!found)
    failure("'%s' has no tensor '%s'", s->at.text, part);
  else if (!numbers)
    failure("out of memory");
  else if ((status = xd_network_get(s->network, s->run->context, numbers, out->name, out->count)))
    report_failure(s->run, status);
  if (numbers && !status)
    return numbers;
  free(numbers);
  s->failed = true;
  return NULL;
}

/* Puts a tensor with its sides in another order. */
static name put_ordered(step *s, const char *part, const uint32_t order[4]) {
  const name made = name_part(s, part);
  xd_tensor tensor;
  float *numbers = read_tensor(s, part, &tensor);
  if (!numbers)
    return made;
  uint32_t shape[4];
  for (uint32_t i = 0; i < 4; i++)
    shape[i] = tensor.shape[order[i]];
  permute(numbers + tensor.count, numbers, tensor.shape, order);
  put_constant(s->graph, made.text, shape, tensor.rank, numbers + tensor.count);
  free(numbers);
  return made;
}

static name put_tensor(step *s, const char *part) {
  return put_ordered(s, part, (uint32_t[]){0, 1, 2, 3});
}

/* Puts a tensor of one number a channel so that it can be added to planes, or multiplied with them. */
static name put_channels(step *s, const char *part) {
  const name made = name_part(s, part);
  xd_tensor tensor;
  float *numbers = read_tensor(s, part, &tensor);
  if (numbers)
    put_constant(s->graph, made.text, (uint32_t[]){tensor.shape[0], 1, 1}, 3, numbers);
  free(numbers);
  return made;
}

static name put_scalar(step *s, const char *part, float value) {
  const name made = name_part(s, part);
  put_constant(s->graph, made.text, NULL, 0, &value);
  return made;
}

/* ---- Nodes ---- */

/* One on the way to the layer's result. */
static name put_part(step *s, const char *part, onnx_node node) {
  const name made = name_part(s, part);
  node.output = made.text;
  put_node(s->graph, &node);
  return made;
}

/* The node that makes the layer's result, and the activation behind it. */
static void put_result(step *s, onnx_form form, uint32_t activation, onnx_node node) {
  static const char *const kinds[] = {NULL, "Relu", "LeakyRelu", "Sigmoid", "Tanh"};
  if (activation) {
    const name sum = put_part(s, "sum", node);
    node = (onnx_node){.kind = kinds[activation]};
    node.inputs[0] = sum.text;
    if (activation == XD_ACTIVATION_LEAKY_RELU)
      node.attributes[0] = (onnx_attribute){.name = "alpha", .kind = ONNX_FLOAT, .number = 0.2f};
    node.output = s->at.text;
    put_node(s->graph, &node);
  } else {
    node.output = s->at.text;
    put_node(s->graph, &node);
  }
  snprintf(s->y->names[form], sizeof s->y->names[form], "%s", s->at.text);
}

/* ---- Layers ---- */

static void put_dense(step *s) {
  const name weights = put_tensor(s, "weights"), bias = put_tensor(s, "bias");
  put_result(s, ONNX_ROWS, s->values[3],
             (onnx_node){.kind = "Gemm", .inputs = {rows(s, s->x), weights.text, bias.text}});
}

static void put_linear_skip(step *s) {
  const name weights = put_tensor(s, "weights"), bias = put_tensor(s, "bias");
  const name skip = put_part(
      s, "skip", (onnx_node){.kind = "Gemm", .inputs = {rows(s, s->other), weights.text, bias.text}});
  put_result(s, ONNX_ROWS, s->values[0], (onnx_node){.kind = "Add", .inputs = {rows(s, s->x), skip.text}});
}

static void put_residual_add(step *s) {
  const onnx_form form = form_of(s->x);
  put_result(s, form, s->values[1],
             (onnx_node){.kind = "Add", .inputs = {s->x->names[form], in_form(s->graph, s->other, form)}});
}

static void put_activation(step *s) {
  const onnx_form form = form_of(s->x);
  put_result(s, form, s->values[0], (onnx_node){.kind = "Identity", .inputs = {s->x->names[form]}});
}

/* In inference. */
static void put_dropout(step *s) {
  const onnx_form form = form_of(s->x);
  put_result(s, form, XD_ACTIVATION_IDENTITY, (onnx_node){.kind = "Identity", .inputs = {s->x->names[form]}});
}

static void put_reshape_layer(step *s) {
  put_result(s, ONNX_ROWS, XD_ACTIVATION_IDENTITY,
             (onnx_node){.kind = "Identity", .inputs = {rows(s, s->x)}});
}

/* What a convolution reads beyond the end, so that its output has the side that it should. */
static int64_t end_pad(uint32_t in, uint32_t out, const uint32_t *values) {
  const int64_t kernel = values[1], stride = values[2], pad = values[3];
  const int64_t end = (int64_t)(out - 1) * stride + kernel - in - pad;
  return end > 0 ? end : 0;
}

static onnx_attribute name_pads(int64_t begin, int64_t bottom, int64_t right) {
  return (onnx_attribute){
      .name = "pads", .kind = ONNX_INTS, .ints = {begin, begin, bottom, right}, .count = 4};
}

static onnx_attribute name_strides(int64_t stride) {
  return (onnx_attribute){.name = "strides", .kind = ONNX_INTS, .ints = {stride, stride}, .count = 2};
}

static void put_conv2d(step *s) {
  const name weights = put_ordered(s, "weights", (uint32_t[]){3, 2, 0, 1}), bias = put_tensor(s, "bias");
  const xd_shape in = s->layer->in, out = s->layer->out;
  const onnx_attribute pads = name_pads(s->values[3], end_pad(in.height, out.height, s->values),
                                        end_pad(in.width, out.width, s->values));
  put_result(s, ONNX_PLANES, s->values[4],
             (onnx_node){.kind = "Conv",
                         .inputs = {planes(s, s->x), weights.text, bias.text},
                         .attributes = {name_strides(s->values[2]), pads}});
}

/* How many cells of the full result of a transposed convolution are cut off at the end, below 0 how many are missing,
 * of which no cell of the input knows. */
static int64_t end_cut(uint32_t in, uint32_t out, const uint32_t *values) {
  const int64_t kernel = values[1], stride = values[2], pad = values[3];
  return (int64_t)(in - 1) * stride + kernel - pad - out;
}

static void put_conv_transpose2d(step *s) {
  const name weights = put_ordered(s, "weights", (uint32_t[]){2, 3, 0, 1}), bias = put_channels(s, "bias");
  const int64_t bottom = end_cut(s->layer->in.height, s->layer->out.height, s->values);
  const int64_t right = end_cut(s->layer->in.width, s->layer->out.width, s->values);
  name made = put_part(
      s, "products",
      (onnx_node){.kind = "ConvTranspose",
                  .inputs = {planes(s, s->x), weights.text},
                  .attributes = {name_strides(s->values[2]),
                                 name_pads(s->values[3], bottom > 0 ? bottom : 0, right > 0 ? right : 0)}});
  if (bottom < 0 || right < 0) {
    const int64_t missing[] = {0, 0, 0, 0, 0, 0, bottom < 0 ? -bottom : 0, right < 0 ? -right : 0};
    const name pads = name_part(s, "pads");
    put_whole_constant(s->graph, pads.text, missing, 8);
    made = put_part(s, "padded", (onnx_node){.kind = "Pad", .inputs = {made.text, pads.text}});
  }
  put_result(s, ONNX_PLANES, s->values[4], (onnx_node){.kind = "Add", .inputs = {made.text, bias.text}});
}

/* Each cell four times. */
static name put_doubled(step *s) {
  const name scales = name_part(s, "scales");
  put_constant(s->graph, scales.text, (uint32_t[]){4}, 1, (float[]){1.0f, 1.0f, 2.0f, 2.0f});
  return put_part(
      s, "doubled",
      (onnx_node){.kind = "Resize",
                  .inputs = {planes(s, s->x), "", scales.text},
                  .attributes = {
                      {.name = "mode", .kind = ONNX_TEXT, .text = "nearest"},
                      {.name = "nearest_mode", .kind = ONNX_TEXT, .text = "floor"},
                      {.name = "coordinate_transformation_mode", .kind = ONNX_TEXT, .text = "asymmetric"}}});
}

/* Makes a doubled picture of planes the layer's result, without its last row or column where a side is odd. */
static void put_cropped(step *s, const name *doubled, uint32_t activation) {
  const xd_shape out = s->layer->out;
  const name begin = name_part(s, "begin"), end = name_part(s, "end"), axes = name_part(s, "axes");
  put_whole_constant(s->graph, begin.text, (int64_t[]){0, 0}, 2);
  put_whole_constant(s->graph, end.text, (int64_t[]){out.height, out.width}, 2);
  put_whole_constant(s->graph, axes.text, (int64_t[]){2, 3}, 2);
  put_result(s, ONNX_PLANES, activation,
             (onnx_node){.kind = "Slice", .inputs = {doubled->text, begin.text, end.text, axes.text}});
}

static void put_upsample(step *s) {
  const name doubled = put_doubled(s);
  put_cropped(s, &doubled, XD_ACTIVATION_IDENTITY);
}

static void put_upsample_conv2d(step *s) {
  const name weights = put_ordered(s, "weights", (uint32_t[]){3, 2, 0, 1}), bias = put_tensor(s, "bias");
  const name doubled = put_doubled(s);
  const name made = put_part(s, "convolved",
                             (onnx_node){.kind = "Conv",
                                         .inputs = {doubled.text, weights.text, bias.text},
                                         .attributes = {name_pads(1, 1, 1)}});
  put_cropped(s, &made, s->values[1]);
}

/* Each group as one channel of a picture of one row. */
static void put_group_norm(step *s) {
  const uint32_t groups = s->values[0];
  const xd_shape shape = s->layer->out;
  const name scale = put_channels(s, "scale"), shift = put_channels(s, "shift");
  const name ones = name_part(s, "ones"), zeros = name_part(s, "zeros"), grouped = name_part(s, "grouped");
  float *numbers = calloc(2 * (size_t)groups, sizeof *numbers);
  if (!numbers) {
    failure("out of memory");
    s->failed = true;
    return;
  }
  for (uint32_t i = 0; i < groups; i++)
    numbers[i] = 1.0f;
  put_constant(s->graph, ones.text, &groups, 1, numbers);
  put_constant(s->graph, zeros.text, &groups, 1, numbers + groups);
  free(numbers);
  put_reshape(s->graph, planes(s, s->x), grouped.text, (int64_t[]){0, groups, -1}, 3);
  const name normal =
      put_part(s, "normal",
               (onnx_node){.kind = "InstanceNormalization",
                           .inputs = {grouped.text, ones.text, zeros.text},
                           .attributes = {{.name = "epsilon", .kind = ONNX_FLOAT, .number = 1e-5f}}});
  const name apart = name_part(s, "apart");
  put_reshape(s->graph, normal.text, apart.text, (int64_t[]){0, shape.channels, shape.height, shape.width},
              4);
  const name scaled = put_part(s, "scaled", (onnx_node){.kind = "Mul", .inputs = {apart.text, scale.text}});
  put_result(s, ONNX_PLANES, s->values[1], (onnx_node){.kind = "Add", .inputs = {scaled.text, shift.text}});
}

/* ---- The window ---- */

/* Its weights, [height][width][1], whose sum is 1. */
static name put_window(step *s) {
  const name made = name_part(s, "window");
  const uint32_t height = s->layer->in.height, width = s->layer->in.width;
  const double sigma = s->values[0] / 1000.0 * (height > width ? height : width);
  float *weights = malloc((size_t)height * width * sizeof *weights);
  if (!weights) {
    failure("out of memory");
    s->failed = true;
    return made;
  }
  double sum = 0.0;
  for (int pass = 0; pass < 2; pass++)
    for (uint32_t y = 0; y < height; y++)
      for (uint32_t x = 0; x < width; x++) {
        const double down = (y - 0.5 * (height - 1)) / sigma, across = (x - 0.5 * (width - 1)) / sigma;
        const double weight = exp(-0.5 * (down * down + across * across));
        if (pass == 0)
          sum += weight;
        else
          weights[(size_t)y * width + x] = (float)(weight / sum);
      }
  put_constant(s->graph, made.text, (uint32_t[]){height, width, 1}, 3, weights);
  free(weights);
  return made;
}

/* The sums over a picture, under the window, of each channel. */
static name put_weighted_sum(step *s, const char *part, const char *of, const name *window,
                             const name *axes) {
  char weighted[ONNX_NAME_SIZE];
  snprintf(weighted, sizeof weighted, "%s.weighted", part);
  const name made = put_part(s, weighted, (onnx_node){.kind = "Mul", .inputs = {of, window->text}});
  return put_part(s, part, (onnx_node){.kind = "ReduceSum", .inputs = {made.text, axes->text}});
}

static void put_window_normalise(step *s) {
  const name window = put_window(s), axes = name_part(s, "axes");
  put_whole_constant(s->graph, axes.text, (int64_t[]){1, 2}, 2);
  const name mean = put_weighted_sum(s, "mean", cells(s, s->x), &window, &axes);
  const name apart = put_part(s, "apart", (onnx_node){.kind = "Sub", .inputs = {cells(s, s->x), mean.text}});
  const name square = put_part(s, "square", (onnx_node){.kind = "Mul", .inputs = {apart.text, apart.text}});
  const name variances = put_weighted_sum(s, "variances", square.text, &window, &axes);
  const name variance =
      put_part(s, "variance",
               (onnx_node){.kind = "ReduceMean",
                           .inputs = {variances.text},
                           .attributes = {{.name = "axes", .kind = ONNX_INTS, .ints = {3}, .count = 1}}});
  const name root = put_part(s, "root", (onnx_node){.kind = "Sqrt", .inputs = {variance.text}});
  const name least = put_scalar(s, "least", 1.0f / 64.0f), spread = put_scalar(s, "spread", 0.2f);
  const name grey = put_scalar(s, "grey", 0.5f);
  const name zero = put_scalar(s, "zero", 0.0f), one = put_scalar(s, "one", 1.0f);
  const name deviation =
      put_part(s, "deviation", (onnx_node){.kind = "Max", .inputs = {root.text, least.text}});
  const name normal =
      put_part(s, "normal", (onnx_node){.kind = "Div", .inputs = {apart.text, deviation.text}});
  const name scaled = put_part(s, "scaled", (onnx_node){.kind = "Mul", .inputs = {normal.text, spread.text}});
  const name shifted = put_part(s, "shifted", (onnx_node){.kind = "Add", .inputs = {scaled.text, grey.text}});
  put_result(s, ONNX_CELLS, XD_ACTIVATION_IDENTITY,
             (onnx_node){.kind = "Clip", .inputs = {shifted.text, zero.text, one.text}});
}

/* ---- A network ---- */

static const struct {
  uint32_t tag;
  void (*put)(step *s);
} layers[] = {
    {XD_TAG('D', 'N', 'S', 'E'), put_dense},
    {XD_TAG('C', 'N', 'V', '2'), put_conv2d},
    {XD_TAG('C', 'N', 'T', '2'), put_conv_transpose2d},
    {XD_TAG('R', 'S', 'H', 'P'), put_reshape_layer},
    {XD_TAG('A', 'C', 'T', 'V'), put_activation},
    {XD_TAG('D', 'R', 'O', 'P'), put_dropout},
    {XD_TAG('L', 'S', 'K', 'P'), put_linear_skip},
    {XD_TAG('W', 'N', 'R', 'M'), put_window_normalise},
    {XD_TAG('G', 'N', 'R', 'M'), put_group_norm},
    {XD_TAG('U', 'P', 'S', '2'), put_upsample},
    {XD_TAG('R', 'A', 'D', 'D'), put_residual_add},
    {XD_TAG('U', 'P', 'C', '3'), put_upsample_conv2d},
};

static bool put_layer(step *s) {
  for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
    if (layers[i].tag == s->layer->spec.tag) {
      layers[i].put(s);
      return !s->failed;
    }
  char tag[5];
  spell_tag(tag, s->layer->spec.tag);
  failure("layer %u is of kind %s, which has no form in ONNX here", s->index, tag);
  return false;
}

bool put_network(protobuf *graph, const runtime *run, const xd_network *network, const char *name_of_it,
                 const onnx_value *input, onnx_value *made) {
  xd_layer_spec specs[LAYER_LIMIT];
  planned_layer plan[LAYER_LIMIT];
  onnx_value values[LAYER_LIMIT + 1];
  const uint32_t count = xd_network_layer_count(network);
  xd_shape shape;
  uint32_t good = 0;
  for (uint32_t i = 0; i < count; i++)
    (void)xd_network_layer(network, i, &specs[i]);
  xd_network_input_shape(network, &shape);
  const char *why = plan_network(plan, shape, specs, count, NULL, NULL, &good);
  if (why) {
    failure("layer %u of %s: %s", good, name_of_it, why);
    return false;
  }
  values[0] = *input;
  bool whole = true;
  for (uint32_t i = 0; i < count && whole; i++) {
    step s = {.graph = graph, .run = run, .network = network, .layer = &plan[i], .index = i};
    s.values = plan[i].spec.values;
    s.x = &values[i];
    s.y = &values[i + 1];
    s.other = &values[plan[i].other];
    snprintf(s.at.text, sizeof s.at.text, "%s.%u.%s", name_of_it, i, plan[i].name);
    *s.y = (onnx_value){.shape = plan[i].out};
    snprintf(s.y->base, sizeof s.y->base, "%s", s.at.text);
    whole = put_layer(&s);
  }
  *made = values[count];
  return whole;
}
