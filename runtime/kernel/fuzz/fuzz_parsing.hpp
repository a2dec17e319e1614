// Damages what a reader gives to the kernel: JSON objects.
#pragma once

// Try some objects, made of random bits.
void try_parsing(unsigned long long (*random_bits)());
