/* libxdomain, unstable: whether classes have the same names elsewhere, as trainings ask.
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

XD_END_DECLS

#endif
