# Before the packages are closed: what Debian compresses, and where its zsh looks.

file(GLOB_RECURSE compressed
  ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/man/*.1 ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/changelog.Debian)
foreach(file IN LISTS compressed)
  execute_process(COMMAND gzip -9nf ${file} RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "cannot compress ${file}")
  endif()
endforeach()

file(GLOB zsh_folders ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*/usr/share/zsh)
foreach(folder IN LISTS zsh_folders)
  file(RENAME ${folder}/site-functions ${folder}/vendor-completions)
endforeach()
