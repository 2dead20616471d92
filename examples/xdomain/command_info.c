/* xdomain info and xdomain verify: what a file holds, and whether it is sound. */
#include <inttypes.h>
#include <string.h>

#include "command.h"

#define CHUNKS_SHOWN 32

typedef struct inspection {
  runtime run;
  bool json;
  const char *path;
  xd_file_info info;
  xd_chunk chunks[CHUNKS_SHOWN];
  xd_model *model;
  xd_classifier *judge;
} inspection;

static const struct {
  const char *name;
  int domain, direction;
} roles[] = {{"encoder", 1, 0},   {"decoder", 1, 0},   {"encoder", 2, 0},       {"decoder", 2, 0},
             {"generator", 0, 1}, {"generator", 0, 2}, {"discriminator", 1, 0}, {"discriminator", 2, 0}};

static const xd_network *network_of(const inspection *i, size_t role) {
  uint32_t domain = (uint32_t)roles[role].domain;
  xd_direction direction = (xd_direction)roles[role].direction;
  if (direction)
    return xd_latent_generator_network(xd_model_generator(i->model, direction));
  if (roles[role].name[0] == 'e')
    return xd_encoder_network(xd_model_encoder(i->model, domain));
  if (!strcmp(roles[role].name, "decoder"))
    return xd_decoder_network(xd_model_decoder(i->model, domain));
  return xd_pair_discriminator_network(xd_model_discriminator(i->model, domain));
}

static void print_model_text(const inspection *i) {
  for (uint32_t d = 1; d <= 2; d++) {
    xd_shape shape = xd_model_picture_shape(i->model, d);
    printf("domain %u: %s, pictures %ux%ux%u, %u latent dimensions, %u classes\n", d,
           xd_model_name(i->model, d)[0] ? xd_model_name(i->model, d) : "(no name)", shape.width,
           shape.height, shape.channels, xd_model_latent_dim(i->model, d), xd_model_class_count(i->model, d));
  }
  printf("pairing: %s\n", xd_model_pairing(i->model)[0] ? xd_model_pairing(i->model) : "(none)");
  for (size_t r = 0; r < sizeof roles / sizeof *roles; r++) {
    const xd_network *network = network_of(i, r);
    if (!network)
      continue;
    if (roles[r].direction)
      printf("generator %s: ", roles[r].direction == 1 ? "1 to 2" : "2 to 1");
    else
      printf("%s %d: ", roles[r].name, roles[r].domain);
    printf("%u layers, %zu weights\n", xd_network_layer_count(network), xd_network_weight_count(network));
  }
  for (uint32_t p = 0; p < xd_model_property_count(i->model); p++) {
    const char *key = xd_model_property_key(i->model, p);
    printf("%s = %s\n", key, xd_model_property(i->model, key));
  }
}

static void print_model_json(const inspection *i) {
  fputs(", \"domains\": [", stdout);
  for (uint32_t d = 1; d <= 2; d++) {
    xd_shape shape = xd_model_picture_shape(i->model, d);
    fputs(d == 1 ? "{\"name\": " : ", {\"name\": ", stdout);
    print_json_text(stdout, xd_model_name(i->model, d));
    printf(", \"width\": %u, \"height\": %u, \"channels\": %u, \"latent_dim\": %u, \"classes\": %u}",
           shape.width, shape.height, shape.channels, xd_model_latent_dim(i->model, d),
           xd_model_class_count(i->model, d));
  }
  fputs("], \"pairing\": ", stdout);
  print_json_text(stdout, xd_model_pairing(i->model));
  fputs(", \"networks\": {", stdout);
  for (size_t r = 0, shown = 0; r < sizeof roles / sizeof *roles; r++) {
    const xd_network *network = network_of(i, r);
    if (network)
      printf("%s\"%s%d\": {\"layers\": %u, \"weights\": %zu}", shown++ ? ", " : "", roles[r].name,
             roles[r].domain + roles[r].direction, xd_network_layer_count(network),
             xd_network_weight_count(network));
  }
  fputs("}, \"properties\": {", stdout);
  for (uint32_t p = 0; p < xd_model_property_count(i->model); p++) {
    const char *key = xd_model_property_key(i->model, p);
    if (p)
      fputs(", ", stdout);
    print_json_text(stdout, key);
    fputs(": ", stdout);
    print_json_text(stdout, xd_model_property(i->model, key));
  }
  fputc('}', stdout);
}

static void print_judge(const inspection *i) {
  xd_shape shape = xd_classifier_picture_shape(i->judge);
  const char *format =
      i->json ? ", \"width\": %u, \"height\": %u, \"channels\": %u, \"classes\": %u, \"features\": "
                "%u, \"weights\": %zu"
              : "judge: pictures %ux%ux%u, %u classes, %u features, %zu weights\n";
  printf(format, shape.width, shape.height, shape.channels, xd_classifier_class_count(i->judge),
         xd_classifier_feature_dim(i->judge), xd_network_weight_count(xd_classifier_network(i->judge)));
}

static void print_chunks(const inspection *i) {
  for (uint32_t c = 0; c < i->info.chunk_count && c < CHUNKS_SHOWN; c++) {
    const xd_chunk *chunk = &i->chunks[c];
    const char *format = i->json ? "%s{\"tag\": \"%s\", \"version\": %u, \"offset\": %" PRIu64
                                   ", \"length\": %" PRIu64 ", \"checksum\": \"%016" PRIx64
                                   "\", \"intact\": %s}"
                                 : "%schunk %s version %u at %" PRIu64 ", %" PRIu64 " bytes, XXH3 %016" PRIx64
                                   ", intact: %s\n";
    printf(format, i->json && c ? ", " : "", chunk->tag, chunk->version, chunk->offset, chunk->length,
           chunk->checksum,
           i->json         ? (chunk->intact ? "true" : "false")
           : chunk->intact ? "yes"
                           : "NO");
  }
}

static void print(const inspection *i) {
  if (i->json) {
    fputs("{\"file\": ", stdout);
    print_json_text(stdout, i->path);
    printf(", \"kind\": \"%s\", \"version\": \"%u.%u\", \"size\": %" PRIu64 ", \"chunks\": [", i->info.kind,
           i->info.major, i->info.minor, i->info.size);
    print_chunks(i);
    fputc(']', stdout);
  } else {
    printf("%s: %s, format %u.%u, %" PRIu64 " bytes\n", i->path, i->info.kind, i->info.major, i->info.minor,
           i->info.size);
    print_chunks(i);
  }
  if (i->model && i->json)
    print_model_json(i);
  if (i->model && !i->json)
    print_model_text(i);
  if (i->judge)
    print_judge(i);
  if (i->json)
    puts("}");
}

static xd_status inspect(inspection *i) {
  i->info.struct_size = sizeof i->info;
  xd_status status = xd_file_inspect(i->run.context, i->path, &i->info, i->chunks, CHUNKS_SHOWN);
  if (status)
    return status;
  if (!strcmp(i->info.kind, "judge"))
    return xd_classifier_load(&i->judge, i->run.context, i->path);
  return xd_model_load(&i->model, i->run.context, i->path);
}

/* Both commands take one file. */
static int start(int argc, char **argv, inspection *i, const char *usage, bool with_json) {
  const option options[] = {RUNTIME_OPTIONS(i->run),
                            {"--json", OPTION_FLAG, &i->json, NULL, "print one JSON object"}};
  const char *words[argc];
  int word_count, code = EXIT_DONE;
  size_t count = sizeof options / sizeof *options - (with_json ? 0 : 1);
  if (!read_options(argc, argv, usage, options, count, words, &word_count, &code))
    return code;
  if (word_count != 1)
    return usage_error("one file is needed");
  i->path = words[0];
  return start_runtime(&i->run) ? EXIT_DONE : EXIT_FAILED;
}

int command_info(int argc, char **argv) {
  inspection i = {.json = false};
  int code = start(argc, argv, &i,
                   "usage: xdomain info FILE [--json]\n\nShows what a model or judge file holds.", true);
  if (code || !i.run.context)
    return code;
  xd_status status = inspect(&i);
  if (!status)
    print(&i);
  code = status ? report_failure(&i.run, status) : EXIT_DONE;
  xd_model_release(i.model);
  xd_classifier_release(i.judge);
  stop_runtime(&i.run);
  return code;
}

int command_verify(int argc, char **argv) {
  inspection i = {.json = false};
  int code =
      start(argc, argv, &i,
            "usage: xdomain verify FILE\n\nChecks a model or judge file: structure, checksums, every weight.",
            false);
  if (code || !i.run.context)
    return code;
  xd_status status = xd_file_verify(i.run.context, i.path);
  if (!status)
    printf("%s: sound\n", i.path);
  if (status)
    report_failure(&i.run, status);
  code = !status                                                 ? EXIT_DONE
         : status == XD_ERROR_NOT_FOUND || status == XD_ERROR_IO ? EXIT_FAILED
                                                                 : EXIT_NOT_SOUND;
  stop_runtime(&i.run);
  return code;
}
