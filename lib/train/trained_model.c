/* The model that comes of a training: networks, names, pairing and provenance. */
#include "train/trained_model.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/model.h"
#include "train/provenance.h"

char *xdi_pairing_text(const xdi_training *training) {
  const uint32_t count = xd_pairing_count(training->input.pairing);
  const size_t room = 8; /* "255:255," */
  char *text = xdi_allocate(&training->context->allocator, (size_t)count + 1, room);
  size_t length = 0;
  if (!text)
    return NULL;
  if (xd_pairing_class(training->input.pairing, 1, 0) == XD_ANY_CLASS)
    return memcpy(text, "*:*", 4);
  for (uint32_t i = 0; i < count; i++)
    length += (size_t)snprintf(text + length, room + 1, "%s%u:%u", i ? "," : "",
                               xd_pairing_class(training->input.pairing, 1, i) & 0xFF,
                               xd_pairing_class(training->input.pairing, 2, i) & 0xFF);
  return text;
}

uint32_t xdi_list_class_names(const char *names[XD_CLASS_LIMIT], const xd_dataset *set) {
  uint32_t count = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    names[label] = xd_dataset_class_name(set, label);
    if (xd_dataset_class_size(set, label) > 0)
      count = label + 1;
  }
  return count;
}

static xd_status check_names(const xdi_training *training, uint32_t domain) {
  const char *names[XD_CLASS_LIMIT];
  const xd_dataset *set = training->input.set[domain];
  const uint32_t count = set ? xdi_list_class_names(names, set) : 0;
  xd_status status = xdi_check_text(training->context, training->input.name[domain], "training", "names");
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    status = xdi_check_text(training->context, names[i], "training", "class names");
  return status;
}

static xd_status check_pairing(const xdi_training *training) {
  char *text = xdi_pairing_text(training);
  const xd_status status = text ? xdi_check_text(training->context, text, "training", "pairing")
                                : xdi_fail_memory(training->context, "writing down the pairing");
  xdi_release(&training->context->allocator, text);
  return status;
}

xd_status xdi_check_texts(const xdi_training *training) {
  xd_status status = training->input.pairing ? check_pairing(training) : XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = check_names(training, domain);
  return status;
}

xd_status xdi_make_vae_model(xd_model **out, const xdi_training *training) {
  const char *names[2][XD_CLASS_LIMIT];
  xdi_properties properties;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  for (uint32_t domain = 0; domain < 2; domain++) {
    parts.encoder[domain] = training->done.encoder[domain];
    parts.decoder[domain] = training->done.decoder[domain];
    parts.name[domain] = training->input.name[domain];
    parts.class_names[domain] = names[domain];
    parts.class_count[domain] = xdi_list_class_names(names[domain], training->input.set[domain]);
  }
  xdi_properties_of_vaes(&properties, training);
  parts.properties = properties.texts;
  parts.property_count = properties.count;
  return xd_model_create(out, training->context, &parts);
}

xd_status xdi_make_mapped_model(xd_model **out, const xdi_training *training, const xd_model *vaes) {
  xdi_properties properties;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  char *pairing = xdi_pairing_text(training);
  if (!pairing)
    return xdi_fail_memory(training->context, "writing down the pairing");
  for (uint32_t i = 0; i < 2; i++) {
    parts.generator[i] = training->done.generator[i];
    parts.discriminator[i] = training->done.discriminator[i];
  }
  xdi_properties_of_mappings(&properties, training);
  parts.pairing = pairing;
  parts.properties = properties.texts;
  parts.property_count = properties.count;
  const xd_status status = xd_model_with_mapping(out, training->context, vaes, &parts);
  xdi_release(&training->context->allocator, pairing);
  return status;
}
