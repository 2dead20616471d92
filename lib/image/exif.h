/* What EXIF data say of a picture's orientation. */
#ifndef XDI_IMAGE_EXIF_H
#define XDI_IMAGE_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* `tiff` are EXIF data from their byte order on. 1 to 8, and 0 where they do not tell or are damaged: a picture
 * is not worse for that. */
uint32_t xdi_exif_orientation(const unsigned char *tiff, size_t size);

#endif
