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

typedef struct training {
  runtime run;
  option_settings settings;
  const char *specs[2], *pairs, *out, *model, *log, *report, *judge_both, *judges[2], *validation[2];
  float share;
  bool half, vaes_only;
  uint32_t positive_codes;

  xd_options *options;
  uint32_t directions;
  xd_dataset *sets[2], *held_out[2];
  xd_pairing *pairing;
  xd_judge *judge[2];
  FILE *log_file;
  history history[2]; /* of each mapping's validations */
  progress progress;
} training;

/* Flags of earlier versions, and those with names of their own. */
static const option_alias aliases[] = {
    {"latent", "vae.latent_dim", NULL, NULL},
    {"hidden", "vae.hidden1", NULL, NULL},
    {"linear-skip", "vae.linear_skip", NULL, NULL},
    {"vae-rate", "vae.learning_rate", NULL, NULL},
    {"augment", "vae.augment", NULL, NULL},
    {"augment-colour", "vae.augment_colour", NULL, NULL},
    {"augment-blur", "vae.augment_blur", NULL, NULL},
    {"map-augment", "mapping.augment", NULL, NULL},
    {"map-augment-colour", "mapping.augment_colour", NULL, NULL},
    {"map-augment-blur", "mapping.augment_blur", NULL, NULL},
    {"width", "mapping.hidden_width", NULL, NULL},
    {"layers", "mapping.hidden_layers", NULL, NULL},
    {"mapping-skip", "mapping.linear_skip", NULL, NULL},
    {"batch", "mapping.batch", NULL, NULL},
    {"rate", "mapping.learning_rate", NULL, NULL},
    {"final-rate", "mapping.final_rate", NULL, NULL},
    {"ema", "mapping.ema_decay", NULL, NULL},
    {"same-code-positive", "mapping.same_code_positive", "1", NULL},
    {"no-spectral-norm", "mapping.spectral_norm", "0", "no spectral normalisation"},
    {"allow-collapse", "allow_collapse", "1", "keep a mapping that collapsed in validation"},
    {"one-way", "directions", "1", "no mapping from domain 2 to 1"},
    {"vaes-only", "directions", "0", "train: no mapping at all, and no pairs: 'xdomain map' goes on"},
};

/* ---- Progress ---- */

static const char *stage_name(uint32_t stage) {
  static const char *const names[] = {"",         "VAE of domain 1", "VAE of domain 2",
                                      "encoding", "mapping 1 to 2",  "mapping 2 to 1"};
  return stage < sizeof names / sizeof *names ? names[stage] : "";
}

static void log_values(FILE *to, const xd_values *values, const char *const *names, size_t count,
                       bool wanted) {
  for (size_t i = 0; i < count; i++) {
    fputc(',', to);
    if (wanted)
      fprintf(to, "%.6g", value_of(values, "", names[i]));
  }
}

static void log_step(FILE *to, const xd_train_progress *p) {
  static const char *const vae[] = {"total", "pixel_cost", "kl"};
  static const char *const mapping[] = {"discriminator", "generator", "real",
                                        "generated",     "noise",     "regularisation"};
  static const char *const measures[] = {"acc", "div", "ediv", "fd"};
  const bool maps = p->stage >= XD_STAGE_MAPPING_1TO2;
  fprintf(to, "%u,%u", p->stage, p->step);
  log_values(to, p->losses, vae, sizeof vae / sizeof *vae, p->stage <= XD_STAGE_VAE2);
  log_values(to, p->losses, mapping, sizeof mapping / sizeof *mapping, maps);
  log_values(to, p->validation, measures, sizeof measures / sizeof *measures, p->validation != NULL);
  fputc('\n', to);
}

static int show_step(void *user, const xd_train_progress *p) {
  training *t = user;
  const xd_values *v = p->validation;
  char detail[96];
  if (p->stage >= XD_STAGE_MAPPING_1TO2)
    snprintf(detail, sizeof detail, "D %.3f G %.3f", value_of(p->losses, "", "discriminator"),
             value_of(p->losses, "", "generator"));
  else if (p->stage == XD_STAGE_CODES)
    snprintf(detail, sizeof detail, "codes");
  else
    snprintf(detail, sizeof detail, "pixels %.2f KL %.2f", value_of(p->losses, "", "pixel_cost"),
             value_of(p->losses, "", "kl"));
  if (v) {
    note_validation(&t->history[p->stage - XD_STAGE_MAPPING_1TO2], p->step, v);
    snprintf(detail, sizeof detail, "validation acc %.4f div %.3f ediv %.3f FD %.2f", value_of(v, "", "acc"),
             value_of(v, "", "div"), value_of(v, "", "ediv"), value_of(v, "", "fd"));
  }
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
  double seed = 0.0;
  xd_options_get_number(t->options, context, &seed, "seed");
  for (int d = 0; d < 2; d++) {
    xd_dataset *whole;
    xd_status status = xd_dataset_load(&whole, context, t->specs[d]);
    if (!status && t->share > 0.0f) {
      status =
          xd_dataset_split(&t->sets[d], &t->held_out[d], context, whole, (double)t->share, (uint64_t)seed);
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
  for (int d = t->directions & 2 ? 0 : 1; d < 2 && validates(t); d++) {
    const char *path = t->judges[d] ? t->judges[d] : t->judge_both;
    xd_status status = path
                           ? xd_judge_load(&t->judge[d], t->run.context, path)
                           : xd_judge_train(&t->judge[d], t->run.context, NULL, t->sets[d], NULL, NULL, NULL);
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
  xd_options_destroy(t->options);
  free_settings(&t->settings);
  free(t->history[0].records);
  free(t->history[1].records);
  if (t->log_file)
    fclose(t->log_file);
}

/* ---- Training ---- */

static void print_report(const training *t, const xd_values *report) {
  static const char *const titles[] = {"validation 1 to 2", "validation 2 to 1"};
  static const char *const prefixes[] = {"validation1.", "validation2."}, *const digits[] = {"1", "2"};
  fprintf(stderr, "trained in %.1f s (VAEs %.1f s and %.1f s, mappings %.1f s and %.1f s)\n",
          value_of(report, "", "seconds"), value_of(report, "seconds.", "vae1"),
          value_of(report, "seconds.", "vae2"), value_of(report, "seconds.", "mapping1"),
          value_of(report, "seconds.", "mapping2"));
  if (value_of(report, "", "probe1") > 0.0 || value_of(report, "", "probe2") > 0.0)
    fprintf(stderr, "classes read from validation codes: %.4f of domain 1, %.4f of domain 2\n",
            value_of(report, "", "probe1"), value_of(report, "", "probe2"));
  for (int i = 0; i < 2; i++) {
    if (t->history[i].count == 0)
      continue;
    print_evaluation(stderr, titles[i], report, prefixes[i]);
    fprintf(stderr, "  kept       step %.0f, the best of %.0f validations\n",
            value_of(report, "kept_step", digits[i]), value_of(report, "validations", digits[i]));
  }
  fprintf(stderr, "wrote %s\n", t->out);
}

/* Also of a training that was stopped. False: the file cannot be written. */
static bool write_report(const training *t, const xd_values *report, xd_status status) {
  FILE *to = t->report ? fopen(t->report, "w") : NULL;
  if (!to)
    return t->report == NULL;
  fprintf(to, "{\"status\": \"%s\", \"seconds\": %.3f", xd_status_name(status),
          value_of(report, "", "seconds"));
  for (int i = 0; i < (t->directions & 2 ? 2 : 1); i++) {
    fprintf(to, ",\n \"%s\": ", i ? "2to1" : "1to2");
    print_history_json(to, &t->history[i], report, i);
  }
  fputs("}\n", to);
  const bool failed = ferror(to) != 0;
  return fclose(to) == 0 && !failed;
}

static xd_status run_training(training *t, xd_model **model, xd_values *report) {
  xd_context *context = t->run.context;
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_model *base = NULL;
  for (int d = 0; d < 2; d++) {
    input.set[d] = t->sets[d];
    input.validation[d] = t->held_out[d];
    input.judge[d] = t->judge[d];
  }
  input.pairing = t->pairing;
  input.callback = show_step;
  input.user = t;
  if (!t->model)
    return xd_train(model, context, report, &input, t->options);
  xd_status status = xd_model_load(&base, context, t->model);
  if (!status)
    status = xd_map(model, context, report, base, &input, t->options);
  xd_model_release(base);
  return status;
}

static xd_status train(training *t) {
  xd_context *context = t->run.context;
  xd_model *model = NULL;
  xd_values *report = NULL;
  xd_save_options save = XD_SAVE_OPTIONS_INIT;
  save.half = t->half;
  xd_status status = xd_values_create(&report, context);
  progress_start(&t->progress);
  if (!status)
    status = run_training(t, &model, report);
  progress_end(&t->progress);
  if (!write_report(t, report, status))
    fprintf(stderr, "xdomain: cannot write the report '%s'\n", t->report);
  if (!status)
    status = xd_model_save(model, context, t->out, &save);
  if (!status)
    print_report(t, report);
  xd_model_release(model);
  xd_values_destroy(report);
  return status;
}

/* Without a preset: the library's defaults, but small VAEs that small sets do not undertrain. */
static xd_status make_options(training *t) {
  static const char small[] = "vae.base_channels = 16 vae.min_steps = 500";
  xd_context *context = t->run.context;
  double directions = 3.0;
  xd_status status = xd_options_create(&t->options, context, "train");
  if (!status && !t->settings.preset)
    status = xd_options_read(t->options, context, small);
  if (!status)
    status = apply_settings(&t->settings, context, t->options);
  if (!status && t->positive_codes)
    status = xd_options_set_number(t->options, context, "same_code_positive", t->positive_codes == 1);
  if (!status)
    status = xd_options_get_number(t->options, context, &directions, "directions");
  t->directions = (uint32_t)directions;
  return status;
}

static bool wants_no_mapping(const training *t) {
  for (size_t i = 0; i < t->settings.count; i++)
    if (t->settings.items[i].kind == SETTING_OPTION && !strcmp(t->settings.items[i].option, "directions"))
      return !strcmp(t->settings.items[i].value, "0");
  return false;
}

static int check_usage(training *t, bool mapping_only, int words) {
  const char *preset = t->settings.preset;
  if (words)
    return usage_error("this command takes options only");
  if (preset && !xd_options_preset_text("train", preset))
    return usage_error("there is no preset '%s'", preset);
  if (t->positive_codes > 2)
    return usage_error("--positive-codes takes 1 or 2");
  t->vaes_only = wants_no_mapping(t);
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

/* Sets, judges and the training itself. */
static int work(training *t) {
  if (!start_runtime(&t->run))
    return EXIT_FAILED;
  xd_status status = make_options(t);
  if (!status)
    status = load_sets(t);
  if (!status)
    status = prepare_judges(t);
  if (!status)
    status = train(t);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

static int run(int argc, char **argv, bool mapping_only) {
  training t = {.share = 0.0f};
  const flag flags[] = {
      {"domain1", FLAG_TEXT, &t.specs[0], "SPEC", "pictures of domain 1"},
      {"domain2", FLAG_TEXT, &t.specs[1], "SPEC", "pictures of domain 2"},
      {"pairs", FLAG_TEXT, &t.pairs, "LIST", "paired classes, as 0:5,1:6; '*:*' for sets without labels"},
      {"out", FLAG_TEXT, &t.out, "FILE", "the model file to write"},
      {"model", FLAG_TEXT, &t.model, "FILE", "map: the model whose VAEs are used"},
      {"preset", FLAG_TEXT, &t.settings.preset, "NAME",
       "mnist, fashion, svhn or paper: where the options begin"},
      {"valid", FLAG_REAL, &t.share, "X", "hold out this share of each class for validation (0)"},
      {"validation1", FLAG_TEXT, &t.validation[0], "SPEC", "or: pictures of domain 1 to validate on"},
      {"validation2", FLAG_TEXT, &t.validation[1], "SPEC", "pictures of domain 2 to validate on"},
      {"judge", FLAG_TEXT, &t.judge_both, "FILE",
       "judge of both domains for validation (else they are trained)"},
      {"judge1", FLAG_TEXT, &t.judges[0], "FILE", "judge of domain 1 for validation"},
      {"judge2", FLAG_TEXT, &t.judges[1], "FILE", "judge of domain 2 for validation"},
      {"log", FLAG_TEXT, &t.log, "FILE", "losses of every step, as CSV"},
      {"report", FLAG_TEXT, &t.report, "FILE", "every validation and which step was kept, as JSON"},
      {"half", FLAG_SWITCH, &t.half, NULL, "store weights as 16-bit floats"},
      {"positive-codes", FLAG_COUNT, &t.positive_codes, "N",
       "codes of the real pair: 2, or 1 twice as in the paper (2)"},
      SETTING_FLAGS(&t.settings),
      RUNTIME_FLAGS(t.run)};
  const command_line line = {.usage = mapping_only ? map_usage : train_usage,
                             .flags = flags,
                             .flag_count = sizeof flags / sizeof *flags,
                             .settings = &t.settings,
                             .group = "train",
                             .aliases = aliases,
                             .alias_count = sizeof aliases / sizeof *aliases};
  const char *const *words;
  int word_count, code;
  if (read_command_line(&line, argc, argv, &words, &word_count, &code)) {
    code = check_usage(&t, mapping_only, word_count);
    if (!code)
      code = work(&t);
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
