/* Time that passes. */
#ifndef XDI_BASE_CLOCK_H
#define XDI_BASE_CLOCK_H

/* Seconds by a clock that only runs forward; their beginning means nothing. */
double xdi_clock(void);

#endif
