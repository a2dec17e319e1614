// Reductions of the numbers of tiles. No Python here.
//
// The order of additions is that of numpy's `reduceat`, so both give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tilewright {

// Neighbouring tiles by their indices, [begin, end); never empty.
struct Run {
    size_t begin;
    size_t end;
};
using Runs = std::vector<Run>;

enum class Merge { kAddInteger, kAddFloat, kMinInteger, kMinFloat, kMaxInteger, kMaxFloat };

// Neighbouring words that merge alike.
struct Slab {
    Merge merge;
    size_t start;
    size_t stop;
};

// The first or last value by time, a number.
struct Endpoint {
    bool is_last;
    int64_t no_time;
    size_t time;
    size_t value;
};

// The number of values, mean, rest and sums of powers of distances, in words side by side.
struct Moments {
    size_t n;
    size_t start;
    size_t powers;
};

// Rows of tiles, one after the other.
struct Rows {
    const int64_t* words;
    size_t width;

    const int64_t* row(size_t index) const { return words + index * width; }
};

void reduce_slab(const Slab& slab, Rows rows, const Runs& runs, int64_t* out);
void choose_endpoint(const Endpoint& endpoint, Rows rows, const Runs& runs, int64_t* out);
void merge_moments(const Moments& moments, Rows rows, const Runs& runs, int64_t* out);

// Add up as numpy does: pairwise, in blocks of at most 128.
double pairwise_sum(const double* values, size_t count, size_t stride);

}  // namespace tilewright
