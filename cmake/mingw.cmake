# Cross build for Windows x64 with mingw-w64; third-party libraries come from scripts/sysroot windows.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
# Unit tests run under Wine, its chatter off.
set(CMAKE_CROSSCOMPILING_EMULATOR env WINEDEBUG=-all wine)
