// Quantiles of t-digests that lie side by side.
//
// The numpy reference is tilewright_runtime/states/digests.py, term by term.
#include "digest.hpp"

#include <algorithm>
#include <cmath>

namespace tilewright {

namespace {

constexpr uint8_t kSerialVersion = 1, kTypeOfDigests = 20;
constexpr uint8_t kIsEmpty = 1, kIsSingle = 2;
constexpr size_t kHeader = 8, kEnds = 32;

// Go from `low` to `high` by a part of the way, and never beyond.
double between(double low, double high, double part) {
    if (part <= 0 || low == high) return low;
    if (part >= 1) return high;
    return std::clamp(low * (1 - part) + high * part, low, high);
}

}  // namespace

void Digests::widen(double smallest, double largest) {
    smallest_ = is_empty() || smallest < smallest_ ? smallest : smallest_;
    largest_ = is_empty() || largest > largest_ ? largest : largest_;
}

bool Digests::add(Bytes part) {
    if (part.size < kHeader) return false;
    const uint8_t* at = part.at;
    if (at[1] != kSerialVersion || at[2] != kTypeOfDigests) return false;
    const uint8_t flags = at[5];
    if (flags & kIsEmpty) return true;
    if (flags & kIsSingle) {
        if (part.size != kHeader + 8) return false;
        const auto value = read<double>(at + kHeader);
        widen(value, value);
        return centroids_.add(at + kHeader, 1, 8, 1);
    }
    if (part.size < kEnds) return false;
    const uint64_t merged = read<uint32_t>(at + 8), buffered = read<uint32_t>(at + 12);
    if (merged + buffered == 0 || part.size != kEnds + 16 * merged + 8 * buffered) return false;
    widen(read<double>(at + 16), read<double>(at + 24));
    at += kEnds;
    return centroids_.add(at, merged, 16) && centroids_.add(at + 16 * merged, buffered, 8, 1);
}

double Digests::quantile(double rank) const {
    const SortedRuns::Item first = centroids_.first(), last = centroids_.last();
    if (centroids_.size() == 1) return first.value;
    const auto total = static_cast<double>(centroids_.total());
    const double weight = rank * total;
    const double from_first = static_cast<double>(first.weight) / 2;
    const double to_last = static_cast<double>(last.weight) / 2;
    if (weight < 1) return smallest_;
    if (weight > total - 1) return largest_;
    if (weight < from_first) {
        return between(smallest_, first.value, (weight - 1) / (from_first - 1));
    }
    if (total - weight < to_last) {
        return between(last.value, largest_, 1 - (total - weight - 1) / (to_last - 1));
    }
    return interior(weight);
}

double Digests::interior(double weight) const {
    const SortedRuns::Found found = centroids_.find(weight, 0.5);
    if (!found.has_item) return centroids_.last().value;
    const SortedRuns::Item left = found.previous, right = found.item;
    if (!found.has_previous) return right.value;
    const auto before = static_cast<double>(found.before);
    const double reached_left = before - static_cast<double>(left.weight) / 2;
    const double reached_right = before + static_cast<double>(right.weight) / 2;
    // A single value reaches half a rank to either side.
    const double below = left.weight == 1 ? 0.5 : 0, above = right.weight == 1 ? 0.5 : 0;
    const double from_left = weight - reached_left - below;
    const double from_right = reached_right - weight - above;
    if (from_left < 0) return left.value;
    if (from_right <= 0) return right.value;
    return between(left.value, right.value, from_left / (from_left + from_right));
}

}  // namespace tilewright
