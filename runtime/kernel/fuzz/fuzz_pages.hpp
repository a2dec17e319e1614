// Damages the pages of an LMDB file.
#pragma once

// Try one file, made of random bits.
void try_pages(unsigned long long (*random_bits)());
