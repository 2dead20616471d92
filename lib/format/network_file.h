/* Networks as three chunks: NETS (their layers), TENS (what each tensor is and where), DATA (the
 * numbers); and SCAL, the scales of those that are bytes. Used by model and judge files alike. */
#ifndef XDI_FORMAT_NETWORK_FILE_H
#define XDI_FORMAT_NETWORK_FILE_H

#include "format/container.h"
#include "layer/network.h"

#define XDI_NETWORK_LIMIT 8u

/* What a network is in its file; domains and directions are 1 and 2. */
#define XDI_ROLE_ENCODER(domain) XD_TAG('E', 'N', 'C', '0' + (domain))
#define XDI_ROLE_DECODER(domain) XD_TAG('D', 'E', 'C', '0' + (domain))
#define XDI_ROLE_GENERATOR(direction) XD_TAG('G', 'E', 'N', '0' + (direction))
#define XDI_ROLE_DISCRIMINATOR(domain) XD_TAG('D', 'I', 'S', '0' + (domain))
#define XDI_ROLE_JUDGE XD_TAG('J', 'U', 'D', 'G')

typedef struct xdi_role {
  uint32_t tag;
  xd_network *network; /* borrowed when written, owned when read */
} xdi_role;

/* How a file stores the numbers of a tensor. */
typedef enum xdi_element { XDI_ELEMENT_F32 = 0, XDI_ELEMENT_F16 = 1, XDI_ELEMENT_I8 = 3 } xdi_element;

/* What the networks of a file become; `scales` stays empty where no number is a byte. */
typedef struct xdi_network_chunks {
  xdi_bytes *nets, *tens, *data, *scales;
} xdi_network_chunks;

/* Fills the chunks' bytes. Every tensor of rank 2 and above is stored as that element, others as f32. Allocation
 * failures show in the bytes; XD_ERROR_NUMERIC when a weight does not fit into f16. */
xd_status xdi_networks_put(xd_context *context, const xdi_role *roles, uint32_t count, xdi_element element,
                           const xdi_network_chunks *to);

/* Reads all networks of a file. Each out role owns a reference; on failure there are none. Where tags are
 * wanted (0-terminated; NULL: all), the networks of other tags are hollow (layer/network.h): their numbers are
 * checked against DATA's checksum and dropped. */
xd_status xdi_networks_get(xd_context *context, const xdi_container *container, const uint32_t *wanted,
                           xdi_role *roles, uint32_t *count);

/* Releases what xdi_networks_get gave and was not handed on. */
void xdi_networks_release(xdi_role *roles, uint32_t count);

#endif
