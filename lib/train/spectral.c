/* Spectral normalisation (Miyato et al., arXiv 1802.05957): W / sigma with sigma = u^T W v, u and v from the
 * power iteration and constant for the gradient. Biases are not normalised. */
#include "train/spectral.h"

#include "base/memory.h"
#include "base/random.h"
#include "tensor/device.h"

#define FIRST_ITERATIONS 15u

/* Lists the matrices and gives each its place among the vectors; the sum of all vectors' lengths. */
static size_t list_matrices(xdi_spectral *spectral) {
  size_t place = 0;
  for (uint32_t i = 0; i < spectral->network->parameter_count && spectral->matrix_count < XDI_LAYER_LIMIT;
       i++) {
    const xdi_parameter *parameter = &spectral->network->parameters[i];
    if (parameter->public.rank != 2 ||
        !(spectral->network->layers[parameter->layer].table->properties & XD_LAYER_SPECTRAL))
      continue;
    const uint32_t rows = parameter->public.shape[0], columns = parameter->public.shape[1];
    const size_t u = place, v = u + xdi_device_room(rows);
    place = v + xdi_device_room(columns);
    spectral->matrices[spectral->matrix_count++] =
        (xdi_spectral_matrix){rows, columns, parameter->layer, parameter->offset, u, v, 0.0};
  }
  return place;
}

static xd_status start_vectors(xdi_spectral *spectral, uint64_t seed) {
  xd_context *context = spectral->context;
  const uint64_t stream = xdi_stream_id(XDI_STREAM_SPECTRAL, 0);
  return xdi_device_check(context,
                          context->table.random_normal(context->backend, xdi_slice(spectral->vectors, 0),
                                                       spectral->vectors->count, seed, stream, 0),
                          "random_normal");
}

xd_status xdi_spectral_open(xdi_spectral *spectral, xd_context *context, xdi_executor *executor,
                            const xd_network *network, bool enabled, uint64_t seed) {
  *spectral =
      (xdi_spectral){.context = context, .executor = executor, .network = network, .enabled = enabled};
  if (!enabled)
    return XD_OK;
  const size_t vectors = list_matrices(spectral);
  xd_status status = xdi_device_create(context, &spectral->vectors, vectors);
  if (status == XD_OK)
    status = start_vectors(spectral, seed);
  if (status == XD_OK)
    status = xdi_spectral_normalise(spectral, FIRST_ITERATIONS);
  return status;
}

void xdi_spectral_close(xdi_spectral *spectral) {
  if (!spectral->context)
    return;
  xdi_device_destroy(spectral->context, spectral->vectors);
  spectral->vectors = NULL;
}

static void fill_arguments(const xdi_spectral *spectral, xd_spectral_norm *to, uint32_t iterations) {
  for (uint32_t i = 0; i < spectral->matrix_count; i++) {
    const xdi_spectral_matrix *matrix = &spectral->matrices[i];
    to[i] = (xd_spectral_norm){
        .rows = matrix->rows,
        .columns = matrix->columns,
        .iterations = iterations,
        .weights = xdi_slice_after(xdi_executor_parameters(spectral->executor), matrix->weights),
        .u = xdi_slice(spectral->vectors, matrix->u),
        .v = xdi_slice(spectral->vectors, matrix->v),
        .gradients = xdi_slice_after(xdi_executor_gradients(spectral->executor), matrix->weights),
        .sigma = matrix->sigma,
    };
  }
}

xd_status xdi_spectral_normalise(xdi_spectral *spectral, uint32_t iterations) {
  if (!spectral->enabled)
    return XD_OK;
  xd_context *context = spectral->context;
  xd_spectral_norm norms[XDI_LAYER_LIMIT];
  fill_arguments(spectral, norms, iterations);
  const xd_status status = xdi_device_check(
      context, context->table.spectral_norm_forward(context->backend, norms, spectral->matrix_count),
      "spectral_norm_forward");
  for (uint32_t i = 0; status == XD_OK && i < spectral->matrix_count; i++) {
    spectral->matrices[i].sigma = norms[i].sigma;
    xdi_executor_normalise(spectral->executor, spectral->matrices[i].layer, norms[i].sigma);
  }
  return status;
}

xd_status xdi_spectral_gradients(xdi_spectral *spectral) {
  if (!spectral->enabled)
    return XD_OK;
  xd_context *context = spectral->context;
  xd_spectral_norm norms[XDI_LAYER_LIMIT];
  fill_arguments(spectral, norms, 0);
  return xdi_device_check(
      context, context->table.spectral_norm_backward(context->backend, norms, spectral->matrix_count),
      "spectral_norm_backward");
}

void xdi_spectral_fold(const xdi_spectral *spectral, xd_network *network) {
  for (uint32_t i = 0; i < spectral->matrix_count; i++) {
    const xdi_spectral_matrix *matrix = &spectral->matrices[i];
    float *weights = network->block + matrix->weights;
    for (size_t cell = 0; cell < (size_t)matrix->rows * matrix->columns; cell++)
      weights[cell] = (float)((double)weights[cell] / matrix->sigma);
  }
}

void xdi_spectral_archive(xdi_spectral *spectral, xdi_archive *archive) {
  if (!spectral->enabled)
    return;
  xdi_archive_floats(archive, xdi_slice(spectral->vectors, 0), spectral->vectors->count);
  for (uint32_t i = 0; i < spectral->matrix_count; i++) {
    xdi_archive_f64(archive, &spectral->matrices[i].sigma);
    if (xdi_archive_reads(archive) && archive->status == XD_OK)
      xdi_executor_normalise(spectral->executor, spectral->matrices[i].layer, spectral->matrices[i].sigma);
  }
}
