/* Texts for messages, which are English with a decimal point whatever language the host speaks. */
#ifndef XDI_BASE_PLAIN_H
#define XDI_BASE_PLAIN_H

#define XDI_REASON_SIZE 128

/* The calling thread's locale, kept while the plain one holds. */
typedef struct xdi_plain {
  void *plain, *before; /* of the system's kind */
} xdi_plain;

/* Between the two, numbers and the system's sentences on this thread are in the plain locale. */
xdi_plain xdi_plain_begin(void);
void xdi_plain_end(xdi_plain plain);

/* The system's English sentence on an error number. */
void xdi_describe_error(char to[XDI_REASON_SIZE], int error);

#endif
