/* Sets of pictures on the way into a command (sets.c). */
#ifndef XDOMAIN_SETS_H
#define XDOMAIN_SETS_H

#include "command.h"

/* Says in one line what a set holds: pictures, their shape, and number, name and count of each class. */
void describe_set(const char *title, const xd_dataset *set);

/* Refuses validation sets in which variety cannot be measured: a paired class with fewer than two pictures. */
int check_validation(const xd_dataset *const sets[2], const xd_pairing *pairing);

#endif
