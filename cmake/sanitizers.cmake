# DTENV_SANITIZE: "", "address,undefined" or "thread".
set(DTENV_SANITIZE "" CACHE STRING "Sanitizers to build with")

add_library(dtenv_sanitize INTERFACE)
if(DTENV_SANITIZE)
  target_compile_options(dtenv_sanitize INTERFACE -fsanitize=${DTENV_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(dtenv_sanitize INTERFACE -fsanitize=${DTENV_SANITIZE})
endif()
