/* A model's networks under the names that listings and exchange files have for them, and their layers before there is
 * a network (networks.c). */
#ifndef XDOMAIN_NETWORKS_H
#define XDOMAIN_NETWORKS_H

#include "command.h"

typedef enum network_kind { ENCODER, DECODER, GENERATOR, DISCRIMINATOR } network_kind;

typedef struct network_role {
  const char *name; /* "encoder1" */
  network_kind kind;
  uint32_t number; /* the domain; of a generator the direction */
} network_role;

enum { ROLE_COUNT = 8 };
extern const network_role network_roles[ROLE_COUNT];

/* The network of a role, borrowed; NULL where the model has none. */
const xd_network *find_network(const xd_model *model, const network_role *role);
const network_role *find_role(network_kind kind, uint32_t number);

/* ---- Layers by themselves ---- */

enum { LAYER_LIMIT = 64 };

typedef struct planned_layer {
  xd_layer_spec spec;
  const char *name; /* "conv2d" */
  xd_shape in, out;
  uint32_t other; /* what it reads besides: 0 the network's input, N what the layer before layer N makes */
} planned_layer;

/* One of the tensors that a network of such layers has; false ends plan_network. */
typedef bool (*planned_tensor)(void *user, const char *name, const uint32_t *shape, uint32_t rank);

/* Finds the shapes of layers, and tells of their tensors where `tell` is not NULL. NULL, or why it cannot be ("" where
 * `tell` said so); *layer is how many were good. */
const char *plan_network(planned_layer *to, xd_shape input, const xd_layer_spec *specs, uint32_t count,
                         planned_tensor tell, void *user, uint32_t *layer);

/* The four characters of a tag, those that are no letters as '?'. */
void spell_tag(char text[5], uint32_t tag);

#endif
