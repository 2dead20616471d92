/* How many pictures are held out for validation where nobody says. */
#include "sets.h"

static const double usual_share = 0.1, enough_pictures = 2000;

#define LEAST_HELD_OUT 2u /* of a class: variety is measured in pairs */

/* The paired class of a domain that has the fewest pictures. */
static uint32_t find_smallest(const xd_dataset *set, const xd_pairing *pairing, uint32_t domain) {
  uint32_t smallest = xd_pairing_class(pairing, domain, 0);
  for (uint32_t i = 1; i < xd_pairing_count(pairing); i++) {
    const uint32_t label = xd_pairing_class(pairing, domain, i);
    if (xd_dataset_class_size(set, label) < xd_dataset_class_size(set, smallest))
      smallest = label;
  }
  return smallest;
}

double choose_share(const xd_dataset *set, const xd_pairing *pairing, uint32_t domain) {
  const uint32_t smallest = find_smallest(set, pairing, domain), size = xd_dataset_class_size(set, smallest);
  if (size * usual_share < LEAST_HELD_OUT) {
    notice(
        "no picture is held out, so the mappings get no scores: class '%s' of domain %u has %u %s, and a tenth "
        "shall be %u or more",
        xd_dataset_class_name(set, smallest), domain, size, size == 1 ? "picture" : "pictures",
        LEAST_HELD_OUT);
    return 0.0;
  }
  const double share = enough_pictures / xd_dataset_count(set), needed = (double)LEAST_HELD_OUT / size;
  return share > usual_share ? usual_share : share < needed ? needed : share;
}
