/* Encoder's mean to decoder: what the target VAE makes of real pictures. */
#include "evaluate/reconstruction_session.h"

#include "model/decoder.h"
#include "model/encoder.h"

xd_status xdi_reconstruction_session_open(xdi_reconstruction_session *reconstruction, xd_context *context,
                                          const xd_model *model, uint32_t domain, uint32_t batch) {
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(model, domain));
  const xd_network *decoder = xd_decoder_network(xd_model_decoder(model, domain));
  reconstruction->encoder = xdi_session_of(context, encoder, 0, 0);
  reconstruction->decoder = xdi_session_of(context, decoder, 0, 0);
  const xd_status status = xdi_session_reserve(&reconstruction->encoder, batch);
  return status == XD_OK ? xdi_session_reserve(&reconstruction->decoder, batch) : status;
}

void xdi_reconstruction_session_close(xdi_reconstruction_session *reconstruction) {
  xdi_session_close(&reconstruction->encoder);
  xdi_session_close(&reconstruction->decoder);
}

/* The encoder's rows are [mean | log variance]: the decoder takes the means. */
xd_status xdi_reconstruction_session_run(xdi_reconstruction_session *reconstruction, float *to,
                                         const float *pictures, uint32_t count) {
  xd_status status = xdi_session_run(&reconstruction->encoder, pictures, NULL, count);
  if (status == XD_OK)
    status = xdi_session_run_after(&reconstruction->decoder, NULL, &reconstruction->encoder, count);
  if (status == XD_OK)
    status = xdi_session_read(&reconstruction->decoder, to, NULL, count, "the reconstructions");
  return status;
}
