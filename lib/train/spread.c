/* Label spreading (Zhou et al., "Learning with local and global consistency", 2004) on the graph of each code's
 * nearest neighbours, codes being posterior means:
 *
 *   F <- a S F + (1 - a) Y,  S = D^-1/2 W D^-1/2,  W_ij = exp(-|z_i - z_j|^2 / (s_i s_j))
 *
 * for neighbours in either sense, s_i the mean distance of i's neighbours, Y the labels. The graph holds all
 * labelled pictures and as many others as NODES leaves room for; the rest are told by their neighbours in it. */
#include "train/spread.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/runner.h"
#include "model/part.h"
#include "train/posterior.h"

#define NODES 20000u
#define NEIGHBOURS 10u
#define ITERATIONS 100u
#define BLOCK 512u /* codes whose distances are found together */
#define ROWS_PER_TASK 16u
#define TASKS 64u

static const double spreading = 0.99;

/* Row i is labelled picture i, then come the others in the order of `order`. */
typedef struct neighbour_graph {
  xd_context *context;
  uint32_t labelled, rows, nodes, dim, classes;
  uint32_t *order;      /* [rows - labelled] pictures of the other set */
  float *codes;         /* [rows][dim] */
  float *columns;       /* [dim][nodes] of the nodes */
  uint32_t *neighbours; /* [rows][NEIGHBOURS] nodes, the nearest first; fewer where there are fewer nodes */
  float *weights;       /* squared distances, then W, then S */
  float *reach[3];      /* [nodes][classes]: F, the next F, Y */
  uint32_t label_of[XD_CLASS_LIMIT];
} neighbour_graph;

/* ---- Memory ---- */

static uint32_t neighbour_count(const neighbour_graph *graph) {
  return graph->nodes - 1 < NEIGHBOURS ? graph->nodes - 1 : NEIGHBOURS;
}

static void close_graph(neighbour_graph *graph) {
  void *const memory[] = {graph->order,   graph->codes,    graph->columns,  graph->neighbours,
                          graph->weights, graph->reach[0], graph->reach[1], graph->reach[2]};
  for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
    xdi_release(&graph->context->allocator, memory[i]);
}

static void list_classes(neighbour_graph *graph, const xd_dataset *labelled) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(labelled, label) > 0)
      graph->label_of[graph->classes++] = label;
}

static uint32_t count_nodes(uint32_t rows, uint32_t labelled) {
  if (rows < NODES)
    return rows;
  return labelled > NODES ? labelled : NODES;
}

static xd_status open_graph(neighbour_graph *graph, const xd_dataset *labelled, const xd_dataset *unlabelled,
                            uint32_t dim) {
  const xd_allocator *allocator = &graph->context->allocator;
  const uint32_t others = xd_dataset_count(unlabelled);
  graph->labelled = xd_dataset_count(labelled);
  graph->rows = graph->labelled + others;
  graph->nodes = count_nodes(graph->rows, graph->labelled);
  graph->dim = dim;
  list_classes(graph, labelled);
  const size_t code = dim * sizeof(float), reach = graph->classes * sizeof(float);
  graph->order = xdi_allocate(allocator, others, sizeof *graph->order);
  graph->codes = xdi_allocate(allocator, graph->rows, code);
  graph->columns = xdi_allocate(allocator, graph->nodes, code);
  graph->neighbours = xdi_allocate_zeroed(allocator, graph->rows, NEIGHBOURS * sizeof *graph->neighbours);
  graph->weights = xdi_allocate_zeroed(allocator, graph->rows, NEIGHBOURS * sizeof *graph->weights);
  for (int i = 0; i < 3; i++)
    graph->reach[i] = xdi_allocate_zeroed(allocator, graph->nodes, reach);
  return graph->order && graph->codes && graph->columns && graph->neighbours && graph->weights &&
                 graph->reach[0] && graph->reach[1] && graph->reach[2]
             ? XD_OK
             : xdi_fail_memory(graph->context, "spreading labels");
}

/* ---- Codes ---- */

typedef struct collector {
  neighbour_graph *graph;
  const uint32_t *row_of; /* of each picture; NULL: its number */
} collector;

static void keep_means(void *user, uint32_t first, uint32_t count, const float *posterior) {
  const collector *to = user;
  const size_t dim = to->graph->dim;
  for (size_t i = 0; i < count; i++) {
    const size_t row = to->row_of ? to->row_of[first + i] : first + i;
    memcpy(to->graph->codes + row * dim, posterior + i * 2 * dim, dim * sizeof *posterior);
  }
}

static xd_status encode(neighbour_graph *graph, const xd_network *encoder, const xd_dataset *set,
                        const uint32_t *row_of) {
  collector to = {graph, row_of};
  const xdi_posterior_pass pass = {.encoder = encoder, .set = set, .visit = keep_means, .user = &to};
  return xdi_posterior_each(graph->context, &pass);
}

static xd_status encode_others(neighbour_graph *graph, const xd_network *encoder, const xd_dataset *set,
                               uint64_t seed) {
  const uint32_t count = graph->rows - graph->labelled;
  uint32_t *row_of = xdi_allocate(&graph->context->allocator, count, sizeof *row_of);
  if (!row_of)
    return xdi_fail_memory(graph->context, "spreading labels");
  xdi_random_permutation(graph->order, count, seed, xdi_stream_id(XDI_STREAM_SUBSET, 0));
  for (uint32_t i = 0; i < count; i++)
    row_of[graph->order[i]] = graph->labelled + i;
  const xd_status status = encode(graph, encoder, set, row_of);
  xdi_release(&graph->context->allocator, row_of);
  return status;
}

static void transpose(neighbour_graph *graph) {
  for (uint32_t node = 0; node < graph->nodes; node++)
    for (uint32_t j = 0; j < graph->dim; j++)
      graph->columns[(size_t)j * graph->nodes + node] = graph->codes[(size_t)node * graph->dim + j];
}

/* ---- Neighbours ---- */

static void insert(uint32_t *nodes, float *distances, uint32_t *found, uint32_t most, uint32_t node,
                   float distance) {
  if (*found == most && distance >= distances[most - 1])
    return;
  uint32_t at = *found < most ? (*found)++ : most - 1;
  for (; at > 0 && distances[at - 1] > distance; at--) {
    nodes[at] = nodes[at - 1];
    distances[at] = distances[at - 1];
  }
  nodes[at] = node;
  distances[at] = distance;
}

/* Squared distances of a row to nodes first..first+count-1. */
static void measure(const neighbour_graph *graph, float *to, uint32_t row, uint32_t first, uint32_t count) {
  const float *code = graph->codes + (size_t)row * graph->dim;
  for (uint32_t i = 0; i < count; i++)
    to[i] = 0.0f;
  for (uint32_t j = 0; j < graph->dim; j++) {
    const float *column = graph->columns + (size_t)j * graph->nodes + first;
    for (uint32_t i = 0; i < count; i++)
      to[i] += (column[i] - code[j]) * (column[i] - code[j]);
  }
}

static void find_row(const neighbour_graph *graph, uint32_t row) {
  float distances[BLOCK];
  uint32_t found = 0;
  uint32_t *nodes = graph->neighbours + (size_t)row * NEIGHBOURS;
  float *nearest = graph->weights + (size_t)row * NEIGHBOURS;
  for (uint32_t first = 0; first < graph->nodes; first += BLOCK) {
    const uint32_t count = graph->nodes - first < BLOCK ? graph->nodes - first : BLOCK;
    measure(graph, distances, row, first, count);
    for (uint32_t i = 0; i < count; i++)
      if (first + i != row)
        insert(nodes, nearest, &found, neighbour_count(graph), first + i, distances[i]);
  }
}

/* Tasks that run together, between checks whether the host wants to stop. */
typedef struct part {
  const neighbour_graph *graph;
  uint32_t first; /* row */
} part;

static void find_rows(void *argument, uint32_t task) {
  const part *of = argument;
  const uint32_t first = of->first + task * ROWS_PER_TASK;
  for (uint32_t row = first; row < first + ROWS_PER_TASK && row < of->graph->rows; row++)
    find_row(of->graph, row);
}

static xd_status find_neighbours(const neighbour_graph *graph) {
  xd_status status = XD_OK;
  for (part of = {graph, 0}; of.first < graph->rows && status == XD_OK; of.first += TASKS * ROWS_PER_TASK) {
    status = xdi_check_cancelled(graph->context);
    if (status == XD_OK && xdi_run(&graph->context->runner, find_rows, &of, TASKS) != 0)
      status = xdi_fail(graph->context, XD_ERROR_INTERNAL,
                        "the thread runner failed while neighbours were sought");
  }
  return status;
}

/* ---- Weights ---- */

static float mean_distance(const neighbour_graph *graph, uint32_t row) {
  const uint32_t count = neighbour_count(graph);
  double sum = 0.0;
  for (uint32_t k = 0; k < count; k++)
    sum += sqrt((double)graph->weights[(size_t)row * NEIGHBOURS + k]);
  return sum > 0.0 ? (float)(sum / count) : 1.0f;
}

static void weigh(neighbour_graph *graph, const float *scale) {
  for (uint32_t row = 0; row < graph->rows; row++)
    for (uint32_t k = 0; k < neighbour_count(graph); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k;
      graph->weights[edge] = expf(-graph->weights[edge] / (scale[row] * scale[graph->neighbours[edge]]));
    }
}

/* S of the nodes, from W. */
static void normalise(neighbour_graph *graph, float *degree) {
  memset(degree, 0, graph->nodes * sizeof *degree);
  for (uint32_t row = 0; row < graph->nodes; row++)
    for (uint32_t k = 0; k < neighbour_count(graph); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k;
      degree[row] += graph->weights[edge];
      degree[graph->neighbours[edge]] += graph->weights[edge];
    }
  for (uint32_t row = 0; row < graph->nodes; row++)
    for (uint32_t k = 0; k < neighbour_count(graph); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k;
      const float product = degree[row] * degree[graph->neighbours[edge]];
      graph->weights[edge] = product > 0.0f ? graph->weights[edge] / sqrtf(product) : 0.0f;
    }
}

static xd_status weigh_edges(neighbour_graph *graph) {
  float *scale = xdi_allocate(&graph->context->allocator, graph->rows, sizeof *scale);
  if (!scale)
    return xdi_fail_memory(graph->context, "spreading labels");
  for (uint32_t row = 0; row < graph->rows; row++)
    scale[row] = mean_distance(graph, row);
  weigh(graph, scale);
  normalise(graph, scale);
  xdi_release(&graph->context->allocator, scale);
  return XD_OK;
}

/* ---- Spreading ---- */

static void add_row(const neighbour_graph *graph, float *to, const float *from, float weight) {
  for (uint32_t c = 0; c < graph->classes; c++)
    to[c] += weight * from[c];
}

/* The next F from F, along each edge in both senses. */
static void spread_once(const neighbour_graph *graph, float *next, const float *now) {
  const size_t classes = graph->classes;
  for (size_t i = 0; i < graph->nodes * classes; i++)
    next[i] = 0.0f;
  for (uint32_t row = 0; row < graph->nodes; row++)
    for (uint32_t k = 0; k < neighbour_count(graph); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k, other = graph->neighbours[edge];
      add_row(graph, next + row * classes, now + other * classes, graph->weights[edge]);
      add_row(graph, next + other * classes, now + row * classes, graph->weights[edge]);
    }
  for (size_t i = 0; i < graph->nodes * classes; i++)
    next[i] = (float)(spreading * (double)next[i] + (1.0 - spreading) * (double)graph->reach[2][i]);
}

static xd_status spread(neighbour_graph *graph, const xd_dataset *labelled) {
  for (uint32_t row = 0; row < graph->labelled; row++)
    for (uint32_t c = 0; c < graph->classes; c++)
      graph->reach[2][(size_t)row * graph->classes + c] =
          xd_dataset_label(labelled, row) == graph->label_of[c] ? 1.0f : 0.0f;
  memcpy(graph->reach[0], graph->reach[2], (size_t)graph->nodes * graph->classes * sizeof(float));
  for (uint32_t i = 0; i < ITERATIONS; i++) {
    const xd_status status = xdi_check_cancelled(graph->context);
    if (status != XD_OK)
      return status;
    spread_once(graph, graph->reach[(i + 1) % 2], graph->reach[i % 2]);
  }
  return XD_OK;
}

/* What reaches a row: a node's own, of others what their neighbours have. */
static void read_reach(const neighbour_graph *graph, float *to, uint32_t row) {
  const float *reach = graph->reach[ITERATIONS % 2];
  memset(to, 0, graph->classes * sizeof *to);
  if (row < graph->nodes)
    add_row(graph, to, reach + (size_t)row * graph->classes, 1.0f);
  for (uint32_t k = 0; row >= graph->nodes && k < neighbour_count(graph); k++) {
    const size_t edge = (size_t)row * NEIGHBOURS + k;
    add_row(graph, to, reach + (size_t)graph->neighbours[edge] * graph->classes, graph->weights[edge]);
  }
}

static void tell(const neighbour_graph *graph, uint32_t *labels, float *confidence) {
  float reach[XD_CLASS_LIMIT];
  for (uint32_t row = graph->labelled; row < graph->rows; row++) {
    const uint32_t picture = graph->order[row - graph->labelled];
    uint32_t best = 0;
    double sum = 0.0;
    read_reach(graph, reach, row);
    for (uint32_t c = 0; c < graph->classes; c++) {
      sum += (double)reach[c];
      best = reach[c] > reach[best] ? c : best;
    }
    labels[picture] = graph->label_of[best];
    confidence[picture] = sum > 0.0 ? (float)((double)reach[best] / sum) : 0.0f;
  }
}

xd_status xdi_spread_labels(uint32_t *labels, float *confidence, xd_context *context,
                            const xd_network *encoder, const xd_dataset *labelled,
                            const xd_dataset *unlabelled, uint64_t seed) {
  neighbour_graph graph = {.context = context};
  xd_status status = open_graph(&graph, labelled, unlabelled, xdi_output_size(encoder) / 2);
  if (status == XD_OK)
    status = encode(&graph, encoder, labelled, NULL);
  if (status == XD_OK)
    status = encode_others(&graph, encoder, unlabelled, seed);
  if (status == XD_OK) {
    transpose(&graph);
    status = find_neighbours(&graph);
  }
  if (status == XD_OK)
    status = weigh_edges(&graph);
  if (status == XD_OK)
    status = spread(&graph, labelled);
  if (status == XD_OK)
    tell(&graph, labels, confidence);
  close_graph(&graph);
  return status;
}
