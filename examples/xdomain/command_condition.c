/* xdomain map --condition: trains a generator of pictures from labels, on the VAE of a model. */
#include <stdlib.h>
#include <string.h>

#include "sets.h"

static const char usage[] =
    "usage: xdomain map --condition labels|none --model MODEL.xdm --domain1|--domain2 SPEC --out NEW.xdm [OPTION]...\n"
    "       xdomain map --condition labels|none --domain2 SPEC --out NEW.xdm [OPTION]...\n\n"
    "Trains a generator that makes codes of a VAE from noise and a class's label (none: from noise alone, of\n"
    "whatever the pictures show), so that 'xdomain generate' draws pictures of a class. The VAE is that of the\n"
    "model's domain 1 or 2, whose pictures the SPEC gives ('xdomain train --help'), and stays as it is; without\n"
    "--model it is trained first. The new model holds the labels as domain 1 and the pictures as domain 2.\n\n"
    "Options are those of 'xdomain options train', of domain 2 and of the mapping 1 to 2. There is no checkpoint: what\n"
    "is interrupted begins anew.";

typedef struct conditioning {
  runtime run;
  const char *condition, *model_path, *specs[2], *out;
  option_settings settings;
  bool half;

  uint32_t domain; /* of the model, whose VAE it is; from 0 */
  xd_options *options;
  xd_model *base, *model;
  xd_encoder *encoder;
  xd_decoder *decoder;
  xd_dataset *set;
  float *ones; /* the condition of each picture, without labels */
  progress progress;
} conditioning;

static int show_step(void *user, const xd_progress *p) {
  progress_step(user,
                p->stage <= XD_STAGE_VAE2    ? "VAE"
                : p->stage == XD_STAGE_CODES ? "encoding"
                                             : "generator",
                p, -1.0);
  return 0;
}

/* ---- Options that are not read ---- */

static void say_unread_options(const conditioning *c) {
  static const char vae[] = "the VAE of the model stays as it is", domain[] = "the pictures are domain 2",
                    mapping[] = "there is only the mapping 1 to 2",
                    condition[] = "the condition is no picture", whole[] = "it is of 'xdomain train'";
  static const unread_options unread[] = {{"vae*.*", vae},
                                          {"vae1.*", domain},
                                          {"mapping2.*", mapping},
                                          {"mapping*.mixing", condition},
                                          {"mapping*.style", condition},
                                          {"mapping*.invariance*", condition},
                                          {"mapping*.augment*", condition},
                                          {"mapping*.anchor_codes", condition},
                                          {"directions", mapping},
                                          {"validate_every", whole},
                                          {"unlabelled_share", whole},
                                          {"light_share", whole},
                                          {"allow_collapse", whole}};
  const size_t first = c->model_path ? 0 : 1; /* else the VAE is trained */
  say_unread(&c->settings, unread + first, sizeof unread / sizeof *unread - first);
}

/* ---- Steps ---- */

static int make_options(conditioning *c) {
  xd_status status = xd_options_create(&c->options, c->run.context, "train");
  if (!status)
    status = apply_settings(&c->settings, c->run.context, c->options);
  return status ? usage_error("%s", xd_context_message(c->run.context)) : EXIT_DONE;
}

static bool without_labels(const conditioning *c) {
  return !strcmp(c->condition, "none");
}

static xd_status load(conditioning *c) {
  xd_status status = XD_OK;
  class_names names;
  xd_shape shape;
  if (c->model_path)
    status = xd_model_load(&c->base, c->run.context, c->model_path);
  if (status)
    return status;
  const xd_shape *wanted = c->base ? &shape : NULL;
  if (c->base) {
    names = names_of_model(c->base, c->domain + 1);
    xd_model_picture_shape(c->base, c->domain + 1, &shape);
  }
  if (without_labels(c))
    return load_fitting(&c->run, &c->set, c->specs[c->domain], wanted);
  return load_set(&c->run, &c->set, c->specs[c->domain], c->base ? &names : NULL, wanted);
}

/* The options of a part of the training, with the seed of the whole. */
static xd_status options_of(conditioning *c, xd_options **out, const char *scope) {
  double seed = 0.0;
  xd_status status = xd_options_clone_scope(out, c->run.context, c->options, scope);
  if (!status)
    status = xd_options_get_number(c->options, c->run.context, &seed, "seed");
  return status ? status : xd_options_set_number(*out, c->run.context, "seed", seed);
}

static xd_run run_of(conditioning *c) {
  xd_run run = XD_RUN_INIT;
  run.callback = show_step;
  run.user = &c->progress;
  return run;
}

static xd_status take_vae(conditioning *c) {
  xd_options *options = NULL;
  if (c->base) {
    c->encoder = xd_encoder_retain(xd_model_encoder(c->base, c->domain + 1));
    c->decoder = xd_decoder_retain(xd_model_decoder(c->base, c->domain + 1));
    return XD_OK;
  }
  xd_status status = options_of(c, &options, "vae2");
  const xd_run run = run_of(c);
  progress_start(&c->progress);
  if (!status)
    status = xd_train_vae(&c->encoder, &c->decoder, c->run.context, NULL, c->set, &run, options);
  progress_end(&c->progress);
  xd_options_destroy(options);
  return status;
}

/* One condition for all pictures. */
static bool make_ones(conditioning *c) {
  const uint32_t count = xd_dataset_count(c->set);
  c->ones = calloc(count, sizeof *c->ones);
  for (uint32_t i = 0; c->ones && i < count; i++)
    c->ones[i] = 1.0f;
  return c->ones != NULL;
}

static xd_status train(conditioning *c) {
  xd_generator_input input = XD_GENERATOR_INPUT_INIT;
  const xd_run run = run_of(c);
  xd_options *options = NULL;
  input.encoder = c->encoder;
  input.decoder = c->decoder;
  input.set = c->set;
  input.vectors = c->ones;
  input.vector_dim = c->ones ? 1 : 0;
  input.name = c->base ? xd_model_name(c->base, c->domain + 1) : NULL;
  xd_status status = options_of(c, &options, "mapping1");
  progress_start(&c->progress);
  if (!status)
    status = xd_train_generator(&c->model, c->run.context, NULL, &input, &run, options);
  progress_end(&c->progress);
  xd_options_destroy(options);
  return status;
}

/* What the base tells of its VAE, which is domain 2's here: of "vae1.options" comes "vae2.options". */
static xd_status keep_properties(conditioning *c) {
  static const char *const names[] = {"vae.library",    "vae.backend",   "vae.seed",
                                      "vae%u.pictures", "vae%u.options", "vae%u.losses"};
  enum { COUNT = sizeof names / sizeof *names };
  char keys[COUNT][32];
  const char *texts[2 * COUNT];
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  for (int i = 0; i < COUNT; i++) {
    char key[32];
    snprintf(key, sizeof key, names[i], c->domain + 1);
    snprintf(keys[i], sizeof *keys, names[i], 2u);
    const char *value = xd_model_property(c->base, key);
    if (!value)
      continue;
    texts[2 * parts.property_count] = keys[i];
    texts[2 * parts.property_count++ + 1] = value;
  }
  parts.generator[0] = xd_model_generator(c->model, XD_DIRECTION_1TO2);
  parts.pairing = xd_model_pairing(c->model);
  parts.properties = texts;
  const xd_status status = xd_model_with_mapping(&model, c->run.context, c->model, &parts);
  if (status)
    return status;
  xd_model_release(c->model);
  c->model = model;
  return XD_OK;
}

static int save(const conditioning *c) {
  const int code = keep_model(&c->run, c->model, c->half, c->out);
  if (code)
    return code;
  fputs("wrote ", stderr);
  print_text(stderr, c->out);
  fputc('\n', stderr);
  return EXIT_DONE;
}

static int check_output(const conditioning *c) {
  const output result = {.flag = "--out", .path = c->out};
  int code = keep_input(&result, 1, c->model_path);
  if (!code)
    code = keep_settings(&result, 1, &c->settings);
  if (!code)
    code = keep_set(&c->run, &result, 1, c->specs[c->domain]);
  return code ? code : prove_outputs(&result, 1);
}

static int work(conditioning *c) {
  int code = make_options(c);
  if (!code)
    code = check_output(c);
  if (code)
    return code;
  say_unread_options(c);
  xd_status status = load(c);
  if (!status)
    describe_set("pictures", c->set);
  if (!status && without_labels(c) && !make_ones(c))
    return failure("out of memory");
  if (!status)
    status = take_vae(c);
  if (!status)
    status = train(c);
  if (!status && c->base)
    status = keep_properties(c);
  return status ? report_failure(&c->run, status) : save(c);
}

static int check_usage(conditioning *c, int words) {
  if (words || !c->out || !c->specs[0] == !c->specs[1])
    return usage_error("--out and one of --domain1 and --domain2 are needed, and options only");
  if (strcmp(c->condition, "labels") && !without_labels(c))
    return usage_error("--condition is labels or none");
  if (c->specs[0] && !c->model_path)
    return usage_error("without --model the pictures are domain 2");
  c->domain = c->specs[0] ? 0 : 1;
  return EXIT_DONE;
}

static void release(conditioning *c) {
  free(c->ones);
  xd_encoder_release(c->encoder);
  xd_decoder_release(c->decoder);
  xd_dataset_release(c->set);
  xd_model_release(c->base);
  xd_model_release(c->model);
  xd_options_destroy(c->options);
  free_settings(&c->settings);
}

/* The name that 'xdomain train' has for it. */
static const option_alias aliases[] = {{"latent", "vae.latent_dim", NULL, NULL}};

int command_condition(int argc, char **argv) {
  conditioning c = {.condition = NULL};
  const flag flags[] = {
      {"condition", FLAG_TEXT, &c.condition, "WHAT", "labels: a class of the pictures; none: nothing"},
      {"model", FLAG_TEXT, &c.model_path, "FILE", "the model whose VAE is used (else one is trained)"},
      {"domain1", FLAG_TEXT, &c.specs[0], "SPEC", "pictures of the model's domain 1, whose VAE is used"},
      {"domain2", FLAG_TEXT, &c.specs[1], "SPEC", "or pictures of domain 2"},
      {"out", FLAG_TEXT, &c.out, "FILE", "the model file to write"},
      {"preset", FLAG_TEXT, &c.settings.preset, "NAME", "where the other options begin"},
      {"half", FLAG_SWITCH, &c.half, NULL, "store weights as 16-bit floats"},
      SETTING_FLAGS(&c.settings),
      RUNTIME_FLAGS(c.run)};
  const command_line line = {.usage = usage,
                             .flags = flags,
                             .flag_count = sizeof flags / sizeof *flags,
                             .settings = &c.settings,
                             .aliases = aliases,
                             .alias_count = sizeof aliases / sizeof *aliases,
                             .group = "train"};
  const char *const *words;
  int word_count, code;
  if (read_command_line(&line, argc, argv, &words, &word_count, &code)) {
    code = check_usage(&c, word_count);
    if (!code)
      code = start_runtime(&c.run) ? work(&c) : EXIT_FAILED;
  }
  release(&c);
  stop_runtime(&c.run);
  return code;
}
