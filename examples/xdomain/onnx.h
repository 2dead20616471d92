/* ONNX: the messages of a graph (onnx.c), a network as nodes (onnx_network.c), a direction of a model as one graph
 * (onnx_direction.c). */
#ifndef XDOMAIN_ONNX_H
#define XDOMAIN_ONNX_H

#include "networks.h"
#include "protobuf.h"

enum { ONNX_NAME_SIZE = 96 };

/* ---- Messages; what is NULL or 0 is not there ---- */

typedef struct onnx_attribute {
  const char *name;
  enum { ONNX_FLOAT = 1, ONNX_INT = 2, ONNX_TEXT = 3, ONNX_INTS = 7 } kind;
  float number;
  int64_t ints[4];
  uint32_t count; /* of ONNX_INTS */
  const char *text;
} onnx_attribute;

typedef struct onnx_node {
  const char *kind;      /* the operator */
  const char *inputs[4]; /* up to the first NULL; "": an optional one that is not given */
  const char *output;    /* the node's name too */
  onnx_attribute attributes[4];
} onnx_node;

void put_node(protobuf *graph, const onnx_node *node);
void put_constant(protobuf *graph, const char *name, const uint32_t *shape, uint32_t rank,
                  const float *values);
void put_whole_constant(protobuf *graph, const char *name, const int64_t *values, uint32_t count);

enum { ONNX_INPUT = 11, ONNX_OUTPUT = 12 };
/* An input or output [batch][shape...] of floats. */
void put_value(protobuf *graph, uint32_t field, const char *name, const uint32_t *shape, uint32_t rank,
               const char *meaning);

/* Begins a model, and ends one whose graph was put since; with texts key, value, key, value..., NULL. */
size_t begin_onnx(protobuf *model);
void end_onnx(protobuf *model, size_t begin, const char *name, const char *const *texts);

/* ---- Values: what flows through a graph, in one or more of its forms ---- */

typedef enum onnx_form {
  ONNX_ROWS,  /* [batch][height * width * channels] */
  ONNX_CELLS, /* [batch][height][width][channels] */
  ONNX_PLANES /* [batch][channels][height][width] */
} onnx_form;

typedef struct onnx_value {
  xd_shape shape;
  char base[ONNX_NAME_SIZE];          /* from which names of forms are made */
  char names[3][ONNX_NAME_SIZE + 16]; /* by form; "" as long as it is not made */
} onnx_value;

/* The name of a value in a form, which is made of another one if need be. */
const char *in_form(protobuf *graph, onnx_value *value, onnx_form form);

/* What the network of that name makes of a value; false where it failed, and the reason was printed. */
bool put_network(protobuf *graph, const runtime *run, const xd_network *network, const char *name,
                 const onnx_value *input, onnx_value *made);

/* The picture (or condition) and the noise in, the picture out; false where it failed, and the reason was printed. */
bool put_direction(protobuf *to, const runtime *run, const xd_model *model, xd_direction direction);

#endif
