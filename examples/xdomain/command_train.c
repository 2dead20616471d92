/* xdomain train and xdomain map: two sets of pictures in, a model file out. */
#include <stdlib.h>
#include <string.h>

#include "command.h"

static const char train_usage[] =
    "usage: xdomain train --domain1 SPEC --domain2 SPEC --pairs 0:5,1:6 --out MODEL.xdm [OPTION]...\n\n"
    "Trains a VAE on each domain's pictures, without labels, and then the mappings between the paired\n"
    "classes, in both directions. SPEC is idx:IMAGES,LABELS or mat:FILE or dir:FOLDER, followed by options\n"
    "such as ;classes=0-4 ;first=2000 ;holdout=10%;part=train (or validation) ;subset=500 ;seed=1\n"
    ";size=32x32 ;channels=1; several between bars are joined: 'idx:A,B;classes=1-4|idx:C,D;channels=3'.\n"
    "--pairs '*:*' pairs all with all.\n\n"
    "--preset begins with the numbers of a known experiment: mnist; fashion (MNIST to Fashion-MNIST); svhn\n"
    "(SVHN to MNIST); paper (the letter of arXiv 1805.10130). Every other option overrides it. The options\n"
    "of VAEs and mappings also take a 1 or 2 behind their names, for one domain or for the mapping that\n"
    "starts from it: --latent 32 --latent2 64.\n\n"
    "With pictures to validate on, the step with the best acc * min(1, div/0.75) * min(1, ediv/0.6) is kept.";
static const char map_usage[] =
    "usage: xdomain map --model MODEL.xdm --domain1 SPEC --domain2 SPEC --pairs 0:9,1:8 --out NEW.xdm\n\n"
    "Trains only the mappings between the paired classes, on the VAEs of a model; they stay as they are.";

typedef struct settings {
  xd_vae_architecture architecture;
  xd_vae_options vae;
  xd_mapping_options mapping;
} settings;

typedef struct training {
  runtime run;
  const char *specs[2], *pairs, *out, *model, *log, *report, *preset, *judge_both, *judges[2], *validation[2];
  float share;
  bool half, one_way, vaes_only, same_z, no_spectral_norm;
  uint32_t positive_codes;
  uint64_t seed;
  struct {
    xd_vae_architecture architecture;
    xd_vae_options vae;
    xd_mapping_options mapping;
  };               /* of domain 1, and of the mapping from it */
  settings second; /* of domain 2 */
  uint32_t validate_every;
  bool allow_collapse;

  xd_dataset *sets[2], *held_out[2];
  xd_pairing *pairing;
  xd_judge *judge[2];
  FILE *log_file;
  progress progress;
} training;

/* ---- Progress ---- */

static const char *stage_name(uint32_t stage) {
  static const char *const names[] = {"",         "VAE of domain 1", "VAE of domain 2",
                                      "encoding", "mapping 1 to 2",  "mapping 2 to 1"};
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
  if (t->log_file)
    log_step(t->log_file, p);
  return 0;
}

/* ---- Sets and judges ---- */

static bool validates(const training *t) {
  return t->share > 0.0f || t->validation[0];
}

static xd_status load_sets(training *t) {
  xd_context *context = t->run.context;
  for (int d = 0; d < 2; d++) {
    xd_dataset *whole;
    xd_status status = xd_dataset_load(&whole, context, t->specs[d]);
    if (!status && t->share > 0.0f) {
      status = xd_dataset_split(&t->sets[d], &t->held_out[d], context, whole, (double)t->share, t->seed);
      xd_dataset_release(whole);
    } else {
      t->sets[d] = whole;
    }
    if (!status && t->validation[d])
      status = xd_dataset_load(&t->held_out[d], context, t->validation[d]);
    if (status)
      return status;
  }
  return xd_pairing_create(&t->pairing, context, t->pairs);
}

/* The judges of validation: loaded where a file was named, else trained on the training pictures. */
static xd_status prepare_judges(training *t) {
  for (int d = t->one_way ? 1 : 0; d < 2 && validates(t); d++) {
    const char *path = t->judges[d] ? t->judges[d] : t->judge_both;
    xd_status status = path ? xd_judge_load(&t->judge[d], t->run.context, path)
                            : xd_judge_train(&t->judge[d], t->run.context, t->sets[d], NULL, NULL, NULL);
    if (status)
      return status;
  }
  return XD_OK;
}

static void release(training *t) {
  for (int d = 0; d < 2; d++) {
    xd_dataset_release(t->sets[d]);
    xd_dataset_release(t->held_out[d]);
    xd_judge_release(t->judge[d]);
  }
  xd_pairing_release(t->pairing);
  if (t->log_file)
    fclose(t->log_file);
}

/* ---- Training ---- */

static void print_report(const training *t, const xd_train_report *report) {
  static const char *const titles[] = {"validation 1 to 2", "validation 2 to 1"};
  fprintf(stderr, "trained in %.1f s (VAEs %.1f s and %.1f s, mappings %.1f s and %.1f s)\n",
          report->seconds[0], report->seconds[XD_STAGE_VAE1], report->seconds[XD_STAGE_VAE2],
          report->seconds[XD_STAGE_MAPPING_1TO2], report->seconds[XD_STAGE_MAPPING_2TO1]);
  if (report->probe[0] > 0.0 || report->probe[1] > 0.0)
    fprintf(stderr, "classes read from validation codes: %.4f of domain 1, %.4f of domain 2\n",
            report->probe[0], report->probe[1]);
  for (int i = 0; i < 2; i++) {
    if (!report->validated[i])
      continue;
    print_evaluation(stderr, titles[i], &report->validation[i]);
    fprintf(stderr, "  kept       step %u, the best of %u validations\n", report->kept_step[i],
            report->history_count[i]);
  }
  fprintf(stderr, "wrote %s\n", t->out);
}

/* Also of a training that was stopped. False: the file cannot be written. */
static bool write_report(const training *t, const xd_train_report *report, xd_status status) {
  FILE *to = t->report ? fopen(t->report, "w") : NULL;
  if (!to)
    return t->report == NULL;
  fprintf(to, "{\"status\": \"%s\", \"seconds\": %.3f", xd_status_name(status), report->seconds[0]);
  for (int i = 0; i < (t->one_way ? 1 : 2); i++) {
    fprintf(to, ",\n \"%s\": ", i ? "2to1" : "1to2");
    print_history_json(to, report, i);
  }
  fputs("}\n", to);
  const bool failed = ferror(to) != 0;
  return fclose(to) == 0 && !failed;
}

/* Room for all validations of the longer mapping. */
static uint32_t history_room(const training *t) {
  const uint32_t a = t->mapping.steps, b = t->second.mapping.steps, most = a > b ? a : b;
  return t->validate_every ? most / t->validate_every + 1 : 1;
}

static xd_status train(training *t) {
  xd_context *context = t->run.context;
  xd_model *base = NULL, *model = NULL;
  xd_train_report *report = calloc(1, sizeof *report);
  xd_train_record *records = calloc(2 * (size_t)history_room(t), sizeof *records);
  if (!report || !records)
    return free(report), free(records), XD_ERROR_OUT_OF_MEMORY;
  report->struct_size = sizeof *report;
  report->history_capacity = history_room(t);
  xd_train_options options = XD_TRAIN_OPTIONS_INIT;
  xd_save_options save = XD_SAVE_OPTIONS_INIT;
  options.seed = t->seed;
  options.directions = t->vaes_only ? 0 : t->one_way ? 1 : 3;
  options.validate_every = t->validate_every;
  options.allow_collapse = t->allow_collapse;
  options.callback = show_step;
  options.user = t;
  save.half = t->half;
  t->vae.architecture = &t->architecture;
  t->second.vae.architecture = &t->second.architecture;
  for (int d = 0; d < 2; d++) {
    options.vae[d] = d ? &t->second.vae : &t->vae;
    options.mapping[d] = d ? &t->second.mapping : &t->mapping;
    report->history[d] = records + (size_t)d * report->history_capacity;
    options.validation[d] = t->held_out[d];
    options.judge[d] = t->judge[d];
  }
  progress_start(&t->progress);
  xd_status status = t->model ? xd_model_load(&base, context, t->model) : XD_OK;
  if (!status)
    status = t->model ? xd_map(&model, context, base, t->sets[0], t->sets[1], t->pairing, &options, report)
                      : xd_train(&model, context, t->sets[0], t->sets[1], t->pairing, &options, report);
  progress_end(&t->progress);
  if (!write_report(t, report, status))
    fprintf(stderr, "xdomain: cannot write the report '%s'\n", t->report);
  if (!status)
    status = xd_model_save(model, context, t->out, &save);
  if (!status)
    print_report(t, report);
  xd_model_release(base);
  xd_model_release(model);
  free(report);
  free(records);
  return status;
}

static int check_usage(training *t, bool mapping_only, int words) {
  if (words)
    return usage_error("this command takes options only");
  if (t->vaes_only && mapping_only)
    return usage_error("--vaes-only belongs to 'xdomain train'");
  if (t->vaes_only && !t->pairs)
    t->pairs = "*:*"; /* all that xd_train asks of them */
  if (!t->specs[0] || !t->specs[1] || !t->pairs || !t->out)
    return usage_error("--domain1, --domain2, --pairs and --out are needed");
  if (mapping_only != (t->model != NULL))
    return usage_error(mapping_only ? "--model is needed" : "--model belongs to 'xdomain map'");
  if (!(t->share >= 0.0f && t->share < 1.0f))
    return usage_error("--valid takes a fraction from 0 to below 1");
  if (!t->validation[0] != !t->validation[1] || (t->share > 0.0f && t->validation[0]))
    return usage_error("validation takes --valid, or both --validation1 and --validation2");
  if (!t->log)
    return EXIT_DONE;
  t->log_file = fopen(t->log, "w");
  if (!t->log_file)
    return usage_error("cannot write the log '%s'", t->log);
  fputs("stage,step,vae_loss,pixel_cost,kl,discriminator,generator,real,generated,noise,regularisation,"
        "acc,div,ediv,fd\n",
        t->log_file);
  return EXIT_DONE;
}

/* The value of --preset, which comes before all other options; NULL: none. */
static const char *find_preset(int argc, char **argv) {
  static const char name[] = "--preset";
  const size_t length = sizeof name - 1;
  for (int i = argc - 1; i > 0; i--) {
    if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
      return argv[i] + length + 1;
    if (!strcmp(argv[i], name) && i + 1 < argc)
      return argv[i + 1];
  }
  return NULL;
}

/* Without one: the library's defaults, but small VAEs that small sets do not undertrain. */
static bool begin_with_preset(training *t, int argc, char **argv) {
  const char *name = find_preset(argc, argv);
  xd_preset preset = {.struct_size = sizeof preset};
  if (xd_train_preset(&preset, NULL, name))
    return usage_error("there is no preset '%s'", name ? name : ""), false;
  for (int d = 0; d < 2 && !name; d++) {
    preset.architecture[d].base_channels = 16;
    preset.vae[d].min_steps = 500;
  }
  t->architecture = preset.architecture[0], t->vae = preset.vae[0], t->mapping = preset.mapping[0];
  t->second = (settings){preset.architecture[1], preset.vae[1], preset.mapping[1]};
  return true;
}

static int run(int argc, char **argv, bool mapping_only) {
  training t = {.seed = 1};
  if (!begin_with_preset(&t, argc, argv))
    return EXIT_USAGE;
  const option options[] = {
      {"--domain1", OPTION_TEXT, &t.specs[0], "SPEC", "pictures of domain 1"},
      {"--domain2", OPTION_TEXT, &t.specs[1], "SPEC", "pictures of domain 2"},
      {"--pairs", OPTION_TEXT, &t.pairs, "LIST", "paired classes, as 0:5,1:6; '*:*' for sets without labels"},
      {"--out", OPTION_TEXT, &t.out, "FILE", "the model file to write"},
      {"--model", OPTION_TEXT, &t.model, "FILE", "map: the model whose VAEs are used"},
      {"--seed", OPTION_SEED, &t.seed, "N", "seed of everything (1)"},
      {"--preset", OPTION_TEXT, &t.preset, "NAME",
       "mnist, fashion, svhn or paper: where the other options begin"},
      {"--valid", OPTION_REAL, &t.share, "X", "hold out this share of each class for validation (0)"},
      {"--validation1", OPTION_TEXT, &t.validation[0], "SPEC", "or: pictures of domain 1 to validate on"},
      {"--validation2", OPTION_TEXT, &t.validation[1], "SPEC", "pictures of domain 2 to validate on"},
      {"--validate-every", OPTION_COUNT, &t.validate_every, "N",
       "mapping steps between validations (0: at the end)"},
      {"--judge", OPTION_TEXT, &t.judge_both, "FILE",
       "judge of both domains for validation (else they are trained)"},
      {"--judge1", OPTION_TEXT, &t.judges[0], "FILE", "judge of domain 1 for validation"},
      {"--judge2", OPTION_TEXT, &t.judges[1], "FILE", "judge of domain 2 for validation"},
      {"--allow-collapse", OPTION_FLAG, &t.allow_collapse, NULL,
       "keep a mapping that collapsed in validation"},
      {"--log", OPTION_TEXT, &t.log, "FILE", "losses of every step, as CSV"},
      {"--report", OPTION_TEXT, &t.report, "FILE", "every validation and which step was kept, as JSON"},
      {"--half", OPTION_FLAG, &t.half, NULL, "store weights as 16-bit floats"},
      {"--one-way", OPTION_FLAG, &t.one_way, NULL, "no mapping from domain 2 to 1"},
      {"--vaes-only", OPTION_FLAG, &t.vaes_only, NULL,
       "train: no mapping at all, and no pairs: 'xdomain map' goes on"},
      {"--latent", OPTION_COUNT, &t.architecture.latent_dim, "N", "latent dimensions (32)"},
      {"--base-channels", OPTION_COUNT, &t.architecture.base_channels, "N",
       "channels of the first convolution (16); 0: a plain MLP"},
      {"--max-channels", OPTION_COUNT, &t.architecture.max_channels, "N", "where their doubling stops (128)"},
      {"--depth", OPTION_COUNT, &t.architecture.depth, "N", "halvings (0: until both sides are at most 8)"},
      {"--hidden", OPTION_COUNT, &t.architecture.hidden[0], "N", "width of the VAE's dense layer (256)"},
      {"--initial-gain", OPTION_REAL, &t.architecture.initial_gain, "X",
       "VAE weights start with deviation X / sqrt(inputs) (0: He's and Glorot's)"},
      {"--linear-skip", OPTION_COUNT, &t.architecture.linear_skip, "0|1",
       "VAEs with a linear map beside their layers (0)"},
      {"--epochs", OPTION_COUNT, &t.vae.epochs, "N", "epochs of each VAE (12)"},
      {"--min-steps", OPTION_COUNT, &t.vae.min_steps, "N", "steps of each VAE at least (500)"},
      {"--vae-batch", OPTION_COUNT, &t.vae.batch, "N", "pictures in a step (128)"},
      {"--vae-rate", OPTION_REAL, &t.vae.learning_rate, "X", "learning rate of the VAEs (0.001)"},
      {"--sigma-x", OPTION_REAL, &t.vae.sigma_x, "X", "deviation of the Gaussian likelihood (0.1)"},
      {"--kl-weight", OPTION_REAL, &t.vae.kl_weight, "X", "weight of the KL divergence (1)"},
      {"--lambda1", OPTION_REAL, &t.vae.lambda1, "X", "weight of the pixel cost (0)"},
      {"--lambda2", OPTION_REAL, &t.vae.lambda2, "X", "weight of the ELBO (1)"},
      {"--vae-final-rate", OPTION_REAL, &t.vae.final_rate, "X", "share of it at the end (0.02)"},
      {"--likelihood", OPTION_COUNT, &t.vae.likelihood, "N", "0: Gaussian, 1: Bernoulli (0)"},
      {"--raw-codes", OPTION_COUNT, &t.vae.raw_codes, "N", "1: codes are not standardised (0)"},
      {"--augment", OPTION_REAL, &t.vae.augment, "X",
       "strength of affine augmentation for the VAEs, 0..1 (0)"},
      {"--augment-colour", OPTION_REAL, &t.vae.augment_colour, "X",
       "strength of random gamma, contrast and colour of the encoders' inputs (0)"},
      {"--augment-blur", OPTION_REAL, &t.vae.augment_blur, "X",
       "blur of the encoders' inputs, up to X pixels in 28 (0)"},
      {"--window", OPTION_COUNT, &t.architecture.window, "N",
       "normalise pictures under a Gaussian window of that sigma, thousandths of a side (0: not)"},
      {"--window-weight", OPTION_COUNT, &t.vae.window_weight, "0|1",
       "1: the window weights the reconstruction (1)"},
      {"--codes-per-picture", OPTION_COUNT, &t.mapping.codes_per_picture, "N",
       "codes that are kept of each picture for the mappings (0: drawn anew)"},
      {"--map-augment", OPTION_REAL, &t.mapping.augment, "X",
       "strength of affine maps of the source pictures' copies (0)"},
      {"--map-augment-colour", OPTION_REAL, &t.mapping.augment_colour, "X",
       "strength of their colour changes (0)"},
      {"--map-augment-blur", OPTION_REAL, &t.mapping.augment_blur, "X",
       "their blur, up to X pixels in 28 (0)"},
      {"--width", OPTION_COUNT, &t.mapping.hidden_width, "N", "width of generator and discriminator (256)"},
      {"--condition-codes", OPTION_COUNT, &t.mapping.condition_codes, "K",
       "codes averaged in D's condition (1)"},
      {"--mapping-skip", OPTION_COUNT, &t.mapping.linear_skip, "0|1",
       "a generator with a linear map beside its layers (0)"},
      {"--steps", OPTION_COUNT, &t.mapping.steps, "N", "steps of each mapping (8000)"},
      {"--layers", OPTION_COUNT, &t.mapping.hidden_layers, "N", "hidden layers of both (3)"},
      {"--batch", OPTION_COUNT, &t.mapping.batch, "N", "codes in a step (128)"},
      {"--final-rate", OPTION_REAL, &t.mapping.final_rate, "X",
       "share of the learning rate at the end (0.02)"},
      {"--beta1", OPTION_REAL, &t.mapping.beta1, "X", "Adam's decay of the mean in the mappings (0.5)"},
      {"--beta2", OPTION_REAL, &t.mapping.beta2, "X", "and of the square (0.99)"},
      {"--rate", OPTION_REAL, &t.mapping.learning_rate, "X", "learning rate of the mappings (0.001)"},
      {"--lambda-reg", OPTION_REAL, &t.mapping.lambda_reg, "X", "weight of |noise - G|^2 (0.1)"},
      {"--final-lambda", OPTION_REAL, &t.mapping.final_lambda, "X", "share of it at the end (1)"},
      {"--mismatch", OPTION_REAL, &t.mapping.mismatch, "X", "weight of mismatched real pairs (1)"},
      {"--generated-mismatch", OPTION_REAL, &t.mapping.generated_mismatch, "X",
       "weight of wrong conditions in G's loss (0)"},
      {"--mixing", OPTION_REAL, &t.mapping.mixing, "X", "share of codes mixed within their class (0)"},
      {"--dropout", OPTION_COUNT, &t.mapping.dropout_millionths, "N", "dropout in G, in millionths (0)"},
      {"--noise-scale", OPTION_REAL, &t.mapping.noise_scale, "X", "noise of the finished generator (0.7)"},
      {"--ema", OPTION_REAL, &t.mapping.ema_decay, "X", "decay of G's moving average (0.999)"},
      {"--positive-codes", OPTION_COUNT, &t.positive_codes, "N",
       "codes of the real pair: 2, or 1 twice as in the paper (2)"},
      {"--same-code-positive", OPTION_FLAG, &t.same_z, NULL, "--positive-codes 1"},
      {"--spectral-norm", OPTION_COUNT, &t.mapping.spectral_norm, "N",
       "1: on the discriminator's layers (1)"},
      {"--no-spectral-norm", OPTION_FLAG, &t.no_spectral_norm, NULL, "--spectral-norm 0"},
      RUNTIME_OPTIONS(t.run)};
  const char *words[argc];
  int word_count, code;
  const option_twins twins = {&t.architecture, &t.second, sizeof t.second};
  if (!read_twin_options(argc, argv, mapping_only ? map_usage : train_usage, options,
                         sizeof options / sizeof *options, &twins, words, &word_count, &code))
    return code;
  if (t.positive_codes > 2)
    return usage_error("--positive-codes takes 1 or 2");
  if (t.same_z)
    t.positive_codes = 1;
  if (t.positive_codes)
    t.mapping.same_code_positive = t.second.mapping.same_code_positive = t.positive_codes == 1;
  if (t.no_spectral_norm)
    t.mapping.spectral_norm = t.second.mapping.spectral_norm = 0;
  code = check_usage(&t, mapping_only, word_count);
  if (!code && !start_runtime(&t.run))
    code = EXIT_FAILED;
  if (!code) {
    xd_status status = load_sets(&t);
    if (!status)
      status = prepare_judges(&t);
    if (!status)
      status = train(&t);
    if (status)
      code = report_failure(&t.run, status);
  }
  release(&t);
  stop_runtime(&t.run);
  return code;
}

int command_train(int argc, char **argv) {
  return run(argc, argv, false);
}
int command_map(int argc, char **argv) {
  return run(argc, argv, true);
}
