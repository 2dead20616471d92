/* The names and values that make a training the one it is. Sets and networks are told by their
 * digests. What only decides whether a training goes on, as allow_collapse, is not among them. */
#include "train/fingerprint.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "format/digest.h"
#include "layer/network.h"
#include "model/part.h"
#include "xdomain/version.h"

#define VALUE_SIZE 128

typedef struct printer {
  xdi_bytes *to;
  bool maps;
} printer;

static void put_pair(xdi_bytes *to, const char *name, const char *value) {
  xdi_put_text(to, name);
  xdi_put_text(to, value);
}

/* ---- Data ---- */

static uint64_t digest_set(const xd_dataset *set) {
  const size_t size = xdi_cells(xdi_set_shape(set));
  uint64_t digest = 0;
  for (uint32_t i = 0; i < xd_dataset_count(set); i++) {
    const uint32_t label = xd_dataset_label(set, i);
    digest = xdi_digest(xd_dataset_pixels(set, i), size, digest);
    digest = xdi_digest_words(&label, 1, digest);
  }
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++) {
    const char *name = xd_dataset_class_name(set, label);
    digest = xdi_digest(name, strlen(name), digest);
  }
  return digest;
}

static void put_set(xdi_bytes *to, const char *name, const xd_dataset *set) {
  char value[VALUE_SIZE] = "absent";
  if (set)
    snprintf(value, sizeof value, "%lu pictures of %lux%lux%lu (%016llx)",
             (unsigned long)xd_dataset_count(set), (unsigned long)xd_dataset_width(set),
             (unsigned long)xd_dataset_height(set), (unsigned long)xd_dataset_channels(set),
             (unsigned long long)digest_set(set));
  put_pair(to, name, value);
}

static uint64_t digest_network(const xd_network *network) {
  uint64_t digest = xdi_digest_words(&network->input, sizeof network->input / 4, 0);
  for (uint32_t i = 0; i < network->layer_count; i++)
    digest = xdi_digest_words(&network->layers[i].spec, sizeof network->layers[i].spec / 4, digest);
  return xdi_digest_words(network->block, network->block_count, digest);
}

static void put_network(xdi_bytes *to, const char *name, const xd_network *network) {
  char value[VALUE_SIZE] = "absent";
  if (network)
    snprintf(value, sizeof value, "%lu layers (%016llx)", (unsigned long)network->layer_count,
             (unsigned long long)digest_network(network));
  put_pair(to, name, value);
}

static void put_pairing(xdi_bytes *to, const xd_pairing *pairing) {
  uint64_t digest = 0;
  char value[VALUE_SIZE];
  for (uint32_t i = 0; i < xd_pairing_count(pairing); i++) {
    const uint32_t pair[2] = {xd_pairing_class(pairing, 1, i), xd_pairing_class(pairing, 2, i)};
    digest = xdi_digest_words(pair, 2, digest);
  }
  snprintf(value, sizeof value, "%lu pairs (%016llx)", (unsigned long)xd_pairing_count(pairing),
           (unsigned long long)digest);
  put_pair(to, "the pairing", value);
}

static void put_input(xdi_bytes *to, const xd_train_input *input) {
  static const char *const sets[2] = {"the set of domain 1", "the set of domain 2"};
  static const char *const held_out[2] = {"the validation set of domain 1", "the validation set of domain 2"};
  static const char *const others[2] = {"the unlabelled set of domain 1", "the unlabelled set of domain 2"};
  static const char *const judges[2] = {"the judge of domain 1", "the judge of domain 2"};
  static const char *const names[2] = {"the name of domain 1", "the name of domain 2"};
  static const char *const encoders[2] = {"encoder[0]", "encoder[1]"};
  static const char *const decoders[2] = {"decoder[0]", "decoder[1]"};
  static const char *const generators[2] = {"generator[0]", "generator[1]"};
  static const char *const discriminators[2] = {"discriminator[0]", "discriminator[1]"};
  put_pairing(to, input->pairing);
  for (uint32_t i = 0; i < 2; i++) {
    put_set(to, sets[i], input->set[i]);
    put_set(to, held_out[i], input->validation[i]);
    put_set(to, others[i], input->unlabelled[i]);
    put_network(to, judges[i], xd_judge_network(input->judge[i]));
    put_network(to, encoders[i], xd_encoder_network(input->encoder[i]));
    put_network(to, decoders[i], xd_decoder_network(input->decoder[i]));
    put_network(to, generators[i], xd_latent_generator_network(input->generator[i]));
    put_network(to, discriminators[i], xd_pair_discriminator_network(input->discriminator[i]));
    put_pair(to, names[i], input->name[i]);
  }
}

/* ---- Options ---- */

/* xd_map reads nothing of VAEs. */
static void put_option(void *user, const char *name, const char *value) {
  const printer *print = user;
  if (strcmp(name, "allow_collapse") != 0 && (!print->maps || strncmp(name, "vae", 3) != 0))
    put_pair(print->to, name, value);
}

static void put_vaes(xdi_bytes *to, const xd_model *vaes) {
  static const char *const encoders[2] = {"the model's encoder 1", "the model's encoder 2"};
  static const char *const decoders[2] = {"the model's decoder 1", "the model's decoder 2"};
  for (uint32_t domain = 0; domain < 2; domain++) {
    put_network(to, encoders[domain], xd_encoder_network(xd_model_encoder(vaes, domain + 1)));
    put_network(to, decoders[domain], xd_decoder_network(xd_model_decoder(vaes, domain + 1)));
  }
}

void xdi_fingerprint_put(xdi_bytes *to, const xdi_training *training) {
  const xd_model *vaes = training->vaes;
  printer print = {.to = to, .maps = vaes != NULL};
  put_pair(to, "the library", XD_VERSION_STRING);
  put_pair(to, "the backend", xd_context_backend_name(training->context));
  put_pair(to, "the call", training->call);
  xdi_each_option(training->group, training->options, put_option, &print);
  put_input(to, &training->input);
  if (vaes)
    put_vaes(to, vaes);
}

/* ---- Comparing ---- */

xd_status xdi_fingerprint_compare(xd_context *context, const char *path, const xdi_bytes *here,
                                  xdi_cursor *there) {
  const xd_allocator *allocator = &context->allocator;
  xdi_cursor mine = {here->data, here->size, 0, false};
  bool memory = true;
  xd_status status = XD_OK;
  while (status == XD_OK && !xdi_cursor_done(&mine)) {
    char *texts[4]; /* name and value here, then there: one after another */
    for (int i = 0; i < 4; i++)
      texts[i] = xdi_get_text(i < 2 ? &mine : there, allocator, &memory);
    if (!memory)
      status = xdi_fail_memory(context, "comparing a checkpoint");
    else if (!texts[2] || !texts[3] || strcmp(texts[0], texts[2]) != 0)
      status = xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: another kind of training, of %s", path,
                        texts[3] ? texts[3] : "another version");
    else if (strcmp(texts[1], texts[3]) != 0)
      status =
          xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s cannot be resumed: %s is %s there, and %s here",
                   path, texts[0], texts[3][0] ? texts[3] : "absent", texts[1][0] ? texts[1] : "absent");
    for (int i = 0; i < 4; i++)
      xdi_release(allocator, texts[i]);
  }
  return status;
}
