/* The networks of a model by name, and what the layer tables (sys/layer.h) tell of layers: shapes within a network, and
 * how many weights it will have, before any memory is taken for them. */
#include <stdlib.h>
#include <string.h>

#include "networks.h"
#include <xdomain/sys/layer.h>

const network_role network_roles[ROLE_COUNT] = {{"encoder1", ENCODER, 1},
                                                {"decoder1", DECODER, 1},
                                                {"encoder2", ENCODER, 2},
                                                {"decoder2", DECODER, 2},
                                                {"generator1", GENERATOR, 1},
                                                {"generator2", GENERATOR, 2},
                                                {"discriminator1", DISCRIMINATOR, 1},
                                                {"discriminator2", DISCRIMINATOR, 2}};

const xd_network *find_network(const xd_model *model, const network_role *role) {
  switch (role->kind) {
  case ENCODER:
    return xd_encoder_network(xd_model_encoder(model, role->number));
  case DECODER:
    return xd_decoder_network(xd_model_decoder(model, role->number));
  case GENERATOR:
    return xd_latent_generator_network(xd_model_generator(model, role->number));
  case DISCRIMINATOR:
    return xd_pair_discriminator_network(xd_model_discriminator(model, role->number));
  }
  return NULL;
}

const network_role *find_role(network_kind kind, uint32_t number) {
  const network_role *role = network_roles;
  while (role->kind != kind || role->number != number)
    role++;
  return role;
}

void spell_tag(char text[5], uint32_t tag) {
  for (uint32_t i = 0; i < 4; i++) {
    const char character = (char)(tag >> (8 * i) & 0x7F);
    text[i] =
        (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9') ? character : '?';
  }
  text[4] = '\0';
}

/* The other operand of layer `index`, for a layer that reads one. */
static const char *find_other(planned_layer *layers, uint32_t index, const xd_layer_table *table,
                              bool leads) {
  const uint32_t back = table->reach ? table->reach(&layers[index].spec) : 0;
  if (back == 1 || back > index + 1)
    return "it reaches back at least two layers, and not beyond the network's start";
  layers[index].other = back > 0 ? index + 1 - back : index > 0 && leads;
  return NULL;
}

static bool tell_tensors(const planned_layer *layer, uint32_t index, const xd_layer_table *table,
                         const void *state, planned_tensor tell, void *user) {
  xd_layer_parameter part;
  char name[64];
  for (uint32_t i = 0; table->parameter && table->parameter(state, i, &part); i++) {
    snprintf(name, sizeof name, "%u.%s.%s", index, layer->name, part.name);
    if (!tell(user, name, part.shape, part.rank))
      return false;
  }
  return true;
}

const char *plan_network(planned_layer *to, xd_shape input, const xd_layer_spec *specs, uint32_t count,
                         planned_tensor tell, void *user, uint32_t *layer) {
  const xd_layer_table *first = count ? xd_layer_builtin(specs[0].tag) : NULL;
  const bool leads = first && first->properties & XD_LAYER_LEADING;
  const char *why = NULL;
  for (uint32_t i = *layer = 0; i < count && !why; i++) {
    const xd_layer_table *table = xd_layer_builtin(specs[i].tag);
    if (!table || table->table_version != XD_LAYER_TABLE_VERSION)
      return "nobody knows this layer";
    planned_layer *at = &to[i];
    *at = (planned_layer){.spec = specs[i], .name = table->name, .in = i ? to[i - 1].out : input};
    void *state = calloc(1, table->state_size + 1);
    if (!state)
      return "out of memory";
    if (table->attach)
      why = find_other(to, i, table, leads);
    const xd_shape *other = at->other ? &to[at->other - 1].out : &input;
    if (!why && ((table->attach && table->attach(state, &why, other)) ||
                 table->configure(state, &at->out, &why, &specs[i], &at->in)))
      why = why ? why : "it does not fit";
    if (!why && tell && !tell_tensors(at, i, table, state, tell, user))
      why = "";
    free(state);
    *layer = i + !why;
  }
  return why;
}
