// A function compiled for several generations of the machine, chosen when the program starts. GCC vectorises its loops for each.
#pragma once

// ThreadSanitizer's own start-up does not survive the choosing, which comes before it.
#if defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
#define SWITCHYARD_WIDEST_VECTORS
#else
#define SWITCHYARD_WIDEST_VECTORS __attribute__((target_clones("arch=haswell", "default")))
#endif
