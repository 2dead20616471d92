/* libxdomain, unstable: sets that one line of text describes, for command lines.
 *
 * In such a line the characters ; | , : and \ are marks, which a backslash makes characters of a
 * path: see dataset.h. The language of these lines grows with the tool.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_SPEC_H
#define XDOMAIN_UNSTABLE_SPEC_H

#include "../dataset.h"

XD_BEGIN_DECLS

/* From one line of text of any length, for command lines and bindings: one part, or several between
 * bars, PART|PART, which are joined in order. A part is
 *   idx:IMAGES[,LABELS][;OPTION]...   dir:PATH[;OPTION]...   mat:FILE[;OPTION]...
 * or PATH[;OPTION]..., a folder's where it has no ':'. Marks in paths have a backslash (dataset.h;
 * a ':' behind idx:, dir: or mat: may do without, and so may a ',' but in IMAGES); shells want
 * ';', '|' and '\' quoted. Options, each once, and taken in this order: classes=0-4 or
 * classes=0,2,5-7; first=N; holdout=P% with part=train or part=validation (P of each class, 1 to
 * 99, always the same pictures: xd_dataset_split with seed 0); subset=N (drawn by seed=N);
 * size=WxH, fit=stretch|pad|crop|exact and channels=1|3 (for dir: while loading, else
 * xd_dataset_fit after loading); bad=skip|refuse (skip_bad). What a part does not say of size,
 * fit, channels and bad pictures is as `options` has it; NULL options are the defaults. Each part,
 * of at most 256, has its own options, and must fit the others as xd_dataset_join asks:
 * "idx:A,B;classes=1-4|idx:C,D;classes=1-4;channels=3" adds grey pictures to coloured ones. The
 * caller owns *out. XD_ERROR_INVALID_ARGUMENT names the word that is wrong; else what loading and
 * joining answer. */
XD_API xd_status xd_dataset_load(xd_dataset **out, xd_context *context, const char *spec,
                                 const xd_dataset_options *options);

/* Path `index` of those that such a line names, in its order and without the backslashes, and ""
 * beyond the last: so that a program knows beforehand what it reads. Nothing is opened. `to` has
 * room for `size` bytes; one more than the line's length is always enough.
 * XD_ERROR_INVALID_ARGUMENT (NULL, a line that is wrong), XD_ERROR_TOO_LARGE (no room),
 * XD_ERROR_OUT_OF_MEMORY; `to` is "" then, if it has room for that. */
XD_API xd_status xd_dataset_spec_path(xd_context *context, char *to, size_t size, const char *spec,
                                      uint32_t index);

XD_END_DECLS

#endif
