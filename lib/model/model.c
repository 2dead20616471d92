/* The model: an immutable bundle of both VAEs and the mapping networks, each with one more owner. */
#include "model/model.h"

#include <string.h>

#include "base/memory.h"
#include "base/sized.h"
#include "base/text.h"
#include "model/argument.h"
#include "tensor/shape.h"

void xd_model_parts_init(xd_model_parts *parts, size_t struct_size) {
  const xd_model_parts defaults = XD_MODEL_PARTS_INIT;
  xdi_sized_write(parts, struct_size, &defaults, sizeof defaults);
}

/* ---- texts ---- */

void xdi_texts_release(const xd_allocator *allocator, const xdi_texts *texts) {
  for (uint32_t i = 0; i < texts->count; i++)
    xdi_release(allocator, texts->at[i]);
  xdi_release(allocator, texts->at);
}

static bool copy_text(const xd_allocator *allocator, char **to, const char *from) {
  *to = from ? xdi_duplicate_text(allocator, from) : NULL;
  return *to || !from;
}

/* Room for `count` more texts; false when memory is refused. */
static bool reserve_texts(const xd_allocator *allocator, xdi_texts *texts, size_t count) {
  texts->at = count > 0 ? xdi_allocate_zeroed(allocator, count, sizeof *texts->at) : NULL;
  return texts->at || count == 0;
}

static bool add_text(const xd_allocator *allocator, xdi_texts *texts, const char *text) {
  texts->at[texts->count] = xdi_duplicate_text(allocator, text);
  if (!texts->at[texts->count])
    return false;
  texts->count++;
  return true;
}

static bool copy_texts(const xd_allocator *allocator, xdi_texts *to, const char *const *from,
                       uint32_t count) {
  bool copied = reserve_texts(allocator, to, count);
  for (uint32_t i = 0; i < count && copied; i++)
    copied = add_text(allocator, to, from[i]);
  return copied;
}

/* The place of a key among key, value, key, value..., or `count`. */
static uint32_t find_key(const char *const *texts, uint32_t count, const char *key) {
  for (uint32_t i = 0; i + 1 < count; i += 2)
    if (strcmp(texts[i], key) == 0)
      return i;
  return count;
}

/* The old properties in their order, those that `added` has too with their new values, then the rest of
 * `added`. */
static bool merge_properties(const xd_allocator *allocator, xdi_texts *to, const xdi_texts *old,
                             const char *const *added, uint32_t added_count) {
  const char *const *kept = (const char *const *)old->at;
  bool merged = reserve_texts(allocator, to, (size_t)old->count + added_count);
  for (uint32_t i = 0; i < old->count && merged; i += 2) {
    const uint32_t place = find_key(added, added_count, kept[i]);
    merged = add_text(allocator, to, kept[i]) &&
             add_text(allocator, to, place < added_count ? added[place + 1] : kept[i + 1]);
  }
  for (uint32_t i = 0; i < added_count && merged; i += 2)
    if (find_key(kept, old->count, added[i]) == old->count)
      merged = add_text(allocator, to, added[i]) && add_text(allocator, to, added[i + 1]);
  return merged;
}

/* ---- checks ---- */

xd_status xdi_check_text(xd_context *context, const char *text, const char *owner, const char *what) {
  const size_t length = text ? strlen(text) : 0;
  if (length > XDI_MODEL_TEXT_LIMIT)
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "a text of the %s's %s is longer than %u bytes", owner, what,
                    XDI_MODEL_TEXT_LIMIT);
  if (!xdi_utf8_valid(text, length))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "a text of the %s's %s is no UTF-8: '%s'", owner,
                    what, text);
  return XD_OK;
}

static xd_status check_count(xd_context *context, uint32_t count, uint32_t most, const char *what) {
  if (count <= most)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_TOO_LARGE, "the model has %u %s, more than %u", count, what, most);
}

static xd_status check_texts(xd_context *context, const char *const *texts, uint32_t count,
                             const char *what) {
  if (count > 0 && !texts)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the model's %s are NULL, but there are %u", what,
                    count);
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < count && status == XD_OK; i++) {
    if (!texts[i])
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "text %u of the model's %s is NULL", i, what);
    status = xdi_check_text(context, texts[i], "model", what);
  }
  return status;
}

static xd_status check_properties(xd_context *context, const xd_model_parts *parts) {
  xd_status status = check_count(context, parts->property_count, XDI_MODEL_PROPERTY_LIMIT, "properties");
  if (status != XD_OK)
    return status;
  const uint32_t count = 2 * parts->property_count;
  status = check_texts(context, parts->properties, count, "properties");
  for (uint32_t i = 0; i < count && status == XD_OK; i += 2)
    if (find_key(parts->properties, count, parts->properties[i]) != i)
      status = xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the model's property \"%s\" stands twice",
                        parts->properties[i]);
  return status;
}

/* Domain 1 without a VAE holds conditions: all that there is of it is the generator that reads them. */
static bool is_condition(const xd_model_parts *parts, uint32_t i) {
  return i == 0 && !parts->encoder[0] && !parts->decoder[0];
}

static xd_status check_condition(xd_context *context, const xd_model_parts *parts) {
  if (!parts->generator[0])
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "domain 1 has neither an encoder and a decoder nor a generator G1 of conditions");
  const uint32_t values = xd_latent_generator_source_dim(parts->generator[0]);
  if (parts->class_count[0] > values)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "domain 1 has names of %u classes, but the generator G1 takes conditions of %u values",
                    parts->class_count[0], values);
  if (!parts->generator[1] && !parts->discriminator[0])
    return XD_OK;
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                  "the %s enters domain 1, which has neither an encoder nor a decoder",
                  parts->generator[1] ? "generator G2" : "discriminator D1");
}

static xd_status check_vae(xd_context *context, const xd_model_parts *parts, uint32_t i) {
  const uint32_t domain = i + 1;
  if (!parts->encoder[i] || !parts->decoder[i])
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "the %s of domain %u is NULL",
                    parts->encoder[i] ? "decoder" : "encoder", domain);
  const xd_shape in = xdi_part_network(parts->encoder[i])->input;
  const xd_shape out = xdi_part_network(parts->decoder[i])->output;
  if (!xdi_shape_equal(in, out))
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "the encoder of domain %u takes pictures of %u x %u x %u, but the decoder of domain %u "
                    "makes %u x %u x %u",
                    domain, in.height, in.width, in.channels, domain, out.height, out.width, out.channels);
  const uint32_t code = xd_encoder_latent_dim(parts->encoder[i]),
                 decoded = xd_decoder_latent_dim(parts->decoder[i]);
  if (code != decoded)
    return xdi_fail(
        context, XD_ERROR_SHAPE_MISMATCH,
        "the encoder of domain %u makes codes of %u values, but the decoder of domain %u takes %u", domain,
        code, domain, decoded);
  return XD_OK;
}

static xd_status check_domain(xd_context *context, const xd_model_parts *parts, uint32_t i) {
  xd_status status = is_condition(parts, i) ? check_condition(context, parts) : check_vae(context, parts, i);
  if (status == XD_OK)
    status = xdi_check_text(context, parts->name[i], "model", "names");
  if (status == XD_OK)
    status = check_count(context, parts->class_count[i], XD_CLASS_LIMIT, "class names");
  return status == XD_OK ? check_texts(context, parts->class_names[i], parts->class_count[i], "class names")
                         : status;
}

static xd_status check_generator(xd_context *context, const xd_model_parts *parts, uint32_t i) {
  const xd_latent_generator *generator = parts->generator[i];
  if (!generator)
    return XD_OK;
  const uint32_t source = xd_latent_generator_source_dim(generator),
                 target = xd_latent_generator_target_dim(generator);
  const uint32_t coded = xd_encoder_latent_dim(parts->encoder[i]),
                 decoded = xd_decoder_latent_dim(parts->decoder[1 - i]);
  if (source != coded && !is_condition(parts, i))
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "the generator G%u takes codes of %u values, but the encoder of domain %u makes %u",
                    i + 1, source, i + 1, coded);
  if (target != decoded)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                    "the generator G%u makes codes of %u values, but the decoder of domain %u takes %u",
                    i + 1, target, 2 - i, decoded);
  return XD_OK;
}

static xd_status check_discriminator(xd_context *context, const xd_model_parts *parts, uint32_t i) {
  if (!parts->discriminator[i])
    return XD_OK;
  const uint32_t judged = xd_pair_discriminator_latent_dim(parts->discriminator[i]);
  const uint32_t coded = xd_encoder_latent_dim(parts->encoder[i]);
  if (judged == coded)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                  "the discriminator D%u judges codes of %u values, but the encoder of domain %u makes %u",
                  i + 1, judged, i + 1, coded);
}

static xd_status check_parts(xd_context *context, const xd_model_parts *parts) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < 2 && status == XD_OK; i++)
    status = check_domain(context, parts, i);
  for (uint32_t i = 0; i < 2 && status == XD_OK; i++) {
    status = check_generator(context, parts, i);
    if (status == XD_OK)
      status = check_discriminator(context, parts, i);
  }
  if (status == XD_OK)
    status = xdi_check_text(context, parts->pairing, "model", "pairing");
  return status == XD_OK ? check_properties(context, parts) : status;
}

/* ---- life ---- */

static void destroy(xd_model *model) {
  const xd_allocator allocator = model->allocator;
  for (uint32_t i = 0; i < 2; i++) {
    xd_encoder_release(model->encoder[i]);
    xd_decoder_release(model->decoder[i]);
    xd_latent_generator_release(model->generator[i]);
    xd_pair_discriminator_release(model->discriminator[i]);
    xdi_release(&allocator, model->name[i]);
    xdi_texts_release(&allocator, &model->class_names[i]);
  }
  xdi_release(&allocator, model->pairing);
  xdi_texts_release(&allocator, &model->properties);
  xdi_release(&allocator, model);
}

static void share_networks(xd_model *model, const xd_model_parts *parts) {
  for (uint32_t i = 0; i < 2; i++) {
    model->encoder[i] = xd_encoder_retain(parts->encoder[i]);
    model->decoder[i] = xd_decoder_retain(parts->decoder[i]);
    model->generator[i] = xd_latent_generator_retain(parts->generator[i]);
    model->discriminator[i] = xd_pair_discriminator_retain(parts->discriminator[i]);
  }
}

static void freeze_networks(const xd_model *model) {
  for (uint32_t i = 0; i < 2; i++) {
    xdi_part_freeze(model->encoder[i]);
    xdi_part_freeze(model->decoder[i]);
    xdi_part_freeze(model->generator[i]);
    xdi_part_freeze(model->discriminator[i]);
  }
}

static bool copy_all_texts(xd_model *model, const xd_model_parts *parts, const xdi_texts *old_properties) {
  const xd_allocator *allocator = &model->allocator;
  bool copied = copy_text(allocator, &model->pairing, parts->pairing);
  for (uint32_t i = 0; i < 2 && copied; i++)
    copied = copy_text(allocator, &model->name[i], parts->name[i]) &&
             copy_texts(allocator, &model->class_names[i], parts->class_names[i], parts->class_count[i]);
  return copied && merge_properties(allocator, &model->properties, old_properties, parts->properties,
                                    2 * parts->property_count);
}

/* A model of checked parts. They are frozen only when nothing can fail any more. */
static xd_status assemble(xd_model **out, xd_context *context, const xd_model_parts *parts,
                          const xdi_texts *old_properties) {
  xd_status status = check_parts(context, parts);
  if (status != XD_OK)
    return status;
  xd_model *model = xdi_allocate_zeroed(&context->allocator, 1, sizeof *model);
  if (!model)
    return xdi_fail_memory(context, "assembling a model");
  model->allocator = context->allocator;
  xdi_owners_begin(&model->references);
  share_networks(model, parts);
  status = copy_all_texts(model, parts, old_properties)
               ? check_count(context, model->properties.count / 2, XDI_MODEL_PROPERTY_LIMIT, "properties")
               : xdi_fail_memory(context, "assembling a model");
  if (status != XD_OK) {
    destroy(model);
    return status;
  }
  freeze_networks(model);
  *out = model;
  return XD_OK;
}

static xd_status read_parts(xd_context *context, xd_model_parts *to, const xd_model_parts *from) {
  xd_model_parts_init(to, sizeof *to);
  const xd_status status = xdi_sized_read(context, to, from, XDI_SIZED(xd_model_parts, reserved));
  return status == XD_OK ? xdi_check_reserved(context, "xd_model_parts.reserved", to->reserved) : status;
}

xd_status xd_model_create(xd_model **out, xd_context *context, const xd_model_parts *parts) {
  const xdi_texts none = {NULL, 0};
  xd_model_parts mine;
  xd_status status = xdi_require(context, out, "the place for the model");
  if (status != XD_OK)
    return status;
  *out = NULL;
  status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = read_parts(context, &mine, parts);
  return status == XD_OK ? assemble(out, context, &mine, &none) : status;
}

xd_status xd_model_with_mapping(xd_model **out, xd_context *context, const xd_model *model,
                                const xd_model_parts *parts) {
  xd_model_parts mine;
  xd_status status = xdi_require(context, out, "the place for the model");
  if (status != XD_OK)
    return status;
  *out = NULL;
  status = xdi_require(context, context, "the context");
  if (status == XD_OK)
    status = xdi_require(context, model, "the model");
  if (status == XD_OK)
    status = read_parts(context, &mine, parts);
  if (status != XD_OK)
    return status;
  for (uint32_t i = 0; i < 2; i++) {
    mine.encoder[i] = model->encoder[i];
    mine.decoder[i] = model->decoder[i];
    mine.name[i] = model->name[i];
    mine.class_names[i] = (const char *const *)model->class_names[i].at;
    mine.class_count[i] = model->class_names[i].count;
  }
  return assemble(out, context, &mine, &model->properties);
}

xd_model *xd_model_retain(const xd_model *model) {
  xd_model *shared = (xd_model *)model; /* the count is no part of what const promises */
  if (shared)
    xdi_owners_add(&shared->references);
  return shared;
}

void xd_model_release(const xd_model *model) {
  xd_model *shared = (xd_model *)model;
  if (shared && xdi_owners_drop(&shared->references))
    destroy(shared);
}
