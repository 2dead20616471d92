/* libxdomain: symbol visibility.
 *
 * XD_API marks what the shared library exports; everything else stays hidden. The
 * static library exports nothing: a shared object that is built around it shows none
 * of its symbols. Define XD_STATIC when you link it (CMake's xdomain::xdomain_static
 * does). Who compiles the library into a program may define XD_API. */
#ifndef XDOMAIN_EXPORT_H
#define XDOMAIN_EXPORT_H

#if defined(XD_API)
/* The host's own. */
#elif defined(_WIN32) && !defined(XD_STATIC)
#ifdef XD_BUILDING
#define XD_API __declspec(dllexport)
#else
#define XD_API __declspec(dllimport)
#endif
#elif defined(__GNUC__) && !defined(XD_STATIC)
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
