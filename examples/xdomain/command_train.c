/* xdomain train and xdomain map: two sets of pictures in, a model file out. */
#include <stdlib.h>
#include <string.h>

#include "command.h"

static const char train_usage[] =
    "usage: xdomain train --domain1 SPEC --domain2 SPEC --pairs 0:5,1:6 --out MODEL.xdm [OPTION]...\n\n"
    "Trains a VAE on each domain's pictures, without labels, and then the mappings between the paired\n"
    "classes, in both directions. SPEC is idx:IMAGES,LABELS or mat:FILE or dir:FOLDER, followed by options\n"
    "such as ;classes=0-4 ;first=2000 ;subset=500 ;seed=1 ;size=32x32 ;channels=1. --pairs '*:*' pairs all\n"
    "with all.";
static const char map_usage[] =
    "usage: xdomain map --model MODEL.xdm --domain1 SPEC --domain2 SPEC --pairs 0:9,1:8 --out NEW.xdm\n\n"
    "Trains only the mappings between the paired classes, on the VAEs of a model; they stay as they are.";

typedef struct training {
  runtime run;
  const char *specs[2], *pairs, *out, *model, *log, *judges[2];
  float valid;
  bool half, one_way, same_z, no_spectral_norm;
  uint64_t seed;
  xd_vae_architecture architecture;
  xd_vae_options vae;
  xd_mapping_options mapping;
  uint32_t validate_every;
  bool allow_collapse;

  xd_dataset *sets[2], *held_out[2];
  xd_pairing *pairing;
  xd_classifier *judge[2];
  FILE *log_file;
  progress progress;
} training;

/* ---- Progress ---- */

static const char *stage_name(uint32_t stage) {
  static const char *const names[] = {"", "VAE of domain 1", "VAE of domain 2", "encoding", "mapping 1 to 2",
                                      "mapping 2 to 1"};
  return stage < sizeof names / sizeof *names ? names[stage] : "";
}

static void log_step(FILE *to, const xd_train_progress *p) {
  bool mapping = p->stage >= XD_STAGE_MAPPING_1TO2;
  fprintf(to, "%u,%u,", p->stage, p->step);
  if (mapping)
    fprintf(to, ",,,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g", p->mapping.discriminator, p->mapping.generator,
            p->mapping.real, p->mapping.generated, p->mapping.noise, p->mapping.regularisation);
  else
    fprintf(to, "%.6g,%.6g,%.6g,,,,,,", p->vae.total, p->vae.pixel_cost, p->vae.kl);
  if (p->validation)
    fprintf(to, ",%.5f,%.4f,%.4f,%.3f", p->validation->acc, p->validation->div, p->validation->ediv,
            p->validation->fd);
  else
    fputs(",,,,", to);
  fputc('\n', to);
}

static int show_step(void *user, const xd_train_progress *p) {
  training *t = user;
  char detail[96];
  if (p->stage >= XD_STAGE_MAPPING_1TO2)
    snprintf(detail, sizeof detail, "D %.3f G %.3f", p->mapping.discriminator, p->mapping.generator);
  else if (p->stage == XD_STAGE_CODES)
    snprintf(detail, sizeof detail, "codes");
  else
    snprintf(detail, sizeof detail, "pixels %.2f KL %.2f", p->vae.pixel_cost, p->vae.kl);
  if (p->validation)
    snprintf(detail, sizeof detail, "validation acc %.4f div %.3f ediv %.3f FD %.2f", p->validation->acc,
             p->validation->div, p->validation->ediv, p->validation->fd);
  progress_show(&t->progress, stage_name(p->stage), p->step, p->steps, p->overall, detail);
  if (t->log_file) log_step(t->log_file, p);
  return 0;
}

/* ---- Sets and judges ---- */

static xd_status load_sets(training *t) {
  xd_context *context = t->run.context;
  for (int d = 0; d < 2; d++) {
    xd_dataset *whole;
    xd_status status = xd_dataset_load(&whole, context, t->specs[d]);
    if (status) return status;
    if (t->valid > 0.0f) {
      status = xd_dataset_split(&t->sets[d], &t->held_out[d], context, whole, (double)t->valid, t->seed);
      xd_dataset_release(whole);
      if (status) return status;
    } else {
      t->sets[d] = whole;
    }
  }
  return xd_pairing_create(&t->pairing, context, t->pairs);
}

/* The judges of validation: loaded where a file was named, else trained on the training pictures. */
static xd_status prepare_judges(training *t) {
  for (int d = 0; d < 2 && t->valid > 0.0f; d++) {
    xd_status status = t->judges[d] ? xd_classifier_load(&t->judge[d], t->run.context, t->judges[d])
                                    : xd_classifier_train(&t->judge[d], t->run.context, t->sets[d], NULL, NULL, NULL);
    if (status) return status;
  }
  return XD_OK;
}

static void release(training *t) {
  for (int d = 0; d < 2; d++) {
    xd_dataset_release(t->sets[d]);
    xd_dataset_release(t->held_out[d]);
    xd_classifier_release(t->judge[d]);
  }
  xd_pairing_destroy(t->pairing);
  if (t->log_file) fclose(t->log_file);
}

/* ---- Training ---- */

static void print_report(const training *t, const xd_train_report *report) {
  static const char *const titles[] = {"validation 1 to 2", "validation 2 to 1"};
  fprintf(stderr, "trained in %.1f s (VAEs %.1f s and %.1f s, mappings %.1f s and %.1f s)\n", report->seconds[0],
          report->seconds[XD_STAGE_VAE1], report->seconds[XD_STAGE_VAE2], report->seconds[XD_STAGE_MAPPING_1TO2],
          report->seconds[XD_STAGE_MAPPING_2TO1]);
  for (int i = 0; i < 2; i++)
    if (report->validated[i]) print_evaluation(stderr, titles[i], &report->validation[i]);
  fprintf(stderr, "wrote %s\n", t->out);
}

static xd_status train(training *t) {
  xd_context *context = t->run.context;
  xd_model *base = NULL, *model = NULL;
  xd_train_report *report = calloc(1, sizeof *report);
  if (!report) return XD_ERROR_OUT_OF_MEMORY;
  report->struct_size = sizeof *report;
  xd_train_options options = XD_TRAIN_OPTIONS_INIT;
  xd_save_options save = XD_SAVE_OPTIONS_INIT;
  options.seed = t->seed;
  options.directions = t->one_way ? 1 : 3;
  options.validate_every = t->validate_every;
  options.allow_collapse = t->allow_collapse;
  options.callback = show_step;
  options.user = t;
  save.half = t->half;
  t->vae.architecture = &t->architecture;
  for (int d = 0; d < 2; d++) {
    options.vae[d] = &t->vae;
    options.mapping[d] = &t->mapping;
    options.validation[d] = t->held_out[d];
    options.judge[d] = t->judge[d];
  }
  progress_start(&t->progress);
  xd_status status = t->model ? xd_model_load(&base, context, t->model) : XD_OK;
  if (!status)
    status = t->model ? xd_map(&model, context, base, t->sets[0], t->sets[1], t->pairing, &options, report)
                      : xd_train(&model, context, t->sets[0], t->sets[1], t->pairing, &options, report);
  progress_end(&t->progress);
  if (!status) status = xd_model_save(model, context, t->out, &save);
  if (!status) print_report(t, report);
  xd_model_release(base);
  xd_model_release(model);
  free(report);
  return status;
}

static int check_usage(training *t, bool mapping_only, int words) {
  if (words) return usage_error("this command takes options only");
  if (!t->specs[0] || !t->specs[1] || !t->pairs || !t->out)
    return usage_error("--domain1, --domain2, --pairs and --out are needed");
  if (mapping_only != (t->model != NULL))
    return usage_error(mapping_only ? "--model is needed" : "--model belongs to 'xdomain map'");
  if (!(t->valid >= 0.0f && t->valid < 1.0f)) return usage_error("--valid takes a fraction from 0 to below 1");
  if (!t->log) return EXIT_DONE;
  t->log_file = fopen(t->log, "w");
  if (!t->log_file) return usage_error("cannot write the log '%s'", t->log);
  fputs("stage,step,vae_loss,pixel_cost,kl,discriminator,generator,real,generated,noise,regularisation,"
        "acc,div,ediv,fd\n",
        t->log_file);
  return EXIT_DONE;
}

static int run(int argc, char **argv, bool mapping_only) {
  training t = {.seed = 1};
  xd_vae_architecture_init(&t.architecture);
  xd_vae_options_init(&t.vae);
  xd_mapping_options_init(&t.mapping);
  t.architecture.height = t.architecture.width = t.architecture.channels = 0; /* as the sets have */
  t.architecture.base_channels = 16;
  const option options[] = {
      {"--domain1", OPTION_TEXT, &t.specs[0], "SPEC", "pictures of domain 1"},
      {"--domain2", OPTION_TEXT, &t.specs[1], "SPEC", "pictures of domain 2"},
      {"--pairs", OPTION_TEXT, &t.pairs, "LIST", "paired classes, as 0:5,1:6; '*:*' for sets without labels"},
      {"--out", OPTION_TEXT, &t.out, "FILE", "the model file to write"},
      {"--model", OPTION_TEXT, &t.model, "FILE", "map: the model whose VAEs are used"},
      {"--seed", OPTION_SEED, &t.seed, "N", "seed of everything (1)"},
      {"--valid", OPTION_REAL, &t.valid, "FRACTION", "hold out this share of each class for validation (0)"},
      {"--validate-every", OPTION_COUNT, &t.validate_every, "N", "mapping steps between validations (0: at the end)"},
      {"--judge1", OPTION_TEXT, &t.judges[0], "FILE", "judge of domain 1 for validation (else one is trained)"},
      {"--judge2", OPTION_TEXT, &t.judges[1], "FILE", "judge of domain 2 for validation"},
      {"--allow-collapse", OPTION_FLAG, &t.allow_collapse, NULL, "keep a mapping that collapsed in validation"},
      {"--log", OPTION_TEXT, &t.log, "FILE", "losses of every step, as CSV"},
      {"--half", OPTION_FLAG, &t.half, NULL, "store weights as 16-bit floats"},
      {"--one-way", OPTION_FLAG, &t.one_way, NULL, "no mapping from domain 2 to 1"},
      {"--latent", OPTION_COUNT, &t.architecture.latent_dim, "N", "latent dimensions (32)"},
      {"--base-channels", OPTION_COUNT, &t.architecture.base_channels, "N",
       "channels of the first convolution (16); 0: a plain MLP"},
      {"--max-channels", OPTION_COUNT, &t.architecture.max_channels, "N", "where their doubling stops (128)"},
      {"--depth", OPTION_COUNT, &t.architecture.depth, "N", "halvings (0: until both sides are at most 8)"},
      {"--hidden", OPTION_COUNT, &t.architecture.hidden[0], "N", "width of the VAE's dense layer (256)"},
      {"--epochs", OPTION_COUNT, &t.vae.epochs, "N", "epochs of each VAE (12)"},
      {"--min-steps", OPTION_COUNT, &t.vae.min_steps, "N", "steps of each VAE at least (0)"},
      {"--vae-rate", OPTION_REAL, &t.vae.learning_rate, "X", "learning rate of the VAEs (0.001)"},
      {"--sigma-x", OPTION_REAL, &t.vae.sigma_x, "X", "deviation of the Gaussian likelihood (0.1)"},
      {"--kl-weight", OPTION_REAL, &t.vae.kl_weight, "X", "weight of the KL divergence (1)"},
      {"--lambda1", OPTION_REAL, &t.vae.lambda1, "X", "weight of the pixel cost (0)"},
      {"--lambda2", OPTION_REAL, &t.vae.lambda2, "X", "weight of the ELBO (1)"},
      {"--augment", OPTION_REAL, &t.vae.augment, "X", "strength of affine augmentation for the VAEs, 0..1 (0)"},
      {"--width", OPTION_COUNT, &t.mapping.hidden_width, "N", "width of generator and discriminator (256)"},
      {"--steps", OPTION_COUNT, &t.mapping.steps, "N", "steps of each mapping (8000)"},
      {"--rate", OPTION_REAL, &t.mapping.learning_rate, "X", "learning rate of the mappings (0.001)"},
      {"--lambda-reg", OPTION_REAL, &t.mapping.lambda_reg, "X", "weight of |noise - G|^2 (0.1)"},
      {"--mismatch", OPTION_REAL, &t.mapping.mismatch, "X", "weight of mismatched real pairs (1)"},
      {"--generated-mismatch", OPTION_REAL, &t.mapping.generated_mismatch, "X",
       "weight of wrong conditions in G's loss (0)"},
      {"--mixing", OPTION_REAL, &t.mapping.mixing, "X", "share of codes mixed within their class (0)"},
      {"--dropout", OPTION_COUNT, &t.mapping.dropout_millionths, "N", "dropout in G, in millionths (0)"},
      {"--noise-scale", OPTION_REAL, &t.mapping.noise_scale, "X", "noise of the finished generator (0.7)"},
      {"--ema", OPTION_REAL, &t.mapping.ema_decay, "X", "decay of G's moving average (0.999)"},
      {"--same-code-positive", OPTION_FLAG, &t.same_z, NULL, "the real pair is one code twice, as in the paper"},
      {"--no-spectral-norm", OPTION_FLAG, &t.no_spectral_norm, NULL, "a discriminator without spectral norm"},
      RUNTIME_OPTIONS(t.run)};
  const char *words[argc];
  int word_count, code;
  if (!read_options(argc, argv, mapping_only ? map_usage : train_usage, options, sizeof options / sizeof *options,
                    words, &word_count, &code))
    return code;
  t.mapping.same_code_positive = t.same_z;
  if (t.no_spectral_norm) t.mapping.spectral_norm = 0;
  code = check_usage(&t, mapping_only, word_count);
  if (!code && !start_runtime(&t.run)) code = EXIT_FAILED;
  if (!code) {
    xd_status status = load_sets(&t);
    if (!status) status = prepare_judges(&t);
    if (!status) status = train(&t);
    if (status) code = report_failure(&t.run, status);
  }
  release(&t);
  stop_runtime(&t.run);
  return code;
}

int command_train(int argc, char **argv) { return run(argc, argv, false); }
int command_map(int argc, char **argv) { return run(argc, argv, true); }
