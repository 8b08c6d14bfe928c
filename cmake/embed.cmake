# dtenv_embed(TARGET OUT.cpp NAMESPACE_FUNCTION FILE…): a source with
#   std::string_view FUNCTION(std::string_view file_name)
# that gives the text of each file by its name, or an empty view.
function(dtenv_embed target output function)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/${output}")
  add_custom_command(OUTPUT "${source}"
    COMMAND ${CMAKE_COMMAND} "-DOUTPUT=${source}" "-DFUNCTION=${function}" "-DFILES=${ARGN}"
            -P "${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake"
    DEPENDS ${ARGN} "${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()
