/* Loss heads of the reference backend, each with its gradient: the decoder's reconstruction, the
 * VAE's code with its KL divergence, the discriminator's and the generator's logistic loss, the
 * squared distance and the judge's cross entropy. The formulas stand in xdomain/sys/backend.h. */
#include <math.h>

#include "backend/reference/reference.h"

/* Keeps a saturated sigmoid's loss finite. */
static double bounded_log(double value) {
  return value > 0.0 ? fmax(log(value), -100.0) : -100.0;
}

/* log(1 + exp(a)) without overflow. */
static double softplus(double a) {
  return fmax(a, 0.0) + log1p(exp(-fabs(a)));
}

xd_status xdi_reference_reconstruction_loss(xd_backend *backend, xd_reconstruction_loss *args) {
  (void)backend;
  const float *x = xdi_slice_host(args->x), *x_hat = xdi_slice_host(args->x_hat);
  const float *window = xdi_slice_host(args->window);
  float *da = xdi_slice_host(args->da);
  const double pixel = (double)args->pixel_weight, bernoulli = (double)args->bernoulli_weight;
  args->squared_error = args->bernoulli = 0.0;
  for (size_t row = 0; row < args->rows; row++)
    for (size_t n = 0; n < args->size; n++) {
      const size_t cell = row * args->size + n;
      const double weight = window ? (double)window[n] : 1.0;
      const double wanted = (double)x[cell], got = (double)x_hat[cell], error = got - wanted;
      args->squared_error += weight * error * error;
      if (bernoulli != 0.0)
        args->bernoulli -= weight * (wanted * bounded_log(got) + (1.0 - wanted) * bounded_log(1.0 - got));
      if (da)
        da[cell] = (float)(weight * error * (2.0 * pixel * got * (1.0 - got) + bernoulli) / args->rows);
    }
  return XD_OK;
}

xd_status xdi_reference_posterior_forward(xd_backend *backend, const xd_posterior *args) {
  (void)backend;
  const size_t latent_dim = args->latent_dim;
  const float *epsilon = xdi_slice_host(args->epsilon);
  float *z = xdi_slice_host(args->z);
  for (size_t row = 0; row < args->rows; row++) {
    const float *mean = xdi_slice_host(args->posterior) + row * 2 * latent_dim;
    const float *log_variance = mean + latent_dim;
    for (size_t n = 0; n < latent_dim; n++) {
      const double deviation = exp(0.5 * (double)log_variance[n]);
      z[row * latent_dim + n] = (float)((double)mean[n] + deviation * (double)epsilon[row * latent_dim + n]);
    }
  }
  return XD_OK;
}

xd_status xdi_reference_posterior_backward(xd_backend *backend, xd_posterior *args) {
  (void)backend;
  const size_t latent_dim = args->latent_dim;
  const double weight = (double)args->kl_weight / args->rows;
  args->kl = 0.0;
  for (size_t row = 0; row < args->rows; row++) {
    const float *mean = xdi_slice_host(args->posterior) + row * 2 * latent_dim;
    const float *epsilon = xdi_slice_host(args->epsilon) + row * latent_dim;
    const float *dz = xdi_slice_host(args->dz) + row * latent_dim;
    float *dmean = xdi_slice_host(args->dposterior) + row * 2 * latent_dim;
    for (size_t n = 0; n < latent_dim; n++) {
      const double mu = (double)mean[n], log_variance = (double)mean[latent_dim + n];
      const double variance = exp(log_variance), deviation = exp(0.5 * log_variance);
      args->kl += 0.5 * (variance + mu * mu - 1.0 - log_variance);
      dmean[n] = (float)((double)dz[n] + weight * mu);
      dmean[latent_dim + n] =
          (float)(0.5 * ((double)dz[n] * (double)epsilon[n] * deviation + weight * (variance - 1.0)));
    }
  }
  return XD_OK;
}

xd_status xdi_reference_logistic_loss(xd_backend *backend, xd_logistic_loss *args) {
  (void)backend;
  const float *logits = xdi_slice_host(args->logits);
  float *dlogits = xdi_slice_host(args->dlogits);
  const double sign = (double)args->sign, weight = (double)args->weight / args->rows;
  args->loss = 0.0;
  for (size_t row = 0; row < args->rows; row++) {
    const double a = -sign * (double)logits[row];
    args->loss += softplus(a);
    if (dlogits)
      dlogits[row] = (float)(-sign * weight * xdi_activation_value(XD_ACTIVATION_SIGMOID, a));
  }
  return XD_OK;
}

xd_status xdi_reference_squared_distance(xd_backend *backend, xd_squared_distance *args) {
  (void)backend;
  const float *a = xdi_slice_host(args->a), *b = xdi_slice_host(args->b);
  float *da = xdi_slice_host(args->da);
  const double weight = 2.0 * (double)args->weight / ((double)args->rows * (double)args->columns);
  args->loss = 0.0;
  for (size_t row = 0; row < args->rows; row++)
    for (size_t n = 0; n < args->columns; n++) {
      const double difference = (double)a[row * args->a_stride + n] - (double)b[row * args->b_stride + n];
      args->loss += difference * difference;
      if (da) {
        float *cell = da + row * args->da_stride + n;
        *cell = (float)((double)*cell + weight * difference);
      }
    }
  return XD_OK;
}

/* The place of the largest logit (the first of equals), and log sum exp(logit). */
static double log_normaliser(const float *logits, size_t classes, size_t *largest) {
  *largest = 0;
  for (size_t n = 1; n < classes; n++)
    if (logits[n] > logits[*largest])
      *largest = n;
  const double top = (double)logits[*largest];
  double sum = 0.0;
  for (size_t n = 0; n < classes; n++)
    sum += exp((double)logits[n] - top);
  return top + log(sum);
}

xd_status xdi_reference_cross_entropy(xd_backend *backend, xd_cross_entropy *args) {
  (void)backend;
  const size_t classes = args->classes;
  const double smoothing = (double)args->label_smoothing, rest = smoothing / (double)classes;
  args->loss = 0.0;
  args->correct = 0;
  for (size_t row = 0; row < args->rows; row++)
    if (args->labels[row] >= classes)
      return XD_ERROR_INVALID_ARGUMENT;
  for (size_t row = 0; row < args->rows; row++) {
    const float *logits = xdi_slice_host(args->logits) + row * classes;
    float *dlogits = args->dlogits.buffer ? xdi_slice_host(args->dlogits) + row * classes : NULL;
    size_t largest;
    const double normaliser = log_normaliser(logits, classes, &largest);
    args->correct += largest == args->labels[row];
    for (size_t n = 0; n < classes; n++) {
      const double wanted = (n == args->labels[row] ? 1.0 - smoothing : 0.0) + rest;
      const double log_probability = (double)logits[n] - normaliser;
      args->loss -= wanted * log_probability;
      if (dlogits)
        dlogits[n] = (float)((exp(log_probability) - wanted) / args->rows);
    }
  }
  return XD_OK;
}
