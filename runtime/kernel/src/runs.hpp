// Weighted values in ascending runs side by side, and the one at a rank. No Python here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tilewright {

// Weights below this sum up without rounding, and so do their halves.
constexpr uint64_t kMostWeight = uint64_t{1} << 52;

class SortedRuns {
   public:
    struct Item {
        double value;
        uint64_t weight;
    };
    // What a search found; `previous` comes just before `item`.
    struct Found {
        bool has_item = false;
        bool has_previous = false;
        Item item{};
        Item previous{};
        uint64_t before = 0;
    };

    // Add items that lie `stride` bytes apart; they begin with their value, and their weight
    // follows unless all have the same one. Where they do not ascend a new run begins. The bytes
    // must outlive this. False for a value that is no number, and for too much weight.
    bool add(const uint8_t* at, size_t count, size_t stride);
    bool add(const uint8_t* at, size_t count, size_t stride, uint64_t weight);

    size_t size() const { return size_; }
    uint64_t total() const { return total_; }

    // Find the first and the last item. Equal values keep the order in which they were added.
    Item first() const;
    Item last() const;

    // Find the first item for which the weight before it and a share of its own exceed a target.
    //
    // Whole runs are cut at a pivot, so no item is moved.
    Found find(double target, double share) const;

   private:
    struct Run {
        const uint8_t* at;
        size_t count;
        size_t stride;
        // The weight of each item, or 0 where `sums` has what comes before each.
        uint64_t weight;
        size_t sums;

        double value(size_t index) const;
    };
    // What is left of a run: the items in [low, high).
    struct Span {
        size_t run;
        size_t low;
        size_t high;
        size_t cut;
    };

    bool add_runs(const uint8_t* at, size_t count, size_t stride, uint64_t weight);
    uint64_t before(const Run& run, size_t index) const;
    Item item(size_t run, size_t index) const;
    static size_t cut(const Run& run, size_t low, size_t high, double pivot, bool takes_equal);

    std::vector<Run> runs_;
    std::vector<uint64_t> sums_;
    size_t size_ = 0;
    uint64_t total_ = 0;
};

}  // namespace tilewright
