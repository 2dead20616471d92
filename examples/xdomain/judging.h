/* What a judge is worth (judging.c). */
#ifndef XDOMAIN_JUDGING_H
#define XDOMAIN_JUDGING_H

#include "command.h"

typedef struct judge_worth {
  double accuracy; /* on real pictures that it was not trained on */
  uint32_t pictures;
  bool one_class; /* it puts all of them into one */
} judge_worth;

/* Measures it; `set` is of the judge's shape and classes. */
xd_status weigh_judge(judge_worth *out, const runtime *r, const xd_judge *judge, const xd_dataset *set);

/* Whether its scores mean anything. */
bool is_sound(const judge_worth *worth);

/* Says in one line what it is worth, and in another one if that is little. */
void say_worth(const judge_worth *worth, uint32_t domain);

#endif
