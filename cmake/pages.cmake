# share/: manual pages and completions, each made by the program that it is about.
set(PAGES ${CMAKE_BINARY_DIR}/share)
set(PAGE_FILES)

# headroom_pages(TARGET NAME SECTION PREFIX): PREFIX of the kind, where another program makes them
function(headroom_pages target name section prefix)
  if(NOT TARGET ${target})
    return()
  endif()
  set(man ${PAGES}/man/man${section}/${name}.${section})
  set(bash ${PAGES}/bash-completion/completions/${name})
  set(zsh ${PAGES}/zsh/site-functions/_${name})
  set(fish ${PAGES}/fish/vendor_completions.d/${name}.fish)
  foreach(kind man bash zsh fish)
    get_filename_component(directory ${${kind}} DIRECTORY)
    file(MAKE_DIRECTORY ${directory})
    # Whoever builds, and where: the pages show root's defaults.
    add_custom_command(OUTPUT ${${kind}}
      COMMAND ${CMAKE_COMMAND} -E env STATE_DIRECTORY=/var/lib/headroom $<TARGET_FILE:${target}> --generate ${prefix}${kind} ${${kind}}
      DEPENDS ${target} VERBATIM)
    list(APPEND PAGE_FILES ${${kind}})
  endforeach()
  set(PAGE_FILES ${PAGE_FILES} PARENT_SCOPE)
endfunction()

headroom_pages(headroomd headroomd 8 "")
headroom_pages(headroomd headroom-guard 8 guard-)
headroom_pages(headroomctl headroomctl 1 "")
headroom_pages(headroom-lab headroom-lab 1 "")
if(TARGET headroomd)   # the configuration's page
  set(man ${PAGES}/man/man5/headroom.yaml.5)
  file(MAKE_DIRECTORY ${PAGES}/man/man5)
  add_custom_command(OUTPUT ${man} COMMAND headroomd --generate config-man ${man} DEPENDS headroomd VERBATIM)
  list(APPEND PAGE_FILES ${man})
endif()
add_custom_target(pages ALL DEPENDS ${PAGE_FILES})
