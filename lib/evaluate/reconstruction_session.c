/* Encoder's mean to decoder: what the target VAE makes of real pictures. */
#include "evaluate/reconstruction_session.h"

#include "model/decoder.h"
#include "model/encoder.h"

xd_status xdi_reconstruction_session_open(xdi_reconstruction_session *reconstruction, xd_context *context,
                                          const xd_model *model, uint32_t domain, uint32_t batch) {
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(model, domain));
  const xd_network *decoder = xd_decoder_network(xd_model_decoder(model, domain));
  *reconstruction = (xdi_reconstruction_session){.context = context};
  reconstruction->latent_dim = xd_model_latent_dim(model, domain);
  reconstruction->size = xdi_input_size(encoder);
  xd_status status = xdi_executor_create(&reconstruction->encoder, context, encoder, batch, XDI_INFERENCE);
  if (status == XD_OK)
    status = xdi_executor_create(&reconstruction->decoder, context, decoder, batch, XDI_INFERENCE);
  return status;
}

void xdi_reconstruction_session_close(xdi_reconstruction_session *reconstruction) {
  xdi_executor_destroy(reconstruction->encoder);
  xdi_executor_destroy(reconstruction->decoder);
  reconstruction->encoder = reconstruction->decoder = NULL;
}

xd_status xdi_reconstruction_session_run(xdi_reconstruction_session *reconstruction, float *to,
                                         const float *pictures, uint32_t count) {
  xd_context *context = reconstruction->context;
  const uint32_t dim = reconstruction->latent_dim;
  xdi_executor *encoder = reconstruction->encoder, *decoder = reconstruction->decoder;
  xd_status status =
      xdi_device_write(context, xdi_executor_input(encoder), pictures, count * reconstruction->size);
  if (status == XD_OK)
    status = xdi_executor_forward(encoder, count, false, 0, 0);
  if (status != XD_OK)
    return status;
  /* The encoder's rows are [mean | log variance]. */
  status = context->table.copy_columns(context->backend, xdi_executor_input(decoder), dim,
                                       xdi_executor_output(encoder), 2 * dim, count, dim);
  if (status != XD_OK)
    return xdi_fail(context, status, "the copy_columns of backend %s failed: %s", context->table.name,
                    xd_status_text(status));
  status = xdi_executor_forward(decoder, count, false, 0, 0);
  if (status == XD_OK)
    status = xdi_device_read(context, to, xdi_executor_output(decoder), count * reconstruction->size);
  return status;
}
