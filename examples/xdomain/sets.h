/* Sets of pictures on the way into a command (sets.c). */
#ifndef XDOMAIN_SETS_H
#define XDOMAIN_SETS_H

#include "command.h"

/* The names of classes 0 to count - 1, borrowed from what they are of; "" where one has none. */
typedef struct class_names {
  const char *at[XD_CLASS_LIMIT];
  uint32_t count;
} class_names;

static inline uint32_t larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

class_names names_of_set(const xd_dataset *set);
class_names names_of_model(const xd_model *model, uint32_t domain);
bool is_number_of(const char *name, uint32_t label); /* the class's own, as "7" is of 7 */

/* Whether a word is a SPEC, by its kind or what follows a folder: "idx:A,B", "dir:A", "mat:A", "A;first=9", "A|B". */
bool is_spec(const char *word);

/* xd_dataset_load, and shows how far it is where it takes long (fitting.c). */
xd_status read_set(const runtime *r, xd_dataset **out, const char *spec, const xd_dataset_options *options);

/* Loads a set from a SPEC or a plain folder and, where names are given, matches it with them, else leaves out what is
 * unlabelled. A folder whose pictures are of several sizes, of none that a VAE takes or, where one is given, of another
 * than `shape`, is brought to one size, and this is said (fitting.c). What is of another shape still is refused. */
xd_status load_set(runtime *r, xd_dataset **out, const char *spec, const class_names *names,
                   const xd_shape *shape);

/* Of a set that was not read since a picture is bad: the same failure, with what leaves such pictures out (fitting.c). */
xd_status name_way_on(runtime *r, xd_status status, const char *spec);

/* The set as load_set reads it, with the classes that it has (fitting.c). */
xd_status load_fitting(runtime *r, xd_dataset **out, const char *spec, const xd_shape *shape);

/* Gives classes the numbers of those names; pictures of others are left out, which is said. */
xd_status match_set(const runtime *r, xd_dataset **set, const class_names *names);

/* Pictures of a sub-folder 'unlabelled', which is no class if there are others, go to *unlabelled; without them it stays
 * as it is. */
xd_status take_out_unlabelled(const runtime *r, xd_dataset **set, xd_dataset **unlabelled);

xd_shape shape_of_set(const xd_dataset *set);
/* Refuses what is of pictures of another shape than the one that is wanted; `name` is its SPEC or file. */
xd_status check_shape(runtime *r, const char *name, xd_shape is, xd_shape wanted);
/* Loads a judge and, where a shape is given, refuses one of pictures of another. */
xd_status load_judge(runtime *r, xd_judge **out, const char *path, const xd_shape *shape);
bool same_shape(xd_shape one, xd_shape other);
size_t floats_of(xd_shape shape);                    /* of a picture */
xd_shape larger_shape(xd_shape one, xd_shape other); /* in each of its sizes */
void view_floats(xd_image *view, float *floats, xd_shape shape);

/* The pairs of a text in which classes stand by name or number; of_domain[0] are the names of domain 1. */
xd_status make_pairing(const runtime *r, xd_pairing **out, const char *text, const class_names of_domain[2]);

/* Says in one line what a set holds: pictures, their shape, and number, name and count of each of the first classes. */
void describe_set(const char *title, const xd_dataset *set);

/* Pairs classes for which no pairs were given: those of the same name; or, where neither set has sub-folders, the
 * pictures of the same file name, each of which becomes a class of its own in *set1 and *set2, which are replaced.
 * Of a model's classes, "unpaired" stays so. Says what was paired; an exit code (pairs.c). */
int find_pairs(const runtime *r, xd_pairing **out, xd_dataset *sets[2], bool of_model);

/* Pictures of a folder without sub-folders are of the class, of several, that their file is called by, as find_pairs
 * calls it; this is said (pairs.c). */
xd_status classify_by_file(const runtime *r, xd_dataset **set, const class_names *names);

uint32_t count_classes(const xd_dataset *set); /* that have pictures */

/* Refuses validation sets in which variety cannot be measured: a paired class with fewer than two pictures. They were
 * held out of the sets that are trained on, or given. */
int check_validation(const xd_dataset *const sets[2], const xd_dataset *const trained[2], bool given,
                     const xd_pairing *pairing);

/* Which share of each class of a set to hold out where nobody says: a tenth, less of large sets, and two pictures
 * of each paired class at least. 0: none, since a class is too small, and this was said (held_out.c). */
double choose_share(const xd_dataset *set, const xd_pairing *pairing, uint32_t domain);

#endif
