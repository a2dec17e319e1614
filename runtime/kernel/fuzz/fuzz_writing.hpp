// Damages what a writer gives to the kernel: bounds of columns, coupons, and rows with fields.
#pragma once

// Try one input of each kind, made of random bits.
void try_writing(unsigned long long (*random_bits)());
