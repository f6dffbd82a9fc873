/* SPDX-License-Identifier: Apache-2.0
 *
 * Ports in made-up /dev and /sys folders.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/find.h"
#include "port/test_support.h"
#include "testing/testing.h"

struct place {
    char root[64], path[256];
};

static const char *in(struct place *p, const char *name)
{
    test_path(p->path, sizeof p->path, p->root, name);
    return p->path;
}

static void touch(struct place *p, const char *name, const char *text)
{
    CU_ASSERT_TRUE(test_write_file(in(p, name), text));
}

static void folder(struct place *p, const char *name)
{
    CU_ASSERT_EQUAL(mkdir(in(p, name), 0755), 0);
}

static void test_serial(void)
{
    struct found_port found[8];
    struct place p;
    char want[256];

    test_folder_make(p.root, sizeof p.root);
    CU_ASSERT_EQUAL(find_serial(p.root, found, 8), 0);
    touch(&p, "ttyUSB1", "");
    touch(&p, "ttyUSB0", "");
    touch(&p, "ttyACM0", "");
    touch(&p, "ttyS0", "");
    touch(&p, "null", "");
    folder(&p, "serial");
    folder(&p, "serial/by-id");
    CU_ASSERT_EQUAL(symlink("../../ttyUSB0", in(&p, "serial/by-id/usb-FTDI_A-if00")), 0);
    CU_ASSERT_EQUAL(symlink("../../ttyGone", in(&p, "serial/by-id/usb-gone")), 0);
    CU_ASSERT_EQUAL_FATAL(find_serial(p.root, found, 8), 3);
    test_path(want, sizeof want, p.root, "serial/by-id/usb-FTDI_A-if00");
    CU_ASSERT_STRING_EQUAL(found[0].name, want);
    test_path(want, sizeof want, p.root, "ttyUSB0");
    CU_ASSERT_STRING_EQUAL(found[0].target, want);
    test_path(want, sizeof want, p.root, "ttyACM0");
    CU_ASSERT_STRING_EQUAL(found[1].name, want);
    CU_ASSERT_STRING_EQUAL(found[1].target, "");
    test_path(want, sizeof want, p.root, "ttyUSB1");
    CU_ASSERT_STRING_EQUAL(found[2].name, want);
    CU_ASSERT(find_serial(p.root, found, 2) >= 2); /* no room for all */
    test_folder_remove(p.root);
}

static void test_can(void)
{
    struct found_port found[8];
    struct place p;

    test_folder_make(p.root, sizeof p.root);
    folder(&p, "lo");
    touch(&p, "lo/type", "772\n");
    folder(&p, "can1");
    touch(&p, "can1/type", "280\n");
    folder(&p, "can0");
    touch(&p, "can0/type", "280\n");
    folder(&p, "odd");
    CU_ASSERT_EQUAL_FATAL(find_can(p.root, found, 8), 2);
    CU_ASSERT_STRING_EQUAL(found[0].name, "can0");
    CU_ASSERT_STRING_EQUAL(found[1].name, "can1");
    CU_ASSERT_EQUAL(find_can("/nonexistent", found, 8), 0);
    test_folder_remove(p.root);
}

int main(int argc, char **argv)
{
    static const struct testing_case cases[] = {
        {"serial ports", test_serial}, {"CAN interfaces", test_can}, {0}};
    return testing_main(argc, argv, "find", cases);
}
