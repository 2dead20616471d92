/* libxdomain: symbol visibility.
 *
 * XD_API marks what the shared library exports; everything else stays hidden.
 * Define XD_STATIC when you link the static library on Windows. */
#ifndef XDOMAIN_EXPORT_H
#define XDOMAIN_EXPORT_H

#if defined(_WIN32) && !defined(XD_STATIC)
#ifdef XD_BUILDING
#define XD_API __declspec(dllexport)
#else
#define XD_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define XD_API __attribute__((visibility("default")))
#else
#define XD_API
#endif

/* Opens and closes the C linkage of every public header. */
#ifdef __cplusplus
#define XD_BEGIN_DECLS extern "C" {
#define XD_END_DECLS }
#else
#define XD_BEGIN_DECLS
#define XD_END_DECLS
#endif

#endif
