# SPDX-License-Identifier: Apache-2.0
# What every target of the project shares: warnings, sanitizers, and the functions that declare a
# library, a program, a test and a fuzz target.

set(BMSRIG_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
    -Wmissing-prototypes -Wundef -Wformat=2 -Wvla -Wswitch-enum -Wimplicit-fallthrough
    -Wcast-align -Wwrite-strings)

add_library(bmsrig_flags INTERFACE)
target_compile_options(bmsrig_flags INTERFACE ${BMSRIG_WARNINGS})
target_compile_definitions(bmsrig_flags INTERFACE _POSIX_C_SOURCE=200809L
    BMSRIG_VERSION="${PROJECT_VERSION}")
target_include_directories(bmsrig_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/lib)
if(BMSRIG_WERROR)
    target_compile_options(bmsrig_flags INTERFACE -Werror)
endif()
if(BMSRIG_SANITIZE)
    target_compile_options(bmsrig_flags INTERFACE -fsanitize=${BMSRIG_SANITIZE}
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(bmsrig_flags INTERFACE -fsanitize=${BMSRIG_SANITIZE})
endif()
if(BMSRIG_FUZZ) # the libraries too, or libFuzzer would not see where its inputs go
    target_compile_options(bmsrig_flags INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(bmsrig_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(BMSRIG_COVERAGE)
    target_compile_options(bmsrig_flags INTERFACE --coverage -O0)
    target_link_options(bmsrig_flags INTERFACE --coverage)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    target_compile_options(bmsrig_flags INTERFACE -fstack-protector-strong -fPIE)
    target_compile_definitions(bmsrig_flags INTERFACE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
    target_link_options(bmsrig_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

# bmsrig_library(NAME SOURCES a.c b.c [DEPS base ...])
function(bmsrig_library name)
    cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
    add_library(${name} STATIC ${A_SOURCES})
    target_link_libraries(${name} PUBLIC bmsrig_flags ${A_DEPS})
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()

# bmsrig_program(NAME SOURCES main.c [DEPS ...])
function(bmsrig_program name)
    cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE bmsrig_flags ${A_DEPS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# bmsrig_test(test_x SOURCES test_x.c [DEPS x] [LABELS unit] [TIMEOUT 60])
# A CUnit program with the project's runner (TAP on the screen, JUnit beside the build); its exit
# code 77 means every test was skipped. BMSRIG_SHARED points at the captures and vectors, which are
# not part of the project: tests that need them skip with a reason when they are absent.
function(bmsrig_test name)
    cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
    if(NOT BUILD_TESTING)
        return()
    endif()
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE bmsrig_flags testing ${A_DEPS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
    add_test(NAME ${name} COMMAND ${name} --junit ${CMAKE_BINARY_DIR}/junit/${name}.xml)
    if(NOT A_LABELS)
        set(A_LABELS unit)
    endif()
    if(NOT A_TIMEOUT)
        set(A_TIMEOUT 120)
    endif()
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 LABELS "${A_LABELS}"
        TIMEOUT ${A_TIMEOUT}
        ENVIRONMENT "BMSRIG_SOURCE=${CMAKE_SOURCE_DIR};BMSRIG_BUILD=${CMAKE_BINARY_DIR}")
endfunction()

# bmsrig_fuzz(fuzz_x SOURCES fuzz_x.c [DEPS x] [CORPUS dir-or-glob ...])
# Declares a libFuzzer target; ci/fuzz runs each one listed in fuzz-targets.txt with its corpus.
function(bmsrig_fuzz name)
    cmake_parse_arguments(A "" "" "SOURCES;DEPS;CORPUS" ${ARGN})
    if(NOT BMSRIG_FUZZ)
        return()
    endif()
    add_executable(${name} ${A_SOURCES})
    target_link_libraries(${name} PRIVATE bmsrig_flags ${A_DEPS})
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    add_dependencies(fuzz_targets ${name})
    list(JOIN A_CORPUS " " corpus)
    file(APPEND ${CMAKE_BINARY_DIR}/fuzz-targets.txt "${name} ${corpus}\n")
endfunction()
if(BMSRIG_FUZZ)
    add_custom_target(fuzz_targets)
    file(WRITE ${CMAKE_BINARY_DIR}/fuzz-targets.txt "")
endif()

# Who may include whom (docs/architecture.md): a violation fails the build.
function(bmsrig_check_includes)
    add_custom_target(check_includes ALL
        COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -P ${CMAKE_SOURCE_DIR}/cmake/CheckIncludes.cmake
        COMMENT "checking who includes whom" VERBATIM)
endfunction()
