# blip_compile_options: what every target of this project is compiled and linked with.
add_library(blip_compile_options INTERFACE)

# -ffp-contract=off: a fused multiply-add rounds once where the reference rounds twice; the kernels
# that want FMA ask for it by name.
target_compile_options(blip_compile_options INTERFACE -Wall -Wextra -Wpedantic -Werror -Wshadow
                       -Wconversion -Wno-sign-conversion -ffp-contract=off -fno-math-errno)
# Text files that are put into the program are longer than the 65,536 characters that every compiler
# has to take, which Clang reports with -Wpedantic.
target_compile_options(blip_compile_options INTERFACE -Wno-overlength-strings)
# GCC 12 sees an overlapping copy in `"text" + std::string` where there is none (its bug 105651).
target_compile_options(blip_compile_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)

if(BLIP_SANITIZE)
  # GCC's manual: its sanitizers bring false positives to this warning; the sanitizers themselves
  # and the release build look for the real ones.
  target_compile_options(blip_compile_options INTERFACE
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_compile_options(blip_compile_options INTERFACE -fsanitize=${BLIP_SANITIZE}
                         -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(blip_compile_options INTERFACE -fsanitize=${BLIP_SANITIZE})
endif()
if(BLIP_FUZZ)
  target_compile_options(blip_compile_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(CCACHE ccache)
  if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  endif()
endif()
