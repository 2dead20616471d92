/* libxdomain: sets of labelled pictures, and which classes are paired.
 *
 * A dataset holds pictures of one size as bytes, each with a label 0..255. It is
 * immutable and reference-counted; selections share the pixels of the set they
 * were made from. Any number of threads may read one dataset. */
#ifndef XDOMAIN_DATASET_H
#define XDOMAIN_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "export.h"
#include "image.h"
#include "shape.h"
#include "status.h"

XD_BEGIN_DECLS

typedef struct xd_dataset xd_dataset;

/* From IDX files (Le Cun), plain or gzip (known by content, not by name): pictures of magic
 * 0x00000803 [count][height][width] or 0x00000804 [count][height][width][channels], channels 1 or
 * 3; labels of magic 0x00000801. `labels` may be NULL: every label is 0. Errors name the file:
 * XD_ERROR_NOT_FOUND, XD_ERROR_IO, XD_ERROR_BAD_DATA (magic, element type, label count other than
 * the picture count, trailing bytes, damaged gzip), XD_ERROR_TRUNCATED, XD_ERROR_TOO_LARGE (over
 * 2 GiB of pixels), XD_ERROR_UNSUPPORTED (gzip, in a build without zlib). The caller owns *out. */
XD_API xd_status xd_dataset_load_idx(xd_dataset **out, xd_context *context, const char *images,
                                     const char *labels);

/* From a folder: its sub-folders are the classes, in the order of their names (numbers by value,
 * so "10" follows "9"; a folder whose name is a whole number below 256 has that label, if all
 * do); pictures in the folder itself are class 0, if there are no sub-folders. What lies in sub-
 * folders of a class, up to 32 deep, is of that class. Every picture is converted to `channels`
 * (1 or 3; 0: as the first picture has) and must have one size; width and height not 0 resize
 * each to that. Alpha is laid over black. Passed over are files whose ending is not a picture's
 * (png, jpg, jpeg, jpe, jfif, bmp, pgm, ppm, pnm) and pictures beside the folders of classes: a
 * warning in the context's log counts each kind and names its first; and, without a word, hidden
 * files. XD_ERROR_NOT_FOUND (no folder, or no picture in it or in a class),
 * XD_ERROR_SHAPE_MISMATCH, XD_ERROR_BAD_DATA (two folders of one number, folders too deep),
 * XD_ERROR_TOO_LARGE (over 256 classes, 2 GiB of pixels), and what xd_picture_load answers. */
XD_API xd_status xd_dataset_load_folder(xd_dataset **out, xd_context *context, const char *path,
                                        uint32_t width, uint32_t height, uint32_t channels);

/* From a MATLAB level 5 file, plain or packed, as SVHN is published: `X` uint8 of height x width x
 * channels x count, `y` count labels 0..10 of any number type, of which 10 becomes 0; other
 * variables are passed over. XD_ERROR_NOT_FOUND, XD_ERROR_IO, XD_ERROR_BAD_DATA (no such file,
 * variable, type or label; damaged), XD_ERROR_TRUNCATED, XD_ERROR_TOO_LARGE (over 2 GiB of pixels),
 * XD_ERROR_UNSUPPORTED (MATLAB 7.3; packed, in a build without zlib). The caller owns *out. */
XD_API xd_status xd_dataset_load_mat(xd_dataset **out, xd_context *context, const char *path);

/* From memory, copied: count pictures of [height][width][channels] bytes, channels 1 or 3, sides
 * 1..65535; labels[count] below XD_CLASS_LIMIT, or NULL. XD_ERROR_INVALID_ARGUMENT names what is
 * wrong; XD_ERROR_TOO_LARGE (over 2 GiB of pixels), XD_ERROR_OUT_OF_MEMORY. The caller owns
 * *out. */
XD_API xd_status xd_dataset_create(xd_dataset **out, xd_context *context, const uint8_t *pixels,
                                   const uint32_t *labels, uint32_t count, uint32_t width,
                                   uint32_t height, uint32_t channels);

/* The pictures of several sets of one shape, those of sets[0] first, each set's in its order;
 * pixels are copied. Either all sets have labels, or none has: IDX without a label file, a folder
 * without sub-folders and xd_dataset_create without labels give sets that have none. A class has
 * the name that any set gives it beside its number. XD_ERROR_SHAPE_MISMATCH names the set and both
 * shapes; XD_ERROR_INVALID_ARGUMENT (count 0, a set that is NULL, labels in some sets only, two
 * names for one label); XD_ERROR_TOO_LARGE (over 2 GiB of pixels); XD_ERROR_OUT_OF_MEMORY;
 * XD_ERROR_CANCELLED. The sets stay the caller's, who owns *out too. */
XD_API xd_status xd_dataset_join(xd_dataset **out, xd_context *context,
                                 const xd_dataset *const *sets, uint32_t count);

/* From one line of text, for command lines and bindings: one part, or several between bars,
 * PART|PART, which are joined in order. A part is
 *   idx:IMAGES[,LABELS][;OPTION]...   dir:PATH[;OPTION]...   mat:FILE[;OPTION]...
 * options, each once, and taken in this order:
 * classes=0-4 or classes=0,2,5-7; first=N; holdout=P% with part=train or part=validation (P of each
 * class, 1 to 99, always the same pictures: xd_dataset_split with seed 0); subset=N (drawn by
 * seed=N); size=WxH and channels=1|3 (for dir: while loading, else converted and resized after
 * loading). Each part, of at most 256, has its own options, and must fit the others as
 * xd_dataset_join asks: "idx:A,B;classes=1-4|idx:C,D;classes=1-4;channels=3" adds grey pictures to
 * coloured ones. Paths hold no ';' and no '|' (shells want both quoted), those of idx: no ','.
 * XD_ERROR_INVALID_ARGUMENT names the word that is wrong; else what loading and joining answer. */
XD_API xd_status xd_dataset_load(xd_dataset **out, xd_context *context, const char *spec);

typedef struct xd_dataset_selection {
  /* sizeof(xd_dataset_selection) */
  size_t struct_size;
  /* keep these labels; NULL: all */
  const uint32_t *classes;
  uint32_t class_count;
  /* then keep so many pictures; 0: all */
  uint32_t count;
  uint64_t seed;
  /* 0: the first `count`; 1: `count` drawn by `seed`, in set order */
  uint32_t shuffled;
  /* leave out so many first (of the shuffled order, if shuffled) */
  uint32_t skip;
} xd_dataset_selection;

#define XD_DATASET_SELECTION_INIT \
  { sizeof(xd_dataset_selection), NULL, 0, 0, 0, 0, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_dataset_selection_init(xd_dataset_selection *selection, size_t struct_size);

/* A new set of some pictures of `set`, in its order, fewer than `count` where there are not as
 * many. XD_ERROR_NOT_FOUND when a class has no picture or nothing is left. The caller owns *out. */
XD_API xd_status xd_dataset_select(xd_dataset **out, xd_context *context, const xd_dataset *set,
                                   const xd_dataset_selection *selection);

/* Splits off a share of every class, drawn by `seed`: `rest` keeps at least one picture of each.
 * fraction in (0, 1). XD_ERROR_NOT_FOUND when no class gives a picture. The caller owns both. */
XD_API xd_status xd_dataset_split(xd_dataset **rest, xd_dataset **part, xd_context *context,
                                  const xd_dataset *set, double fraction, uint64_t seed);

/* A set of the same pictures whose labels are those of the classes of the same names in
 * names[0..count), as of a model, a judge or another set ("" and NULL: no such class; count at
 * most XD_CLASS_LIMIT): so a folder more or fewer shifts no label. Names are alike byte for
 * byte, or as whole numbers of one value; a class whose name is its number, as of IDX files,
 * stands for the class of that number, where no name is alike and that class is not called by a
 * number. Pictures of other classes are left out, and a warning in the log names each. A set
 * without labels, or without a name to match, comes back as it is. XD_ERROR_NOT_FOUND (no class
 * is left) names a class of either side; XD_ERROR_INVALID_ARGUMENT (two classes become one);
 * XD_ERROR_OUT_OF_MEMORY. Pixels are shared. The caller owns *out. */
XD_API xd_status xd_dataset_match_classes(xd_dataset **out, xd_context *context,
                                          const xd_dataset *set, const char *const *names,
                                          uint32_t count);

/* Whether classes have the same names elsewhere: XD_ERROR_SHAPE_MISMATCH, with both names and
 * what `where` calls the place, such as "the judge" (NULL: "its model"), where a class that has
 * pictures has one name in the set and another in names[0..count). Names that are the class's
 * number, and "" and NULL, fit every name. XD_ERROR_INVALID_ARGUMENT (set, names or context
 * NULL). */
XD_API xd_status xd_dataset_check_classes(const xd_dataset *set, xd_context *context,
                                          const char *const *names, uint32_t count,
                                          const char *where);

/* One more owner; returns the set. Callable from any thread; NULL is legal. */
XD_API xd_dataset *xd_dataset_retain(const xd_dataset *set);
/* One owner less; NULL is legal. */
XD_API void xd_dataset_release(const xd_dataset *set);

/* How many pictures it has; 0 of NULL. This and the other questions about a set may be asked
 * from any thread. */
XD_API uint32_t xd_dataset_count(const xd_dataset *set);

/* The width of every picture in pixels; 0 of NULL. */
XD_API uint32_t xd_dataset_width(const xd_dataset *set);

/* The height of every picture in pixels; 0 of NULL. */
XD_API uint32_t xd_dataset_height(const xd_dataset *set);

/* 1 for grey pictures, 3 for RGB; 0 of NULL. */
XD_API uint32_t xd_dataset_channels(const xd_dataset *set);
/* The label of picture `index`; 0 beyond the end. */
XD_API uint32_t xd_dataset_label(const xd_dataset *set, uint32_t index);
/* How many pictures have a label; 0 for labels that none has. */
XD_API uint32_t xd_dataset_class_size(const xd_dataset *set, uint32_t label);
/* A class's name, its folder's or its number, borrowed from the set; "" when the set has no such
 * label. */
XD_API const char *xd_dataset_class_name(const xd_dataset *set, uint32_t label);
/* Picture `index`'s bytes, [height][width][channels], borrowed from the set; NULL beyond the
 * end. */
XD_API const uint8_t *xd_dataset_pixels(const xd_dataset *set, uint32_t index);

/* Copies pictures indices[0..count) as floats in 0..1, [count][height][width][channels], to memory
 * of the caller's. count 0 does nothing. XD_ERROR_INVALID_ARGUMENT (NULL, an index beyond the end),
 * XD_ERROR_CANCELLED. */
XD_API xd_status xd_dataset_read(const xd_dataset *set, xd_context *context, float *to,
                                 const uint32_t *indices, uint32_t count);

/* Which class of domain 1 is translated into which of domain 2. Several pairs may share a class on
 * either side: then the classes that are linked by pairs, directly or over others, form a group and
 * are drawn from together. "0:5,1:5" sends both classes to 5; "0:5,0:6" sends class 0 to both
 * (condition and positive are drawn from 5 and 6 alike); "0:5,1:5,1:6" is one group of 0 and 1 with
 * 5 and 6. A source class is drawn uniformly, then a target class of its group uniformly.
 * Mismatched codes come from other groups; with one group there are none. */
typedef struct xd_pairing xd_pairing;

/* From "0:5,1:6"; or "*:*" for sets without labels: all of domain 1 with all of domain 2.
 * XD_ERROR_INVALID_ARGUMENT names the pair that is wrong or stands twice. The caller owns *out. */
XD_API xd_status xd_pairing_create(xd_pairing **out, xd_context *context, const char *text);

/* The same where a class may also be given by its name, names1[i] being that of class i of domain 1
 * and names2[i] of domain 2 ("" and NULL: it has none): "cat:dog,2:wolf". A name comes before a
 * number; it may hold ',' and ':', and the longest that fits is taken. Counts are at most
 * XD_CLASS_LIMIT. */
XD_API xd_status xd_pairing_create_named(xd_pairing **out, xd_context *context, const char *text,
                                         const char *const *names1, uint32_t count1,
                                         const char *const *names2, uint32_t count2);
/* One more owner; returns the pairing. Callable from any thread; NULL is legal. */
XD_API xd_pairing *xd_pairing_retain(const xd_pairing *pairing);
/* One owner less; NULL is legal. */
XD_API void xd_pairing_release(const xd_pairing *pairing);

/* The pairs, in the order given. "*:*" is one pair of XD_ANY_CLASS with XD_ANY_CLASS. */
#define XD_ANY_CLASS 0xFFFFFFFFu
/* How many pairs it has, "*:*" being one; 0 of NULL. */
XD_API uint32_t xd_pairing_count(const xd_pairing *pairing);
/* The class of domain 1 or 2 in pair `index`; XD_ANY_CLASS beyond the last pair, and for "*:*". */
XD_API uint32_t xd_pairing_class(const xd_pairing *pairing, uint32_t domain, uint32_t index);

/* Whether class1 of domain 1 and class2 of domain 2 are a pair: 1 or 0. */
XD_API int xd_pairing_matches(const xd_pairing *pairing, uint32_t class1, uint32_t class2);

/* Whether pairs link them, directly or over other classes, so that they are of one group: 1 or
 * 0. */
XD_API int xd_pairing_links(const xd_pairing *pairing, uint32_t class1, uint32_t class2);

XD_END_DECLS

#endif
