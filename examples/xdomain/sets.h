/* Sets of pictures on the way into a command (sets.c). */
#ifndef XDOMAIN_SETS_H
#define XDOMAIN_SETS_H

#include "command.h"

/* The names of classes 0 to count - 1, borrowed from what they are of; "" where one has none. */
typedef struct class_names {
  const char *at[XD_CLASS_LIMIT];
  uint32_t count;
} class_names;

class_names names_of_set(const xd_dataset *set);
class_names names_of_model(const xd_model *model, uint32_t domain);

/* Loads a set and, where names are given, gives its classes the numbers of those names. */
xd_status load_set(const runtime *r, xd_dataset **out, const char *spec, const class_names *names);

/* The pairs of a text in which classes stand by name or number; of_domain[0] are the names of domain 1. */
xd_status make_pairing(const runtime *r, xd_pairing **out, const char *text, const class_names of_domain[2]);

/* Says in one line what a set holds: pictures, their shape, and number, name and count of each class. */
void describe_set(const char *title, const xd_dataset *set);

/* Refuses validation sets in which variety cannot be measured: a paired class with fewer than two pictures. */
int check_validation(const xd_dataset *const sets[2], const xd_pairing *pairing);

#endif
