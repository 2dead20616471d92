/* The whole schedule: both VAEs, the codes of both sets, a mapping for each direction, and the model that
 * comes of it. Training and mapping meet in the middle: xd_train goes on with the model of its fresh VAEs
 * as xd_map begins with the caller's. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/pairing.h"
#include "model/encoder.h"
#include "train/posterior.h"
#include "train/training.h"

/* ---- What both begin with ---- */

static xd_status check_arguments(xdi_training *training, const char *function) {
  xd_context *context = training->context;
  if (!training->sets[0] || !training->sets[1] || !training->pairing)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: a set or the pairing is NULL", function);
  for (uint32_t domain = 0; domain < 2; domain++)
    if (xd_dataset_count(training->sets[domain]) == 0)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: the set of domain %u is empty", function,
                      domain + 1);
  return xdi_pairing_check(context, training->pairing, training->sets[0], training->sets[1]);
}

/* Whether the caller's struct can take a report at all; an absurd size is one that was never set. */
static xd_status check_report(xd_context *context, const xd_train_report *report) {
  const size_t most = 16 * sizeof *report;
  if (!report || (report->struct_size >= sizeof report->struct_size && report->struct_size <= most))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train_report.struct_size is wrong");
}

/* Where the caller wants the history, if its version of the struct can say so. */
static void read_report(xdi_training *training, const xd_train_report *report) {
  xd_train_report given = {0};
  if (!report)
    return;
  memcpy(&given, report, report->struct_size < sizeof given ? report->struct_size : sizeof given);
  for (uint32_t direction = 0; direction < 2; direction++)
    training->report.history[direction] = given.history[direction];
  training->report.history_capacity = given.history_capacity;
}

/* As much of the report as the caller's version of the struct has room for. */
static void hand_report(xd_train_report *to, const xd_train_report *from) {
  if (to)
    xdi_hand_options(to, to->struct_size, from, sizeof *from);
}

/* ---- The model ---- */

/* "0:5,1:6" again; the caller releases it. */
static char *pairing_text(const xdi_training *training) {
  const uint32_t count = xd_pairing_count(training->pairing);
  const size_t room = 8; /* "255:255," */
  char *text = xdi_allocate(&training->context->allocator, (size_t)count + 1, room);
  size_t length = 0;
  if (!text)
    return NULL;
  if (xd_pairing_class(training->pairing, 1, 0) == XD_ANY_CLASS)
    return memcpy(text, "*:*", 4);
  for (uint32_t i = 0; i < count; i++)
    length += (size_t)snprintf(text + length, room + 1, "%s%u:%u", i ? "," : "",
                               xd_pairing_class(training->pairing, 1, i) & 0xFF,
                               xd_pairing_class(training->pairing, 2, i) & 0xFF);
  return text;
}

static uint32_t list_class_names(const char *names[XD_CLASS_LIMIT], const xd_dataset *set) {
  uint32_t count = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    names[label] = xd_dataset_class_name(set, label);
    if (xd_dataset_class_size(set, label) > 0)
      count = label + 1;
  }
  return count;
}

static xd_status make_vae_model(xd_model **out, const xdi_training *training, xd_encoder *const encoders[2],
                                xd_decoder *const decoders[2]) {
  const char *names[2][XD_CLASS_LIMIT];
  xdi_properties properties;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  for (uint32_t domain = 0; domain < 2; domain++) {
    parts.encoder[domain] = encoders[domain];
    parts.decoder[domain] = decoders[domain];
    parts.name[domain] = training->options.name[domain];
    parts.class_names[domain] = names[domain];
    parts.class_count[domain] = list_class_names(names[domain], training->sets[domain]);
  }
  xdi_properties_of_vaes(&properties, training);
  parts.properties = properties.texts;
  parts.property_count = properties.count;
  return xd_model_create(out, training->context, &parts);
}

static xd_status make_mapped_model(xd_model **out, const xdi_training *training, const xd_model *vaes,
                                   xd_model_parts *parts) {
  xdi_properties properties;
  char *pairing = pairing_text(training);
  if (!pairing)
    return xdi_fail_memory(training->context, "writing down the pairing");
  xdi_properties_of_mappings(&properties, training);
  parts->pairing = pairing;
  parts->properties = properties.texts;
  parts->property_count = properties.count;
  xd_status status = xd_model_with_mapping(out, training->context, vaes, parts);
  xdi_release(&training->context->allocator, pairing);
  return status;
}

/* ---- The stages ---- */

static xd_status train_mappings(xd_model **out, xdi_training *training, const xd_model *vaes) {
  xdi_mapping_material material;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_latent_generator *generators[2] = {NULL, NULL};
  xd_pair_discriminator *discriminators[2] = {NULL, NULL};
  xd_status status = xdi_mapping_material_open(&material, training, vaes);
  if (status == XD_OK)
    status = xdi_training_probe(training, &material);
  for (uint32_t direction = 0; status == XD_OK && direction < 2; direction++)
    if (xdi_training_has(training, direction))
      status = xdi_training_mapping(training, &material, direction, &generators[direction],
                                    &discriminators[1 - direction]);
  xdi_mapping_material_close(&material);
  for (uint32_t i = 0; i < 2; i++) {
    parts.generator[i] = generators[i];
    parts.discriminator[i] = discriminators[i];
  }
  if (status == XD_OK)
    status = make_mapped_model(out, training, vaes, &parts);
  for (uint32_t i = 0; i < 2; i++) {
    xd_latent_generator_release(generators[i]);
    xd_pair_discriminator_release(discriminators[i]);
  }
  return status;
}

static xd_status train_vaes(xd_model **out, xdi_training *training) {
  xd_encoder *encoders[2] = {NULL, NULL};
  xd_decoder *decoders[2] = {NULL, NULL};
  xd_status status = XD_OK;
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = xdi_training_vae(training, domain, &encoders[domain], &decoders[domain]);
  if (status == XD_OK)
    status = make_vae_model(out, training, encoders, decoders);
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_encoder_release(encoders[domain]);
    xd_decoder_release(decoders[domain]);
  }
  return status;
}

static xd_status train_all(xd_model **out, xdi_training *training) {
  xd_model *vaes = NULL;
  xd_status status = xdi_training_rehearse(training, NULL);
  if (status != XD_OK)
    return status;
  xdi_training_start(training, true);
  status = train_vaes(&vaes, training);
  if (status == XD_OK && training->options.directions == 0)
    *out = xd_model_retain(vaes);
  else if (status == XD_OK)
    status = train_mappings(out, training, vaes);
  xd_model_release(vaes);
  training->report.seconds[0] = xdi_training_clock(training);
  return status;
}

static xdi_training make_training(xd_context *context, const xd_dataset *set1, const xd_dataset *set2,
                                  const xd_pairing *pairing) {
  return (xdi_training){.context = context,
                        .sets = {set1, set2},
                        .pairing = pairing,
                        .report = {.struct_size = sizeof(xd_train_report)}};
}

xd_status xd_train(xd_model **out, xd_context *context, const xd_dataset *set1, const xd_dataset *set2,
                   const xd_pairing *pairing, const xd_train_options *options, xd_train_report *report) {
  if (out)
    *out = NULL;
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_train: out or context is NULL");
  xdi_training training = make_training(context, set1, set2, pairing);
  xd_status status = check_report(context, report);
  if (status != XD_OK)
    return status;
  read_report(&training, report);
  status = check_arguments(&training, "xd_train");
  if (status == XD_OK)
    status = xdi_training_read(&training, options, true);
  if (status == XD_OK)
    status = train_all(out, &training);
  hand_report(report, &training.report);
  return status;
}

xd_status xd_map(xd_model **out, xd_context *context, const xd_model *model, const xd_dataset *set1,
                 const xd_dataset *set2, const xd_pairing *pairing, const xd_train_options *options,
                 xd_train_report *report) {
  if (out)
    *out = NULL;
  if (!out || !context || !model)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_map: out, context or model is NULL");
  xdi_training training = make_training(context, set1, set2, pairing);
  xd_status status = check_report(context, report);
  if (status != XD_OK)
    return status;
  read_report(&training, report);
  status = check_arguments(&training, "xd_map");
  for (uint32_t domain = 0; status == XD_OK && domain < 2; domain++)
    status = xdi_check_pictures(context, xd_encoder_network(xd_model_encoder(model, domain + 1)),
                                training.sets[domain], domain == 0 ? "xd_map: domain 1" : "xd_map: domain 2");
  if (status == XD_OK)
    status = xdi_training_read(&training, options, false);
  if (status == XD_OK)
    status = xdi_training_rehearse(&training, model);
  xdi_training_start(&training, false);
  if (status == XD_OK)
    status = train_mappings(out, &training, model);
  training.report.seconds[0] = xdi_training_clock(&training);
  hand_report(report, &training.report);
  return status;
}
