/* Which pictures of a set are shown (choice.c). */
#ifndef XDOMAIN_CHOICE_H
#define XDOMAIN_CHOICE_H

#include "command.h"

enum { CHOICE_CLASSES = 32 }; /* at most so many are shown */

/* The classes of a domain's set that are shown: the paired ones or, of many, some that are spread over them. */
typedef struct choice {
  const xd_dataset *set;
  xd_shape shape;
  uint32_t labels[CHOICE_CLASSES], label_count;
  bool any; /* no class is paired: all pictures are one */
} choice;

/* Without a pairing, of all the set's classes. */
choice choose_classes(const xd_dataset *set, const xd_pairing *pairing, uint32_t domain);

/* Whether a class is in a pair; without a pairing all are. */
bool is_paired(const xd_pairing *pairing, uint32_t domain, uint32_t label);

uint32_t choice_size(const choice *c, uint32_t number);

/* Up to `wanted` pictures that are spread over a class; how many. */
uint32_t choose_pictures(const choice *c, uint32_t number, uint32_t wanted, uint32_t *indices);

#endif
