/* The model file (.xdm): DOMS (names, geometry, classes, pairing), NETS, TENS, DATA, and PROV (how the model
 * came about); COND and SCAL where there are conditions and bytes. Grammar: docs/model-format.md. */
#include <string.h>

#include "base/memory.h"
#include "format/model_file.h"
#include "format/network_file.h"
#include "format/save_options.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "model/latent_generator.h"
#include "model/model.h"
#include "model/pair_discriminator.h"

/* So that whatever a model holds can be written, and read again. */
_Static_assert(XDI_MODEL_TEXT_LIMIT == XDI_TEXT_LIMIT, "a model's texts fit a file");

#define CONDITION_MINOR 2u /* the minor version that brought conditions */

/* ---- Writing ---- */

static void put_domain(xdi_bytes *bytes, const xd_model *model, uint32_t domain) {
  xd_shape shape;
  xd_model_picture_shape(model, domain, &shape);
  uint32_t classes = xd_model_class_count(model, domain);
  xdi_put_text(bytes, xd_model_name(model, domain));
  xdi_put_u32(bytes, shape.height);
  xdi_put_u32(bytes, shape.width);
  xdi_put_u32(bytes, shape.channels);
  xdi_put_u32(bytes, xd_model_latent_dim(model, domain));
  xdi_put_u32(bytes, classes);
  for (uint32_t c = 0; c < classes; c++)
    xdi_put_text(bytes, xd_model_class_name(model, domain, c));
}

/* Only there where domain 1 holds conditions, so that who does not know them refuses the file. */
static void put_condition(xdi_bytes *bytes, const xd_model *model) {
  xdi_put_u32(bytes, xd_model_latent_dim(model, 1));
  bytes->minor = CONDITION_MINOR;
}

static void put_properties(xdi_bytes *bytes, const xd_model *model) {
  uint32_t count = xd_model_property_count(model);
  xdi_put_u32(bytes, count);
  for (uint32_t i = 0; i < count; i++) {
    const char *key = xd_model_property_key(model, i);
    xdi_put_text(bytes, key);
    xdi_put_text(bytes, xd_model_property(model, key));
  }
}

static void add_role(xdi_role *roles, uint32_t *count, uint32_t tag, const xd_network *network) {
  /* Writing only reads the network; the role's pointer is mutable for the sake of reading. */
  if (network)
    roles[(*count)++] = (xdi_role){tag, (xd_network *)network};
}

static uint32_t collect_roles(xdi_role *roles, const xd_model *model, bool inference_only) {
  uint32_t count = 0;
  for (uint32_t domain = 1; domain <= 2; domain++) {
    add_role(roles, &count, XDI_ROLE_ENCODER(domain), xd_encoder_network(xd_model_encoder(model, domain)));
    add_role(roles, &count, XDI_ROLE_DECODER(domain), xd_decoder_network(xd_model_decoder(model, domain)));
  }
  for (uint32_t domain = 1; domain <= 2; domain++) {
    const xd_latent_generator *generator = xd_model_generator(model, domain);
    if (generator)
      add_role(roles, &count, XDI_ROLE_GENERATOR(domain), xd_latent_generator_network(generator));
  }
  for (uint32_t domain = 1; domain <= 2 && !inference_only; domain++) {
    const xd_pair_discriminator *discriminator = xd_model_discriminator(model, domain);
    if (discriminator)
      add_role(roles, &count, XDI_ROLE_DISCRIMINATOR(domain), xd_pair_discriminator_network(discriminator));
  }
  return count;
}

static xd_status save(const xd_model *model, xd_context *context, const xdi_target *target,
                      const xd_save_options *options) {
  xd_save_options chosen = XD_SAVE_OPTIONS_INIT;
  xd_status status = xdi_save_options_read(context, &chosen, options);
  if (status != XD_OK)
    return status;
  xdi_role roles[XDI_NETWORK_LIMIT];
  uint32_t count = collect_roles(roles, model, chosen.inference_only != 0);
  enum { DOMS, NETS, TENS, DATA, PROV, COND, SCAL, CHUNKS };
  xdi_bytes bytes[CHUNKS];
  for (int i = 0; i < CHUNKS; i++)
    bytes[i] = (xdi_bytes){.allocator = &context->allocator};
  const xdi_network_chunks networks = {&bytes[NETS], &bytes[TENS], &bytes[DATA], &bytes[SCAL]};
  xdi_chunk_source chunks[CHUNKS] = {{XDI_CHUNK_DOMAINS, true, &bytes[DOMS]},
                                     {XDI_CHUNK_NETWORKS, true, &bytes[NETS]},
                                     {XDI_CHUNK_TENSORS, true, &bytes[TENS]},
                                     {XDI_CHUNK_DATA, true, &bytes[DATA]},
                                     {XDI_CHUNK_PROVENANCE, false, &bytes[PROV]}};
  uint32_t chunk_count = COND;
  for (uint32_t domain = 1; domain <= 2; domain++)
    put_domain(&bytes[DOMS], model, domain);
  xdi_put_text(&bytes[DOMS], xd_model_pairing(model));
  put_properties(&bytes[PROV], model);
  if (!xd_model_encoder(model, 1)) {
    put_condition(&bytes[COND], model);
    chunks[chunk_count++] = (xdi_chunk_source){XDI_CHUNK_CONDITION, true, &bytes[COND]};
  }
  status = xdi_networks_put(context, roles, count, xdi_save_options_element(&chosen), &networks);
  if (chosen.int8)
    chunks[chunk_count++] = (xdi_chunk_source){XDI_CHUNK_SCALES, true, &bytes[SCAL]};
  if (!status)
    status = xdi_container_write(context, target, XDI_KIND_MODEL, chunks, chunk_count);
  for (int i = 0; i < CHUNKS; i++)
    xdi_bytes_release(&bytes[i]);
  return status;
}

xd_status xd_model_save(const xd_model *model, xd_context *context, const char *path,
                        const xd_save_options *options) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!model || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_model_save: model or path is NULL");
  const xdi_target target = xdi_target_of_path(path);
  return save(model, context, &target, options);
}

xd_status xd_model_save_sink(const xd_model *model, xd_context *context, const xd_sink *sink,
                             const xd_save_options *options) {
  xdi_target target;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!model)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_model_save_sink: model is NULL");
  const xd_status status = xdi_target_of_sink(&target, context, sink, "xd_model_save_sink");
  return status ? status : save(model, context, &target, options);
}

/* ---- Reading ---- */

/* The texts and networks of a file while its model is put together. */
typedef struct assembly {
  xd_context *context;
  const xdi_container *container;
  xd_model_parts parts;
  xd_encoder *encoder[2];
  xd_decoder *decoder[2];
  xd_latent_generator *generator[2];
  xd_pair_discriminator *discriminator[2];
  xd_shape shape[2];
  uint32_t latent_dim[2];
  uint32_t condition_dim; /* 0: domain 1 has pictures */
  char **texts;           /* everything that was read, to be released */
  uint32_t text_count, text_capacity;
} assembly;

/* The next text, remembered for release; NULL with *status set on failure. */
static const char *get_text(assembly *loaded, xdi_cursor *cursor, uint32_t tag, xd_status *status) {
  bool memory = true;
  const xd_allocator *allocator = &loaded->context->allocator;
  if (loaded->text_count == loaded->text_capacity) {
    uint32_t capacity = loaded->text_capacity ? loaded->text_capacity * 2 : 64;
    char **texts = xdi_allocate(allocator, capacity, sizeof *texts);
    if (!texts) {
      *status = xdi_fail_memory(loaded->context, "reading a model's texts");
      return NULL;
    }
    if (loaded->text_count)
      memcpy(texts, loaded->texts, loaded->text_count * sizeof *texts);
    xdi_release(allocator, loaded->texts);
    loaded->texts = texts;
    loaded->text_capacity = capacity;
  }
  char *text = xdi_get_text(cursor, allocator, &memory);
  if (text)
    return loaded->texts[loaded->text_count++] = text;
  *status = memory ? xdi_chunk_damaged(loaded->container, loaded->context, tag,
                                       "a text is cut off, too long or has a zero byte")
                   : xdi_fail_memory(loaded->context, "reading a model's texts");
  return NULL;
}

/* `count` texts as an array of the allocator's. */
static xd_status get_texts(assembly *loaded, xdi_cursor *cursor, uint32_t tag, uint32_t count,
                           const char *const **out) {
  xd_status status = XD_OK;
  if (!count)
    return XD_OK;
  const char **texts = xdi_allocate(&loaded->context->allocator, count, sizeof *texts);
  if (!texts)
    return xdi_fail_memory(loaded->context, "reading a model's texts");
  *out = texts;
  for (uint32_t i = 0; i < count && !status; i++)
    texts[i] = get_text(loaded, cursor, tag, &status);
  return status;
}

static xd_status get_domain(assembly *loaded, xdi_cursor *cursor, uint32_t index) {
  xd_status status = XD_OK;
  loaded->parts.name[index] = get_text(loaded, cursor, XDI_CHUNK_DOMAINS, &status);
  if (status)
    return status;
  loaded->shape[index].height = xdi_get_u32(cursor);
  loaded->shape[index].width = xdi_get_u32(cursor);
  loaded->shape[index].channels = xdi_get_u32(cursor);
  loaded->latent_dim[index] = xdi_get_u32(cursor);
  uint32_t classes = xdi_get_u32(cursor);
  if (classes > XD_CLASS_LIMIT)
    return xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_DOMAINS, "too many classes");
  loaded->parts.class_count[index] = classes;
  return get_texts(loaded, cursor, XDI_CHUNK_DOMAINS, classes, &loaded->parts.class_names[index]);
}

static xd_status parse_domains(assembly *loaded, xdi_cursor *cursor) {
  xd_status status = XD_OK;
  for (uint32_t domain = 0; domain < 2 && !status; domain++)
    status = get_domain(loaded, cursor, domain);
  if (!status)
    loaded->parts.pairing = get_text(loaded, cursor, XDI_CHUNK_DOMAINS, &status);
  if (status)
    return status;
  if (!loaded->parts.pairing[0])
    loaded->parts.pairing = NULL;
  if (!xdi_cursor_done(cursor))
    return xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_DOMAINS, "its length is wrong");
  return XD_OK;
}

/* Replaces what stands at `at` by a shorter name. */
static void shorten(char *at, const char *old, const char *now) {
  const size_t old_length = strlen(old), length = strlen(now);
  memcpy(at, now, length);
  memmove(at + length, at + old_length, strlen(at + old_length) + 1);
}

/* Files of version 0.1 call the mappings mapping_1to2 and mapping_2to1, those up to 0.3 an anchor a condition. */
static void rename_property(char *key, char *value) {
  static const char *const names[2][2] = {{"mapping_1to2.", "mapping1."}, {"mapping_2to1.", "mapping2."}};
  for (uint32_t i = 0; i < 2; i++)
    if (strncmp(key, names[i][0], strlen(names[i][0])) == 0)
      shorten(key, names[i][0], names[i][1]);
  char *option = strstr(value, " condition_codes=");
  if (option && (strcmp(key, "mapping1.options") == 0 || strcmp(key, "mapping2.options") == 0))
    shorten(option, " condition_codes=", " anchor_codes=");
}

static xd_status parse_properties(assembly *loaded, xdi_cursor *cursor) {
  loaded->parts.property_count = xdi_get_u32(cursor);
  if (loaded->parts.property_count > XDI_MODEL_PROPERTY_LIMIT)
    return xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_PROVENANCE, "too many properties");
  const uint32_t first = loaded->text_count;
  xd_status status = get_texts(loaded, cursor, XDI_CHUNK_PROVENANCE, 2 * loaded->parts.property_count,
                               &loaded->parts.properties);
  for (uint32_t i = first; !status && i < loaded->text_count; i += 2)
    rename_property(loaded->texts[i], loaded->texts[i + 1]);
  if (!status && !xdi_cursor_done(cursor))
    status =
        xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_PROVENANCE, "its length is wrong");
  return status;
}

static xd_status parse_condition(assembly *loaded, xdi_cursor *cursor) {
  loaded->condition_dim = xdi_get_u32(cursor);
  if (loaded->condition_dim == 0 || !xdi_cursor_done(cursor))
    return xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_CONDITION,
                             "it is no vector's length");
  return XD_OK;
}

/* Reads a chunk and has it parsed; an optional one may be missing. */
static xd_status get_chunk(assembly *loaded, uint32_t tag, bool optional,
                           xd_status (*parse)(assembly *loaded, xdi_cursor *cursor)) {
  xdi_cursor cursor;
  xd_status status = xdi_container_chunk(loaded->container, loaded->context, tag, optional, &cursor);
  if (!status && cursor.data)
    status = parse(loaded, &cursor);
  xdi_release(&loaded->context->allocator, (void *)cursor.data);
  return status;
}

static bool stands_before(const xdi_role *roles, uint32_t index) {
  for (uint32_t i = 0; i < index; i++)
    if (roles[i].tag == roles[index].tag)
      return true;
  return false;
}

/* Makes the handle around a network, of which it becomes a further owner. */
static xd_status place_network(assembly *loaded, const xdi_role *role) {
  for (uint32_t i = 0; i < 2; i++) {
    if (role->tag == XDI_ROLE_ENCODER(i + 1))
      return xdi_encoder_wrap(&loaded->encoder[i], loaded->context, role->network);
    if (role->tag == XDI_ROLE_DECODER(i + 1))
      return xdi_decoder_wrap(&loaded->decoder[i], loaded->context, role->network);
    if (role->tag == XDI_ROLE_GENERATOR(i + 1))
      return xdi_latent_generator_wrap(&loaded->generator[i], loaded->context, role->network);
    if (role->tag == XDI_ROLE_DISCRIMINATOR(i + 1))
      return xdi_pair_discriminator_wrap(&loaded->discriminator[i], loaded->context, role->network);
  }
  return xdi_fail(loaded->context, XD_ERROR_BAD_DATA, "chunk NETS: a network has an unknown role");
}

/* Each domain has both or, where it holds conditions, none. */
static bool has_vaes(const assembly *loaded) {
  const bool first = !loaded->condition_dim;
  return loaded->encoder[1] && loaded->decoder[1] && !loaded->encoder[0] == !first &&
         !loaded->decoder[0] == !first;
}

static xd_status get_networks(assembly *loaded, uint32_t direction) {
  const uint32_t wanted[] = {XDI_ROLE_ENCODER(direction), XDI_ROLE_GENERATOR(direction),
                             XDI_ROLE_DECODER(3 - direction), 0};
  xdi_role roles[XDI_NETWORK_LIMIT];
  uint32_t count;
  xd_status status =
      xdi_networks_get(loaded->context, loaded->container, direction ? wanted : NULL, roles, &count);
  for (uint32_t n = 0; n < count && !status; n++)
    status = stands_before(roles, n)
                 ? xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_NETWORKS,
                                     "a network stands twice")
                 : xdi_container_blame(loaded->container, loaded->context, place_network(loaded, &roles[n]));
  if (!status && !has_vaes(loaded))
    status =
        xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_NETWORKS,
                          loaded->condition_dim ? "its encoders and decoders are not those of domain 2 alone"
                                                : "an encoder or decoder is missing");
  xdi_networks_release(roles, count);
  return status;
}

/* DOMS repeats sizes for readers that do not want the networks; they must be the networks'. */
static xd_status check_domains(const assembly *loaded, const xd_model *model) {
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_shape shape, stated = loaded->shape[domain];
    xd_model_picture_shape(model, domain + 1, &shape);
    if (shape.height != stated.height || shape.width != stated.width || shape.channels != stated.channels ||
        loaded->latent_dim[domain] != xd_model_latent_dim(model, domain + 1) ||
        (loaded->condition_dim && loaded->condition_dim != xd_model_latent_dim(model, 1)))
      return xdi_chunk_damaged(loaded->container, loaded->context, XDI_CHUNK_DOMAINS,
                               "its sizes are not the networks'");
  }
  return XD_OK;
}

static xd_status make_model(xd_model **out, assembly *loaded) {
  for (uint32_t i = 0; i < 2; i++) {
    loaded->parts.encoder[i] = loaded->encoder[i];
    loaded->parts.decoder[i] = loaded->decoder[i];
    loaded->parts.generator[i] = loaded->generator[i];
    loaded->parts.discriminator[i] = loaded->discriminator[i];
  }
  const xd_status status = xdi_container_blame(loaded->container, loaded->context,
                                               xd_model_create(out, loaded->context, &loaded->parts));
  return status ? status : check_domains(loaded, *out);
}

static void release_assembly(assembly *loaded) {
  const xd_allocator *allocator = &loaded->context->allocator;
  for (uint32_t i = 0; i < 2; i++) {
    xd_encoder_release(loaded->encoder[i]);
    xd_decoder_release(loaded->decoder[i]);
    xd_latent_generator_release(loaded->generator[i]);
    xd_pair_discriminator_release(loaded->discriminator[i]);
    xdi_release(allocator, (void *)loaded->parts.class_names[i]);
  }
  xdi_release(allocator, (void *)loaded->parts.properties);
  for (uint32_t i = 0; i < loaded->text_count; i++)
    xdi_release(allocator, loaded->texts[i]);
  xdi_release(allocator, loaded->texts);
}

xd_status xdi_model_from(xd_model **out, xd_context *context, const xdi_container *container,
                         uint32_t direction) {
  static const uint32_t known[] = {XDI_CHUNK_DOMAINS, XDI_CHUNK_NETWORKS,   XDI_CHUNK_TENSORS,
                                   XDI_CHUNK_DATA,    XDI_CHUNK_PROVENANCE, XDI_CHUNK_CONDITION,
                                   XDI_CHUNK_SCALES};
  assembly loaded = {.context = context, .container = container, .parts = XD_MODEL_PARTS_INIT};
  xdi_silence(context);
  xd_status status =
      xdi_container_expect(container, context, XDI_KIND_MODEL, known, sizeof known / sizeof *known);
  if (!status)
    status = get_chunk(&loaded, XDI_CHUNK_DOMAINS, false, parse_domains);
  if (!status)
    status = get_chunk(&loaded, XDI_CHUNK_PROVENANCE, true, parse_properties);
  if (!status)
    status = get_chunk(&loaded, XDI_CHUNK_CONDITION, true, parse_condition);
  if (!status)
    status = get_networks(&loaded, direction);
  if (!status)
    status = make_model(out, &loaded);
  release_assembly(&loaded);
  xdi_speak(context);
  if (!status)
    return XD_OK;
  xd_model_release(*out);
  *out = NULL;
  return xdi_fail(context, status, "%s", context->message);
}

xd_status xdi_model_load(xd_model **out, xd_context *context, const char *path, uint32_t direction) {
  xdi_container container;
  xd_status status = xdi_container_open(&container, context, path);
  if (status)
    return status;
  status = xdi_model_from(out, context, &container, direction);
  xdi_container_close(&container, context);
  return status;
}

xd_status xdi_model_load_source(xd_model **out, xd_context *context, const xd_source *source,
                                uint32_t direction, const char *who) {
  xdi_container container;
  xd_status status = xdi_container_open_source(&container, context, source, who);
  if (status)
    return status;
  status = xdi_model_from(out, context, &container, direction);
  xdi_container_close(&container, context);
  return status;
}

xd_status xd_model_load(xd_model **out, xd_context *context, const char *path) {
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_model_load: out or path is NULL");
  return xdi_model_load(out, context, path, 0);
}

xd_status xd_model_load_source(xd_model **out, xd_context *context, const xd_source *source) {
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_model_load_source: out is NULL");
  return xdi_model_load_source(out, context, source, 0, "xd_model_load_source");
}
