# SPDX-License-Identifier: Apache-2.0
# Enforces the include arrows: base <- battery <- proto <- {bridge, sim}; port uses base; harness
# uses base, port, sim; harness/judge uses only base and the harness's own language and catalogue.
# Run as a script: cmake -DROOT=dir -P CheckIncludes.cmake
cmake_minimum_required(VERSION 3.22) # for IN_LIST, also in script mode

# room                     may include (prefix of the quoted path)
set(RULES
    "lib/testing           base/ testing/"
    "lib/base              base/"
    "lib/battery           base/ battery/"
    "lib/proto             base/ battery/ proto/"
    "lib/port              base/ port/"
    "sim                   base/ battery/ proto/ port/ sim/"
    "bridge                base/ battery/ proto/ port/ bridge/"
    "harness/judge         base/ harness/judge/ harness/scenario/ harness/run/manifest.h"
    "harness/scenario      base/ sim/stimulus.h sim/config.h harness/scenario/ harness/run/manifest.h"
    "harness/shim          harness/shim/ port/can_hub_packet.h"
    "harness               base/ port/ sim/ harness/")

set(bad "")
set(done "")
foreach(rule IN LISTS RULES)
    separate_arguments(words UNIX_COMMAND "${rule}")
    list(POP_FRONT words room)
    file(GLOB_RECURSE files "${ROOT}/${room}/*.c" "${ROOT}/${room}/*.h")
    foreach(file IN LISTS files)
        if(file IN_LIST done)
            continue()
        endif()
        list(APPEND done "${file}")
        get_filename_component(base "${file}" NAME)
        set(allowed ${words})
        if(base MATCHES "^(test|fuzz)_")
            list(APPEND allowed "testing/")
        endif()
        file(STRINGS "${file}" lines REGEX "^#[ ]*include[ ]*\"")
        foreach(line IN LISTS lines)
            string(REGEX REPLACE "^#[ ]*include[ ]*\"([^\"]+)\".*" "\\1" path "${line}")
            set(ok FALSE)
            foreach(prefix IN LISTS allowed)
                string(FIND "${path}" "${prefix}" at)
                if(at EQUAL 0)
                    set(ok TRUE)
                endif()
            endforeach()
            if(NOT ok)
                list(APPEND bad "${file}: may not include \"${path}\" (allowed: ${allowed})")
            endif()
        endforeach()
    endforeach()
endforeach()
if(bad)
    string(REPLACE ";" "\n" text "${bad}")
    message(FATAL_ERROR "include arrows violated:\n${text}")
endif()
