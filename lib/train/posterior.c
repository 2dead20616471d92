/* One pass of an encoder over a set: what standardisation and the mapping's codes are made of. */
#include "train/posterior.h"

#include "base/memory.h"
#include "data/dataset.h"
#include "layer/session.h"
#include "tensor/shape.h"

#define BATCH 256u /* pictures that are changed by one stream of numbers */

typedef struct pass_memory {
  xdi_session encoder;
  uint32_t rows; /* that pass it together */
  uint32_t *indices;
  float *pictures, *posterior;
} pass_memory;

xd_status xdi_check_pictures(xd_context *context, const xd_network *network, const xd_dataset *set,
                             const char *what) {
  const xd_shape wanted = network->input;
  const xd_shape got = xdi_set_shape(set);
  if (xdi_shape_equal(wanted, got))
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                  "%s: pictures of %ux%ux%u, but the network takes %ux%ux%u", what, got.width, got.height,
                  got.channels, wanted.width, wanted.height, wanted.channels);
}

static void close_memory(xd_context *context, pass_memory *memory) {
  xdi_session_close(&memory->encoder);
  xdi_release(&context->allocator, memory->indices);
  xdi_release(&context->allocator, memory->pictures);
  xdi_release(&context->allocator, memory->posterior);
}

static xd_status open_memory(xd_context *context, pass_memory *memory, const xd_network *encoder) {
  size_t picture_floats, code_floats;
  if (!xdi_shape_count(encoder->input, BATCH, &picture_floats) ||
      !xdi_shape_count(encoder->output, BATCH, &code_floats))
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "the encoder's pictures are too large");
  memory->indices = xdi_allocate(&context->allocator, BATCH, sizeof *memory->indices);
  memory->pictures = xdi_allocate(&context->allocator, picture_floats, sizeof *memory->pictures);
  memory->posterior = xdi_allocate(&context->allocator, code_floats, sizeof *memory->posterior);
  if (!memory->indices || !memory->pictures || !memory->posterior)
    return xdi_fail_memory(context, "encoding a set");
  memory->encoder = xdi_session_of(context, encoder, 0, 0);
  memory->rows = xdi_session_rows(encoder, BATCH);
  return xdi_session_reserve(&memory->encoder, memory->rows);
}

static xd_status encode_batch(xd_context *context, const xdi_posterior_pass *pass, pass_memory *memory,
                              uint32_t first, uint32_t count) {
  const xdi_picture_batch batch = {
      pass->set, memory->indices, count, pass->seed, pass->stream + first / BATCH, 0};
  for (uint32_t i = 0; i < count; i++)
    memory->indices[i] = first + i;
  xd_status status = xdi_augment(context, memory->pictures, NULL, &batch, &pass->augmentation);
  for (size_t i = 0; status == XD_OK && pass->inverted && i < count * memory->encoder.input_width; i++)
    memory->pictures[i] = 1.0f - memory->pictures[i];
  for (uint32_t at = 0; status == XD_OK && at < count; at += memory->rows) {
    const uint32_t rows = count - at < memory->rows ? count - at : memory->rows;
    status =
        xdi_session_run(&memory->encoder, memory->pictures + at * memory->encoder.input_width, NULL, rows);
    if (status == XD_OK)
      status = xdi_session_read(&memory->encoder, memory->posterior + at * memory->encoder.output_width, NULL,
                                rows, "the posteriors");
  }
  return status;
}

xd_status xdi_posterior_each(xd_context *context, const xdi_posterior_pass *pass) {
  pass_memory memory = {0};
  const uint32_t count = xd_dataset_count(pass->set);
  xd_status status = open_memory(context, &memory, pass->encoder);
  for (uint32_t first = 0; status == XD_OK && first < count; first += BATCH) {
    const uint32_t part = count - first < BATCH ? count - first : BATCH;
    status = xdi_check_cancelled(context);
    if (status == XD_OK)
      status = encode_batch(context, pass, &memory, first, part);
    if (status == XD_OK)
      pass->visit(pass->user, first, part, memory.posterior);
  }
  close_memory(context, &memory);
  return status;
}
