/* The public look at a model: its parts, borrowed, and its texts. */
#include <string.h>

#include "model/model.h"

const char *xd_direction_name(xd_direction direction) {
  static const char *const names[] = {"", "1to2", "2to1"};
  return names[direction <= XD_DIRECTION_2TO1 ? direction : 0];
}

xd_status xd_direction_from_name(xd_direction *out, const char *name) {
  if (!out || !name)
    return XD_ERROR_INVALID_ARGUMENT;
  for (xd_direction direction = XD_DIRECTION_1TO2; direction <= XD_DIRECTION_2TO1; direction++)
    if (strcmp(name, xd_direction_name(direction)) == 0) {
      *out = direction;
      return XD_OK;
    }
  return XD_ERROR_NOT_FOUND;
}

static bool has_domain(const xd_model *model, uint32_t domain) {
  return model && (domain == 1 || domain == 2);
}

const xd_encoder *xd_model_encoder(const xd_model *model, uint32_t domain) {
  return has_domain(model, domain) ? model->encoder[domain - 1] : NULL;
}

const xd_decoder *xd_model_decoder(const xd_model *model, uint32_t domain) {
  return has_domain(model, domain) ? model->decoder[domain - 1] : NULL;
}

const xd_latent_generator *xd_model_generator(const xd_model *model, xd_direction direction) {
  const uint32_t source = direction; /* the directions are numbered by the domain they leave */
  return has_domain(model, source) ? model->generator[source - 1] : NULL;
}

const xd_pair_discriminator *xd_model_discriminator(const xd_model *model, uint32_t domain) {
  return has_domain(model, domain) ? model->discriminator[domain - 1] : NULL;
}

void xd_model_picture_shape(const xd_model *model, uint32_t domain, xd_shape *out) {
  xd_network_input_shape(xd_encoder_network(xd_model_encoder(model, domain)), out);
}

uint32_t xd_model_latent_dim(const xd_model *model, uint32_t domain) {
  const xd_encoder *encoder = xd_model_encoder(model, domain);
  return encoder || domain != 1
             ? xd_encoder_latent_dim(encoder)
             : xd_latent_generator_source_dim(xd_model_generator(model, XD_DIRECTION_1TO2));
}

const char *xd_model_name(const xd_model *model, uint32_t domain) {
  return has_domain(model, domain) && model->name[domain - 1] ? model->name[domain - 1] : "";
}

const char *xd_model_pairing(const xd_model *model) {
  return model && model->pairing ? model->pairing : "";
}

uint32_t xd_model_class_count(const xd_model *model, uint32_t domain) {
  return has_domain(model, domain) ? model->class_names[domain - 1].count : 0;
}

const char *xd_model_class_name(const xd_model *model, uint32_t domain, uint32_t label) {
  return label < xd_model_class_count(model, domain) ? model->class_names[domain - 1].at[label] : "";
}

uint32_t xd_model_property_count(const xd_model *model) {
  return model ? model->properties.count / 2 : 0;
}

const char *xd_model_property_key(const xd_model *model, uint32_t index) {
  return index < xd_model_property_count(model) ? model->properties.at[2 * index] : NULL;
}

const char *xd_model_property(const xd_model *model, const char *key) {
  for (uint32_t i = 0; key && i < xd_model_property_count(model); i++)
    if (strcmp(model->properties.at[2 * i], key) == 0)
      return model->properties.at[2 * i + 1];
  return NULL;
}
