/* The messages of ONNX that a graph of floats needs. Numbers of fields and types are those of onnx.proto3. */
#include <string.h>

#include "onnx.h"

/* What onnx.proto3 says of IR_VERSION 7; operators since set 13 are kept by later ones. */
enum { IR_VERSION = 7, OPERATOR_SET = 13 };
enum { TYPE_FLOAT = 1, TYPE_INT64 = 7 };

static void put_attribute(protobuf *to, const onnx_attribute *attribute) {
  const size_t begin = begin_message(to);
  put_text(to, 1, attribute->name);
  if (attribute->kind == ONNX_FLOAT)
    put_float(to, 2, attribute->number);
  if (attribute->kind == ONNX_INT)
    put_whole(to, 3, (uint64_t)attribute->ints[0]);
  if (attribute->kind == ONNX_TEXT)
    put_text(to, 4, attribute->text);
  for (uint32_t i = 0; attribute->kind == ONNX_INTS && i < attribute->count; i++)
    put_whole(to, 8, (uint64_t)attribute->ints[i]);
  put_whole(to, 20, (uint64_t)attribute->kind);
  end_message(to, 5, begin);
}

void put_node(protobuf *graph, const onnx_node *node) {
  const size_t begin = begin_message(graph);
  for (size_t i = 0; i < sizeof node->inputs / sizeof *node->inputs && node->inputs[i]; i++)
    put_text(graph, 1, node->inputs[i]);
  put_text(graph, 2, node->output);
  put_text(graph, 3, node->output);
  put_text(graph, 4, node->kind);
  for (size_t i = 0; i < sizeof node->attributes / sizeof *node->attributes && node->attributes[i].name; i++)
    put_attribute(graph, &node->attributes[i]);
  end_message(graph, 1, begin);
}

void put_constant(protobuf *graph, const char *name, const uint32_t *shape, uint32_t rank,
                  const float *values) {
  const size_t begin = begin_message(graph);
  size_t count = 1;
  for (uint32_t i = 0; i < rank; i++) {
    put_whole(graph, 1, shape[i]);
    count *= shape[i];
  }
  put_whole(graph, 2, TYPE_FLOAT);
  put_text(graph, 8, name);
  put_floats(graph, 9, values, count);
  end_message(graph, 5, begin);
}

void put_whole_constant(protobuf *graph, const char *name, const int64_t *values, uint32_t count) {
  const size_t begin = begin_message(graph);
  put_whole(graph, 1, count);
  put_whole(graph, 2, TYPE_INT64);
  for (uint32_t i = 0; i < count; i++)
    put_whole(graph, 7, (uint64_t)values[i]);
  put_text(graph, 8, name);
  end_message(graph, 5, begin);
}

static void put_side(protobuf *to, const char *name, uint32_t side) {
  const size_t begin = begin_message(to);
  if (name)
    put_text(to, 2, name);
  else
    put_whole(to, 1, side);
  end_message(to, 1, begin);
}

void put_value(protobuf *graph, uint32_t field, const char *name, const uint32_t *shape, uint32_t rank,
               const char *meaning) {
  const size_t begin = begin_message(graph);
  put_text(graph, 1, name);
  const size_t type = begin_message(graph), tensor = begin_message(graph);
  put_whole(graph, 1, TYPE_FLOAT);
  const size_t sides = begin_message(graph);
  put_side(graph, "batch", 0);
  for (uint32_t i = 0; i < rank; i++)
    put_side(graph, NULL, shape[i]);
  end_message(graph, 2, sides);
  end_message(graph, 1, tensor);
  end_message(graph, 2, type);
  put_text(graph, 3, meaning);
  end_message(graph, field, begin);
}

size_t begin_onnx(protobuf *model) {
  put_whole(model, 1, IR_VERSION);
  put_text(model, 2, "xdomain");
  put_text(model, 3, xd_version_string());
  const size_t begin = begin_message(model);
  put_text(model, 1, "");
  put_whole(model, 2, OPERATOR_SET);
  end_message(model, 8, begin);
  return begin_message(model);
}

void end_onnx(protobuf *model, size_t begin, const char *name, const char *const *texts) {
  put_text(model, 2, name);
  end_message(model, 7, begin);
  for (; *texts; texts += 2) {
    const size_t text = begin_message(model);
    put_text(model, 1, texts[0]);
    put_text(model, 2, texts[1]);
    end_message(model, 14, text);
  }
}
