/* Options: groups, names, bounds, and what enumeration tells. */
#include "support.h"

#include <locale.h>
#include <math.h>

#include "options/settings.h"
#include "xdomain/options.h"

static xd_options *make(xd_context *context, const char *group) {
  xd_options *options = NULL;
  assert_ok(context, xd_options_create(&options, context, group));
  ck_assert_str_eq(xd_options_group(options), group);
  return options;
}

static double number_of(const xd_options *options, const char *name) {
  double number = NAN;
  assert_status(xd_options_get_number(options, NULL, &number, name), XD_OK);
  return number;
}

START_TEST(groups__list_their_options_and_give_their_defaults) {
  static const char *const names[] = {"vae", "mapping", "judge", "evaluation", "train"};
  xd_context *context = test_context("reference");
  for (uint32_t g = 0; g < 5; g++) {
    ck_assert_str_eq(xd_options_group_name(g), names[g]);
    xd_options *options = make(context, names[g]);
    const uint32_t count = xd_options_count(names[g]);
    ck_assert_uint_gt(count, 2);
    for (uint32_t i = 0; i < count; i++) {
      xd_option_info info = XD_OPTION_INFO_INIT;
      assert_ok(context, xd_options_describe(context, &info, names[g], i));
      ck_assert(info.least <= info.initial && info.initial <= info.most);
      ck_assert(info.name[0] && info.help[0] && strlen(info.name) < XD_OPTION_TEXT_SIZE);
      ck_assert(info.kind >= XD_OPTION_INTEGER && info.kind <= XD_OPTION_CHOICE);
      ck_assert(info.kind != XD_OPTION_SWITCH || (info.least == 0.0 && info.most == 1.0));
      ck_assert((info.kind == XD_OPTION_CHOICE) == (strchr(info.unit, '|') != NULL));
      ck_assert(number_of(options, info.name) == info.initial);
      assert_ok(context, xd_options_set_number(options, context, info.name, info.least));
      assert_ok(context, xd_options_set_number(options, context, info.name, info.most));
      ck_assert(number_of(options, info.name) == info.most);
      assert_status(xd_options_set_number(options, context, info.name, 1.5 * info.most + 1.0),
                    XD_ERROR_INVALID_ARGUMENT);
      assert_message_names(context, info.name);
      ck_assert(number_of(options, info.name) == info.most);
    }
    xd_option_info info = XD_OPTION_INFO_INIT;
    assert_status(xd_options_describe(context, &info, names[g], count), XD_ERROR_NOT_FOUND);
    xd_options_destroy(options);
  }
  ck_assert_ptr_null(xd_options_group_name(5));
  ck_assert_uint_eq(xd_options_count("photo"), 0);
  xd_context_destroy(context);
}
END_TEST

START_TEST(set_number__refuses_what_its_row_does_not_allow) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "vae");
  const struct {
    const char *name;
    double number;
  } wrong[] = {{"lambda1", -1.0}, {"lambda1", NAN},     {"sigma_x", -0.1}, {"batch", 0.0},
               {"batch", 1.5},    {"latent_dim", 2048}, {"raw_codes", 2},  {"raw_codes", 0.5},
               {"likelihood", 2}, {"kl_weight", -1e-9}, {"seed", INFINITY}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    const double before = number_of(options, wrong[i].name);
    assert_status(xd_options_set_number(options, context, wrong[i].name, wrong[i].number),
                  XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, wrong[i].name);
    ck_assert(number_of(options, wrong[i].name) == before);
  }
  assert_status(xd_options_set_number(options, context, "lambda", 1.0), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "'lambda'");
  assert_status(xd_options_set_number(options, context, "vae.lambda1", 1.0), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_set_number(options, context, "", 1.0), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_set_number(options, NULL, "batch", 0.0), XD_ERROR_INVALID_ARGUMENT);
  assert_ok(context, xd_options_set_number(options, context, "seed", 9007199254740992.0));
  assert_status(xd_options_set_number(options, context, "batch", 0.0), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "from 1 to 65536");
  assert_status(xd_options_set_text(options, context, "likelihood", "poisson"), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "gaussian|bernoulli");
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

START_TEST(texts__read_and_write_every_kind_in_any_locale) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "vae");
  char text[XD_OPTION_TEXT_SIZE];
  static const char *const locales[] = {"C", "de_DE.UTF-8", "fr_FR.UTF-8"};
  for (size_t i = 0; i < 3; i++) {
    if (!setlocale(LC_ALL, locales[i]))
      continue;
    assert_ok(context, xd_options_set_text(options, context, "sigma_x", " 0.07\n"));
    ck_assert(number_of(options, "sigma_x") == 0.07);
    assert_ok(context, xd_options_get_text(options, context, text, sizeof text, "sigma_x"));
    ck_assert_str_eq(text, "0.07");
  }
  setlocale(LC_ALL, "C");
  assert_ok(context, xd_options_set_number(options, context, "sigma_x", (double)0.07f));
  assert_ok(context, xd_options_get_text(options, context, text, sizeof text, "sigma_x"));
  ck_assert_str_eq(text, "0.07");
  assert_ok(context, xd_options_set_text(options, context, "likelihood", "bernoulli"));
  ck_assert(number_of(options, "likelihood") == 1.0);
  assert_ok(context, xd_options_get_text(options, context, text, sizeof text, "likelihood"));
  ck_assert_str_eq(text, "bernoulli");
  assert_ok(context, xd_options_set_number(options, context, "seed", 9007199254740991.0));
  assert_ok(context, xd_options_get_text(options, context, text, sizeof text, "seed"));
  ck_assert_str_eq(text, "9007199254740991");
  assert_ok(context, xd_options_set_text(options, context, "batch", "1e2"));
  ck_assert(number_of(options, "batch") == 100.0);
  static const char *const wrong[] = {"",    " ",   "one", "0x10", "1,5",  "nan",
                                      "inf", "1 2", "--1", "1e",   "1e999"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_status(xd_options_set_text(options, context, "lambda1", wrong[i]), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_get_text(options, context, text, 3, "likelihood"), XD_ERROR_TOO_LARGE);
  ck_assert_str_eq(text, "");
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

/* What a double would round is not taken for its neighbour. */
START_TEST(texts__of_whole_numbers_are_kept_to_the_last_digit) {
  static const char *const wrong[] = {"9007199254740993", "+9007199254740993", "009007199254740993",
                                      "9007199254740994", "99999999999999999999"};
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "train");
  assert_ok(context, xd_options_set_text(options, context, "seed", "+09007199254740992"));
  ck_assert(number_of(options, "seed") == 9007199254740992.0);
  assert_ok(context, xd_options_set_text(options, context, "seed", "-0"));
  char text[XD_OPTION_TEXT_SIZE];
  assert_ok(context, xd_options_get_text(options, context, text, sizeof text, "seed"));
  ck_assert_str_eq(text, "0");
  assert_ok(context, xd_options_set_number(options, context, "vae.epochs", -0.0));
  assert_ok(context, xd_options_get_text(options, context, text, sizeof text, "vae.epochs"));
  ck_assert_str_eq(text, "0");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_status(xd_options_set_text(options, context, "seed", wrong[i]), XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "seed");
    ck_assert(number_of(options, "seed") == 0.0);
  }
  assert_status(xd_options_read(options, context, "seed = 9007199254740993"), XD_ERROR_INVALID_ARGUMENT);
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

START_TEST(train__finds_options_by_scope_and_by_bare_name) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "train");
  double number;
  assert_ok(context, xd_options_set_number(options, context, "vae.latent_dim", 48));
  ck_assert(number_of(options, "vae1.latent_dim") == 48 && number_of(options, "vae2.latent_dim") == 48);
  assert_ok(context, xd_options_set_number(options, context, "vae2.latent_dim", 64));
  ck_assert(number_of(options, "vae1.latent_dim") == 48 && number_of(options, "vae2.latent_dim") == 64);
  assert_status(xd_options_get_number(options, context, &number, "vae.latent_dim"),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "48 and 64");
  assert_ok(context, xd_options_set_number(options, context, "epochs", 3));
  ck_assert(number_of(options, "vae1.epochs") == 3 && number_of(options, "vae2.epochs") == 3);
  assert_ok(context, xd_options_set_number(options, context, "steps", 9));
  ck_assert(number_of(options, "mapping.steps") == 9);
  assert_ok(context, xd_options_set_number(options, context, "mapping2.steps", 8));
  ck_assert(number_of(options, "mapping1.steps") == 9 && number_of(options, "mapping2.steps") == 8);
  assert_status(xd_options_set_number(options, context, "batch", 4), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "vae.batch");
  assert_message_names(context, "mapping.batch");
  ck_assert(number_of(options, "vae.batch") == 64 && number_of(options, "mapping.batch") == 128);
  /* The seed is the training's own. */
  assert_ok(context, xd_options_set_number(options, context, "seed", 5));
  ck_assert(number_of(options, "seed") == 5);
  assert_status(xd_options_set_number(options, context, "vae.seed", 5), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_set_number(options, context, "mapping1.seed", 5), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_set_number(options, context, "judge.batch", 5), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_set_number(options, context, "vae3.batch", 5), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_set_number(options, context, ".batch", 5), XD_ERROR_NOT_FOUND);
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

START_TEST(clone__copies_all_values_or_those_of_a_scope) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "train"), *copy = NULL, *vae = NULL, *mapping = NULL;
  assert_ok(context, xd_options_set_number(options, context, "seed", 9));
  assert_ok(context, xd_options_set_number(options, context, "vae2.latent_dim", 64));
  assert_ok(context, xd_options_set_number(options, context, "mapping1.steps", 77));
  assert_ok(context, xd_options_clone(&copy, context, options));
  assert_ok(context, xd_options_clone_scope(&vae, context, options, "vae2"));
  assert_ok(context, xd_options_clone_scope(&mapping, context, options, "mapping1"));
  xd_options_destroy(options);
  ck_assert(number_of(copy, "vae2.latent_dim") == 64 && number_of(copy, "vae1.latent_dim") == 0);
  ck_assert_str_eq(xd_options_group(vae), "vae");
  ck_assert(number_of(vae, "latent_dim") == 64 && number_of(vae, "seed") == 1);
  ck_assert_str_eq(xd_options_group(mapping), "mapping");
  ck_assert(number_of(mapping, "steps") == 77);
  options = NULL;
  assert_status(xd_options_clone_scope(&options, context, copy, "vae"), XD_ERROR_NOT_FOUND);
  assert_status(xd_options_clone_scope(&options, context, vae, "vae1"), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(options);
  xd_options_destroy(copy);
  xd_options_destroy(mapping);
  xd_context_destroy(context);
  xd_options_destroy(vae); /* after its context */
}
END_TEST

START_TEST(settings__hold_every_value_of_their_group) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "train"), *judge = make(context, "judge");
  xdi_train_settings settings;
  xdi_judge_settings judging;
  xdi_evaluation_settings evaluation;
  assert_ok(context, xd_options_set_number(options, context, "seed", 4294967297.0));
  assert_ok(context, xd_options_set_number(options, context, "vae2.sigma_x", 0.07));
  assert_ok(context, xd_options_set_number(options, context, "mapping2.dropout", 0.2));
  assert_ok(context, xdi_read_train(&settings, context, options));
  ck_assert(settings.seed == UINT64_C(4294967297) && settings.directions == 3);
  ck_assert(settings.vae[0].sigma_x == 0.0f && settings.vae[1].sigma_x == 0.07f);
  ck_assert(settings.mapping[0].dropout == 0.0f && settings.mapping[1].dropout == 0.2f);
  ck_assert(settings.mapping[1].hidden_width == 256 && settings.vae[1].hidden1 == 512);
  assert_ok(context, xdi_read_judge(&judging, context, judge));
  ck_assert(judging.feature_dim == 128 && judging.weight_decay == 1e-4f);
  assert_ok(context, xdi_read_evaluation(&evaluation, context, NULL));
  ck_assert(evaluation.seed == 0 && evaluation.temperature == 1.0f);
  assert_status(xdi_read_evaluation(&evaluation, context, judge), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "'judge'");
  assert_message_names(context, "'evaluation'");
  xd_options_destroy(options);
  xd_options_destroy(judge);
  xd_context_destroy(context);
}
END_TEST

START_TEST(calls__refuse_null) {
  xd_context *context = test_context("reference");
  xd_options *options = make(context, "vae"), *none = NULL;
  xd_option_info info = XD_OPTION_INFO_INIT;
  char text[XD_OPTION_TEXT_SIZE];
  double number;
  assert_status(xd_options_create(NULL, context, "vae"), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_create(&none, NULL, "vae"), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_create(&none, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_create(&none, context, "photo"), XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(none);
  assert_status(xd_options_clone(&none, context, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_clone_scope(&none, context, options, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_set_number(NULL, context, "batch", 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_set_number(options, context, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_set_text(options, context, "batch", NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_get_number(options, context, NULL, "batch"), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_get_number(NULL, context, &number, "batch"), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_get_text(options, context, NULL, 0, "batch"), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_get_text(options, context, text, 0, "batch"), XD_ERROR_TOO_LARGE);
  assert_status(xd_options_describe(context, NULL, "vae", 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_options_describe(context, &info, NULL, 0), XD_ERROR_NOT_FOUND);
  info.struct_size = 3;
  assert_status(xd_options_describe(context, &info, "vae", 0), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_str_eq(xd_options_group(NULL), "");
  xd_options_destroy(NULL);
  xd_options_destroy(options);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("option_groups");
  add_case(suite, groups__list_their_options_and_give_their_defaults);
  add_case(suite, set_number__refuses_what_its_row_does_not_allow);
  add_case(suite, texts__read_and_write_every_kind_in_any_locale);
  add_case(suite, texts__of_whole_numbers_are_kept_to_the_last_digit);
  add_case(suite, train__finds_options_by_scope_and_by_bare_name);
  add_case(suite, clone__copies_all_values_or_those_of_a_scope);
  add_case(suite, settings__hold_every_value_of_their_group);
  add_case(suite, calls__refuse_null);
  return suite;
}

XD_SUITE_MAIN(make_suite)
