/* A model in safetensors: tensors by the names of networks and of their parameters, and in the metadata each network's
 * layers, as "28 28 1; CNV2 32 4 2 1 1; DNSE 1 1 64" says them: height, width and channels of what goes in, and of each
 * layer its tag and its values, up to the last that is not 0. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "little_endian.h"
#include "safetensors.h"
#include <xdomain/unstable/price.h>

#define VERSION_KEY "xdomain"
#define VERSION "1"
#define PROPERTY "property."
enum { KEY_SIZE = 32 };

/* "class2.7" */
static void name_class(char key[KEY_SIZE], uint32_t domain, uint32_t label) {
  snprintf(key, KEY_SIZE, "class%u.%u", domain, label);
}

/* "name2" */
static void name_domain(char key[KEY_SIZE], uint32_t domain) {
  snprintf(key, KEY_SIZE, "name%u", domain);
}

/* ---- Writing ---- */

/* Another text of the metadata. */
static bool write_text(FILE *to, const char *prefix, const char *key, const char *value) {
  char *whole = join_texts(prefix, key, "");
  if (!whole)
    return false;
  fputc(',', to);
  print_json_text(to, whole);
  fputc(':', to);
  print_json_text(to, value);
  free(whole);
  return true;
}

static void write_layers(FILE *to, const char *name, const xd_network *network) {
  xd_shape input;
  xd_network_input_shape(network, &input);
  fprintf(to, ",\"%s\":\"%u %u %u", name, input.height, input.width, input.channels);
  for (uint32_t i = 0; i < xd_network_layer_count(network); i++) {
    xd_layer_spec layer;
    char tag[5];
    (void)xd_network_layer(network, i, &layer);
    spell_tag(tag, layer.tag);
    fprintf(to, "; %s", tag);
    uint32_t count = sizeof layer.values / sizeof *layer.values;
    while (count > 0 && !layer.values[count - 1])
      count--;
    for (uint32_t v = 0; v < count; v++)
      fprintf(to, " %u", layer.values[v]);
  }
  fputc('"', to);
}

static bool write_domain(FILE *to, const xd_model *model, uint32_t domain) {
  char key[KEY_SIZE];
  name_domain(key, domain);
  bool good = write_text(to, "", key, xd_model_name(model, domain));
  for (uint32_t c = 0; c < xd_model_class_count(model, domain) && good; c++) {
    name_class(key, domain, c);
    good = write_text(to, "", key, xd_model_class_name(model, domain, c));
  }
  return good;
}

static bool write_metadata(FILE *to, const xd_model *model) {
  fputs("{\"__metadata__\":{\"" VERSION_KEY "\":\"" VERSION "\"", to);
  for (size_t r = 0; r < ROLE_COUNT; r++) {
    const xd_network *network = find_network(model, &network_roles[r]);
    if (network)
      write_layers(to, network_roles[r].name, network);
  }
  bool good = write_domain(to, model, 1) && write_domain(to, model, 2) &&
              write_text(to, "", "pairing", xd_model_pairing(model));
  for (uint32_t p = 0; p < xd_model_property_count(model) && good; p++) {
    const char *key = xd_model_property_key(model, p);
    good = write_text(to, PROPERTY, key, xd_model_property(model, key));
  }
  fputc('}', to);
  return good;
}

/* Describes a network's tensors, which lie in the data from *at on. */
static void write_tensors(FILE *to, const char *name, const xd_network *network, uint64_t *at) {
  for (uint32_t i = 0; i < xd_network_tensor_count(network); i++) {
    xd_tensor tensor = XD_TENSOR_INIT;
    (void)xd_network_tensor(network, i, &tensor);
    fprintf(to, ",\"%s.%s\":{\"dtype\":\"F32\",\"shape\":[", name, tensor.name);
    for (uint32_t k = 0; k < tensor.rank; k++)
      fprintf(to, "%s%u", k ? "," : "", tensor.shape[k]);
    fprintf(to, "],\"data_offsets\":[%" PRIu64 ",", *at);
    *at += 4 * (uint64_t)tensor.count;
    fprintf(to, "%" PRIu64 "]}", *at);
  }
}

/* The header, and its length before it, once that is known. */
static bool write_header(FILE *to, const xd_model *model) {
  uint8_t length[8] = {0};
  uint64_t at = 0;
  fwrite(length, 1, sizeof length, to);
  const bool good = write_metadata(to, model);
  for (size_t r = 0; r < ROLE_COUNT; r++)
    write_tensors(to, network_roles[r].name, find_network(model, &network_roles[r]), &at);
  fputc('}', to);
  long end = ftell(to);
  for (; end > 0 && end % 8; end++)
    fputc(' ', to);
  write_little(length, (uint64_t)end - sizeof length, sizeof length);
  return good && end > 0 && !fseek(to, 0, SEEK_SET) &&
         fwrite(length, 1, sizeof length, to) == sizeof length && !fseek(to, 0, SEEK_END);
}

static xd_status write_numbers(FILE *to, const runtime *run, const xd_network *network) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < xd_network_tensor_count(network) && !status; i++) {
    xd_tensor tensor = XD_TENSOR_INIT;
    (void)xd_network_tensor(network, i, &tensor);
    float *numbers = malloc(tensor.count * sizeof *numbers);
    status =
        numbers ? xd_network_get(network, run->context, numbers, tensor.name, tensor.count) : XD_ERROR_IO;
    for (size_t n = 0; n < tensor.count && !status; n++)
      write_little_float((uint8_t *)&numbers[n], numbers[n]);
    if (!status && fwrite(numbers, sizeof *numbers, tensor.count, to) != tensor.count)
      status = XD_ERROR_IO;
    free(numbers);
  }
  return status;
}

xd_status write_safetensors(FILE *to, const runtime *run, const xd_model *model) {
  xd_status status = write_header(to, model) ? XD_OK : XD_ERROR_IO;
  for (size_t r = 0; r < ROLE_COUNT && !status; r++)
    status = write_numbers(to, run, find_network(model, &network_roles[r]));
  return status;
}

/* ---- Reading ---- */

/* A model that is being made. */
typedef struct making {
  const runtime *run;
  safetensors *from;
  const network_role *role; /* the network that is looked at */
  xd_encoder *encoder[2];
  xd_decoder *decoder[2];
  xd_latent_generator *generator[2];
  xd_pair_discriminator *discriminator[2];
  xd_network *network;
} making;

static bool read_whole(const char **at, uint32_t *out) {
  uint64_t value = 0;
  const char *begin = *at += strspn(*at, " ");
  for (; **at >= '0' && **at <= '9' && value <= UINT32_MAX; ++*at)
    value = 10 * value + (uint64_t)(**at - '0');
  *out = (uint32_t)value;
  return *at > begin && value <= UINT32_MAX;
}

/* "; CNV2 32 4 2 1 1" */
static bool read_layer(const char **at, xd_layer_spec *out) {
  *out = (xd_layer_spec){.tag = 0};
  *at += 1 + strspn(*at + 1, " ");
  for (uint32_t i = 0; i < 4; i++, ++*at) {
    if (!(**at >= 'A' && **at <= 'Z') && !(**at >= '0' && **at <= '9'))
      return false;
    out->tag |= (uint32_t) * *at << (8 * i);
  }
  uint32_t count = 0;
  while (*(*at += strspn(*at, " ")) && **at != ';')
    if (count == sizeof out->values / sizeof *out->values || !read_whole(at, &out->values[count++]))
      return false;
  return true;
}

/* What goes in, and the layers; false where the text is none of those. */
static bool read_layers(const char *text, xd_shape *input, xd_layer_spec specs[LAYER_LIMIT],
                        uint32_t *count) {
  *count = 0;
  if (!read_whole(&text, &input->height) || !read_whole(&text, &input->width) ||
      !read_whole(&text, &input->channels))
    return false;
  text += strspn(text, " ");
  while (*text == ';' && *count < LAYER_LIMIT)
    if (!read_layer(&text, &specs[(*count)++]))
      return false;
  return !*text && *count > 0;
}

/* "encoder1.0.conv2d.weights" in the file; NULL where the reason was printed. */
static safetensor *find_tensor(const making *m, const char *name) {
  char whole[128];
  snprintf(whole, sizeof whole, "%s.%s", m->role->name, name);
  safetensor *found = find_safetensor(m->from, whole);
  if (!found)
    failure("there is no tensor '%s'", whole);
  return found;
}

/* Takes a tensor that the layers have, if the file's is as theirs. */
static bool take_tensor(void *user, const char *name, const uint32_t *shape, uint32_t rank) {
  safetensor *found = find_tensor(user, name);
  if (!found)
    return false;
  found->taken = true;
  bool same = found->rank == rank;
  for (uint32_t i = 0; i < rank && same; i++)
    same = found->shape[i] == shape[i];
  if (!same)
    failure("the tensor '%s' has another shape than its layer", found->name);
  return same;
}

static bool fill_network(const making *m) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < xd_network_tensor_count(m->network) && !status; i++) {
    xd_tensor tensor = XD_TENSOR_INIT;
    (void)xd_network_tensor(m->network, i, &tensor);
    const safetensor *found = find_tensor(m, tensor.name);
    float *numbers = found ? malloc(tensor.count * sizeof *numbers) : NULL;
    if (!numbers)
      return found ? !failure("out of memory") : false;
    for (size_t n = 0; n < tensor.count; n++)
      numbers[n] = read_little_float(found->bytes + 4 * n);
    status = xd_network_set(m->network, m->run->context, tensor.name, numbers, tensor.count);
    free(numbers);
  }
  return !status || !report_failure(m->run, status);
}

/* An untrained network of the role that is looked at. */
static xd_status create_network(making *m, const xd_network_layers *layers) {
  xd_context *context = m->run->context;
  const uint32_t i = m->role->number - 1;
  xd_status status = XD_ERROR_INTERNAL;
  switch (m->role->kind) {
  case ENCODER:
    status = xd_encoder_create_layers(&m->encoder[i], context, layers);
    m->network = xd_encoder_network_mutable(m->encoder[i]);
    break;
  case DECODER:
    status = xd_decoder_create_layers(&m->decoder[i], context, layers);
    m->network = xd_decoder_network_mutable(m->decoder[i]);
    break;
  case GENERATOR:
    status = xd_latent_generator_create_layers(&m->generator[i], context, layers);
    m->network = xd_latent_generator_network_mutable(m->generator[i]);
    break;
  case DISCRIMINATOR:
    status = xd_pair_discriminator_create_layers(&m->discriminator[i], context, layers);
    m->network = xd_pair_discriminator_network_mutable(m->discriminator[i]);
    break;
  }
  return status;
}

/* Whether a model that has the network can be loaded. */
static bool is_affordable(const making *m) {
  return (xd_network_work(m->network) <= XD_NETWORK_WORK &&
          xd_network_memory(m->network) <= XD_NETWORK_MEMORY) ||
         !failure("%s: its layers need more time or memory than a model's may", m->role->name);
}

/* Makes the network of a role, if the file has one. All that its layers have is found in the file before there is a
 * network, so that a few words cannot ask for memory that their weights do not fill. */
static bool make_network(making *m, const network_role *role) {
  const char *text = find_safetensors_text(m->from, role->name);
  planned_layer plan[LAYER_LIMIT];
  xd_layer_spec specs[LAYER_LIMIT];
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  uint32_t good;
  m->role = role;
  if (!text)
    return true;
  if (!read_layers(text, &layers.input, specs, &layers.layer_count))
    return !failure("the metadata's '%s' does not describe 1 to %d layers", role->name, LAYER_LIMIT);
  layers.layers = specs;
  const char *why = plan_network(plan, layers.input, specs, layers.layer_count, take_tensor, m, &good);
  if (why)
    return *why ? !failure("%s: layer %u: %s", role->name, good, why) : false;
  const xd_status status = create_network(m, &layers);
  return status ? !report_failure(m->run, status) : is_affordable(m) && fill_network(m);
}

static bool all_taken(const safetensors *from) {
  for (uint32_t i = 0; i < from->tensor_count; i++)
    if (!from->tensors[i].taken)
      return !failure("the tensor '%s' belongs to no layer that the metadata describes",
                      from->tensors[i].name);
  return true;
}

/* The texts of the metadata whose keys begin with "property.", key, value, key, value... */
static const char **list_properties(const safetensors *from, uint32_t *count) {
  const char **properties = calloc(2 * (size_t)from->text_count + 1, sizeof *properties);
  *count = 0;
  for (uint32_t i = 0; i < from->text_count && properties; i++)
    if (!strncmp(from->texts[i].key, PROPERTY, strlen(PROPERTY))) {
      properties[2 * *count] = from->texts[i].key + strlen(PROPERTY);
      properties[2 * (*count)++ + 1] = from->texts[i].value;
    }
  return properties;
}

static uint32_t list_classes(const safetensors *from, uint32_t domain, const char *names[XD_CLASS_LIMIT]) {
  char key[KEY_SIZE];
  for (uint32_t c = 0; c < XD_CLASS_LIMIT; c++) {
    name_class(key, domain, c);
    if (!(names[c] = find_safetensors_text(from, key)))
      return c;
  }
  return XD_CLASS_LIMIT;
}

static xd_model *join_model(const making *m) {
  const char *classes[2][XD_CLASS_LIMIT];
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  for (uint32_t d = 0; d < 2; d++) {
    char key[KEY_SIZE];
    name_domain(key, d + 1);
    parts.encoder[d] = m->encoder[d];
    parts.decoder[d] = m->decoder[d];
    parts.generator[d] = m->generator[d];
    parts.discriminator[d] = m->discriminator[d];
    parts.name[d] = find_safetensors_text(m->from, key);
    parts.class_count[d] = list_classes(m->from, d + 1, classes[d]);
    parts.class_names[d] = classes[d];
  }
  parts.pairing = find_safetensors_text(m->from, "pairing");
  const char **properties = list_properties(m->from, &parts.property_count);
  parts.properties = properties;
  if (!properties)
    failure("out of memory");
  else {
    const xd_status status = xd_model_create(&model, m->run->context, &parts);
    if (status)
      report_failure(m->run, status);
  }
  free(properties);
  return model;
}

xd_model *make_model(const runtime *run, safetensors *from) {
  making m = {.run = run, .from = from};
  const char *version = find_safetensors_text(from, VERSION_KEY);
  bool good = version && !strcmp(version, VERSION);
  if (!good)
    failure("the metadata has no '" VERSION_KEY "' of '" VERSION
            "': these are no weights that docs/exchange.md describes");
  for (size_t r = 0; r < ROLE_COUNT && good; r++)
    good = make_network(&m, &network_roles[r]);
  xd_model *model = good && all_taken(from) ? join_model(&m) : NULL;
  for (uint32_t i = 0; i < 2; i++) {
    xd_encoder_release(m.encoder[i]);
    xd_decoder_release(m.decoder[i]);
    xd_latent_generator_release(m.generator[i]);
    xd_pair_discriminator_release(m.discriminator[i]);
  }
  return model;
}
