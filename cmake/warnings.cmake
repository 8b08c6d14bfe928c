# Warnings for our own targets. Errors only where a preset asks (DTENV_WERROR), never for consumers.
option(DTENV_WERROR "Warnings are errors" OFF)

add_library(dtenv_warnings INTERFACE)
target_compile_options(dtenv_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wcast-qual -Wformat=2
  $<$<COMPILE_LANGUAGE:CXX>:-Wconversion -Wnon-virtual-dtor -Wold-style-cast>)
if(DTENV_WERROR)
  target_compile_options(dtenv_warnings INTERFACE -Werror)
endif()
