/* What translations keep of their sources' style: see xdomain/evaluation.h. */
#ifndef XDI_EVALUATE_STYLE_H
#define XDI_EVALUATE_STYLE_H

#include "layer/session.h"
#include "xdomain/model.h"

/* What is kept of the pictures of one side. */
typedef struct xdi_style_side {
  xdi_session encoder;
  xd_shape shape;
  uint32_t latent_dim;
  float *codes;   /* [limit][latent_dim], posterior means */
  float *strokes; /* [limit][ink, slant] */
} xdi_style_side;

typedef struct xdi_style {
  xd_context *context;
  xdi_style_side source, result;
  uint32_t limit, count;
  uint32_t *class, *half; /* [limit] */
} xdi_style;

/* For up to `limit` pictures of domain 1 or 2, in batches. On failure it is to be closed. */
xd_status xdi_style_open(xdi_style *style, xd_context *context, const xd_model *model, uint32_t source_domain,
                         uint32_t limit, uint32_t batch);
void xdi_style_close(xdi_style *style); /* a zeroed one is legal */

/* Some further sources, their translations, and the sources' classes. */
xd_status xdi_style_add(xdi_style *style, const float *sources, const float *results, const uint32_t *classes,
                        uint32_t count);

typedef struct xdi_style_figures {
  double style, ink, slant;
} xdi_style_figures;

/* Of all that were added; nothing can be added afterwards. */
xd_status xdi_style_measure(xdi_style *style, xdi_style_figures *figures);

#endif
