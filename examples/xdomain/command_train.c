/* xdomain train and xdomain map: two sets of pictures in, a model file out. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sharing.h"
#include "training.h"

static const char train_usage[] =
    "usage: xdomain train --domain1 FOLDER --domain2 FOLDER --out MODEL.xdm [OPTION]...\n\n"
    "Trains a VAE on each domain's pictures, without labels, and then the mappings between the paired\n"
    "classes, in both directions. A folder of PNG or JPEG files has a sub-folder a class; classes of one name\n"
    "are paired or, where neither folder has sub-folders, pictures of one file name, which are a class each.\n"
    "A tenth of the pictures is held out, and a judge of each domain is trained to score their translations.\n\n"
    "Instead of a folder: SPEC is FOLDER or idx:IMAGES,LABELS or mat:FILE, followed by options\n"
    "such as ;classes=0-4 ;first=2000 ;holdout=10%;part=train (or validation) ;subset=500 ;seed=1\n"
    ";size=32x32 ;channels=1; several between bars are joined: 'idx:A,B;classes=1-4|idx:C,D;channels=3'.\n"
    ";bad=skip behind a folder leaves out pictures that cannot be read, and names them.\n"
    "A backslash stands before ; | , and \\ in paths.\n"
    "--pairs '*:*' pairs all with all.\n\n"
    "--preset begins with the numbers of a known experiment: mnist; fashion (MNIST to Fashion-MNIST); svhn\n"
    "(SVHN to MNIST); paper (the letter of arXiv 1805.10130). Files of --config override it, and all other\n"
    "flags and --set override both.\n\n"
    "A training that is interrupted (SIGINT, SIGTERM, SIGHUP) stops within a step and writes what is finished\n"
    "beside --out; it goes on with --resume, and ends in the same model. A second interrupt ends it at once.\n\n"
    "Few labels are enough: pictures in a sub-folder 'unlabelled', or of --unlabelled1 and --unlabelled2, train\n"
    "the VAEs too, and the mappings once labels have spread to them by their codes' nearest neighbours.\n\n"
    "With pictures to validate on, the step with the best acc * min(1, div/0.75) * min(1, ediv/0.6) is kept.\n"
    "--style 1 asks for the source's style, bold bold and slanted slanted; min(1, style/0.5) is then in the\n"
    "place of ediv's.";
static const char map_usage[] =
    "usage: xdomain map --model MODEL.xdm --domain1 SPEC --domain2 SPEC --pairs 0:9,1:8 --out NEW.xdm\n\n"
    "Trains only the mappings between the paired classes, on the VAEs of a model; they stay as they are.\n"
    "'xdomain map --condition labels --help' tells of generators from labels.";

/* Flags of everyday use whose names are not those of the options. */
static const option_alias aliases[] = {
    {"one-way", "directions", "1", "no mapping from domain 2 to 1"},
    {"vaes-only", "directions", "0", "train: no mapping at all, and no pairs: 'xdomain map' goes on"},
    {"allow-collapse", "allow_collapse", "1", "keep a VAE or a mapping whose pictures look alike"},
    {"latent", "vae.latent_dim", NULL, NULL},
    {"hidden", "vae.hidden1", NULL, NULL},
    {"vae-rate", "vae.learning_rate", NULL, NULL},
    {"linear-skip", "vae.linear_skip", NULL, NULL},
    {"augment", "vae.augment", NULL, NULL},
    {"augment-colour", "vae.augment_colour", NULL, NULL},
    {"augment-blur", "vae.augment_blur", NULL, NULL},
    {"map-augment", "mapping.augment", NULL, NULL},
    {"map-augment-colour", "mapping.augment_colour", NULL, NULL},
    {"map-augment-blur", "mapping.augment_blur", NULL, NULL},
    {"width", "mapping.hidden_width", NULL, NULL},
    {"layers", "mapping.hidden_layers", NULL, NULL},
    {"batch", "mapping.batch", NULL, NULL},
    {"rate", "mapping.learning_rate", NULL, NULL},
    {"final-rate", "mapping.final_rate", NULL, NULL},
    {"ema", "mapping.ema_decay", NULL, NULL},
    {"mapping-skip", "mapping.linear_skip", NULL, NULL},
    {"no-spectral-norm", "mapping.spectral_norm", "0", NULL},
    {"same-code-positive", "mapping.same_code_positive", "1", NULL},
};

/* ---- Usage ---- */

static int check_words(training *t, int words) {
  if (words)
    return usage_error("this command takes options only");
  if (!t->specs[0] || !t->specs[1] || !t->out)
    return usage_error("--domain1, --domain2 and --out are needed");
  if (!t->vae_paths[0] != !t->vae_paths[1] || (t->model_path && t->vae_paths[0]))
    return usage_error("mappings take --model, or both --vae1 and --vae2");
  if (t->mapping_only != (t->model_path || t->vae_paths[0]))
    return usage_error(t->mapping_only ? "--model, or --vae1 and --vae2, are needed"
                                       : "--model, --vae1 and --vae2 belong to 'xdomain map'");
  const bool shared = !isnan(t->held_out_share);
  if (shared && !(t->held_out_share >= 0.0f && t->held_out_share < 1.0f))
    return usage_error("--valid takes a fraction from 0 to below 1");
  if (!t->validation_specs[0] != !t->validation_specs[1] ||
      shared + (t->validation_specs[0] != NULL) + t->no_validation > 1)
    return usage_error("validation takes --valid, or both --validation1 and --validation2, or --no-valid");
  if (has_flag(&t->settings, "width*") && has_flag(&t->settings, "height*"))
    return usage_error("--width is mapping.hidden_width, --height is vae.height: give them as "
                       "--set mapping.hidden_width=N, or --set vae.width=N --set vae.height=N");
  return t->positive_codes > 2 ? usage_error("--positive-codes takes 1 or 2")
                               : check_checkpoint_flags(&t->checkpoint);
}

static int refuse_options(const training *t) {
  return usage_error("%s", xd_context_message(t->run.context));
}

static int make_options(training *t) {
  xd_context *context = t->run.context;
  xd_status status = xd_options_create(&t->options, context, "train");
  if (!status)
    status = apply_settings(&t->settings, context, t->options);
  if (!status && t->positive_codes)
    status = xd_options_set_number(t->options, context, "mapping.same_code_positive", t->positive_codes == 1);
  double directions = 0.0;
  if (!status)
    status = xd_options_get_number(t->options, context, &directions, "directions");
  t->directions = (uint32_t)directions;
  return status ? refuse_options(t) : EXIT_DONE;
}

static void say_unread_options(const training *t) {
  static const char vaes[] = "the VAEs of the model stay as they are", none[] = "no mapping is trained",
                    other[] = "that mapping is not trained";
  static const unread_options given[] = {{"vae*.*", vaes}, {"light_share", vaes}},
                              alone[] = {{"mapping*.*", none},
                                         {"validate_every", none},
                                         {"unlabelled_share", none}},
                              missing[2] = {{"mapping1.*", other}, {"mapping2.*", other}};
  if (t->mapping_only)
    say_unread(&t->settings, given, sizeof given / sizeof *given);
  if (!t->directions)
    say_unread(&t->settings, alone, sizeof alone / sizeof *alone);
  for (uint32_t d = 0; d < 2 && t->directions; d++)
    if (!(t->directions >> d & 1))
      say_unread(&t->settings, &missing[d], 1);
}

static int check_pairs(training *t) {
  if (!t->directions && t->mapping_only)
    return usage_error("--vaes-only belongs to 'xdomain train'");
  if (!t->directions && !t->pairs)
    t->pairs = "*:*"; /* all that xd_train asks of them */
  return EXIT_DONE;
}

/* Efforts are presets: the defaults with other numbers of steps. */
static int choose_effort(training *t) {
  if (!t->effort)
    return EXIT_DONE;
  if (t->settings.preset)
    return usage_error("--preset has numbers of its own, and --effort those of its steps: give one of both");
  if (!strcmp(t->effort, "normal"))
    return EXIT_DONE;
  t->settings.preset = t->effort;
  return !strcmp(t->effort, "quick") || !strcmp(t->effort, "best")
             ? EXIT_DONE
             : usage_error("--effort is quick, normal or best");
}

static int keep_inputs(const training *t, const output *outputs, size_t count) {
  const char *const files[] = {t->model_path, t->vae_paths[0],   t->vae_paths[1],
                               t->judge_path, t->judge_paths[0], t->judge_paths[1]},
                    *const specs[] = {t->specs[0],
                                      t->specs[1],
                                      t->validation_specs[0],
                                      t->validation_specs[1],
                                      t->unlabelled_specs[0],
                                      t->unlabelled_specs[1]};
  int code = keep_settings(outputs, count, &t->settings);
  for (size_t i = 0; i < sizeof files / sizeof *files && !code; i++)
    code = keep_input(outputs, count, files[i]);
  for (size_t i = 0; i < sizeof specs / sizeof *specs && !code; i++)
    code = keep_set(&t->run, outputs, count, specs[i]);
  return code;
}

static int check_outputs(const training *t) {
  char *partial = partial_path(t->out);
  char *const *kept = t->checkpoint.paths;
  const output outputs[] = {
      {.flag = "--out", .path = t->out},
      {.flag = "--log", .path = t->log_path, .streams = true},
      {.flag = "--report", .path = t->report_path, .streams = true},
      {.flag = "--checkpoint", .path = kept[CHECKPOINT_OWN]},
      {.flag = "--checkpoint", .path = kept[CHECKPOINT_JUDGE1]},
      {.flag = "--checkpoint", .path = kept[CHECKPOINT_JUDGE2]},
      {.flag = "--preview", .path = t->previews.translations},
      {.flag = "--preview", .path = t->previews.reconstructions},
      {.flag = "what an interruption leaves of --out,", .path = kept[CHECKPOINT_OWN] ? partial : NULL}};
  const size_t count = sizeof outputs / sizeof *outputs;
  int code = partial ? EXIT_DONE : failure("out of memory");
  if (!code && is_first_rank()) {
    code = keep_inputs(t, outputs, count);
    code = code ? code : prove_outputs(outputs, count);
  }
  free(partial);
  return code;
}

/* A direction is judged by the judge of the domain that it enters, which is trained where no file was named. */
static int place_checkpoints(training *t) {
  for (int d = 0; d < 2; d++)
    t->checkpoint.with_judge[d] =
        !t->no_validation && t->directions >> (1 - d) & 1 && !t->judge_paths[d] && !t->judge_path;
  return place_checkpoint(&t->checkpoint, t->out);
}

/* ---- The commands ---- */

static int work(training *t) {
  int code = choose_effort(t);
  if (!code)
    code = make_options(t);
  if (!code)
    code = check_pairs(t);
  if (!code)
    code = prepare_previews(t);
  if (!code)
    code = place_checkpoints(t);
  if (!code)
    code = check_outputs(t);
  if (!code)
    code = claim_checkpoint(&t->checkpoint, &t->run, t->out);
  if (!code) {
    say_unread_options(t);
    code = load_training_sets(t);
  }
  if (!code)
    code = plan_training(t);
  if (!code)
    code = load_training_judges(t);
  if (!code)
    code = begin_checkpoint(&t->checkpoint);
  if (!code)
    code = train_training_judges(t);
  if (!code)
    return run_training(t);
  if (signal_received() && !t->checkpoint.resume && !t->judges_begun)
    notice("nothing of the model was trained yet: the same command begins anew");
  return code;
}

static bool read_words(training *t, int argc, char **argv, int *word_count, int *code) {
  const flag flags[] = {
      {"domain1", FLAG_TEXT, &t->specs[0], "SPEC", "pictures of domain 1"},
      {"domain2", FLAG_TEXT, &t->specs[1], "SPEC", "pictures of domain 2"},
      {"pairs", FLAG_TEXT, &t->pairs, "LIST",
       "paired classes, as 0:5 or cat:dog,2:wolf; '*:*' for sets without labels (classes of the same name)"},
      {"out", FLAG_TEXT, &t->out, "FILE", "the model file to write"},
      {"model", FLAG_TEXT, &t->model_path, "FILE", "map: the model whose VAEs are used"},
      {"vae1", FLAG_TEXT, &t->vae_paths[0], "FILE", "map: or the model that has the VAE of domain 1,"},
      {"vae2", FLAG_TEXT, &t->vae_paths[1], "FILE", "map: and the one that has the VAE of domain 2"},
      {"effort", FLAG_TEXT, &t->effort, "quick|normal|best",
       "how long it may take: about a third or three times the steps (normal)"},
      {"preset", FLAG_TEXT, &t->settings.preset, "NAME",
       "mnist, fashion, svhn or paper (quick and best are efforts): where the other options begin"},
      SETTING_FLAGS(&t->settings),
      {"valid", FLAG_REAL, &t->held_out_share, "X",
       "hold out this share of each class for validation (0.1, about 2000 pictures at most, if that gives two of "
       "each class)"},
      {"no-valid", FLAG_SWITCH, &t->no_validation, NULL,
       "hold out nothing: no scores, and the last step is kept"},
      {"unlabelled1", FLAG_TEXT, &t->unlabelled_specs[0], "SPEC",
       "further pictures of domain 1, whose labels are not read (else its sub-folder 'unlabelled')"},
      {"unlabelled2", FLAG_TEXT, &t->unlabelled_specs[1], "SPEC", "further pictures of domain 2"},
      {"validation1", FLAG_TEXT, &t->validation_specs[0], "SPEC", "or: pictures of domain 1 to validate on"},
      {"validation2", FLAG_TEXT, &t->validation_specs[1], "SPEC", "pictures of domain 2 to validate on"},
      {"judge", FLAG_TEXT, &t->judge_path, "FILE",
       "judge of both domains for validation (else they are trained)"},
      {"judge1", FLAG_TEXT, &t->judge_paths[0], "FILE", "judge of domain 1 for validation"},
      {"judge2", FLAG_TEXT, &t->judge_paths[1], "FILE", "judge of domain 2 for validation"},
      {"preview", FLAG_TEXT, &t->preview_path, "FILE.png",
       "translations as a sheet, drawn anew at each validation, beside it FILE.reconstructions.png (the model's "
       "name with .preview.png and .reconstructions.png)"},
      {"no-preview", FLAG_SWITCH, &t->no_previews, NULL, "draw none"},
      {"log", FLAG_TEXT, &t->log_path, "FILE", "losses of every step, as CSV"},
      {"report", FLAG_TEXT, &t->report_path, "FILE", "every validation and which step was kept, as JSON"},
      CHECKPOINT_FLAGS(&t->checkpoint, "model"),
      {"half", FLAG_SWITCH, &t->half, NULL, "store weights as 16-bit floats"},
      {"positive-codes", FLAG_COUNT, &t->positive_codes, "N",
       "codes of the real pair: 2, or 1 twice as in the paper (2)"},
      RUNTIME_FLAGS(t->run)};
  const command_line line = {.usage = t->mapping_only ? map_usage : train_usage,
                             .flags = flags,
                             .flag_count = sizeof flags / sizeof *flags,
                             .settings = &t->settings,
                             .group = "train",
                             .aliases = aliases,
                             .alias_count = sizeof aliases / sizeof *aliases};
  const char *const *words;
  return read_command_line(&line, argc, argv, &words, word_count, code);
}

/* Rank 0 writes for all. */
static void leave_outputs(training *t) {
  t->log_path = t->report_path = t->preview_path = NULL;
  t->no_previews = true;
}

static int run(int argc, char **argv, bool mapping_only) {
  training t = {.mapping_only = mapping_only,
                .held_out_share = NAN,
                .checkpoint = {.argc = argc, .argv = argv, .seconds = 60}};
  int word_count, code;
  if (read_words(&t, argc, argv, &word_count, &code)) {
    code = check_words(&t, word_count);
    if (!is_first_rank())
      leave_outputs(&t);
    if (!code)
      code = start_runtime(&t.run) ? work(&t) : EXIT_FAILED;
  }
  free_training(&t);
  stop_runtime(&t.run);
  return code;
}

int command_train(int argc, char **argv) {
  return run(argc, argv, false);
}

static bool has_condition(int argc, char **argv) {
  static const char name[] = "--condition";
  for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
    if (!strcmp(argv[i], name) ||
        (!strncmp(argv[i], name, sizeof name - 1) && argv[i][sizeof name - 1] == '='))
      return true;
  return false;
}

int command_map(int argc, char **argv) {
  if (!has_condition(argc, argv))
    return run(argc, argv, true);
  return is_alone() ? command_condition(argc, argv)
                    : usage_error("--condition is the work of one process: start it without mpirun");
}
