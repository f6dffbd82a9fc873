# SPDX-License-Identifier: Apache-2.0
# `cpack` makes three Debian packages: bms-bridge, bms-sim, bmsrig (runner, scenarios, documents). ci/package makes
# and tests them. Libraries they need are found by dpkg-shlibdeps.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "bmsrig developers <bmsrig@localhost>")
set(CPACK_PACKAGE_VENDOR "bmsrig")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL bridge bridge_deb sim sim_deb harness harness_deb doc)
foreach(part bridge sim harness)
    string(TOUPPER ${part} PART)
    set(CPACK_COMPONENT_${PART}_GROUP ${part})
    set(CPACK_COMPONENT_${PART}_DEB_GROUP ${part})
endforeach()
set(CPACK_COMPONENT_DOC_GROUP harness)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "https://github.com/bmsrig/bmsrig")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_BRIDGE_PACKAGE_NAME bms-bridge)
set(CPACK_DEBIAN_BRIDGE_PACKAGE_SECTION net)
set(CPACK_DEBIAN_BRIDGE_DESCRIPTION "battery bridge: BMS to CAN, Victron and Home Assistant
Reads house batteries (Pylontech console, JK-BMS, Pylon CAN) and tells
an inverter over CAN, a Victron system and a home over MQTT what they may
do. A value that is stale or unknown is never sent as if it were fresh.")
set(CPACK_DEBIAN_BRIDGE_PACKAGE_CONTROL_EXTRA
    "${CMAKE_SOURCE_DIR}/packaging/bridge/postinst;${CMAKE_SOURCE_DIR}/packaging/bridge/prerm;${CMAKE_SOURCE_DIR}/packaging/bridge/postrm;${CMAKE_SOURCE_DIR}/packaging/bridge/conffiles")

set(CPACK_DEBIAN_SIM_PACKAGE_NAME bms-sim)
set(CPACK_DEBIAN_SIM_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_SIM_PACKAGE_RECOMMENDS dbus-daemon) # what jk-ble plays BlueZ on
set(CPACK_DEBIAN_SIM_DESCRIPTION "simulated house batteries on serial ports, CAN and Bluetooth
Answers like the console, bus or radio of a real battery management
system, byte for byte, with cells that charge, heat up and trip. What
happens to the battery is typed at the terminal.")

set(CPACK_DEBIAN_HARNESS_PACKAGE_NAME bmsrig)
set(CPACK_DEBIAN_HARNESS_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_HARNESS_PACKAGE_DEPENDS mosquitto)
set(CPACK_DEBIAN_HARNESS_PACKAGE_RECOMMENDS "bms-bridge, bms-sim, dbus-daemon")
set(CPACK_DEBIAN_HARNESS_DESCRIPTION "conformance tests for battery bridges
Plays scripted battery events into an unmodified battery bridge, in
virtual time or on real wires, and judges what it tells the inverter and
the home against numbered requirements.")

# What only a Debian package has: licence and changelog where Debian looks for them, the configuration under /etc.
string(TIMESTAMP BMSRIG_DATE "%a, %d %b %Y 00:00:00 +0000" UTC)
find_program(GZIP gzip)
foreach(pair bms-bridge:bridge bms-sim:sim bmsrig:harness)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 package)
    list(GET pair 1 part)
    set(PACKAGE ${package})
    configure_file(packaging/changelog.in "${CMAKE_BINARY_DIR}/packaging/${package}/changelog" @ONLY)
    execute_process(COMMAND ${GZIP} -9nf "${CMAKE_BINARY_DIR}/packaging/${package}/changelog")
    install(FILES "${CMAKE_BINARY_DIR}/packaging/${package}/changelog.gz" packaging/copyright
        DESTINATION share/doc/${package} COMPONENT ${part}_deb EXCLUDE_FROM_ALL)
endforeach()
install(FILES bridge/bms-bridge.conf.example RENAME bms-bridge.conf
    DESTINATION /etc/bms-bridge COMPONENT bridge_deb EXCLUDE_FROM_ALL)
install(FILES packaging/bridge/60-bms-bridge.rules DESTINATION lib/udev/rules.d COMPONENT bridge_deb EXCLUDE_FROM_ALL)

include(CPack)
