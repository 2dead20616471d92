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
typedef struct graph {
  xd_context *context;
  uint32_t labelled, rows, nodes, dim, classes;
  uint32_t *order;      /* [rows - labelled] pictures of the other set */
  float *codes;         /* [rows][dim] */
  float *columns;       /* [dim][nodes] of the nodes */
  uint32_t *neighbours; /* [rows][NEIGHBOURS] nodes, the nearest first; fewer where there are fewer nodes */
  float *weights;       /* squared distances, then W, then S */
  float *reach[3];      /* [nodes][classes]: F, the next F, Y */
  uint32_t label_of[XD_CLASS_LIMIT];
} graph;

/* ---- Memory ---- */

static uint32_t neighbour_count(const graph *g) {
  return g->nodes - 1 < NEIGHBOURS ? g->nodes - 1 : NEIGHBOURS;
}

static void close_graph(graph *g) {
  void *const memory[] = {g->order,   g->codes,    g->columns,  g->neighbours,
                          g->weights, g->reach[0], g->reach[1], g->reach[2]};
  for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
    xdi_release(&g->context->allocator, memory[i]);
}

static void list_classes(graph *g, const xd_dataset *labelled) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (xd_dataset_class_size(labelled, label) > 0)
      g->label_of[g->classes++] = label;
}

static xd_status open_graph(graph *g, const xd_dataset *labelled, const xd_dataset *unlabelled,
                            uint32_t dim) {
  const xd_allocator *allocator = &g->context->allocator;
  const uint32_t others = xd_dataset_count(unlabelled);
  g->labelled = xd_dataset_count(labelled);
  g->rows = g->labelled + others;
  g->nodes = g->rows < NODES ? g->rows : g->labelled > NODES ? g->labelled : NODES;
  g->dim = dim;
  list_classes(g, labelled);
  const size_t code = dim * sizeof(float), reach = g->classes * sizeof(float);
  g->order = xdi_allocate(allocator, others, sizeof *g->order);
  g->codes = xdi_allocate(allocator, g->rows, code);
  g->columns = xdi_allocate(allocator, g->nodes, code);
  g->neighbours = xdi_allocate_zeroed(allocator, g->rows, NEIGHBOURS * sizeof *g->neighbours);
  g->weights = xdi_allocate_zeroed(allocator, g->rows, NEIGHBOURS * sizeof *g->weights);
  for (int i = 0; i < 3; i++)
    g->reach[i] = xdi_allocate_zeroed(allocator, g->nodes, reach);
  return g->order && g->codes && g->columns && g->neighbours && g->weights && g->reach[0] && g->reach[1] &&
                 g->reach[2]
             ? XD_OK
             : xdi_fail_memory(g->context, "spreading labels");
}

/* ---- Codes ---- */

typedef struct collector {
  graph *graph;
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

static xd_status encode(graph *g, const xd_network *encoder, const xd_dataset *set, const uint32_t *row_of) {
  collector to = {g, row_of};
  const xdi_posterior_pass pass = {.encoder = encoder, .set = set, .visit = keep_means, .user = &to};
  return xdi_posterior_each(g->context, &pass);
}

static xd_status encode_others(graph *g, const xd_network *encoder, const xd_dataset *set, uint64_t seed) {
  const uint32_t count = g->rows - g->labelled;
  uint32_t *row_of = xdi_allocate(&g->context->allocator, count, sizeof *row_of);
  if (!row_of)
    return xdi_fail_memory(g->context, "spreading labels");
  xdi_random_permutation(g->order, count, seed, xdi_stream_id(XDI_STREAM_SUBSET, 0));
  for (uint32_t i = 0; i < count; i++)
    row_of[g->order[i]] = g->labelled + i;
  const xd_status status = encode(g, encoder, set, row_of);
  xdi_release(&g->context->allocator, row_of);
  return status;
}

static void transpose(graph *g) {
  for (uint32_t node = 0; node < g->nodes; node++)
    for (uint32_t j = 0; j < g->dim; j++)
      g->columns[(size_t)j * g->nodes + node] = g->codes[(size_t)node * g->dim + j];
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
static void measure(const graph *g, float *to, uint32_t row, uint32_t first, uint32_t count) {
  const float *code = g->codes + (size_t)row * g->dim;
  for (uint32_t i = 0; i < count; i++)
    to[i] = 0.0f;
  for (uint32_t j = 0; j < g->dim; j++) {
    const float *column = g->columns + (size_t)j * g->nodes + first;
    for (uint32_t i = 0; i < count; i++)
      to[i] += (column[i] - code[j]) * (column[i] - code[j]);
  }
}

static void find_row(const graph *g, uint32_t row) {
  float distances[BLOCK];
  uint32_t found = 0;
  uint32_t *nodes = g->neighbours + (size_t)row * NEIGHBOURS;
  float *nearest = g->weights + (size_t)row * NEIGHBOURS;
  for (uint32_t first = 0; first < g->nodes; first += BLOCK) {
    const uint32_t count = g->nodes - first < BLOCK ? g->nodes - first : BLOCK;
    measure(g, distances, row, first, count);
    for (uint32_t i = 0; i < count; i++)
      if (first + i != row)
        insert(nodes, nearest, &found, neighbour_count(g), first + i, distances[i]);
  }
}

/* Tasks that run together, between checks whether the host wants to stop. */
typedef struct part {
  const graph *graph;
  uint32_t first; /* row */
} part;

static void find_rows(void *argument, uint32_t task) {
  const part *of = argument;
  const uint32_t first = of->first + task * ROWS_PER_TASK;
  for (uint32_t row = first; row < first + ROWS_PER_TASK && row < of->graph->rows; row++)
    find_row(of->graph, row);
}

static xd_status find_neighbours(const graph *g) {
  xd_status status = XD_OK;
  for (part of = {g, 0}; of.first < g->rows && status == XD_OK; of.first += TASKS * ROWS_PER_TASK) {
    status = xdi_check_cancelled(g->context);
    if (status == XD_OK && xdi_run(&g->context->runner, find_rows, &of, TASKS) != 0)
      status =
          xdi_fail(g->context, XD_ERROR_INTERNAL, "the thread runner failed while neighbours were sought");
  }
  return status;
}

/* ---- Weights ---- */

static float mean_distance(const graph *g, uint32_t row) {
  const uint32_t count = neighbour_count(g);
  double sum = 0.0;
  for (uint32_t k = 0; k < count; k++)
    sum += sqrt((double)g->weights[(size_t)row * NEIGHBOURS + k]);
  return sum > 0.0 ? (float)(sum / count) : 1.0f;
}

static void weigh(graph *g, const float *scale) {
  for (uint32_t row = 0; row < g->rows; row++)
    for (uint32_t k = 0; k < neighbour_count(g); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k;
      g->weights[edge] = expf(-g->weights[edge] / (scale[row] * scale[g->neighbours[edge]]));
    }
}

/* S of the nodes, from W. */
static void normalise(graph *g, float *degree) {
  memset(degree, 0, g->nodes * sizeof *degree);
  for (uint32_t row = 0; row < g->nodes; row++)
    for (uint32_t k = 0; k < neighbour_count(g); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k;
      degree[row] += g->weights[edge];
      degree[g->neighbours[edge]] += g->weights[edge];
    }
  for (uint32_t row = 0; row < g->nodes; row++)
    for (uint32_t k = 0; k < neighbour_count(g); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k;
      const float product = degree[row] * degree[g->neighbours[edge]];
      g->weights[edge] = product > 0.0f ? g->weights[edge] / sqrtf(product) : 0.0f;
    }
}

static xd_status weigh_edges(graph *g) {
  float *scale = xdi_allocate(&g->context->allocator, g->rows, sizeof *scale);
  if (!scale)
    return xdi_fail_memory(g->context, "spreading labels");
  for (uint32_t row = 0; row < g->rows; row++)
    scale[row] = mean_distance(g, row);
  weigh(g, scale);
  normalise(g, scale);
  xdi_release(&g->context->allocator, scale);
  return XD_OK;
}

/* ---- Spreading ---- */

static void add_row(const graph *g, float *to, const float *from, float weight) {
  for (uint32_t c = 0; c < g->classes; c++)
    to[c] += weight * from[c];
}

/* The next F from F, along each edge in both senses. */
static void spread_once(const graph *g, float *next, const float *now) {
  const size_t classes = g->classes;
  for (size_t i = 0; i < g->nodes * classes; i++)
    next[i] = 0.0f;
  for (uint32_t row = 0; row < g->nodes; row++)
    for (uint32_t k = 0; k < neighbour_count(g); k++) {
      const size_t edge = (size_t)row * NEIGHBOURS + k, other = g->neighbours[edge];
      add_row(g, next + row * classes, now + other * classes, g->weights[edge]);
      add_row(g, next + other * classes, now + row * classes, g->weights[edge]);
    }
  for (size_t i = 0; i < g->nodes * classes; i++)
    next[i] = (float)(spreading * (double)next[i] + (1.0 - spreading) * (double)g->reach[2][i]);
}

static xd_status spread(graph *g, const xd_dataset *labelled) {
  for (uint32_t row = 0; row < g->labelled; row++)
    for (uint32_t c = 0; c < g->classes; c++)
      g->reach[2][(size_t)row * g->classes + c] =
          xd_dataset_label(labelled, row) == g->label_of[c] ? 1.0f : 0.0f;
  memcpy(g->reach[0], g->reach[2], (size_t)g->nodes * g->classes * sizeof(float));
  for (uint32_t i = 0; i < ITERATIONS; i++) {
    const xd_status status = xdi_check_cancelled(g->context);
    if (status != XD_OK)
      return status;
    spread_once(g, g->reach[(i + 1) % 2], g->reach[i % 2]);
  }
  return XD_OK;
}

/* What reaches a row: a node's own, of others what their neighbours have. */
static void read_reach(const graph *g, float *to, uint32_t row) {
  const float *reach = g->reach[ITERATIONS % 2];
  memset(to, 0, g->classes * sizeof *to);
  if (row < g->nodes)
    add_row(g, to, reach + (size_t)row * g->classes, 1.0f);
  for (uint32_t k = 0; row >= g->nodes && k < neighbour_count(g); k++) {
    const size_t edge = (size_t)row * NEIGHBOURS + k;
    add_row(g, to, reach + (size_t)g->neighbours[edge] * g->classes, g->weights[edge]);
  }
}

static void tell(const graph *g, uint32_t *labels, float *confidence) {
  float reach[XD_CLASS_LIMIT];
  for (uint32_t row = g->labelled; row < g->rows; row++) {
    const uint32_t picture = g->order[row - g->labelled];
    uint32_t best = 0;
    double sum = 0.0;
    read_reach(g, reach, row);
    for (uint32_t c = 0; c < g->classes; c++) {
      sum += (double)reach[c];
      best = reach[c] > reach[best] ? c : best;
    }
    labels[picture] = g->label_of[best];
    confidence[picture] = sum > 0.0 ? (float)((double)reach[best] / sum) : 0.0f;
  }
}

xd_status xdi_spread_labels(uint32_t *labels, float *confidence, xd_context *context,
                            const xd_network *encoder, const xd_dataset *labelled,
                            const xd_dataset *unlabelled, uint64_t seed) {
  graph g = {.context = context};
  xd_status status = open_graph(&g, labelled, unlabelled, xdi_output_size(encoder) / 2);
  if (status == XD_OK)
    status = encode(&g, encoder, labelled, NULL);
  if (status == XD_OK)
    status = encode_others(&g, encoder, unlabelled, seed);
  if (status == XD_OK) {
    transpose(&g);
    status = find_neighbours(&g);
  }
  if (status == XD_OK)
    status = weigh_edges(&g);
  if (status == XD_OK)
    status = spread(&g, labelled);
  if (status == XD_OK)
    tell(&g, labels, confidence);
  close_graph(&g);
  return status;
}
