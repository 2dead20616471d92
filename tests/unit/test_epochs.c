/* The order of training pictures and the learning rates. */
#include "training_support.h"

#include "train/epochs.h"

START_TEST(epochs__show_every_picture_once_an_epoch) {
  xd_context *context = test_context("reference");
  xdi_epochs epochs;
  uint32_t first[4] = {0}, changed = 0;
  assert_ok(context, xdi_epochs_open(&epochs, context, 20, 4, 7));
  ck_assert(epochs.batch == 4 && epochs.per_epoch == 5);
  for (uint32_t epoch = 0; epoch < 3; epoch++) {
    uint32_t seen[20] = {0};
    for (uint32_t step = 0; step < 5; step++) {
      const uint32_t *batch = xdi_epochs_step(&epochs, epoch * 5 + step);
      for (uint32_t i = 0; i < 4; i++)
        seen[batch[i]]++;
      if (step == 0 && epoch == 0)
        memcpy(first, batch, sizeof first);
      if (step == 0 && epoch > 0)
        changed += memcmp(first, batch, sizeof first) != 0;
    }
    for (uint32_t i = 0; i < 20; i++)
      ck_assert_uint_eq(seen[i], 1);
  }
  ck_assert_uint_eq(changed, 2);
  xdi_epochs_close(&epochs);
  xd_context_destroy(context);
}
END_TEST

START_TEST(epochs__leave_out_what_fills_no_batch) {
  xd_context *context = test_context("reference");
  xdi_epochs epochs;
  assert_ok(context, xdi_epochs_open(&epochs, context, 11, 4, 7));
  ck_assert(epochs.batch == 4 && epochs.per_epoch == 2);
  xdi_epochs_close(&epochs);
  assert_ok(context, xdi_epochs_open(&epochs, context, 3, 4, 7));
  ck_assert(epochs.batch == 3 && epochs.per_epoch == 1);
  ck_assert(xdi_epochs_step(&epochs, 5)[0] < 3);
  xdi_epochs_close(&epochs);
  xd_context_destroy(context);
}
END_TEST

START_TEST(cosine_rate__falls_along_half_a_cosine) {
  assert_near((double)xdi_cosine_rate(2.0f, 0.02f, 0, 100), 2.0, 1e-6, "start");
  assert_near((double)xdi_cosine_rate(2.0f, 0.02f, 50, 100), 1.02, 1e-6, "middle");
  assert_near((double)xdi_cosine_rate(2.0f, 0.02f, 100, 100), 0.04, 1e-6, "end");
  ck_assert(xdi_cosine_rate(2.0f, 0.02f, 10, 100) > 1.9f);
}
END_TEST

START_TEST(linear_rate__is_constant_for_the_first_half) {
  assert_near((double)xdi_linear_rate(2.0f, 0.02f, 0, 100), 2.0, 1e-6, "start");
  assert_near((double)xdi_linear_rate(2.0f, 0.02f, 50, 100), 2.0, 1e-6, "middle");
  assert_near((double)xdi_linear_rate(2.0f, 0.02f, 75, 100), 1.02, 1e-6, "three quarters");
  assert_near((double)xdi_linear_rate(2.0f, 0.02f, 100, 100), 0.04, 1e-6, "end");
  assert_near((double)xdi_linear_rate(2.0f, 0.02f, 0, 1), 2.0, 1e-6, "the only step");
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("epochs");
  add_case(suite, epochs__show_every_picture_once_an_epoch);
  add_case(suite, epochs__leave_out_what_fills_no_batch);
  add_case(suite, cosine_rate__falls_along_half_a_cosine);
  add_case(suite, linear_rate__is_constant_for_the_first_half);
  return suite;
}

XD_SUITE_MAIN(make_suite)
