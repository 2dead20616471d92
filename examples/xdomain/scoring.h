/* A model, sets of pictures of its domains, judges of them and the measures: what eval prints and report shows
 * (scoring.c). */
#ifndef XDOMAIN_SCORING_H
#define XDOMAIN_SCORING_H

#include "command.h"

typedef struct scoring {
  runtime run;
  const char *model_path, *specs[2], *pairs, *judge_paths[2], *judge_path;
  option_settings settings;

  xd_options *options;
  xd_model *model;
  xd_dataset *sets[2];
  xd_pairing *pairing;
  xd_judge *judge[2];
  judge_worth worth[2];
  xd_values *measures[2]; /* of the direction that leaves domain 1, and of the way back; NULL: not scored */
  progress progress;
} scoring;

#define SCORING_FLAGS(s) \
  {"domain1", FLAG_TEXT, &(s).specs[0], "SPEC", \
   "held-out pictures of domain 1 (none where it holds labels)"}, \
      {"domain2", FLAG_TEXT, &(s).specs[1], "SPEC", "held-out pictures of domain 2"}, \
      {"pairs", FLAG_TEXT, &(s).pairs, "LIST", "paired classes (the model's)"}, \
      {"judge", FLAG_TEXT, &(s).judge_path, "FILE", "judge of both domains"}, \
      {"judge1", FLAG_TEXT, &(s).judge_paths[0], "FILE", "judge of domain 1"}, { \
    "judge2", FLAG_TEXT, &(s).judge_paths[1], "FILE", "judge of domain 2" \
  }

/* Reads options and model; an exit code. */
int open_scoring(scoring *s);
void close_scoring(scoring *s);

/* Whether domain 1 holds labels or vectors. */
bool has_conditions(const scoring *s);
bool has_direction(const scoring *s, int source); /* source: 0 or 1, the domain that is left */

/* Reads the sets that are named, whose classes get the model's numbers, and says what they hold. */
xd_status load_scoring_sets(scoring *s);
/* The pairs that are given, or the model's. */
const char *scoring_pairs(const scoring *s);
/* Reads those pairs, and the judges that are given. */
xd_status load_scoring_rest(scoring *s);

/* Whether a judge of the direction's target was given, or can be trained of its set; it says why not. */
bool can_judge(const scoring *s, int source);

/* Scores a direction whose sets are there; a judge that was not given is trained on half of the target's set, of
 * which the other half stays. */
xd_status score_direction(scoring *s, int source);

#endif
