/* libxdomain: sets of labelled pictures, and which classes are paired.
 *
 * A dataset holds pictures of one size as bytes, each with a label 0..255. It is immutable and
 * reference-counted; selections share the pixels of the set they were made from. It remembers the
 * context's allocator, not the context, and any number of threads may read one dataset.
 *
 * Roads. A picture becomes the same bytes whether it comes as a file in a folder, as one that
 * xd_picture_load decoded, or as a view on the host's memory: EXIF's orientation is applied, alpha
 * is laid over black unless a view says otherwise, 16 bits and floats are rounded to the nearest
 * byte, and sizes are changed as xd_image_fit does.
 *
 * Classes are named: by folders, by the caller, or else by their numbers. Sets, models and judges
 * are matched by these names (xd_dataset_match_classes).
 *
 * Texts. In the texts of xd_pairing_create_named and unstable/spec.h the characters ; | , : and \
 * are marks. With a backslash before it, a mark is a character of a path or name: the path "a;b,c"
 * is written a\;b\,c and "C:\x" C\:\\x. A backslash stands before marks alone. */
#ifndef XDOMAIN_DATASET_H
#define XDOMAIN_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "export.h"
#include "image.h"
#include "progress.h"
#include "shape.h"
#include "status.h"

XD_BEGIN_DECLS

/* Pictures of one size, with labels or without. */
typedef struct xd_dataset xd_dataset;

/* ---- Reading ---- */

/* How pictures are read. */
typedef struct xd_dataset_options {
  /* sizeof(xd_dataset_options) */
  size_t struct_size;
  /* Both 1..65535: every picture is brought to this size. Both 0: all must have the size of the
   * first [0] */
  uint32_t width, height;
  /* 1 grey, 3 colours; 0: colours where any picture has them, else grey [0] */
  uint32_t channels;
  /* how pictures of another size are brought to width x height [XD_FIT_STRETCH] */
  xd_fit fit;
  /* 1: pictures that cannot be read or decoded, or are of another size where none was asked for,
   * and entries of a folder that cannot be examined, as a picture's link that leads nowhere, are
   * left out: counted, listed (xd_dataset_left_out) and told in the log, a warning each; not so
   * where the folder cannot be opened any more either, as when there are too many open files. 0:
   * the first of them ends the call [0] */
  uint32_t skip_bad;
  /* 0 */
  uint32_t reserved;
  /* Hears, in stage XD_STAGE_SET, of each picture of a folder, of views or of a set that is
   * converted, read or left out, and once of a set that is read in one piece; steps are the
   * pictures of the part that is being read. NULL: not wanted; `user` is handed to it */
  xd_progress_callback callback;
  void *user;
} xd_dataset_options;

#define XD_DATASET_OPTIONS_INIT \
  { sizeof(xd_dataset_options), 0, 0, 0, XD_FIT_STRETCH, 0, 0, NULL, NULL }
/* Sets the same bytes as the macro, the defaults in brackets above. */
XD_API void xd_dataset_options_init(xd_dataset_options *options, size_t struct_size);

/* From a folder: its sub-folders are the classes, in the order of their names (numbers by value, so
 * "10" follows "9"; a folder whose name is a whole number below 256 has that label, if all do);
 * pictures in the folder itself are class 0, if there are no sub-folders. What lies in sub-folders
 * of a class, up to 32 deep, is of that class. Files are decoded as xd_picture_load does, by the
 * context's decoder too. NULL options are the defaults.
 *
 * Left out are files whose ending is not a picture's (png, jpg, jpeg, jpe, jfif, bmp, pgm, ppm,
 * pnm, and those of the context's decoder), what is no regular file, as a pipe, and pictures beside
 * the folders of classes: the set lists them, and a warning in the context's log counts each kind
 * and names its first; and, without a word, hidden files.
 *
 * The caller owns *out. XD_ERROR_NOT_FOUND (no folder, or no picture in it or in a class, or none
 * that can be read; without skip_bad, a picture's link that leads nowhere), XD_ERROR_IO (an entry
 * that cannot be examined, likewise), XD_ERROR_SHAPE_MISMATCH, XD_ERROR_BAD_DATA (two folders of
 * one number, folders too deep, a class's name that is no UTF-8), XD_ERROR_TOO_LARGE (over 256
 * classes, 2 GiB of pixels), XD_ERROR_CANCELLED, and what xd_picture_load answers. */
XD_API xd_status xd_dataset_load_folder(xd_dataset **out, xd_context *context, const char *path,
                                        const xd_dataset_options *options);

/* From IDX files (Le Cun), plain or gzip (known by content, not by name): pictures of magic
 * 0x00000803 [count][height][width] or 0x00000804 [count][height][width][channels], channels 1 or
 * 3; labels of magic 0x00000801. `labels` may be NULL: every label is 0. The caller owns *out.
 * Errors name the file: XD_ERROR_NOT_FOUND, XD_ERROR_IO, XD_ERROR_BAD_DATA (magic, element type,
 * label count other than the picture count, trailing bytes, damaged gzip), XD_ERROR_TRUNCATED,
 * XD_ERROR_TOO_LARGE (over 2 GiB of pixels), XD_ERROR_UNSUPPORTED (gzip, in a build without zlib),
 * XD_ERROR_CANCELLED. */
XD_API xd_status xd_dataset_load_idx(xd_dataset **out, xd_context *context, const char *images,
                                     const char *labels);

/* From bytes in memory, copied: count pictures of [height][width][channels] bytes, channels 1 or 3,
 * sides 1..65535; labels[count] below XD_CLASS_LIMIT, or NULL. XD_ERROR_INVALID_ARGUMENT names what
 * is wrong; XD_ERROR_TOO_LARGE (over 2 GiB of pixels), XD_ERROR_OUT_OF_MEMORY. The caller owns
 * *out. */
XD_API xd_status xd_dataset_create(xd_dataset **out, xd_context *context, const uint8_t *pixels,
                                   const uint32_t *labels, uint32_t count, uint32_t width,
                                   uint32_t height, uint32_t channels);

/* From any pictures in memory, described by views as numpy has them, copied: images[count], whose
 * struct_size is one and the same, each converted as its own policy and the options ask;
 * labels[count] below XD_CLASS_LIMIT, or NULL; names[name_count], the names of classes 0, 1, ...
 * (NULL and "": its number), at most XD_CLASS_LIMIT. NULL options are the defaults. The caller
 * owns *out. Messages call a picture images[i]. XD_ERROR_INVALID_ARGUMENT (also a name that is no
 * UTF-8), XD_ERROR_BAD_DATA (samples that are not finite), XD_ERROR_SHAPE_MISMATCH,
 * XD_ERROR_TOO_LARGE (over 2 GiB of pixels), XD_ERROR_NOT_FOUND (all pictures are bad),
 * XD_ERROR_CANCELLED, XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_dataset_create_views(xd_dataset **out, xd_context *context,
                                         const xd_image *images, const uint32_t *labels,
                                         uint32_t count, const char *const *names,
                                         uint32_t name_count, const xd_dataset_options *options);

/* ---- Sets from sets ---- */

/* The pictures of several sets of one shape, those of sets[0] first, each set's in its order;
 * pixels are copied. Either all sets have labels, or none has (xd_dataset_has_labels). A class has
 * the name that any set gives it beside its number. XD_ERROR_SHAPE_MISMATCH names the set and both
 * shapes; XD_ERROR_INVALID_ARGUMENT (count 0, a set that is NULL, labels in some sets only, two
 * names for one label); XD_ERROR_TOO_LARGE (over 2 GiB of pixels); XD_ERROR_OUT_OF_MEMORY;
 * XD_ERROR_CANCELLED. The sets stay the caller's, who owns *out too. */
XD_API xd_status xd_dataset_join(xd_dataset **out, xd_context *context,
                                 const xd_dataset *const *sets, uint32_t count);

/* Which pictures of a set to keep. */
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
 * many. XD_ERROR_NOT_FOUND when a class has no picture or nothing is left;
 * XD_ERROR_INVALID_ARGUMENT (NULL, a label that is not below XD_CLASS_LIMIT, a switch that is
 * neither 0 nor 1); XD_ERROR_OUT_OF_MEMORY. The caller owns *out. */
XD_API xd_status xd_dataset_select(xd_dataset **out, xd_context *context, const xd_dataset *set,
                                   const xd_dataset_selection *selection);

/* Splits off a share of every class, drawn by `seed`: `rest` keeps at least one picture of each.
 * fraction in (0, 1). XD_ERROR_NOT_FOUND when no class gives a picture; XD_ERROR_INVALID_ARGUMENT;
 * XD_ERROR_OUT_OF_MEMORY. The caller owns both, NULL on failure. */
XD_API xd_status xd_dataset_split(xd_dataset **rest, xd_dataset **part, xd_context *context,
                                  const xd_dataset *set, double fraction, uint64_t seed);

/* A set of the same pictures whose labels are those of the classes of the same names in
 * names[0..count), as of a model, a judge or another set ("" and NULL: no such class; count at
 * most XD_CLASS_LIMIT): so a folder more or fewer shifts no label. Names are alike byte for byte,
 * or as whole numbers of one value; a class whose name is its number, as of IDX files, stands for
 * the class of that number, where no name is alike and that class is not called by a number.
 * Pictures of other classes are left out, and a warning in the log names each. A set without
 * labels, or without a name to match, comes back as it is. XD_ERROR_NOT_FOUND (no class is left)
 * names a class of either side; XD_ERROR_INVALID_ARGUMENT (two classes become one, a name is no
 * UTF-8); XD_ERROR_OUT_OF_MEMORY. Pixels are shared. The caller owns *out. */
XD_API xd_status xd_dataset_match_classes(xd_dataset **out, xd_context *context,
                                          const xd_dataset *set, const char *const *names,
                                          uint32_t count);

/* The same set with other names: names[0..count) of classes 0, 1, ..., at most XD_CLASS_LIMIT; NULL
 * and "", and classes beyond them, are called by their numbers. Pixels are shared.
 * XD_ERROR_INVALID_ARGUMENT (also a name that is no UTF-8), XD_ERROR_OUT_OF_MEMORY. The caller owns
 * *out. */
XD_API xd_status xd_dataset_with_class_names(xd_dataset **out, xd_context *context,
                                             const xd_dataset *set, const char *const *names,
                                             uint32_t count);

/* The same pictures in another size or with another number of channels: width and height, channels
 * and fit as `options` ask, where 0 leaves what the set has; bad pictures there are none, so that
 * skip_bad says nothing. Labels and names stay. A set that is so already comes back as it is, one
 * more owner of it. XD_ERROR_INVALID_ARGUMENT, XD_ERROR_SHAPE_MISMATCH (another size with
 * XD_FIT_EXACT), XD_ERROR_TOO_LARGE (over 2 GiB of pixels), XD_ERROR_CANCELLED,
 * XD_ERROR_OUT_OF_MEMORY. The caller owns *out. */
XD_API xd_status xd_dataset_fit(xd_dataset **out, xd_context *context, const xd_dataset *set,
                                const xd_dataset_options *options);

/* One more owner; returns set. NULL is legal. Callable from any thread. */
XD_API xd_dataset *xd_dataset_retain(const xd_dataset *set);
/* One owner less; the last one frees it. NULL is legal. Callable from any thread. */
XD_API void xd_dataset_release(const xd_dataset *set);

/* ---- What a set holds ---- */

/* How many pictures it has; 0 of NULL. This and the other questions about a set may be asked
 * from any thread. */
XD_API uint32_t xd_dataset_count(const xd_dataset *set);

/* The width of every picture in pixels; 0 of NULL. */
XD_API uint32_t xd_dataset_width(const xd_dataset *set);

/* The height of every picture in pixels; 0 of NULL. */
XD_API uint32_t xd_dataset_height(const xd_dataset *set);

/* 1 for grey pictures, 3 for RGB; 0 of NULL. */
XD_API uint32_t xd_dataset_channels(const xd_dataset *set);

/* Picture `index`'s label; 0 beyond the end. */
XD_API uint32_t xd_dataset_label(const xd_dataset *set, uint32_t index);

/* Picture `index`'s file, by its path below the folder that it was read from ("cat/7.png"), so that
 * results can be named after it; "" for pictures of other sets. Selections, joined and converted
 * sets keep the names. Borrowed from the set. */
XD_API const char *xd_dataset_picture_name(const xd_dataset *set, uint32_t index);

/* Whether its pictures were given labels: 1 or 0 (then all are 0). IDX without a label file, a
 * folder without sub-folders and sets from memory without labels have none. */
XD_API int xd_dataset_has_labels(const xd_dataset *set);

/* How many pictures have that label. */
XD_API uint32_t xd_dataset_class_size(const xd_dataset *set, uint32_t label);

/* A class's name: its folder's, the one that the caller gave, or its number; "" when the set has no
 * picture of that label. Borrowed from the set. */
XD_API const char *xd_dataset_class_name(const xd_dataset *set, uint32_t label);

/* Why something was left out of a set while it was read. */
typedef uint32_t xd_left_out;
enum {
  /* what is no picture by its name, or no regular file, as a pipe */
  XD_LEFT_OUT_OTHER_TYPE = 1,
  /* pictures beside the folders of classes */
  XD_LEFT_OUT_BESIDE_CLASSES = 2,
  /* bad pictures and entries that cannot be examined, with skip_bad */
  XD_LEFT_OUT_BAD = 3
};

/* How much was left out for a reason; 0 for an unknown one, and of NULL. Selections tell what the
 * set that was read left out, joined sets what all their parts did. */
XD_API size_t xd_dataset_left_out_count(const xd_dataset *set, xd_left_out why);

/* Item `index` of it: a path below the folder, or of what is bad the sentence that says what is
 * wrong with which. NULL beyond the last; borrowed from the set. */
XD_API const char *xd_dataset_left_out(const xd_dataset *set, xd_left_out why, size_t index);

/* Picture `index`'s bytes, [height][width][channels], borrowed from the set; NULL beyond the
 * end. */
XD_API const uint8_t *xd_dataset_pixels(const xd_dataset *set, uint32_t index);

/* Copies pictures indices[0..count), or with NULL the first `count`, as floats in 0..1,
 * [count][height][width][channels], to memory of the caller's. count 0 does nothing.
 * XD_ERROR_INVALID_ARGUMENT (NULL, an index or a count beyond the end), XD_ERROR_CANCELLED. */
XD_API xd_status xd_dataset_read(const xd_dataset *set, xd_context *context, float *to,
                                 const uint32_t *indices, uint32_t count);

/* The same as bytes, as xd_dataset_pixels has them. */
XD_API xd_status xd_dataset_read_bytes(const xd_dataset *set, xd_context *context, uint8_t *to,
                                       const uint32_t *indices, uint32_t count);

/* The labels of the same pictures, to[count]. */
XD_API xd_status xd_dataset_read_labels(const xd_dataset *set, xd_context *context, uint32_t *to,
                                        const uint32_t *indices, uint32_t count);

/* ---- Pairings ---- */

/* Which class of domain 1 is translated into which of domain 2. Several pairs may share a class on
 * either side: then the classes that are linked by pairs, directly or over others, form a group and
 * are drawn from together. "0:5,1:5" sends both classes to 5; "0:5,0:6" sends class 0 to both
 * (anchor and positive are drawn from 5 and 6 alike); "0:5,1:5,1:6" is one group of 0 and 1 with
 * 5 and 6. A source class is drawn uniformly, then a target class of its group uniformly.
 * Mismatched codes come from other groups; with one group there are none. */
typedef struct xd_pairing xd_pairing;

/* From "0:5,1:6"; or from "*:*" alone: all of domain 1 with all of domain 2, one group, for sets
 * without labels. Sets may have labels then, which nobody looks at. XD_ERROR_INVALID_ARGUMENT names
 * the pair that is wrong or stands twice. The caller owns *out. */
XD_API xd_status xd_pairing_create(xd_pairing **out, xd_context *context, const char *text);

/* The same where a class may also be given by its name, names1[i] being that of class i of domain 1
 * and names2[i] of domain 2 ("" and NULL: it has none): "cat:dog,2:wolf". A name comes before a
 * number, and the longest that fits is taken; marks in it may have a backslash (see above). Counts
 * are at most XD_CLASS_LIMIT. */
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
