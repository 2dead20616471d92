/* Options as texts and files, and presets. */
#include <math.h>

#include "support.h"

#include "options/settings.h"
#include "xdomain/options.h"
#include "xdomain/unstable/presets.h"

static xd_options *make(xd_context *context, const char *group) {
  xd_options *options = NULL;
  assert_ok(context, xd_options_create(&options, context, group));
  return options;
}

static double number_of(const xd_options *options, const char *name) {
  double number = -1.0;
  assert_status(xd_options_get_number(options, NULL, &number, name), XD_OK);
  return number;
}

/* What differs from the defaults; the caller frees it. */
static char *written(const xd_options *options) {
  size_t length = 0, again = 0;
  assert_status(xd_options_write(options, NULL, NULL, 0, &length), XD_OK);
  char *text = malloc(length + 1);
  ck_assert_ptr_nonnull(text);
  assert_status(xd_options_write(options, NULL, text, length + 1, &again), XD_OK);
  ck_assert_uint_eq(again, length);
  ck_assert_uint_eq(strlen(text), length);
  return text;
}

START_TEST(read__takes_assignments_comments_and_blanks) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "train");
  assert_ok(context, xd_options_read(options, context,
                                     "\xEF\xBB\xBF# a preset of one's own\r\n"
                                     "\r\n"
                                     "vae.latent_dim = 48 # of both\r\n"
                                     "\tvae2.latent_dim=64 steps= 900\n"
                                     "vae1.likelihood =bernoulli#no blank\n"
                                     "steps = 1000"));
  ck_assert(number_of(options, "vae1.latent_dim") == 48 && number_of(options, "vae2.latent_dim") == 64);
  ck_assert(number_of(options, "steps") == 1000);
  ck_assert(number_of(options, "vae1.likelihood") == 1 && number_of(options, "vae2.likelihood") == 0);
  assert_ok(context, xd_options_read(options, context, ""));
  assert_ok(context, xd_options_read(options, context, " # nothing"));
  assert_ok(context, xd_options_read(options, NULL, "seed=7"));
  ck_assert(number_of(options, "seed") == 7);
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

START_TEST(read__takes_all_or_nothing_and_names_the_line) {
  static const struct {
    const char *text;
    xd_status status;
    const char *line;
  } wrong[] = {{"seed = 2\n\nseeds = 3\n", XD_ERROR_NOT_FOUND, "line 3: "},
               {"seed = 2\nvae.batch = 0\n", XD_ERROR_INVALID_ARGUMENT, "line 2: vae.batch"},
               {"seed = 2\n# batch\nbatch = 1\n", XD_ERROR_INVALID_ARGUMENT, "line 3: 'batch'"},
               {"seed = 2 3\n", XD_ERROR_BAD_DATA, "line 1: "},
               {"seed = 2\nsteps\n= 3\n", XD_ERROR_BAD_DATA, "line 2: "},
               {"seed = 2\nsteps =\n3\n", XD_ERROR_BAD_DATA, "line 2: "},
               {"seed = 2\nsteps = #3\n", XD_ERROR_BAD_DATA, "line 2: "},
               {"seed = 2\n= 3\n", XD_ERROR_BAD_DATA, "line 2: "},
               {"seed = 2\nsteps == 3\n", XD_ERROR_BAD_DATA, "line 2: "},
               {"seed = 2\nsteps = three\n", XD_ERROR_INVALID_ARGUMENT, "line 2: mapping.steps"}};
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "train");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_status(xd_options_read(options, context, wrong[i].text), wrong[i].status);
    assert_message_names(context, wrong[i].line);
    ck_assert(number_of(options, "seed") == 1);
  }
  assert_status(xd_options_read(options, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_read(NULL, context, ""), XD_ERROR_INVALID_ARGUMENT);
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

START_TEST(load__names_the_file_and_the_line) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "judge");
  char *folder = make_temp_folder();
  char path[TEST_PATH_SIZE];
  static const char good[] = "epochs = 2\nblur = 1.5\n", bad[] = "epochs = 3\nblurs = 1\n",
                    zero[] = "flip=1\0x";
  path_in(path, folder, "judge.txt");
  write_test_file(path, good, sizeof good - 1);
  assert_ok(context, xd_options_load(options, context, path));
  ck_assert(number_of(options, "epochs") == 2 && number_of(options, "blur") == 1.5);
  write_test_file(path, bad, sizeof bad - 1);
  assert_status(xd_options_load(options, context, path), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "judge.txt, line 2: ");
  ck_assert(number_of(options, "epochs") == 2);
  char deep[TEST_PATH_SIZE] = ""; /* of a message that is too long the middle goes, not the line */
  for (int i = 0; i < 300; i++)
    strcat(deep, "/.");
  path_in(path, folder, deep);
  strcat(path, "/judge.txt");
  assert_status(xd_options_load(options, context, path), XD_ERROR_NOT_FOUND);
  assert_message_names(context, folder);
  assert_message_names(context, "/judge.txt, line 2: group 'judge' has no option 'blurs'");
  path_in(path, folder, "judge.txt");
  write_test_file(path, zero, sizeof zero - 1);
  assert_status(xd_options_load(options, context, path), XD_ERROR_BAD_DATA);
  write_test_file(path, "", 0);
  assert_ok(context, xd_options_load(options, context, path));
  char *large = calloc(1, (1 << 20) + 1);
  ck_assert_ptr_nonnull(large);
  memset(large, '\n', (1 << 20) + 1);
  write_test_file(path, large, (1 << 20) + 1);
  assert_status(xd_options_load(options, context, path), XD_ERROR_TOO_LARGE);
  free(large);
  assert_status(xd_options_load(options, context, path_in(path, folder, "none")), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_load(options, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  remove_folder(folder);
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

START_TEST(write__gives_what_differs_and_reads_back) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "train"), *again = make(context, "train");
  char *text = written(options);
  ck_assert_str_eq(text, "");
  free(text);
  assert_ok(context, xd_options_read(options, context,
                                     "mapping2.steps = 10 seed = 3 vae.epochs = 2 vae1.sigma_x = 0.07 "
                                     "vae2.likelihood = bernoulli mapping.batch = 128"));
  text = written(options);
  ck_assert_str_eq(text, "seed = 3\n"
                         "vae1.sigma_x = 0.07\n"
                         "vae.epochs = 2\n"
                         "vae2.likelihood = bernoulli\n"
                         "mapping2.steps = 10\n");
  assert_ok(context, xd_options_read(again, context, text));
  char *second = written(again);
  ck_assert_str_eq(second, text);
  free(second);
  char small[16];
  size_t length = 0;
  assert_status(xd_options_write(options, context, small, sizeof small, &length), XD_ERROR_TOO_LARGE);
  ck_assert_uint_eq(length, strlen(text));
  ck_assert_str_eq(small, "");
  assert_status(xd_options_write(options, context, NULL, 4, &length), XD_ERROR_INVALID_ARGUMENT);
  free(text);
  xd_options_destroy(options);
  xd_options_destroy(again);
  xd_context_destroy(context);
}
END_TEST

/* Every value of every preset differs from the default, or it would not stand in the text. */
START_TEST(preset__is_a_text_and_sets_what_it_names) {
  xd_context *context = test_context("reference");
  static const char *const names[] = {"mnist", "fashion", "svhn", "paper", "quick", "best"};
  const uint32_t count = sizeof names / sizeof *names;
  for (uint32_t i = 0; i < count; i++) {
    ck_assert_str_eq(xd_options_preset_name("train", i), names[i]);
    xd_options *applied = make(context, "train"), *read = make(context, "train");
    assert_ok(context, xd_options_apply_preset(applied, context, names[i]));
    assert_ok(context, xd_options_read(read, context, xd_options_preset_text("train", names[i])));
    char *texts[2] = {written(applied), written(read)};
    ck_assert_str_eq(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
    xd_options_destroy(applied);
    xd_options_destroy(read);
  }
  ck_assert_ptr_null(xd_options_preset_name("train", count));
  ck_assert_ptr_null(xd_options_preset_name("vae", 0));
  ck_assert_ptr_null(xd_options_preset_text("train", "photo"));
  xd_options *options = make(context, "train");
  assert_ok(context, xd_options_set_number(options, context, "seed", 8));
  assert_ok(context, xd_options_apply_preset(options, context, "fashion"));
  ck_assert(number_of(options, "seed") == 8); /* what a preset does not name stays */
  ck_assert(number_of(options, "vae1.latent_dim") == 32 && number_of(options, "vae2.latent_dim") == 64);
  ck_assert(number_of(options, "mapping1.lambda_reg") == 2 &&
            number_of(options, "mapping2.lambda_reg") == 0.4);
  assert_status(xd_options_apply_preset(options, context, "photo"), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "photo");
  xd_options_destroy(options);
  options = make(context, "vae");
  assert_status(xd_options_apply_preset(options, context, "fashion"), XD_ERROR_NOT_FOUND);
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

/* Presets of effort are the defaults with other numbers of steps. */
START_TEST(preset__changes_steps_by_a_factor_of_three) {
  static const char *const scaled[] = {"vae.epochs", "vae.min_steps", "mapping.steps_per_pair"};
  xd_context *context = test_context("reference");
  xd_options *usual = make(context, "train"), *quick = make(context, "train"), *best = make(context, "train");
  assert_ok(context, xd_options_apply_preset(quick, context, "quick"));
  assert_ok(context, xd_options_apply_preset(best, context, "best"));
  for (size_t i = 0; i < sizeof scaled / sizeof *scaled; i++) {
    const double number = number_of(usual, scaled[i]);
    ck_assert(fabs(number_of(quick, scaled[i]) - number / 3.0) < 0.05 * number);
    ck_assert(number_of(best, scaled[i]) == 3.0 * number);
    assert_ok(context, xd_options_set_number(quick, context, scaled[i], number));
    assert_ok(context, xd_options_set_number(best, context, scaled[i], number));
  }
  const double every = number_of(usual, "validate_every");
  ck_assert(number_of(quick, "validate_every") < every && number_of(best, "validate_every") == every);
  assert_ok(context, xd_options_set_number(quick, context, "validate_every", every));
  char *texts[2] = {written(quick), written(best)};
  ck_assert_str_eq(texts[0], "");
  ck_assert_str_eq(texts[1], "");
  free(texts[0]);
  free(texts[1]);
  xd_options_destroy(usual);
  xd_options_destroy(quick);
  xd_options_destroy(best);
  xd_context_destroy(context);
}
END_TEST

START_TEST(settings__write_themselves_as_a_text_that_reads_back) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "mapping"), *again = make(context, "mapping");
  xdi_mapping_settings first, second;
  char text[1024];
  assert_ok(context, xd_options_read(options, context, "lambda_reg=0.3 dropout=0.2 steps=7 spectral_norm=0"));
  assert_ok(context, xdi_read_mapping(&first, context, options));
  ck_assert(xdi_write_mapping(text, sizeof text, &first));
  assert_ok(context, xd_options_read(again, context, text));
  assert_ok(context, xdi_read_mapping(&second, context, again));
  ck_assert(second.lambda_reg == 0.3f && second.dropout == 0.2f && second.steps == 7);
  char *texts[2] = {written(options), written(again)};
  ck_assert_str_eq(texts[0], texts[1]);
  free(texts[0]);
  free(texts[1]);
  ck_assert(!xdi_write_mapping(text, 40, &first));
  xd_options_destroy(options);
  xd_options_destroy(again);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("option_text");
  add_case(suite, read__takes_assignments_comments_and_blanks);
  add_case(suite, read__takes_all_or_nothing_and_names_the_line);
  add_case(suite, load__names_the_file_and_the_line);
  add_case(suite, write__gives_what_differs_and_reads_back);
  add_case(suite, preset__is_a_text_and_sets_what_it_names);
  add_case(suite, preset__changes_steps_by_a_factor_of_three);
  add_case(suite, settings__write_themselves_as_a_text_that_reads_back);
  return suite;
}

XD_SUITE_MAIN(make_suite)
