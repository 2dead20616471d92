/* Which classes are paired, as training and evaluation ask for it. */
#ifndef XDI_DATA_PAIRING_H
#define XDI_DATA_PAIRING_H

#include <stdbool.h>

#include "base/context.h"
#include "base/owners.h"
#include "xdomain/dataset.h"

struct xd_pairing {
  xd_allocator allocator;
  xdi_owners references;
  uint32_t count;
  uint32_t *classes[2]; /* [count] each */
  bool any;             /* "*:*" */
  uint32_t group_count;
  uint32_t groups[2][XD_CLASS_LIMIT];                 /* XDI_NO_GROUP for a class without a pair */
  uint8_t linked[XD_CLASS_LIMIT][XD_CLASS_LIMIT / 8]; /* bit per class of domain 2 */
};

#define XDI_NO_GROUP 0xFFFFFFFFu

/* Classes that are linked by pairs, directly or over others, form a group: pictures are drawn from a
 * group's classes together. Groups are numbered by the first pair of each. "*:*" is one group. */
uint32_t xdi_pairing_group_count(const xd_pairing *pairing);
uint32_t xdi_pairing_group(const xd_pairing *pairing, uint32_t domain, uint32_t label); /* domain 1 or 2 */

/* XD_ERROR_NOT_FOUND names the class that its set has no picture of. */
xd_status xdi_pairing_check(xd_context *context, const xd_pairing *pairing, const xd_dataset *set1,
                            const xd_dataset *set2);

#endif
