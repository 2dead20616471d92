/* xdomain info and xdomain verify: what a file holds, and whether it is sound. */
#include <inttypes.h>
#include <string.h>

#include "networks.h"
#include <xdomain/unstable/price.h>

#define CHUNKS_SHOWN 32

typedef struct inspection {
  runtime run;
  bool json;
  const char *path;
  xd_file_info info;
  xd_chunk chunks[CHUNKS_SHOWN];
  xd_model *model;
  xd_judge *judge;
} inspection;

static void print_named(const char *label, const char *value, const char *otherwise) {
  fputs(label, stdout);
  print_text(stdout, value[0] ? value : otherwise);
}

static void print_classes_text(const inspection *i, uint32_t domain) {
  for (uint32_t c = 0; c < xd_model_class_count(i->model, domain); c++) {
    printf("class %u of domain %u", c, domain);
    print_named(": ", xd_model_class_name(i->model, domain, c), "(no name)");
    putchar('\n');
  }
}

/* What one picture or code costs. */
static void print_price_text(const xd_network *network) {
  printf(", %" PRIu64 " multiplications, %" PRIu64 " bytes of results\n", xd_network_work(network),
         xd_network_memory(network));
}

static void print_networks_text(const inspection *i) {
  for (size_t r = 0; r < ROLE_COUNT; r++) {
    const network_role *role = &network_roles[r];
    const xd_network *network = find_network(i->model, role);
    if (!network)
      continue;
    if (role->kind == GENERATOR)
      printf("generator %s: ", role->number == 1 ? "1 to 2" : "2 to 1");
    else
      printf("%.*s %u: ", (int)strlen(role->name) - 1, role->name, role->number);
    printf("%u layers, %zu weights", xd_network_layer_count(network), xd_network_parameter_count(network));
    print_price_text(network);
  }
}

static void print_model_text(const inspection *i) {
  for (uint32_t d = 1; d <= 2; d++) {
    xd_shape shape;
    xd_model_picture_shape(i->model, d, &shape);
    printf("domain %u", d);
    print_named(": ", xd_model_name(i->model, d), "(no name)");
    if (shape.width)
      printf(", pictures %ux%ux%u, %u latent dimensions", shape.width, shape.height, shape.channels,
             xd_model_latent_dim(i->model, d));
    else
      printf(", conditions of %u values", xd_model_latent_dim(i->model, d));
    printf(", %u classes\n", xd_model_class_count(i->model, d));
    print_classes_text(i, d);
  }
  print_named("pairing: ", xd_model_pairing(i->model), "(none)");
  putchar('\n');
  print_networks_text(i);
  for (uint32_t p = 0; p < xd_model_property_count(i->model); p++) {
    const char *key = xd_model_property_key(i->model, p);
    print_named("", key, "");
    print_named(" = ", xd_model_property(i->model, key), "");
    putchar('\n');
  }
}

static void print_domain_json(const inspection *i, uint32_t domain) {
  xd_shape shape;
  xd_model_picture_shape(i->model, domain, &shape);
  const uint32_t classes = xd_model_class_count(i->model, domain);
  fputs("{\"name\": ", stdout);
  print_json_text(stdout, xd_model_name(i->model, domain));
  printf(", \"width\": %u, \"height\": %u, \"channels\": %u, \"latent_dim\": %u, \"classes\": %u, "
         "\"class_names\": [",
         shape.width, shape.height, shape.channels, xd_model_latent_dim(i->model, domain), classes);
  for (uint32_t c = 0; c < classes; c++) {
    fputs(c ? ", " : "", stdout);
    print_json_text(stdout, xd_model_class_name(i->model, domain, c));
  }
  fputs("]}", stdout);
}

static void print_networks_json(const inspection *i) {
  fputs(", \"networks\": {", stdout);
  for (size_t r = 0, shown = 0; r < ROLE_COUNT; r++) {
    const xd_network *network = find_network(i->model, &network_roles[r]);
    if (network)
      printf("%s\"%s\": {\"layers\": %u, \"weights\": %zu, \"multiplications\": %" PRIu64
             ", \"result_bytes\": %" PRIu64 "}",
             shown++ ? ", " : "", network_roles[r].name, xd_network_layer_count(network),
             xd_network_parameter_count(network), xd_network_work(network), xd_network_memory(network));
  }
  putchar('}');
}

static void print_model_json(const inspection *i) {
  fputs(", \"domains\": [", stdout);
  print_domain_json(i, 1);
  fputs(", ", stdout);
  print_domain_json(i, 2);
  fputs("], \"pairing\": ", stdout);
  print_json_text(stdout, xd_model_pairing(i->model));
  print_networks_json(i);
  fputs(", \"properties\": {", stdout);
  for (uint32_t p = 0; p < xd_model_property_count(i->model); p++) {
    const char *key = xd_model_property_key(i->model, p);
    fputs(p ? ", " : "", stdout);
    print_json_text(stdout, key);
    fputs(": ", stdout);
    print_json_text(stdout, xd_model_property(i->model, key));
  }
  putchar('}');
}

static void print_judge_text(const inspection *i) {
  xd_shape shape;
  xd_judge_picture_shape(i->judge, &shape);
  const uint32_t classes = xd_judge_class_count(i->judge);
  printf("judge: pictures %ux%ux%u, %u classes, %u features, %zu weights", shape.width, shape.height,
         shape.channels, classes, xd_judge_feature_dim(i->judge),
         xd_network_parameter_count(xd_judge_network(i->judge)));
  print_price_text(xd_judge_network(i->judge));
  for (uint32_t c = 0; c < classes; c++) {
    printf("class %u", c);
    print_named(": ", xd_judge_class_name(i->judge, c), "(no name)");
    putchar('\n');
  }
}

static void print_judge_json(const inspection *i) {
  xd_shape shape;
  xd_judge_picture_shape(i->judge, &shape);
  const uint32_t classes = xd_judge_class_count(i->judge);
  printf(", \"width\": %u, \"height\": %u, \"channels\": %u, \"classes\": %u, \"features\": %u, "
         "\"weights\": %zu, \"multiplications\": %" PRIu64 ", \"result_bytes\": %" PRIu64
         ", \"class_names\": [",
         shape.width, shape.height, shape.channels, classes, xd_judge_feature_dim(i->judge),
         xd_network_parameter_count(xd_judge_network(i->judge)), xd_network_work(xd_judge_network(i->judge)),
         xd_network_memory(xd_judge_network(i->judge)));
  for (uint32_t c = 0; c < classes; c++) {
    fputs(c ? ", " : "", stdout);
    print_json_text(stdout, xd_judge_class_name(i->judge, c));
  }
  putchar(']');
}

static void print_chunk_text(const xd_chunk *chunk) {
  print_named("chunk ", chunk->tag, "");
  printf(" version %u at %" PRIu64 ", %" PRIu64 " bytes, XXH3 %016" PRIx64 ", intact: %s\n", chunk->version,
         chunk->offset, chunk->length, chunk->checksum, chunk->intact ? "yes" : "NO");
}

static void print_chunk_json(const xd_chunk *chunk) {
  fputs("{\"tag\": ", stdout);
  print_json_text(stdout, chunk->tag);
  printf(", \"version\": %u, \"offset\": %" PRIu64 ", \"length\": %" PRIu64 ", \"checksum\": \"%016" PRIx64
         "\", \"intact\": %s}",
         chunk->version, chunk->offset, chunk->length, chunk->checksum, chunk->intact ? "true" : "false");
}

static uint32_t chunks_shown(const inspection *i) {
  return i->info.chunk_count < CHUNKS_SHOWN ? i->info.chunk_count : CHUNKS_SHOWN;
}

/* Loaded, all weights are floats; the chunk of scales tells what they were. */
static bool has_int8(const inspection *i) {
  bool found = false;
  for (uint32_t c = 0; c < chunks_shown(i); c++)
    found |= !strcmp(i->chunks[c].tag, "SCAL");
  return found;
}

static void print_json(const inspection *i) {
  fputs("{\"file\": ", stdout);
  print_json_text(stdout, i->path);
  fputs(", \"kind\": ", stdout);
  print_json_text(stdout, i->info.kind);
  printf(", \"version\": \"%u.%u\", \"size\": %" PRIu64 ", \"chunks\": [", i->info.major, i->info.minor,
         i->info.size);
  for (uint32_t c = 0; c < chunks_shown(i); c++) {
    fputs(c ? ", " : "", stdout);
    print_chunk_json(&i->chunks[c]);
  }
  printf("], \"int8\": %s", has_int8(i) ? "true" : "false");
  if (i->model)
    print_model_json(i);
  if (i->judge)
    print_judge_json(i);
  puts("}");
}

static void print_plain(const inspection *i) {
  print_named("", i->path, "");
  print_named(": ", i->info.kind, "");
  printf(", format %u.%u, %" PRIu64 " bytes\n", i->info.major, i->info.minor, i->info.size);
  for (uint32_t c = 0; c < chunks_shown(i); c++)
    print_chunk_text(&i->chunks[c]);
  if (has_int8(i))
    puts("weights: bytes with a scale for each output channel (int8)");
  if (i->model)
    print_model_text(i);
  if (i->judge)
    print_judge_text(i);
}

static xd_status inspect(inspection *i) {
  i->info.struct_size = sizeof i->info;
  for (size_t c = 0; c < CHUNKS_SHOWN; c++)
    i->chunks[c].struct_size = sizeof i->chunks[c];
  xd_status status = xd_file_inspect(i->run.context, &i->info, i->chunks, CHUNKS_SHOWN, i->path);
  if (status)
    return status;
  if (!strcmp(i->info.kind, "judge"))
    return xd_judge_load(&i->judge, i->run.context, i->path);
  if (!strcmp(i->info.kind, "checkpoint"))
    return XD_OK;
  return xd_model_load(&i->model, i->run.context, i->path);
}

/* Both commands take one file. */
static int start(int argc, char **argv, inspection *i, const char *usage, bool with_json) {
  const flag flags[] = {RUNTIME_FLAGS(i->run),
                        {"json", FLAG_SWITCH, &i->json, NULL, "print one JSON object"}};
  const char *const *words;
  int word_count, code = EXIT_DONE;
  const size_t count = sizeof flags / sizeof *flags - (with_json ? 0 : 1);
  const command_line line = {.usage = usage, .flags = flags, .flag_count = count};
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  if (word_count != 1)
    return usage_error("one file is needed");
  i->path = words[0];
  return start_runtime(&i->run) ? EXIT_DONE : EXIT_FAILED;
}

int command_info(int argc, char **argv) {
  inspection i = {.json = false};
  int code =
      start(argc, argv, &i,
            "usage: xdomain info FILE [--json]\n\nShows what a model, judge or checkpoint file holds.", true);
  if (code || !i.run.context)
    return code;
  xd_status status = inspect(&i);
  if (!status && i.json)
    print_json(&i);
  else if (!status)
    print_plain(&i);
  code = status ? report_failure(&i.run, status) : EXIT_DONE;
  xd_model_release(i.model);
  xd_judge_release(i.judge);
  stop_runtime(&i.run);
  return code;
}

static void print_sound(const char *path) {
  print_text(stdout, path);
  puts(": sound");
}

/* Or of the machine, which cannot tell. */
static bool tells_of_file(xd_status status) {
  return status != XD_ERROR_NOT_FOUND && status != XD_ERROR_IO && status != XD_ERROR_OUT_OF_MEMORY &&
         status != XD_ERROR_CANCELLED;
}

int command_verify(int argc, char **argv) {
  inspection i = {.json = false};
  int code = start(
      argc, argv, &i,
      "usage: xdomain verify FILE\n\nChecks a model, judge or checkpoint file: structure, checksums, every weight.",
      false);
  if (code || !i.run.context)
    return code;
  xd_status status = xd_file_verify(i.run.context, i.path);
  if (!status)
    print_sound(i.path);
  if (status)
    report_failure(&i.run, status);
  code = !status ? EXIT_DONE : tells_of_file(status) ? EXIT_NOT_SOUND : EXIT_FAILED;
  stop_runtime(&i.run);
  return code;
}
