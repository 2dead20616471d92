/* libxdomain, unstable: the texts of presets, whose numbers change as better ones are found.
 *
 * Outside the promise (docs/abi.md): a minor version may change it or take it away. */
#ifndef XDOMAIN_UNSTABLE_PRESETS_H
#define XDOMAIN_UNSTABLE_PRESETS_H

#include "../options.h"

XD_BEGIN_DECLS

/* The text of a preset, as xd_options_read takes it; NULL where there is none of that name.
 * Valid for good. */
XD_API const char *xd_options_preset_text(const char *group, const char *name);

XD_END_DECLS

#endif
