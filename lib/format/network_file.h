/* Networks as three chunks: NETS (their layers), TENS (what each tensor is and where), DATA (the
 * numbers). Used by model and judge files alike. */
#ifndef XDI_FORMAT_NETWORK_FILE_H
#define XDI_FORMAT_NETWORK_FILE_H

#include "format/container.h"
#include "layer/network.h"

#define XDI_NETWORK_LIMIT 8u

/* What a network is in its file: XD_TAG('E','N','C','1') and so on. */
typedef struct xdi_role {
  uint32_t tag;
  xd_network *network; /* borrowed when written, owned when read */
} xdi_role;

/* Fills the three chunks' bytes. `half` stores every tensor of rank 2 and above as f16. Allocation
 * failures show in the bytes; XD_ERROR_NUMERIC when a weight does not fit into f16. */
xd_status xdi_networks_put(xd_context *context, const xdi_role *roles, uint32_t count, bool half,
                           xdi_bytes *nets, xdi_bytes *tens, xdi_bytes *data);

/* Reads all networks of a file. Each out role owns a reference; on failure there are none. Where tags are
 * wanted (0-terminated; NULL: all), the networks of other tags are hollow (layer/network.h): their numbers are
 * checked against DATA's checksum and dropped. */
xd_status xdi_networks_get(xd_context *context, const xdi_container *container, const uint32_t *wanted,
                           xdi_role *roles, uint32_t *count);

/* Releases what xdi_networks_get gave and was not handed on. */
void xdi_networks_release(xdi_role *roles, uint32_t count);

#endif
