# The target `amalgamation`: the library as xdomain.c and xdomain.h, in the build folder's amalgamation/.

set(amalgamation_folder ${CMAKE_CURRENT_BINARY_DIR}/amalgamation)
set(amalgamation_manifest ${amalgamation_folder}/sources.txt)

string(REPLACE ";" " " flags "${xdomain_library_flags}")
set(manifest "* ${flags}\n")
foreach(source IN LISTS xdomain_amalgamated_sources)
  get_source_file_property(flags ${source} COMPILE_OPTIONS)
  if(NOT flags)
    set(flags "")
  endif()
  # Of each processor, not of this one alone.
  foreach(variant avx2 avx512 neon)
    if(source MATCHES "/kernels_${variant}\\.c$")
      list(APPEND flags ${xdomain_${variant}_flags})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES flags)
  string(REPLACE ";" " " flags "${flags}")
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${source})
  string(APPEND manifest "${name} ${flags}\n")
endforeach()
file(GENERATE OUTPUT ${amalgamation_manifest} CONTENT "${manifest}")

file(GLOB_RECURSE amalgamation_headers CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/include/*.h ${PROJECT_SOURCE_DIR}/lib/*.h)
add_custom_command(OUTPUT ${amalgamation_folder}/xdomain.c ${amalgamation_folder}/xdomain.h
  COMMAND Python3::Interpreter ${PROJECT_SOURCE_DIR}/packaging/amalgamate.py
    ${PROJECT_SOURCE_DIR} ${amalgamation_manifest} ${XDOMAIN_STB_INCLUDE} ${XDOMAIN_XXHASH_INCLUDE} ${amalgamation_folder}
  DEPENDS packaging/amalgamate.py ${amalgamation_manifest} ${xdomain_amalgamated_sources} ${amalgamation_headers} LICENSE
  VERBATIM)
add_custom_target(amalgamation
  DEPENDS ${amalgamation_folder}/xdomain.c ${amalgamation_folder}/xdomain.h)
