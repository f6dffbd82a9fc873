# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts in place beside the other programs, which install themselves: bmsrig, the suite, the
# judge's tables, the documents, completion. harness/run/paths.c finds them from where bmsrig is.
# Components: bridge, sim, harness, doc.

install(TARGETS bmsrig RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT harness)
install(DIRECTORY scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/bmsrig COMPONENT harness
    PATTERN CMakeLists.txt EXCLUDE
    PATTERN bms-bridge-asan.dut EXCLUDE)
install(DIRECTORY harness/dbc DESTINATION ${CMAKE_INSTALL_DATADIR}/bmsrig COMPONENT harness)

install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT doc)
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT doc PATTERN man EXCLUDE)

foreach(part IN ITEMS bmsrig:harness bms-sim:sim bms-bridge:bridge)
    string(REPLACE ":" ";" part ${part})
    list(GET part 0 program)
    list(GET part 1 component)
    install(FILES completions/${program} COMPONENT ${component}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    set(page docs/man/${program}.1)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
    execute_process(COMMAND gzip -9nc "${CMAKE_SOURCE_DIR}/${page}" OUTPUT_FILE "${CMAKE_BINARY_DIR}/${program}.1.gz")
    install(FILES "${CMAKE_BINARY_DIR}/${program}.1.gz" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${component})
endforeach()
