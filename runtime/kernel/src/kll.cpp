// Quantiles of KLL sketches that lie side by side.
//
// The numpy reference is tilewright_runtime/states/kll.py.
#include "kll.hpp"

#include <algorithm>
#include <cmath>

namespace tilewright {

namespace {

constexpr uint8_t kSerialVersion = 1, kVersionOfSingles = 2, kFamily = 15;
constexpr uint8_t kIsEmpty = 1, kIsSingle = 4;
constexpr size_t kHeader = 8, kPreamble = 20, kEnds = 16, kMostLevels = 52;

}  // namespace

void KllSketches::widen(double smallest, double largest) {
    smallest_ = is_empty() ? smallest : std::min(smallest_, smallest);
    largest_ = is_empty() ? largest : std::max(largest_, largest);
}

bool KllSketches::add(Bytes part) {
    if (part.size < kHeader) return false;
    const uint8_t* at = part.at;
    if (at[2] != kFamily) return false;
    const uint8_t flags = at[3];
    if (flags & kIsSingle) {
        if (at[1] != kVersionOfSingles || part.size != kHeader + 8) return false;
        const auto value = read<double>(at + kHeader);
        widen(value, value);
        return values_.add(at + kHeader, 1, 8, 1);
    }
    if (at[1] != kSerialVersion) return false;
    if (flags & kIsEmpty) return true;
    if (part.size < kPreamble) return false;
    const auto stated = read<uint64_t>(at + 8);
    const size_t levels = at[18];
    const size_t first = kPreamble + 4 * levels + kEnds;
    if (levels == 0 || levels > kMostLevels || part.size <= first) return false;
    if ((part.size - first) % 8) return false;
    const double smallest = read<double>(at + first - 16), largest = read<double>(at + first - 8);
    if (std::isnan(smallest) || std::isnan(largest)) return false;
    widen(smallest, largest);
    const uint64_t known = values_.total();
    const bool fits = add_levels(at + kPreamble, levels, at + first, (part.size - first) / 8);
    return fits && values_.total() - known == stated;
}

// The items of a level stand for two to the power of its number, and all but those of the lowest
// are in order.
bool KllSketches::add_levels(const uint8_t* offsets, size_t levels, const uint8_t* items,
                             size_t count) {
    const auto start = read<uint32_t>(offsets);
    for (size_t level = 0; level < levels; ++level) {
        const uint64_t begin = read<uint32_t>(offsets + 4 * level);
        uint64_t end = start + uint64_t{count};
        if (level + 1 < levels) end = read<uint32_t>(offsets + 4 * level + 4);
        if (begin < start || end < begin || end - start > count) return false;
        const uint8_t* const own = items + 8 * (begin - start);
        const bool fits = level == 0
                              ? add_unordered(own, end - begin)
                              : values_.add(own, end - begin, 8, uint64_t{1} << level);
        if (!fits) return false;
    }
    return true;
}

bool KllSketches::add_unordered(const uint8_t* items, size_t count) {
    if (count == 0) return true;
    bool is_ordered = true;
    for (size_t i = 1; i < count; ++i) {
        is_ordered &= read<double>(items + 8 * i - 8) <= read<double>(items + 8 * i);
    }
    // As what we write is; sketches of other engines are sorted here.
    if (is_ordered) return values_.add(items, count, 8, 1);
    auto ordered = std::make_unique<double[]>(count);
    std::memcpy(ordered.get(), items, 8 * count);
    const auto is_missing = [](double value) { return std::isnan(value); };
    if (std::any_of(ordered.get(), ordered.get() + count, is_missing)) return false;
    std::stable_sort(ordered.get(), ordered.get() + count);
    ordered_.push_back(std::move(ordered));
    return values_.add(reinterpret_cast<const uint8_t*>(ordered_.back().get()), count, 8, 1);
}

double KllSketches::quantile(double rank) const {
    if (rank == 0) return smallest_;
    if (rank == 1) return largest_;
    const double reached = std::ceil(rank * static_cast<double>(values_.total()));
    // The first value up to which at least so many came.
    const SortedRuns::Found found = values_.find(reached - 0.5, 1);
    return found.has_item ? found.item.value : values_.last().value;
}

}  // namespace tilewright
