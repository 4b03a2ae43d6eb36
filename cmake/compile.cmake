# How every C file is compiled: C11, warnings as errors, asserts on in every build, hardened release.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CAUSEWAY_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, e.g. address,undefined")

# assert() guards against our own mistakes and stays on in release.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
string(REPLACE "-O3" "-O2" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")

add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wmissing-prototypes
  -Wstrict-prototypes -Wpointer-arith -Wvla -Wformat=2 -Wundef -Werror -fno-common)
# Paths of the build machine stay out of binaries, errors and tests.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

if(WIN32)
  set(CAUSEWAY_OS windows)
  add_compile_definitions(__USE_MINGW_ANSI_STDIO=1 _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN UNICODE _UNICODE)
else()
  set(CAUSEWAY_OS unix)
  add_compile_definitions(_GNU_SOURCE)
endif()

if(CAUSEWAY_SANITIZE)
  add_compile_options(-fsanitize=${CAUSEWAY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CAUSEWAY_SANITIZE})
endif()

# libFuzzer steers by what runs in our libraries, not only in its target's own file.
if(CAUSEWAY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  include(CheckIPOSupported)
  check_ipo_supported(RESULT has_ipo OUTPUT ignored LANGUAGES C)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${has_ipo})
  add_compile_options(-fstack-protector-strong -ffunction-sections -fdata-sections)
  # What the compiler finds when it sees the whole program, at the link, is an error too.
  add_link_options(-Wl,--gc-sections -s -Werror)
  if(WIN32)
    add_link_options(-static -fstack-protector-strong -Wl,--dynamicbase,--nxcompat,--high-entropy-va)
  else()
    add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-clash-protection -fcf-protection)
    add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
  endif()
endif()
