#include "seed.h"

#include <stdlib.h>

uint64_t seed_given(void)
{
    const char *seed = getenv("SEED");

    return seed != NULL ? strtoull(seed, NULL, 10) : 0;
}

bool seed_samples(void)
{
    return getenv("SEED") != NULL && getenv("CUTOVER_SOAK") == NULL;
}

bool seed_takes(uint64_t number, unsigned one_in)
{
    return !seed_samples() || (number + seed_given()) % one_in == 0;
}
