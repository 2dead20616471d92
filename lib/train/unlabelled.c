/* Unlabelled pictures train the VAEs beside the labelled ones, and the mappings once they have a class. */
#include "train/unlabelled.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/seeds.h"
#include "data/dataset.h"
#include "model/encoder.h"
#include "train/spread.h"

/* ---- The VAEs' sets ---- */

/* Labelled pictures and others under these labels, as one set. */
static xd_status join(xd_dataset **out, xd_context *context, const xd_dataset *labelled,
                      const xd_dataset *others, const uint32_t *labels) {
  xd_dataset *named = NULL;
  xd_status status = xdi_dataset_label(&named, context, others, labels, NULL);
  if (status == XD_OK)
    status = xd_dataset_join(out, context, (const xd_dataset *const[2]){labelled, named}, 2);
  xd_dataset_release(named);
  return status;
}

static xd_status check_sets(const xdi_training *training, uint32_t domain) {
  const xd_dataset *set = training->input.set[domain], *others = training->input.unlabelled[domain];
  if (!set->store->labelled)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                    "the set of domain %u has no labels that could spread to unlabelled pictures",
                    domain + 1);
  const xd_shape wanted = xdi_set_shape(set), got = xdi_set_shape(others);
  if (xdi_shape_equal(wanted, got))
    return XD_OK;
  return xdi_fail(training->context, XD_ERROR_SHAPE_MISMATCH,
                  "domain %u: unlabelled pictures of %ux%ux%u, others of %ux%ux%u", domain + 1, got.width,
                  got.height, got.channels, wanted.width, wanted.height, wanted.channels);
}

/* A VAE reads no labels: here all of the others have one of the set's. */
static xd_status join_domain(xdi_training *training, uint32_t domain) {
  xd_context *context = training->context;
  const xd_dataset *set = training->input.set[domain], *others = training->input.unlabelled[domain];
  xd_status status = check_sets(training, domain);
  if (status != XD_OK || training->vaes)
    return status;
  uint32_t *labels = xdi_allocate(&context->allocator, xd_dataset_count(others), sizeof *labels);
  if (!labels)
    return xdi_fail_memory(context, "joining unlabelled pictures");
  for (uint32_t i = 0; i < xd_dataset_count(others); i++)
    labels[i] = xd_dataset_label(set, 0);
  status = join(&training->vae_set[domain], context, set, others, labels);
  xdi_release(&context->allocator, labels);
  return status;
}

static bool has_unlabelled(const xdi_training *training, uint32_t domain) {
  return xd_dataset_count(training->input.unlabelled[domain]) > 0;
}

xd_status xdi_training_join(xdi_training *training) {
  xd_status status = XD_OK;
  for (uint32_t domain = 0; domain < 2 && status == XD_OK; domain++)
    if (has_unlabelled(training, domain))
      status = join_domain(training, domain);
  return status;
}

/* ---- The mappings' sets ---- */

static int compare_descending(const void *left, const void *right) {
  const float one = *(const float *)left, other = *(const float *)right;
  return one > other ? -1 : one < other;
}

/* The least confidence of the surest share; above 1 where there are none. */
static xd_status find_bound(xd_context *context, float *bound, const float *confidence, uint32_t count,
                            float share) {
  const uint32_t kept = (uint32_t)((double)share * count + 0.5);
  float *sorted = xdi_allocate(&context->allocator, count, sizeof *sorted);
  if (!sorted)
    return xdi_fail_memory(context, "spreading labels");
  for (uint32_t i = 0; i < count; i++)
    sorted[i] = confidence[i];
  qsort(sorted, count, sizeof *sorted, compare_descending);
  *bound = kept > 0 ? sorted[kept - 1] : 2.0f;
  xdi_release(&context->allocator, sorted);
  return XD_OK;
}

/* Leaves out who is not sure enough, and who is reached by no label; the number of the others, and the least that is
 * sure of these, 1 where there are none. */
static uint32_t leave_out(uint32_t *labels, float *least, const float *confidence, uint32_t count,
                          float bound) {
  uint32_t kept = 0;
  *least = 1.0f;
  for (uint32_t i = 0; i < count; i++)
    if (confidence[i] < bound || confidence[i] <= 0.0f)
      labels[i] = XDI_NO_CLASS;
    else {
      *least = fminf(*least, confidence[i]);
      kept++;
    }
  return kept;
}

static xd_status report(const xdi_training *training, uint32_t domain, uint32_t kept, float least) {
  static const char *const counts[2] = {"unlabelled1", "unlabelled2"};
  static const char *const bounds[2] = {"confidence1", "confidence2"};
  const xd_status status = xdi_values_set(training->report, training->context, counts[domain], kept);
  return status == XD_OK ? xdi_values_set(training->report, training->context, bounds[domain], (double)least)
                         : status;
}

static xd_status spread(xdi_training *training, const xd_model *vaes, uint32_t domain, uint32_t *labels,
                        float *confidence) {
  xd_context *context = training->context;
  const xd_dataset *set = training->input.set[domain], *others = training->input.unlabelled[domain];
  const uint32_t count = xd_dataset_count(others);
  float bound = 0.0f, least;
  xd_status status =
      xdi_spread_labels(labels, confidence, context, xd_encoder_network(xd_model_encoder(vaes, domain + 1)),
                        set, others, xdi_seed_of(training->settings.seed, XDI_SEED_SPREAD) + domain);
  if (status == XD_OK)
    status = find_bound(context, &bound, confidence, count, training->settings.unlabelled_share);
  if (status != XD_OK)
    return status;
  const uint32_t kept = leave_out(labels, &least, confidence, count, bound);
  if (kept > 0)
    status = join(&training->spread_set[domain], context, set, others, labels);
  if (status == XD_OK && kept > 0)
    training->input.set[domain] = training->spread_set[domain];
  return status == XD_OK ? report(training, domain, kept, least) : status;
}

static xd_status spread_domain(xdi_training *training, const xd_model *vaes, uint32_t domain) {
  const xd_allocator *allocator = &training->context->allocator;
  const uint32_t count = xd_dataset_count(training->input.unlabelled[domain]);
  uint32_t *labels = xdi_allocate(allocator, count, sizeof *labels);
  float *confidence = xdi_allocate(allocator, count, sizeof *confidence);
  const xd_status status = labels && confidence ? spread(training, vaes, domain, labels, confidence)
                                                : xdi_fail_memory(training->context, "spreading labels");
  xdi_release(allocator, labels);
  xdi_release(allocator, confidence);
  return status;
}

xd_status xdi_training_spread(xdi_training *training, const xd_model *vaes) {
  xd_status status = XD_OK;
  for (uint32_t domain = 0; domain < 2 && status == XD_OK; domain++)
    if (has_unlabelled(training, domain))
      status = spread_domain(training, vaes, domain);
  return status;
}
