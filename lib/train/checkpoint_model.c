/* Position, networks and texts of a checkpoint, and the model that can be made of them while the
 * training is not finished, or never will be. */
#include "train/checkpoint_model.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "model/judge.h"
#include "model/latent_generator.h"
#include "model/model.h"
#include "model/pair_discriminator.h"
#include "train/provenance.h"
#include "train/trained_model.h"

#define BEST_GENERATOR XD_TAG('B', 'G', 'E', 'N')
#define BEST_DISCRIMINATOR XD_TAG('B', 'D', 'I', 'S')

const uint32_t xdi_checkpoint_tags[XDI_CHECKPOINT_CHUNKS] = {XD_TAG('F', 'P', 'R', 'T'),
                                                             XD_TAG('P', 'O', 'S', 'N'),
                                                             XD_TAG('R', 'E', 'P', 'T'),
                                                             XD_TAG('T', 'E', 'X', 'T'),
                                                             XDI_CHUNK_NETWORKS,
                                                             XDI_CHUNK_TENSORS,
                                                             XDI_CHUNK_DATA,
                                                             XD_TAG('S', 'T', 'A', 'T')};

/* ---- Position ---- */

xd_status xdi_archive_position(xdi_position *at, xdi_archive *archive) {
  xdi_archive_u32(archive, &at->stage);
  xdi_archive_u32(archive, &at->trained);
  xdi_archive_u32(archive, &at->told);
  xdi_archive_f64(archive, &at->work_done);
  xdi_archive_f64(archive, &at->seconds);
  xdi_archive_f64(archive, &at->stage_seconds);
  return xdi_archive_end(archive);
}

/* ---- Networks ---- */

/* Writing only reads the network; the role's pointer is mutable for the sake of reading. */
static void add_role(xdi_role *roles, uint32_t *count, uint32_t tag, const xd_network *network) {
  if (network)
    roles[(*count)++] = (xdi_role){tag, (xd_network *)network};
}

uint32_t xdi_checkpoint_roles(xdi_role roles[XDI_NETWORK_LIMIT], const xdi_training *training) {
  const xdi_parts *done = &training->done;
  uint32_t count = 0;
  for (uint32_t i = 0; i < 2; i++) {
    add_role(roles, &count, XDI_ROLE_ENCODER(i + 1), xd_encoder_network(done->encoder[i]));
    add_role(roles, &count, XDI_ROLE_DECODER(i + 1), xd_decoder_network(done->decoder[i]));
    add_role(roles, &count, XDI_ROLE_GENERATOR(i + 1), xd_latent_generator_network(done->generator[i]));
    add_role(roles, &count, XDI_ROLE_DISCRIMINATOR(i + 1),
             xd_pair_discriminator_network(done->discriminator[i]));
  }
  add_role(roles, &count, BEST_GENERATOR, xd_latent_generator_network(done->best_generator));
  add_role(roles, &count, BEST_DISCRIMINATOR, xd_pair_discriminator_network(done->best_discriminator));
  add_role(roles, &count, XDI_ROLE_JUDGE, xd_judge_network(done->judge));
  return count;
}

/* Finds the part that a role's network is, and makes it. */
static xd_status take_role(xdi_parts *done, xd_context *context, const xdi_role *role) {
  for (uint32_t i = 0; i < 2; i++) {
    if (role->tag == XDI_ROLE_ENCODER(i + 1) && !done->encoder[i])
      return xdi_encoder_wrap(&done->encoder[i], context, role->network);
    if (role->tag == XDI_ROLE_DECODER(i + 1) && !done->decoder[i])
      return xdi_decoder_wrap(&done->decoder[i], context, role->network);
    if (role->tag == XDI_ROLE_GENERATOR(i + 1) && !done->generator[i])
      return xdi_latent_generator_wrap(&done->generator[i], context, role->network);
    if (role->tag == XDI_ROLE_DISCRIMINATOR(i + 1) && !done->discriminator[i])
      return xdi_pair_discriminator_wrap(&done->discriminator[i], context, role->network);
  }
  if (role->tag == BEST_GENERATOR && !done->best_generator)
    return xdi_latent_generator_wrap(&done->best_generator, context, role->network);
  if (role->tag == BEST_DISCRIMINATOR && !done->best_discriminator)
    return xdi_pair_discriminator_wrap(&done->best_discriminator, context, role->network);
  if (role->tag == XDI_ROLE_JUDGE && !done->judge)
    return xdi_judge_wrap(&done->judge, context, role->network);
  return xdi_fail(context, XD_ERROR_BAD_DATA, "a checkpoint's network is of no known part");
}

static xd_status get_parts(xdi_parts *done, xd_context *context, const xdi_container *container) {
  xdi_role roles[XDI_NETWORK_LIMIT];
  uint32_t count = 0;
  xd_status status = xdi_networks_get(context, container, NULL, roles, &count);
  for (uint32_t i = 0; status == XD_OK && i < count; i++)
    status = take_role(done, context, &roles[i]);
  xdi_networks_release(roles, count);
  return status;
}

xd_status xdi_checkpoint_get_parts(xdi_training *training, const xdi_container *container) {
  return get_parts(&training->done, training->context, container);
}

/* ---- Texts ---- */

static void put_texts(xdi_bytes *to, const char *const *texts, uint32_t count) {
  xdi_put_u32(to, count);
  for (uint32_t i = 0; i < count; i++)
    xdi_put_text(to, texts[i]);
}

/* Of VAEs that are trained. */
static void put_own_texts(const xdi_training *training, xdi_bytes *to) {
  const char *names[XD_CLASS_LIMIT];
  xdi_properties properties;
  put_texts(to, training->input.name, 2);
  for (uint32_t domain = 0; domain < 2; domain++)
    put_texts(to, names, xdi_list_class_names(names, training->input.set[domain]));
  xdi_properties_of_vaes(&properties, training);
  put_texts(to, properties.texts, 2 * properties.count);
}

/* "mapping.seed", "mapping1.options": what a mapping that is trained makes untrue. */
static bool is_of_mapping(const char *key) {
  static const char prefix[] = "mapping";
  const size_t length = sizeof prefix - 1;
  if (strncmp(key, prefix, length) != 0)
    return false;
  return key[length] == '.' || ((key[length] == '1' || key[length] == '2') && key[length + 1] == '.');
}

/* Of VAEs that are mapped. */
static void put_texts_of(const xd_model *vaes, xdi_bytes *to) {
  const char *const names[2] = {xd_model_name(vaes, 1), xd_model_name(vaes, 2)};
  put_texts(to, names, 2);
  for (uint32_t domain = 1; domain <= 2; domain++) {
    const uint32_t classes = xd_model_class_count(vaes, domain);
    xdi_put_u32(to, classes);
    for (uint32_t label = 0; label < classes; label++)
      xdi_put_text(to, xd_model_class_name(vaes, domain, label));
  }
  const uint32_t properties = xd_model_property_count(vaes);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < properties; i++)
    kept += !is_of_mapping(xd_model_property_key(vaes, i));
  xdi_put_u32(to, 2 * kept);
  for (uint32_t i = 0; i < properties; i++) {
    const char *key = xd_model_property_key(vaes, i);
    if (is_of_mapping(key))
      continue;
    xdi_put_text(to, key);
    xdi_put_text(to, xd_model_property(vaes, key));
  }
}

xd_status xdi_checkpoint_put_texts(const xdi_training *training, xdi_bytes *to) {
  char *pairing = xdi_pairing_text(training);
  if (!pairing)
    return xdi_fail_memory(training->context, "writing down the pairing");
  xdi_put_u32(to, 1);
  xdi_put_text(to, pairing);
  xdi_release(&training->context->allocator, pairing);
  if (training->vaes)
    put_texts_of(training->vaes, to);
  else
    put_own_texts(training, to);
  return XD_OK;
}

/* The lists of texts, in their order. */
enum { PAIRING, NAMES, CLASSES, PROPERTIES = CLASSES + 2, LISTS };

static xd_status get_texts(xd_context *context, xdi_texts *list, xdi_cursor *from) {
  const uint32_t count = xdi_get_u32(from);
  bool memory = true;
  if (from->failed || count > from->size / 4)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "a checkpoint's texts end too early");
  list->at = xdi_allocate_zeroed(&context->allocator, (size_t)count + 1, sizeof *list->at);
  if (!list->at)
    return xdi_fail_memory(context, "reading a checkpoint");
  for (; list->count < count && !from->failed && memory; list->count++)
    list->at[list->count] = xdi_get_text(from, &context->allocator, &memory);
  if (!memory)
    return xdi_fail_memory(context, "reading a checkpoint");
  return from->failed ? xdi_fail(context, XD_ERROR_BAD_DATA, "a checkpoint's texts end too early") : XD_OK;
}

/* ---- The model so far ---- */

/* What a checkpoint holds of a model. */
typedef struct recovery {
  xdi_parts done;
  xdi_texts texts[LISTS];
  const char **properties; /* the list alone */
  xdi_position at;
  char where[48];
} recovery;

static bool is_mapping(uint32_t stage) {
  return stage == XD_STAGE_MAPPING1 || stage == XD_STAGE_MAPPING2;
}

static void fill_mappings(xd_model_parts *parts, const recovery *found) {
  const xdi_parts *done = &found->done;
  for (uint32_t i = 0; i < 2; i++) {
    parts->generator[i] = done->generator[i];
    parts->discriminator[i] = done->discriminator[i];
  }
  if (done->best_generator && is_mapping(found->at.stage)) {
    const uint32_t direction = found->at.stage - XD_STAGE_MAPPING1;
    parts->generator[direction] = done->best_generator;
    parts->discriminator[1 - direction] = done->best_discriminator;
  }
  if (parts->generator[0] || parts->generator[1])
    parts->pairing = found->texts[PAIRING].at[0];
}

/* The VAEs' own, and what tells a mapping from one of a whole training. */
static xd_status list_properties(xd_model_parts *parts, xd_context *context, recovery *found) {
  const xdi_texts *own = &found->texts[PROPERTIES];
  uint32_t count = 0;
  const char **list = xdi_allocate(&context->allocator, (size_t)own->count + 2, sizeof *list);
  if (!list)
    return xdi_fail_memory(context, "reading a checkpoint");
  for (; count < own->count; count++)
    list[count] = own->at[count];
  if (parts->pairing) {
    snprintf(found->where, sizeof found->where, "step %lu of %s", (unsigned long)found->at.told,
             xd_stage_name(found->at.stage));
    list[count++] = XDI_PROPERTY_RECOVERED, list[count++] = found->where;
  }
  parts->properties = found->properties = list;
  parts->property_count = count / 2;
  return XD_OK;
}

static void fill_vaes(xd_model_parts *parts, const recovery *found) {
  for (uint32_t i = 0; i < 2; i++) {
    parts->encoder[i] = found->done.encoder[i];
    parts->decoder[i] = found->done.decoder[i];
    parts->name[i] = found->texts[NAMES].at[i];
    parts->class_names[i] = (const char *const *)found->texts[CLASSES + i].at;
    parts->class_count[i] = found->texts[CLASSES + i].count;
  }
}

static xd_status make_model(xd_model **out, xd_context *context, recovery *found) {
  const xdi_parts *done = &found->done;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  if (!done->encoder[0] || !done->encoder[1] || !done->decoder[0] || !done->decoder[1])
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "the checkpoint has no two VAEs that are trained");
  if (found->texts[PAIRING].count != 1 || found->texts[NAMES].count != 2 ||
      found->texts[PROPERTIES].count % 2 != 0)
    return xdi_fail(context, XD_ERROR_BAD_DATA, "a checkpoint's texts contradict themselves");
  fill_vaes(&parts, found);
  fill_mappings(&parts, found);
  const xd_status status = list_properties(&parts, context, found);
  return status == XD_OK ? xd_model_create(out, context, &parts) : status;
}

static xd_status get_all_texts(recovery *found, xd_context *context, const xdi_container *container) {
  xdi_cursor texts = {0};
  xd_status status =
      xdi_container_chunk(container, context, xdi_checkpoint_tags[XDI_CHECKPOINT_TEXTS], false, &texts);
  for (uint32_t i = 0; status == XD_OK && i < LISTS; i++)
    status = get_texts(context, &found->texts[i], &texts);
  if (status == XD_OK && !xdi_cursor_done(&texts))
    status = xdi_fail(context, XD_ERROR_BAD_DATA, "a checkpoint's texts are too long");
  xdi_release(&context->allocator, (void *)texts.data);
  return status;
}

static xd_status get_position(recovery *found, xd_context *context, const xdi_container *container) {
  xdi_cursor position = {0};
  xdi_archive archive = {.from = &position}; /* without a context: what fails is told below */
  const xd_status status =
      xdi_container_chunk(container, context, xdi_checkpoint_tags[XDI_CHECKPOINT_POSITION], false, &position);
  if (status == XD_OK)
    (void)xdi_archive_position(&found->at, &archive);
  xdi_release(&context->allocator, (void *)position.data);
  if (status == XD_OK && (!xdi_cursor_done(&position) || found->at.stage > XD_STAGE_JUDGE))
    return xdi_fail(context, XD_ERROR_BAD_DATA, "a checkpoint's position is none");
  return status;
}

static xd_status recover(xd_model **out, xd_context *context, const xdi_container *container) {
  recovery found = {.properties = NULL};
  xd_status status = xdi_container_expect(container, context, XDI_KIND_CHECKPOINT, xdi_checkpoint_tags,
                                          XDI_CHECKPOINT_CHUNKS);
  if (status == XD_OK)
    status = get_position(&found, context, container);
  if (status == XD_OK)
    status = get_all_texts(&found, context, container);
  if (status == XD_OK)
    status = get_parts(&found.done, context, container);
  if (status == XD_OK)
    status = make_model(out, context, &found);
  for (uint32_t i = 0; i < LISTS; i++)
    xdi_texts_release(&context->allocator, &found.texts[i]);
  xdi_release(&context->allocator, found.properties);
  xdi_release_parts(&found.done);
  return status;
}

xd_status xd_train_recover(xd_model **out, xd_context *context, const char *checkpoint) {
  xdi_container container;
  if (out)
    *out = NULL;
  if (!out || !context || !checkpoint)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_train_recover: out, context or checkpoint is NULL");
  xd_status status = xdi_container_open(&container, context, checkpoint);
  if (status != XD_OK)
    return status;
  status = recover(out, context, &container);
  xdi_container_close(&container, context);
  return status;
}
