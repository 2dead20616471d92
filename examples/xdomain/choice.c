/* Pictures that stand for a set: some of each paired class, from all over it. */
#include "choice.h"

#include "grid.h"
#include "sets.h"

bool is_paired(const xd_pairing *pairing, uint32_t domain, uint32_t label) {
  for (uint32_t i = 0; i < xd_pairing_count(pairing); i++)
    if (xd_pairing_class(pairing, domain, i) == label)
      return true;
  return !pairing;
}

static bool is_shown(const choice *c, const xd_pairing *pairing, uint32_t domain, uint32_t label) {
  return xd_dataset_class_size(c->set, label) && is_paired(pairing, domain, label);
}

choice choose_classes(const xd_dataset *set, const xd_pairing *pairing, uint32_t domain) {
  choice c = {.set = set, .shape = shape_of_set(set)};
  uint32_t count = 0, rank = 0;
  c.any = pairing && xd_pairing_class(pairing, domain, 0) == XD_ANY_CLASS;
  if (c.any) {
    c.label_count = 1;
    return c;
  }
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    count += is_shown(&c, pairing, domain, label);
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    if (is_shown(&c, pairing, domain, label) && is_spread(rank++, count, CHOICE_CLASSES))
      c.labels[c.label_count++] = label;
  return c;
}

uint32_t choice_size(const choice *c, uint32_t number) {
  return c->any ? xd_dataset_count(c->set) : xd_dataset_class_size(c->set, c->labels[number]);
}

uint32_t choose_pictures(const choice *c, uint32_t number, uint32_t wanted, uint32_t *indices) {
  const uint32_t size = choice_size(c, number);
  uint32_t rank = 0, count = 0;
  for (uint32_t i = 0; i < xd_dataset_count(c->set); i++)
    if ((c->any || xd_dataset_label(c->set, i) == c->labels[number]) && is_spread(rank++, size, wanted))
      indices[count++] = i;
  return count;
}
