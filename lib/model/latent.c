/* What is made of codes without a network: the noise that translation draws, and ways between two codes. */
#include <float.h>
#include <math.h>

#include "base/random.h"
#include "tensor/device.h"
#include "xdomain/latent_generator.h"

/* Below this sine of their angle two codes lie on one line, as far as floats can tell. */
#define LEAST_SINE 1e-6

void xd_latent_noise(float *to, uint32_t count, uint32_t latent_dim, uint64_t seed, uint64_t first,
                     float temperature) {
  /* Normals come in pairs: an even number a picture keeps each picture's apart. */
  const uint64_t stride = (uint64_t)latent_dim + latent_dim % 2;
  if (!to)
    return;
  for (uint32_t i = 0; i < count; i++, to += latent_dim) {
    xdi_random_normals(to, latent_dim, seed, xdi_stream_id(XDI_STREAM_TRANSLATE, 0), (first + i) * stride);
    for (uint32_t j = 0; j < latent_dim; j++)
      to[j] *= temperature;
  }
}

typedef struct sums {
  double from, towards, product;
} sums;

static sums sum_products(const float *from, const float *towards, uint32_t count) {
  sums of = {0.0, 0.0, 0.0};
  for (uint32_t i = 0; i < count; i++) {
    of.from += (double)from[i] * (double)from[i];
    of.towards += (double)towards[i] * (double)towards[i];
    of.product += (double)from[i] * (double)towards[i];
  }
  return of;
}

/* What the two codes count. */
static void find_weights(double weights[2], const sums *of, double position) {
  const double from = sqrt(of->from), towards = sqrt(of->towards);
  const double cosine = from > 0.0 && towards > 0.0 ? of->product / from / towards : 1.0;
  const double angle = acos(fmin(fmax(cosine, -1.0), 1.0)), sine = sin(angle);
  const double length = (1.0 - position) * from + position * towards;
  weights[0] = 1.0 - position;
  weights[1] = position;
  if (sine < LEAST_SINE)
    return;
  weights[0] = length / from * (sin((1.0 - position) * angle) / sine);
  weights[1] = length / towards * (sin(position * angle) / sine);
}

static xd_status check_ends(xd_context *context, const float *out, const float *from, const float *towards,
                            uint32_t latent_dim, double position) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !from || !towards || latent_dim == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_latent_interpolate: out, from or towards is NULL, or latent_dim is 0");
  if (!(position >= 0.0 && position <= 1.0))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_latent_interpolate: position %g is not in 0..1",
                    position);
  const xd_status status = xdi_device_check_rows(context, from, 1, latent_dim, XDI_ROWS_OF_CODES);
  return status == XD_OK ? xdi_device_check_rows(context, towards, 1, latent_dim, XDI_ROWS_OF_CODES) : status;
}

xd_status xd_latent_interpolate(xd_context *context, float *out, const float *from, const float *towards,
                                uint32_t latent_dim, double position) {
  double weights[2];
  const xd_status status = check_ends(context, out, from, towards, latent_dim, position);
  if (status != XD_OK)
    return status;
  const sums of = sum_products(from, towards, latent_dim);
  find_weights(weights, &of, position);
  for (uint32_t i = 0; i < latent_dim; i++) {
    const double mixed = weights[0] * (double)from[i] + weights[1] * (double)towards[i];
    if (fabs(mixed) > (double)FLT_MAX)
      return xdi_fail(context, XD_ERROR_NUMERIC, "xd_latent_interpolate: value %u is %g, too large", i,
                      mixed);
    out[i] = (float)mixed;
  }
  return XD_OK;
}
