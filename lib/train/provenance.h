/* How a model came about, as its properties. */
#ifndef XDI_TRAIN_PROVENANCE_H
#define XDI_TRAIN_PROVENANCE_H

#include "train/training.h"

#define XDI_PROPERTY_RECOVERED "mapping.recovered"

#define XDI_PROPERTY_LIMIT 16
#define XDI_PROPERTY_SIZE 1024

/* Key, value, key, value... as xd_model_parts takes them. */
typedef struct xdi_properties {
  const char *texts[2 * XDI_PROPERTY_LIMIT];
  uint32_t count;
  char values[XDI_PROPERTY_LIMIT][XDI_PROPERTY_SIZE];
} xdi_properties;

/* How the VAEs, and how the mappings came about: all that shaped them, and nothing that differs between two
 * runs of the same training. */
void xdi_properties_of_vaes(xdi_properties *properties, const xdi_training *training);
void xdi_properties_of_mappings(xdi_properties *properties, const xdi_training *training);

#endif
