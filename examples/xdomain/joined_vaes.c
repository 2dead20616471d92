/* The VAEs of two models as those of one: domain 1 of the first, domain 2 of the second. */
#include <stdlib.h>
#include <string.h>

#include "sets.h"
#include "training.h"

/* Whether a property of the d-th model is one of its VAE, or of both where both have it alike. */
static bool is_told(xd_model *const models[2], uint32_t d, const char *key) {
  const char *prefix = d ? "vae2." : "vae1.";
  if (!strncmp(key, prefix, strlen(prefix)))
    return true;
  const char *other = xd_model_property(models[1], key);
  return d == 0 && !strncmp(key, "vae.", 4) && other && !strcmp(other, xd_model_property(models[0], key));
}

/* Adds them to keys and values, of which there are `count` pairs; returns how many there are then. */
static uint32_t add_properties(const char **to, uint32_t count, xd_model *const models[2], uint32_t d) {
  for (uint32_t i = 0; i < xd_model_property_count(models[d]); i++) {
    const char *key = xd_model_property_key(models[d], i);
    if (!is_told(models, d, key))
      continue;
    to[2 * count] = key;
    to[2 * count + 1] = xd_model_property(models[d], key);
    count++;
  }
  return count;
}

static xd_status join(training *t, xd_model *const models[2]) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  class_names names[2];
  const size_t most = (size_t)xd_model_property_count(models[0]) + xd_model_property_count(models[1]) + 1;
  const char **properties = calloc(2 * most, sizeof *properties);
  if (!properties)
    return XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t d = 0; d < 2; d++) {
    names[d] = names_of_model(models[d], d + 1);
    parts.encoder[d] = xd_model_encoder(models[d], d + 1);
    parts.decoder[d] = xd_model_decoder(models[d], d + 1);
    parts.name[d] = xd_model_name(models[d], d + 1);
    parts.class_names[d] = names[d].at;
    parts.class_count[d] = names[d].count;
    parts.property_count = add_properties(properties, parts.property_count, models, d);
  }
  parts.properties = properties;
  const xd_status status = xd_model_create(&t->base, t->run.context, &parts);
  free(properties);
  return status;
}

/* By file, which the library does not know. */
static void tell_missing(const training *t, xd_model *const models[2]) {
  for (uint32_t d = 0; d < 2; d++)
    if (!xd_model_encoder(models[d], d + 1))
      notice("--vae%u: '%s' has no VAE of domain %u", d + 1, t->vae_paths[d], d + 1);
}

xd_status join_vaes(training *t) {
  xd_model *models[2] = {NULL, NULL};
  xd_status status = xd_model_load(&models[0], t->run.context, t->vae_paths[0]);
  if (!status)
    status = xd_model_load(&models[1], t->run.context, t->vae_paths[1]);
  if (!status) {
    tell_missing(t, models);
    status = join(t, models);
  }
  xd_model_release(models[0]);
  xd_model_release(models[1]);
  return status;
}
