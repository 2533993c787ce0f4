/* Linked with a test program beside a mutant: only the cases whose names fit MUTATION_CASES are run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after what it needs */
#include <cmocka.h>
#include <stdlib.h>

__attribute__((constructor)) static void cases_choose(void)
{
    const char *pattern = getenv("MUTATION_CASES");

    if (pattern != NULL)
        cmocka_set_test_filter(pattern);
}
