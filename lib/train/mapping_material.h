/* What a mapping is trained on: the codes of both sets, and the pools that the pairing makes of them. */
#ifndef XDI_TRAIN_MAPPING_MATERIAL_H
#define XDI_TRAIN_MAPPING_MATERIAL_H

#include "train/codes.h"
#include "train/pools.h"
#include "train/training.h"

typedef struct xdi_mapping_material {
  const xd_model *model;  /* the VAEs */
  xdi_codes codes[2];     /* of each domain's pictures, unless only augmented ones are read */
  xdi_codes augmented[2]; /* of augmented ones, for the direction that leaves the domain; or zeroed */
  xdi_pools pools[2];
} xdi_mapping_material;

/* What the direction that leaves domain 0 or 1 reads. */
static inline const xdi_codes *xdi_source_codes(const xdi_mapping_material *material, uint32_t domain) {
  return material->augmented[domain].values ? &material->augmented[domain] : &material->codes[domain];
}

/* The pools alone. On failure the material is to be closed, too. */
xd_status xdi_mapping_material_open(xdi_mapping_material *material, xdi_training *training,
                                    const xd_model *model);

/* The codes. */
xd_status xdi_mapping_material_encode(xdi_mapping_material *material, xdi_training *training);
void xdi_mapping_material_close(xdi_mapping_material *material); /* a zeroed one is legal */

#endif
