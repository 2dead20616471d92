/* The mapping's trainer: its losses against the public networks, its gradients (through the spectral norm as
 * well) against finite differences, its variants, and its manners. */
#include "training_support.h"

#include "model/latent_generator.h"
#include "model/pair_discriminator.h"
#include "train/mapping_trainer.h"

#define ROWS 10u
#define SOURCE 4u
#define TARGET 3u
#define STYLE 2u

/* The finished generator is the very one that was trained. */
#define PLAIN \
  "spectral_norm=1 mismatch=1 generated_mismatch=0 lambda_reg=0.1 final_lambda=1 invariance=0 anchor_codes=1 "
#define SMALL PLAIN "source_dim=4 target_dim=3 hidden_width=9 hidden_layers=2 batch=10 noise_scale=1 seed=21"

static xdi_mapping_settings settings_of(const char *text) {
  xdi_mapping_settings settings;
  xd_context *context = test_context("reference");
  xd_options *options = make_options(context, "mapping", text);
  assert_ok(context, xdi_read_mapping(&settings, context, options));
  xd_options_destroy(options);
  xd_context_destroy(context);
  return settings;
}

static xdi_mapping_settings small_settings(void) {
  return settings_of(SMALL);
}

/* The paper's letter: one code twice, three kinds of pairs, plain weights, the last generator. */
static xdi_mapping_settings paper_settings(void) {
  return settings_of(SMALL " same_code_positive=1 mismatch=0 spectral_norm=0 ema_decay=0");
}

typedef struct codes {
  float *source, *anchor, *positive, *mismatched, *twin;
  float *style_reader, *style;
  float *of_twin; /* what G makes of the twins where it is held while weights change; else NULL */
} codes;

#define CODES_SEED 60u /* of codes that bring no ReLU within a finite difference of its kink */

static codes make_codes(uint32_t rows, uint32_t source, uint32_t target) {
  return (codes){make_normals(rows * source, CODES_SEED),     make_normals(rows * target, CODES_SEED + 1),
                 make_normals(rows * target, CODES_SEED + 2), make_normals(rows * target, CODES_SEED + 3),
                 make_normals(rows * source, CODES_SEED + 4), make_normals(target * STYLE, CODES_SEED + 5),
                 make_normals(rows * STYLE, CODES_SEED + 6),  NULL};
}

static void free_codes(codes given) {
  free(given.source), free(given.anchor), free(given.positive), free(given.mismatched);
  free(given.twin), free(given.style_reader), free(given.style), free(given.of_twin);
}

static xd_mapping_batch batch_of(codes given, uint32_t rows) {
  xd_mapping_batch batch = XD_MAPPING_BATCH_INIT;
  batch.count = rows;
  batch.source = given.source;
  batch.twin = given.twin;
  batch.anchor = given.anchor;
  batch.positive = given.positive;
  batch.mismatched = given.mismatched;
  batch.style_dim = STYLE;
  batch.style_reader = given.style_reader;
  batch.style = given.style;
  return batch;
}

/* A step and its losses. */
static void step_of(xd_context *context, xd_mapping_trainer *trainer, xdi_mapping_losses *losses,
                    const xd_mapping_batch *batch, float rate) {
  xd_values *values = make_values(context);
  assert_ok(context, xd_mapping_trainer_step(trainer, values, batch, rate));
  ck_assert_uint_eq(xd_values_count(values), 11);
  *losses = (xdi_mapping_losses){.discriminator = value_of(values, "discriminator"),
                                 .generator = value_of(values, "generator"),
                                 .real = value_of(values, "real"),
                                 .generated = value_of(values, "generated"),
                                 .noise = value_of(values, "noise"),
                                 .mismatched = value_of(values, "mismatched"),
                                 .adversarial = value_of(values, "adversarial"),
                                 .regularisation = value_of(values, "regularisation"),
                                 .invariance = value_of(values, "invariance"),
                                 .style = value_of(values, "style")};
  xd_values_destroy(values);
}

static xd_mapping_trainer *make_trainer(xd_context *context, const xdi_mapping_settings *options) {
  xd_mapping_trainer *trainer = NULL;
  assert_ok(context, xdi_mapping_trainer_open(&trainer, context, NULL, NULL, options));
  ck_assert_ptr_nonnull(trainer);
  return trainer;
}

/* ---- losses by hand ---- */

static double mean_softplus(xd_context *context, const xd_pair_discriminator *discriminator, double sign,
                            const float *anchor, const float *judged) {
  float logits[ROWS];
  double sum = 0.0;
  assert_ok(context, xd_pair_discriminator_score(discriminator, context, logits, anchor, judged, ROWS));
  for (uint32_t i = 0; i < ROWS; i++)
    sum += test_softplus(-sign * (double)logits[i]);
  return sum / ROWS;
}

/* The losses of the trainer's first step for networks that do not change in it. */
static xdi_mapping_losses losses_by_hand(xd_context *context, const xdi_mapping_settings *options,
                                         const xd_latent_generator *generator,
                                         const xd_pair_discriminator *discriminator, codes given) {
  float noise[2 * ROWS * TARGET], generated[ROWS * TARGET];
  const float *epsilon = noise, *fresh = noise + ROWS * TARGET;
  xdi_mapping_losses losses = {0};
  xdi_random_normals(noise, 2 * ROWS * TARGET, options->seed, xdi_stream_id(XDI_STREAM_MAPPING_NOISE, 0), 0);
  assert_ok(context,
            xd_latent_generator_generate(generator, context, generated, epsilon, given.source, ROWS));
  const float *positive = options->same_code_positive ? given.anchor : given.positive;
  losses.real = mean_softplus(context, discriminator, 1.0, given.anchor, positive);
  losses.generated = mean_softplus(context, discriminator, -1.0, given.anchor, generated);
  losses.noise = mean_softplus(context, discriminator, -1.0, given.anchor, fresh);
  if (options->mismatch > 0.0f)
    losses.mismatched = mean_softplus(context, discriminator, -1.0, given.anchor, given.mismatched);
  losses.discriminator =
      losses.real + losses.generated + losses.noise + (double)options->mismatch * losses.mismatched;
  losses.adversarial = mean_softplus(context, discriminator, 1.0, given.anchor, generated);
  for (uint32_t i = 0; i < ROWS * TARGET; i++) {
    const double apart = (double)epsilon[i] - (double)generated[i];
    losses.regularisation += apart * apart / (ROWS * TARGET);
  }
  float of_twin[ROWS * TARGET];
  assert_ok(context, xd_latent_generator_generate(generator, context, of_twin, epsilon, given.twin, ROWS));
  for (uint32_t i = 0; i < ROWS * TARGET && options->invariance > 0.0f && options->style < 1.0f; i++) {
    const double apart = (double)generated[i] - (double)(given.of_twin ? given.of_twin : of_twin)[i];
    losses.invariance += apart * apart / (ROWS * TARGET);
  }
  for (uint32_t i = 0; i < ROWS * STYLE && options->style > 0.0f; i++) {
    double apart = -(double)given.style[i];
    for (uint32_t j = 0; j < TARGET; j++)
      apart += (double)generated[i / STYLE * TARGET + j] * (double)given.style_reader[j * STYLE + i % STYLE];
    losses.style += apart * apart / (ROWS * STYLE);
  }
  losses.generator = losses.adversarial + (double)options->lambda_reg * losses.regularisation +
                     (1.0 - (double)options->style) * (double)options->invariance * losses.invariance +
                     (double)options->style * losses.style;
  if (options->generated_mismatch > 0.0f)
    losses.generator += (double)options->generated_mismatch *
                        mean_softplus(context, discriminator, -1.0, given.mismatched, generated);
  return losses;
}

static void assert_same_losses(const xdi_mapping_losses *got, const xdi_mapping_losses *expected,
                               double tolerance) {
  assert_near(got->real, expected->real, tolerance, "real");
  assert_near(got->generated, expected->generated, tolerance, "generated");
  assert_near(got->noise, expected->noise, tolerance, "noise");
  assert_near(got->mismatched, expected->mismatched, tolerance, "mismatched");
  assert_near(got->discriminator, expected->discriminator, tolerance, "discriminator");
  assert_near(got->adversarial, expected->adversarial, tolerance, "adversarial");
  assert_near(got->regularisation, expected->regularisation, tolerance, "regularisation");
  assert_near(got->invariance, expected->invariance, tolerance, "invariance");
  assert_near(got->style, expected->style, tolerance, "style");
  assert_near(got->generator, expected->generator, tolerance, "generator");
}

static void check_losses(const char *backend, const xdi_mapping_settings *options) {
  xd_context *context = test_context(backend);
  xd_mapping_trainer *trainer = make_trainer(context, options);
  xd_latent_generator *generator = NULL;
  xd_pair_discriminator *discriminator = NULL;
  codes given = make_codes(ROWS, SOURCE, TARGET);
  xd_mapping_batch batch = batch_of(given, ROWS);
  if (options->mismatch <= 0.0f && options->generated_mismatch <= 0.0f)
    batch.mismatched = NULL;
  xdi_mapping_losses got;
  step_of(context, trainer, &got, &batch, 0.0f);
  assert_ok(context, xd_mapping_trainer_finish(trainer, &generator, &discriminator));
  const xdi_mapping_losses expected = losses_by_hand(context, options, generator, discriminator, given);
  assert_same_losses(&got, &expected, 1e-4);
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  xd_mapping_trainer_destroy(trainer);
  xd_context_destroy(context);
  free_codes(given);
}

START_TEST(mapping_trainer_step__reports_the_losses_of_the_networks) {
  xdi_mapping_settings options = small_settings();
  check_losses("reference", &options);
  check_losses("auto", &options);
  options.mismatch = 0.6f;
  options.generated_mismatch = 1.7f;
  options.lambda_reg = 0.4f;
  options.invariance = 0.9f;
  check_losses("reference", &options);
  check_losses("auto", &options);
  options.style = 0.3f;
  check_losses("reference", &options);
  check_losses("auto", &options);
  options.style = 1.0f;
  check_losses("auto", &options);
  options.mismatch = 0.0f;
  check_losses("auto", &options);
}
END_TEST

START_TEST(mapping_trainer_step__reports_the_losses_of_the_paper) {
  const xdi_mapping_settings options = paper_settings();
  check_losses("reference", &options);
  check_losses("auto", &options);
}
END_TEST

/* ---- gradients ---- */

typedef struct gradient_check {
  xd_context *context;
  xdi_mapping_settings options;
  xd_mapping_trainer *trainer;
  xd_latent_generator *generator; /* what the trainer's executors run on, but writable */
  xd_pair_discriminator *discriminator;
  float *raw, *vectors; /* D's weights before normalisation, and the u and v of the step */
  codes given;
} gradient_check;

static xd_network *discriminator_of(const gradient_check *check) {
  return xd_pair_discriminator_network_mutable(check->discriminator);
}

/* The raw weights as D runs on them: divided by u^T W v, u and v held. */
static void normalise(const gradient_check *check) {
  const xdi_spectral *spectral = &check->trainer->spectral;
  xd_network *network = discriminator_of(check);
  memcpy(network->block, check->raw, network->block_count * sizeof *network->block);
  for (uint32_t m = 0; m < spectral->matrix_count; m++) {
    const xdi_spectral_matrix *matrix = &spectral->matrices[m];
    const float *u = check->vectors + matrix->u, *v = check->vectors + matrix->v;
    float *weights = network->block + matrix->weights;
    double sigma = 0.0;
    for (size_t i = 0; i < matrix->rows; i++)
      for (size_t j = 0; j < matrix->columns; j++)
        sigma += (double)u[i] * (double)weights[i * matrix->columns + j] * (double)v[j];
    for (size_t i = 0; i < (size_t)matrix->rows * matrix->columns; i++)
      weights[i] = (float)((double)weights[i] / sigma);
  }
}

static gradient_check open_check(xdi_mapping_settings options) {
  gradient_check check = {test_context("reference"),       options, NULL, NULL, NULL, NULL, NULL,
                          make_codes(ROWS, SOURCE, TARGET)};
  const xd_mapping_batch batch = batch_of(check.given, ROWS);
  check.trainer = make_trainer(check.context, &options);
  /* The trainer begins as these do. */
  assert_ok(check.context, xdi_latent_generator_build(&check.generator, check.context, &options));
  assert_ok(check.context, xdi_pair_discriminator_build(&check.discriminator, check.context, &options));
  check.raw = copy_weights(discriminator_of(&check), NULL);
  assert_ok(check.context, xd_mapping_trainer_step(check.trainer, NULL, &batch, 0.0f));
  if (options.spectral_norm) {
    const xd_buffer *vectors = check.trainer->spectral.vectors;
    check.vectors = new_floats(vectors->count);
    memcpy(check.vectors, vectors->host, vectors->count * sizeof *check.vectors);
  }
  normalise(&check);
  return check;
}

static void close_check(gradient_check *check) {
  xd_latent_generator_release(check->generator);
  xd_pair_discriminator_release(check->discriminator);
  xd_mapping_trainer_destroy(check->trainer);
  xd_context_destroy(check->context);
  free_codes(check->given);
  free(check->raw), free(check->vectors);
}

static double loss_of(const gradient_check *check, int of_generator) {
  const xdi_mapping_losses losses =
      losses_by_hand(check->context, &check->options, check->generator, check->discriminator, check->given);
  return of_generator ? losses.generator : losses.discriminator;
}

static double difference(const gradient_check *check, float *weight, int of_generator) {
  const float kept = *weight, step = 5e-4f;
  *weight = kept + step;
  const double up_width = (double)*weight - (double)kept;
  normalise(check);
  const double up = loss_of(check, of_generator);
  *weight = kept - step;
  const double down_width = (double)kept - (double)*weight;
  normalise(check);
  const double down = loss_of(check, of_generator);
  *weight = kept;
  normalise(check);
  return (up - down) / (up_width + down_width);
}

/* weights: the block that the gradients belong to. */
static void check_gradients(const gradient_check *check, const xd_network *network, float *weights,
                            const xdi_executor *run, int of_generator) {
  float *gradients = new_floats(network->block_count);
  assert_ok(check->context,
            xdi_device_read(check->context, gradients, xdi_executor_gradients(run), network->block_count));
  for (uint32_t p = 0; p < network->parameter_count; p++) {
    const xdi_parameter *parameter = &network->parameters[p];
    const size_t count = parameter->public.count, stride = count / 23 + 1;
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
      largest = fmax(largest, fabs((double)gradients[parameter->offset + i]));
    ck_assert_msg(largest > 1e-5, "%s has no gradient", parameter->public.name);
    for (size_t i = 0; i < count; i += stride) {
      const double got = (double)gradients[parameter->offset + i];
      const double expected = difference(check, weights + parameter->offset + i, of_generator);
      ck_assert_msg(fabs(got - expected) < 2e-3 * largest,
                    "%s[%zu]: %.9g, by differences %.9g (largest %.9g)", parameter->public.name, i, got,
                    expected, largest);
    }
  }
  free(gradients);
}

/* No gradient flows through the twins: what G makes of them is held. */
static void hold_twins(gradient_check *check) {
  float epsilon[ROWS * TARGET];
  check->given.of_twin = new_floats(ROWS * TARGET);
  xdi_random_normals(epsilon, ROWS * TARGET, check->options.seed, xdi_stream_id(XDI_STREAM_MAPPING_NOISE, 0),
                     0);
  assert_ok(check->context,
            xd_latent_generator_generate(check->generator, check->context, check->given.of_twin, epsilon,
                                         check->given.twin, ROWS));
}

static void check_both(xdi_mapping_settings options) {
  gradient_check check = open_check(options);
  hold_twins(&check);
  xd_network *generator = xd_latent_generator_network_mutable(check.generator);
  check_gradients(&check, discriminator_of(&check), check.raw, check.trainer->discriminator_run, 0);
  check_gradients(&check, generator, generator->block, check.trainer->generator_run, 1);
  close_check(&check);
}

/* D refuses the mismatched codes; G is judged against the wrong anchors, which are others. */
START_TEST(mapping_trainer_step__takes_wrong_anchors_of_their_own) {
  xd_context *context = test_context("reference");
  xdi_mapping_settings options = small_settings();
  options.generated_mismatch = 1.7f;
  xd_mapping_trainer *trainer = make_trainer(context, &options);
  xd_latent_generator *generator = NULL;
  xd_pair_discriminator *discriminator = NULL;
  codes given = make_codes(ROWS, SOURCE, TARGET), other = given;
  xd_mapping_batch batch = batch_of(given, ROWS);
  xdi_mapping_losses got;
  batch.wrong_anchor = other.mismatched = given.positive;
  step_of(context, trainer, &got, &batch, 0.0f);
  assert_ok(context, xd_mapping_trainer_finish(trainer, &generator, &discriminator));
  xdi_mapping_losses expected = losses_by_hand(context, &options, generator, discriminator, given);
  const double same = expected.generator;
  expected.generator = losses_by_hand(context, &options, generator, discriminator, other).generator;
  ck_assert(fabs(same - expected.generator) > 1e-3);
  assert_same_losses(&got, &expected, 1e-4);
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  xd_mapping_trainer_destroy(trainer);
  xd_context_destroy(context);
  free_codes(given);
}
END_TEST

START_TEST(mapping_trainer_step__has_the_gradients_of_both_losses) {
  xdi_mapping_settings options = small_settings();
  options.spectral_norm = 0;
  options.mismatch = 0.6f;
  options.generated_mismatch = 1.7f;
  options.lambda_reg = 0.4f;
  check_both(options);
}
END_TEST

START_TEST(mapping_trainer_step__lets_lambda_fall_in_the_second_half) {
  const double shares[] = {1.0, 1.0, 1.0, 0.6, 0.2, 0.2}; /* of four steps, and two beyond */
  xd_context *context = test_context("reference");
  xdi_mapping_settings options = small_settings();
  options.lambda_reg = 0.4f;
  options.final_lambda = 0.2f;
  options.steps = 4;
  xd_mapping_trainer *trainer = make_trainer(context, &options);
  codes given = make_codes(ROWS, SOURCE, TARGET);
  const xd_mapping_batch batch = batch_of(given, ROWS);
  for (size_t step = 0; step < sizeof shares / sizeof *shares; step++) {
    xdi_mapping_losses losses;
    step_of(context, trainer, &losses, &batch, 0.001f);
    const double expected = losses.adversarial + 0.4 * shares[step] * losses.regularisation;
    assert_near(losses.generator, expected, 1e-6, "generator");
  }
  xd_mapping_trainer_destroy(trainer);
  xd_context_destroy(context);
  free_codes(given);
}
END_TEST

START_TEST(mapping_trainer_step__has_the_gradients_of_invariance) {
  xdi_mapping_settings options = small_settings();
  options.spectral_norm = 0;
  options.invariance = 1.3f;
  check_both(options);
}
END_TEST

START_TEST(mapping_trainer_step__has_the_gradients_of_style) {
  xdi_mapping_settings options = small_settings();
  options.spectral_norm = 0;
  options.invariance = 1.3f;
  options.style = 0.4f;
  check_both(options);
}
END_TEST

/* It rises while sources change more than they are to, and falls while they change less; style lets it be. */
START_TEST(mapping_trainer_step__adapts_the_weight_of_invariance) {
  const struct {
    float target, style;
    double least, most; /* of the weight, from 1, after 50 steps */
  } cases[] = {
      {1e-6f, 0.0f, 1.15, 1.17}, {4.0f, 0.0f, 0.85, 0.99}, {0.0f, 0.0f, 1.0, 1.0}, {1e-6f, 0.5f, 0.5, 0.5}};
  xd_context *context = test_context("reference");
  xd_values *losses = make_values(context);
  codes given = make_codes(ROWS, SOURCE, TARGET);
  const xd_mapping_batch batch = batch_of(given, ROWS);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    xdi_mapping_settings options = small_settings();
    options.invariance = 1.0f;
    options.invariance_target = cases[i].target;
    options.style = cases[i].style;
    xd_mapping_trainer *trainer = make_trainer(context, &options);
    for (int step = 0; step < 50; step++)
      assert_ok(context, xd_mapping_trainer_step(trainer, losses, &batch, 0.001f));
    const double weight = value_of(losses, "invariance_weight");
    ck_assert_msg(weight >= cases[i].least && weight <= cases[i].most, "case %zu: the weight is %g", i,
                  weight);
    xd_mapping_trainer_destroy(trainer);
  }
  xd_values_destroy(losses);
  free_codes(given);
  xd_context_destroy(context);
}
END_TEST

START_TEST(mapping_trainer_step__keeps_the_weight_of_invariance_in_bounds) {
  const struct {
    float target;
    double before, after;
  } cases[] = {{1e-6f, 9.99, 10.0}, {1e6f, 0.1001, 0.1}, {1e-6f, 1.0, 1.0030045045}, {1e-6f, 10.0, 10.0}};
  xd_context *context = test_context("reference");
  codes given = make_codes(ROWS, SOURCE, TARGET);
  const xd_mapping_batch batch = batch_of(given, ROWS);
  xdi_mapping_settings options = small_settings();
  options.invariance = 1.0f;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    options.invariance_target = cases[i].target;
    xd_mapping_trainer *trainer = make_trainer(context, &options);
    trainer->insistence = cases[i].before;
    assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.0f));
    assert_near(trainer->insistence, cases[i].after, 1e-9, "the weight");
    xd_mapping_trainer_destroy(trainer);
  }
  free_codes(given);
  xd_context_destroy(context);
}
END_TEST

/* Without the option what a batch says of style is not read; without a style the option lowers invariance alone. */
START_TEST(mapping_trainer_step__asks_for_style_by_option_and_batch) {
  xd_context *context = test_context("reference");
  codes given = make_codes(ROWS, SOURCE, TARGET);
  float *weights[4];
  for (uint32_t i = 0; i < 4; i++) {
    xdi_mapping_settings options = small_settings();
    xd_mapping_batch batch = batch_of(given, ROWS);
    options.style = i < 2 ? 0.0f : 1.0f;
    if (i % 2)
      batch.style_dim = i == 1 ? 1000 : 0, batch.style_reader = batch.style = NULL;
    xd_mapping_trainer *trainer = make_trainer(context, &options);
    xd_latent_generator *generator = NULL;
    assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.01f));
    assert_ok(context, xd_mapping_trainer_finish(trainer, &generator, NULL));
    weights[i] = copy_weights(xd_latent_generator_network(generator), NULL);
    xd_latent_generator_release(generator);
    xd_mapping_trainer_destroy(trainer);
  }
  const size_t some = (TARGET + SOURCE) * 9;
  ck_assert(!memcmp(weights[0], weights[1], some * sizeof **weights));
  ck_assert(memcmp(weights[0], weights[2], some * sizeof **weights) != 0);
  ck_assert(!memcmp(weights[0], weights[3], some * sizeof **weights));
  for (uint32_t i = 0; i < 4; i++)
    free(weights[i]);
  free_codes(given);
  xd_context_destroy(context);
}
END_TEST

START_TEST(mapping_trainer_step__has_the_gradients_through_the_spectral_norm) {
  xdi_mapping_settings options = small_settings();
  options.generated_mismatch = 0.8f;
  check_both(options);
}
END_TEST

START_TEST(mapping_trainer_step__has_the_gradients_of_the_paper) {
  check_both(paper_settings());
}
END_TEST

/* ---- what is handed out ---- */

static double largest_singular_value(const float *weights, uint32_t rows, uint32_t columns) {
  double u[256], v[256], length = 0.0;
  for (uint32_t j = 0; j < columns; j++)
    v[j] = 1.0 + 0.1 * j;
  for (int i = 0; i < 500; i++) {
    double square = 0.0;
    memset(u, 0, sizeof u);
    for (uint32_t r = 0; r < rows; r++)
      for (uint32_t c = 0; c < columns; c++)
        u[r] += (double)weights[r * columns + c] * v[c];
    memset(v, 0, sizeof v);
    for (uint32_t r = 0; r < rows; r++)
      for (uint32_t c = 0; c < columns; c++)
        v[c] += (double)weights[r * columns + c] * u[r];
    for (uint32_t c = 0; c < columns; c++)
      square += v[c] * v[c];
    length = sqrt(square);
    for (uint32_t c = 0; c < columns; c++)
      v[c] /= length;
  }
  return sqrt(length);
}

START_TEST(mapping_trainer_finish__folds_spectral_norms_into_weights) {
  xd_context *context = test_context("auto");
  const xdi_mapping_settings options = small_settings();
  xd_mapping_trainer *trainer = make_trainer(context, &options);
  xd_pair_discriminator *discriminator = NULL;
  codes given = make_codes(ROWS, SOURCE, TARGET);
  const xd_mapping_batch batch = batch_of(given, ROWS);
  for (int i = 0; i < 200; i++)
    assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f));
  assert_ok(context, xd_mapping_trainer_finish(trainer, NULL, &discriminator));
  const xd_network *network = xd_pair_discriminator_network(discriminator);
  ck_assert(xd_network_is_frozen(network));
  uint32_t matrices = 0;
  for (uint32_t i = 0; i < network->parameter_count; i++) {
    const xd_tensor *parameter = &network->parameters[i].public;
    if (parameter->rank != 2)
      continue;
    const float *weights = network->block + network->parameters[i].offset;
    /* The power iteration lags a little behind the weights, and never overestimates. */
    const double norm = largest_singular_value(weights, parameter->shape[0], parameter->shape[1]);
    ck_assert_msg(norm > 0.999 && norm < 1.08, "%s has the norm %g", parameter->name, norm);
    matrices++;
  }
  ck_assert_uint_eq(matrices, options.hidden_layers + 1);
  xd_pair_discriminator_release(discriminator);
  xd_mapping_trainer_destroy(trainer);
  xd_context_destroy(context);
  free_codes(given);
}
END_TEST

static xd_latent_generator *train_generator(const char *backend, uint32_t threads,
                                            xdi_mapping_settings options, uint32_t steps) {
  xd_context *context = test_context_with(backend, threads, NULL);
  xd_mapping_trainer *trainer = make_trainer(context, &options);
  xd_latent_generator *generator = NULL;
  codes given = make_codes(ROWS, SOURCE, TARGET);
  const xd_mapping_batch batch = batch_of(given, ROWS);
  for (uint32_t i = 0; i < steps; i++)
    assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.002f));
  assert_ok(context, xd_mapping_trainer_finish(trainer, &generator, NULL));
  xd_mapping_trainer_destroy(trainer);
  xd_context_destroy(context);
  free_codes(given);
  return generator;
}

/* After the first step the average is a tenth of the start and nine tenths of the new weights. */
START_TEST(mapping_trainer_finish__keeps_the_averaged_generator) {
  xdi_mapping_settings options = small_settings(), last = options;
  last.ema_decay = 0.0f;
  xd_latent_generator *start = train_generator("reference", 1, options, 0);
  xd_latent_generator *averaged = train_generator("reference", 1, options, 1);
  xd_latent_generator *plain = train_generator("reference", 1, last, 1);
  const xd_network *a = start->part.network, *b = averaged->part.network, *c = plain->part.network;
  ck_assert(!same_weights(a, c));
  for (size_t i = 0; i < a->block_count; i++)
    assert_near((double)b->block[i], 0.1 * (double)a->block[i] + 0.9 * (double)c->block[i], 1e-6, "average");
  xd_latent_generator_release(start);
  xd_latent_generator_release(averaged);
  xd_latent_generator_release(plain);
}
END_TEST

START_TEST(mapping_trainer__gives_the_same_bytes_at_any_number_of_threads) {
  xdi_mapping_settings options = small_settings();
  options.hidden_width = 64;
  options.dropout = 0.2f;
  options.generated_mismatch = 1.0f;
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    const char *backend = xd_context_builtin_backend(i);
    xd_latent_generator *one = train_generator(backend, 1, options, 12);
    xd_latent_generator *three = train_generator(backend, 3, options, 12);
    ck_assert_msg(same_weights(one->part.network, three->part.network), "%s: 1 and 3 threads differ",
                  backend);
    xd_latent_generator_release(one);
    xd_latent_generator_release(three);
  }
}
END_TEST

START_TEST(mapping_trainer_step__allocates_nothing_after_the_first) {
  xdi_mapping_settings variants[] = {small_settings(), paper_settings(), small_settings()};
  variants[2].generated_mismatch = 1.0f;
  variants[2].dropout = 0.1f;
  for (uint32_t i = 0; i < COUNT_OF(variants); i++) {
    counting_allocator counter = {0};
    xd_context *context = test_context_with("auto", 2, &counter);
    xd_mapping_trainer *trainer = make_trainer(context, &variants[i]);
    codes given = make_codes(ROWS, SOURCE, TARGET);
    xd_mapping_batch batch = batch_of(given, ROWS);
    assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f));
    const size_t before = atomic_load(&counter.total);
    for (uint32_t k = 0; k < 20; k++) {
      batch.count = ROWS - k % 3;
      assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f));
    }
    ck_assert_uint_eq(atomic_load(&counter.total), before);
    xd_mapping_trainer_destroy(trainer);
    xd_context_destroy(context);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
    free_codes(given);
  }
}
END_TEST

/* ---- learning ---- */

/* Two classes of codes: the sign of the first dimension, on either side. A mapping that learned gives
 * codes of the right sign, and different ones for different noise. */
START_TEST(mapping_trainer_step__learns_a_mapping_of_two_classes) {
  enum { N = 64, DIM = 2 };
  xd_context *context = test_context("auto");
  float source[N * DIM], anchor[N * DIM], positive[N * DIM], wrong[N * DIM], noise[N * DIM], out[N * DIM];
  xd_mapping_trainer *trainer = make_mapping_trainer(
      context, PLAIN "source_dim=2 target_dim=2 hidden_width=64 hidden_layers=2 batch=64");
  xd_latent_generator *generator = NULL;
  float *const targets[] = {source, anchor, positive, wrong};
  for (uint32_t step = 0; step < 800; step++) {
    for (uint32_t k = 0; k < 4; k++)
      xdi_random_normals(targets[k], N * DIM, 5, 100 + k, step * N * DIM);
    for (uint32_t i = 0; i < N; i++) {
      const float sign = i % 2 ? 1.0f : -1.0f;
      for (uint32_t k = 0; k < 4; k++) {
        targets[k][i * DIM] = (k == 3 ? -sign : sign) + 0.3f * targets[k][i * DIM];
      }
    }
    xd_mapping_batch batch = XD_MAPPING_BATCH_INIT;
    batch.count = N;
    batch.source = source, batch.anchor = anchor, batch.positive = positive, batch.mismatched = wrong;
    assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.002f));
  }
  assert_ok(context, xd_mapping_trainer_finish(trainer, &generator, NULL));
  xdi_random_normals(noise, N * DIM, 6, 1, 0);
  assert_ok(context, xd_latent_generator_generate(generator, context, out, noise, source, N));
  uint32_t right = 0;
  double squares = 0.0;
  for (uint32_t i = 0; i < N; i++) {
    right += (out[i * DIM] > 0.0f) == (i % 2 == 1);
    squares += (double)out[i * DIM + 1] * (double)out[i * DIM + 1];
  }
  ck_assert_msg(right >= N - 2, "only %u of %u codes are of the paired class", right, (unsigned)N);
  ck_assert_msg(squares / N > 0.3, "the free dimension has variance %g", squares / N);
  xd_latent_generator_release(generator);
  xd_mapping_trainer_destroy(trainer);
  xd_context_destroy(context);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(mapping_trainer_create__refuses_what_does_not_fit) {
  xd_context *context = test_context("reference");
  xd_options *options = make_options(context, "mapping", SMALL " source_dim=5");
  xd_options *vae = make_options(context, "vae", ""), *sizes = make_options(context, "mapping", SMALL);
  xd_latent_generator *generator = make_generator(context, SMALL);
  xd_pair_discriminator *discriminator = make_discriminator(context, "target_dim=4");
  xd_mapping_trainer *trainer = (xd_mapping_trainer *)context;
  refuse_mapping_trainer(context, "", XD_ERROR_INVALID_ARGUMENT, "mapping.source_dim is 0");
  refuse_mapping_trainer(context, "source_dim=3", XD_ERROR_INVALID_ARGUMENT, "mapping.target_dim is 0");
  refuse_mapping_trainer(context, SMALL " anchor_codes=2 same_code_positive=1", XD_ERROR_INVALID_ARGUMENT,
                         "anchor_codes cannot be 2");
  assert_status(xd_mapping_trainer_create(&trainer, context, generator, NULL, options),
                XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(trainer);
  assert_message_names(context, "mapping.source_dim is 5");
  assert_status(xd_mapping_trainer_create(&trainer, context, generator, discriminator, sizes),
                XD_ERROR_SHAPE_MISMATCH);
  assert_status(xd_mapping_trainer_create(&trainer, context, NULL, discriminator, sizes),
                XD_ERROR_SHAPE_MISMATCH);
  assert_status(xd_mapping_trainer_create(&trainer, context, NULL, NULL, vae), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_mapping_trainer_create(NULL, context, NULL, NULL, sizes), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_mapping_trainer_create(&trainer, NULL, NULL, NULL, sizes), XD_ERROR_INVALID_ARGUMENT);
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  xd_options_destroy(options);
  xd_options_destroy(vae);
  xd_options_destroy(sizes);
  xd_context_destroy(context);
}
END_TEST

/* Networks of the caller's are where a trainer starts, give the codes' sizes, and stay as they are. */
START_TEST(mapping_trainer_create__starts_from_given_networks) {
  xd_context *context = test_context("reference");
  xd_options *options =
      make_options(context, "mapping", "batch=10 noise_scale=1 ema_decay=0 spectral_norm=0");
  xd_latent_generator *generator = make_generator(context, SMALL " seed=4"), *first = NULL, *second = NULL;
  xd_pair_discriminator *discriminator = make_discriminator(context, SMALL " seed=5"), *judged = NULL;
  xd_mapping_trainer *trainer = NULL;
  codes given = make_codes(ROWS, SOURCE, TARGET);
  const xd_mapping_batch batch = batch_of(given, ROWS);
  float *before = copy_weights(generator->part.network, NULL);
  assert_ok(context, xd_mapping_trainer_create(&trainer, context, generator, discriminator, options));
  assert_ok(context, xd_mapping_trainer_finish(trainer, &first, &judged));
  ck_assert(same_weights(first->part.network, generator->part.network));
  ck_assert(same_weights(judged->part.network, discriminator->part.network));
  assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &batch, 0.01f));
  assert_ok(context, xd_mapping_trainer_finish(trainer, &second, NULL));
  ck_assert(!same_weights(second->part.network, generator->part.network));
  assert_same_floats(generator->part.network->block, before, generator->part.network->block_count);
  xd_mapping_trainer_destroy(trainer);
  xd_latent_generator_release(generator);
  xd_latent_generator_release(first);
  xd_latent_generator_release(second);
  xd_pair_discriminator_release(discriminator);
  xd_pair_discriminator_release(judged);
  xd_options_destroy(options);
  xd_context_destroy(context);
  free_codes(given);
  free(before);
}
END_TEST

static void refuse_wrong_styles(xd_context *context, codes given) {
  xdi_mapping_settings options = small_settings();
  options.style = 0.5f;
  xd_mapping_trainer *trainer = make_trainer(context, &options);
  const xd_mapping_batch good = batch_of(given, ROWS);
  xd_mapping_batch batch = good;
  batch.style_dim = TARGET + 1;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "style_dim");
  batch = good, batch.style_reader = NULL;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "style_reader");
  batch = good, batch.style = NULL;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "xd_mapping_batch.style is");
  const float kept = given.style[ROWS * STYLE - 1];
  given.style[ROWS * STYLE - 1] = NAN;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &good, 0.001f), XD_ERROR_NUMERIC);
  assert_message_names(context, "style");
  given.style[ROWS * STYLE - 1] = kept;
  assert_ok(context, xd_mapping_trainer_step(trainer, NULL, &good, 0.001f));
  xd_mapping_trainer_destroy(trainer);
}

START_TEST(mapping_trainer_step__refuses_wrong_batches) {
  xd_context *context = test_context("reference");
  const xdi_mapping_settings options = small_settings();
  xd_mapping_trainer *trainer = make_trainer(context, &options);
  codes given = make_codes(ROWS, SOURCE, TARGET);
  const xd_mapping_batch good = batch_of(given, ROWS);
  xd_mapping_batch batch = good;
  assert_status(xd_mapping_trainer_step(NULL, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_mapping_trainer_step(trainer, NULL, NULL, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  batch.count = ROWS + 1;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  batch = good, batch.count = 0;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  batch = good, batch.struct_size = 4;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "struct_size");
  batch = good, batch.mismatched = NULL;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "mismatched");
  batch = good, batch.positive = NULL;
  assert_status(xd_mapping_trainer_step(trainer, NULL, &batch, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "positive");
  assert_status(xd_mapping_trainer_step(trainer, NULL, &good, NAN), XD_ERROR_INVALID_ARGUMENT);
  refuse_wrong_styles(context, given);
  xd_values *losses = make_values(context);
  assert_ok(context, xd_mapping_trainer_step(trainer, losses, &good, 0.0f));
  given.source[3] = NAN;
  assert_status(xd_mapping_trainer_step(trainer, losses, &good, 0.001f), XD_ERROR_NUMERIC);
  assert_message_names(context, "source");
  ck_assert_uint_eq(xd_values_count(losses), 0);
  xd_context_cancel(context);
  assert_status(xd_mapping_trainer_step(trainer, losses, &good, 0.001f), XD_ERROR_CANCELLED);
  xd_context_clear_cancel(context);
  xd_values_destroy(losses);
  for (uint32_t i = 0; i < ROWS * SOURCE; i++)
    given.source[i] = 3e38f;
  xd_status status = XD_OK;
  for (int i = 0; i < 10 && status == XD_OK; i++)
    status = xd_mapping_trainer_step(trainer, NULL, &good, 10.0f);
  assert_status(status, XD_ERROR_NUMERIC);
  assert_message_names(context, "loss");
  xd_mapping_trainer_destroy(trainer);
  xd_context_destroy(context);
  free_codes(given);
}
END_TEST

static xd_status create_step_and_destroy(xd_context *context, void *user) {
  const xd_mapping_batch batch = batch_of(*(codes *)user, ROWS);
  xd_options *options = NULL;
  xd_values *losses = NULL;
  xd_mapping_trainer *trainer = NULL;
  xd_latent_generator *generator = NULL;
  xd_pair_discriminator *discriminator = NULL;
  xd_status status = try_options(&options, context, "mapping", SMALL);
  if (status == XD_OK)
    status = xd_values_create(&losses, context);
  if (status == XD_OK)
    status = xd_mapping_trainer_create(&trainer, context, NULL, NULL, options);
  if (status == XD_OK)
    status = xd_mapping_trainer_step(trainer, losses, &batch, 0.001f);
  if (status == XD_OK)
    status = xd_mapping_trainer_finish(trainer, &generator, &discriminator);
  if (status != XD_OK)
    ck_assert(generator == NULL && discriminator == NULL);
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  xd_mapping_trainer_destroy(trainer);
  xd_values_destroy(losses);
  xd_options_destroy(options);
  return status;
}

START_TEST(mapping_trainer__survives_refused_memory) {
  codes given = make_codes(ROWS, SOURCE, TARGET);
  check_refusals(create_step_and_destroy, &given);
  free_codes(given);
}
END_TEST

/* G finished with a noise scale s gives for epsilon what G finished without gives for s epsilon. */
static void check_noise_scale(uint32_t skip) {
  xd_context *context = test_context("reference");
  codes given = make_codes(ROWS, SOURCE, TARGET);
  float *noise = make_normals(ROWS * TARGET, 70), scaled[ROWS * TARGET];
  float results[2][ROWS * TARGET];
  for (uint32_t i = 0; i < ROWS * TARGET; i++)
    scaled[i] = 0.75f * noise[i];
  for (int folded = 0; folded < 2; folded++) {
    xdi_mapping_settings options = small_settings();
    xd_latent_generator *generator = NULL;
    options.linear_skip = skip;
    options.noise_scale = folded ? 0.75f : 1.0f;
    xd_mapping_trainer *trainer = make_trainer(context, &options);
    assert_ok(context, xd_mapping_trainer_finish(trainer, &generator, NULL));
    assert_ok(context, xd_latent_generator_generate(generator, context, results[folded],
                                                    folded ? noise : scaled, given.source, ROWS));
    xd_latent_generator_release(generator);
    xd_mapping_trainer_destroy(trainer);
  }
  for (uint32_t i = 0; i < ROWS * TARGET; i++)
    ck_assert_float_eq_tol(results[0][i], results[1][i], 1e-5f);
  free(noise);
  free_codes(given);
  xd_context_destroy(context);
}

START_TEST(mapping_trainer_finish__folds_the_noise_scale) {
  check_noise_scale(0);
  check_noise_scale(1);
}
END_TEST

/* What cannot be folded is refused, not left out. */
START_TEST(mapping_trainer__refuses_a_noise_scale_that_its_generator_cannot_take) {
  xd_context *context = test_context("reference");
  const xd_layer_spec layers[] = {activation_spec(XD_ACTIVATION_TANH),
                                  dense_spec(TARGET, XD_ACTIVATION_IDENTITY)};
  xd_latent_generator *generator = NULL;
  xd_mapping_trainer *trainer = NULL;
  xd_network_layers network = XD_NETWORK_LAYERS_INIT;
  network.layers = layers, network.layer_count = 2;
  network.input = (xd_shape){.width = 1, .height = 1, .channels = SOURCE + TARGET};
  assert_ok(context, xd_latent_generator_create_layers(&generator, context, &network));
  xdi_mapping_settings options = small_settings();
  options.noise_scale = 0.75f;
  assert_status(xdi_mapping_trainer_open(&trainer, context, generator, NULL, &options), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "mapping.noise_scale is 0.75");
  ck_assert_ptr_null(trainer);
  options.noise_scale = 1.0f;
  assert_ok(context, xdi_mapping_trainer_open(&trainer, context, generator, NULL, &options));
  xd_mapping_trainer_destroy(trainer);
  xd_latent_generator_release(generator);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("mapping_trainer");
  add_case(suite, mapping_trainer_step__reports_the_losses_of_the_networks);
  add_case(suite, mapping_trainer_finish__folds_the_noise_scale);
  add_case(suite, mapping_trainer__refuses_a_noise_scale_that_its_generator_cannot_take);
  add_case(suite, mapping_trainer_step__reports_the_losses_of_the_paper);
  add_case(suite, mapping_trainer_step__takes_wrong_anchors_of_their_own);
  add_case(suite, mapping_trainer_step__lets_lambda_fall_in_the_second_half);
  add_case(suite, mapping_trainer_step__has_the_gradients_of_both_losses);
  add_case(suite, mapping_trainer_step__has_the_gradients_of_invariance);
  add_case(suite, mapping_trainer_step__has_the_gradients_of_style);
  add_case(suite, mapping_trainer_step__adapts_the_weight_of_invariance);
  add_case(suite, mapping_trainer_step__keeps_the_weight_of_invariance_in_bounds);
  add_case(suite, mapping_trainer_step__asks_for_style_by_option_and_batch);
  add_case(suite, mapping_trainer_step__has_the_gradients_through_the_spectral_norm);
  add_case(suite, mapping_trainer_step__has_the_gradients_of_the_paper);
  add_case(suite, mapping_trainer_finish__folds_spectral_norms_into_weights);
  add_case(suite, mapping_trainer_finish__keeps_the_averaged_generator);
  add_case(suite, mapping_trainer__gives_the_same_bytes_at_any_number_of_threads);
  add_case(suite, mapping_trainer_step__allocates_nothing_after_the_first);
  add_case(suite, mapping_trainer_step__learns_a_mapping_of_two_classes);
  add_case(suite, mapping_trainer_create__refuses_what_does_not_fit);
  add_case(suite, mapping_trainer_create__starts_from_given_networks);
  add_case(suite, mapping_trainer_step__refuses_wrong_batches);
  add_case(suite, mapping_trainer__survives_refused_memory);
  return suite;
}

XD_SUITE_MAIN(make_suite)
