/* libxdomain, unstable: whether classes have the same names elsewhere, as trainings ask, and the
 * classes of pictures that lie in one folder, which are called by their files.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_CLASSES_H
#define XDOMAIN_UNSTABLE_CLASSES_H

#include "../dataset.h"

XD_BEGIN_DECLS

/* Whether classes have the same names elsewhere: XD_ERROR_SHAPE_MISMATCH, with both names and
 * what `where` calls the place, such as "the judge" (NULL: "its model"), where a class that has
 * pictures has one name in the set and another in names[0..count). Names that are the class's
 * number, and "" and NULL, fit every name. XD_ERROR_INVALID_ARGUMENT (set, names or context
 * NULL). */
XD_API xd_status xd_dataset_check_classes(const xd_dataset *set, xd_context *context,
                                          const char *const *names, uint32_t count,
                                          const char *where);

/* ---- Classes by files ---- */

/* Whether a set without labels is of the files of one folder and none below it: 1 or 0, also of
 * NULL. */
XD_API int xd_dataset_is_flat(const xd_dataset *set);

/* The class of files that are called by no other class. */
#define XD_UNPAIRED_CLASS "unpaired"

/* Two flat sets in which files of one name ("cat.png" and "cat.jpg") are a class, called by it
 * without its ending, in the order of the names' bytes; all other files, and those whose names are
 * no UTF-8, are of the class XD_UNPAIRED_CLASS behind them. Pixels are shared. The caller owns
 * *out1 and *out2, NULL on failure. XD_ERROR_NOT_FOUND (no name in common, or a set is not flat),
 * XD_ERROR_TOO_LARGE (more than 255 in common), XD_ERROR_INVALID_ARGUMENT (NULL),
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_dataset_pair_files(xd_dataset **out1, xd_dataset **out2, xd_context *context,
                                       const xd_dataset *set1, const xd_dataset *set2);

/* The same pictures, each of the class names[0..count) that its file is called by, as of a model
 * that was trained on such sets; others are of the class XD_UNPAIRED_CLASS, which is added where
 * names have it not. A set that is not flat comes back as it is, and so it does where there are
 * fewer than two names or all are but their numbers, or "" and NULL, or nothing is left for one
 * more. Pixels are shared. The caller
 * owns *out. XD_ERROR_INVALID_ARGUMENT (NULL, a name that is no UTF-8, more than XD_CLASS_LIMIT),
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_dataset_classify_files(xd_dataset **out, xd_context *context,
                                           const xd_dataset *set, const char *const *names,
                                           uint32_t count);

XD_END_DECLS

#endif
