// Quantiles of t-digests that lie side by side.
//
// The numpy reference is `Digests` in tilewright_runtime/states/digests.py, term by term.
#include "digest.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace tilewright {

namespace {

constexpr uint8_t kSerialVersion = 1, kTypeOfDigests = 20;
constexpr uint8_t kIsEmpty = 1, kIsSingle = 2;
constexpr size_t kHeader = 8, kEnds = 32;

template <typename T>
T read(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Go from `low` to `high` by a part of the way, and never beyond.
double between(double low, double high, double part) {
    if (part <= 0 || low == high) return low;
    if (part >= 1) return high;
    return std::clamp(low * (1 - part) + high * part, low, high);
}

}  // namespace

bool Digests::push(double mean, double weight) {
    if (std::isnan(mean)) return false;
    if (centroids_.empty() || mean < centroids_.back().mean) runs_.push_back(centroids_.size());
    centroids_.push_back({mean, weight});
    total_ += weight;
    return true;
}

void Digests::widen(double smallest, double largest) {
    const bool is_first = centroids_.empty();
    smallest_ = is_first || smallest < smallest_ ? smallest : smallest_;
    largest_ = is_first || largest > largest_ ? largest : largest_;
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
        return push(value, 1);
    }
    if (part.size < kEnds) return false;
    const uint64_t merged = read<uint32_t>(at + 8), buffered = read<uint32_t>(at + 12);
    if (merged + buffered == 0 || part.size != kEnds + 16 * merged + 8 * buffered) return false;
    widen(read<double>(at + 16), read<double>(at + 24));
    at += kEnds;
    for (uint64_t i = 0; i < merged; ++i, at += 16) {
        const auto weight = static_cast<double>(read<uint64_t>(at + 8));
        if (!push(read<double>(at), weight)) return false;
    }
    for (uint64_t i = 0; i < buffered; ++i, at += 8) {
        if (!push(read<double>(at), 1)) return false;
    }
    return true;
}

// Merge two neighbouring runs. Which one is next cannot be guessed, so it is not branched on.
void Digests::merge_runs(const Centroid* first, size_t firsts, size_t seconds, Centroid* out) {
    const Centroid *second = first + firsts, *const middle = second, *const end = second + seconds;
    while (first != middle && second != end) {
        const bool takes_second = second->mean < first->mean;
        const Centroid* const next = takes_second ? second : first;
        *out++ = *next;
        second += takes_second;
        first += !takes_second;
    }
    out = std::copy(first, middle, out);
    std::copy(second, end, out);
}

void Digests::order() {
    // Each digest ascends by itself, so neighbouring runs are merged until one is left.
    std::vector<Centroid> merged(centroids_.size());
    while (runs_.size() > 1) {
        std::vector<size_t> runs;
        for (size_t i = 0; i < runs_.size(); i += 2) {
            const auto bound = [&](size_t index) {
                return index < runs_.size() ? runs_[index] : centroids_.size();
            };
            runs.push_back(bound(i));
            merge_runs(centroids_.data() + bound(i), bound(i + 1) - bound(i),
                       bound(i + 2) - bound(i + 1), merged.data() + bound(i));
        }
        centroids_.swap(merged);
        runs_.swap(runs);
    }
    reached_.reserve(centroids_.size());
    double reached = 0, last = 0;
    for (const Centroid& centroid : centroids_) {
        reached += (last + centroid.weight) / 2;
        last = centroid.weight;
        reached_.push_back(reached);
    }
}

double Digests::quantile(double rank) const {
    const Centroid &first = centroids_.front(), &last = centroids_.back();
    if (centroids_.size() == 1) return first.mean;
    const double weight = rank * total_;
    if (weight < 1) return smallest_;
    if (weight > total_ - 1) return largest_;
    if (weight < first.weight / 2) {
        return between(smallest_, first.mean, (weight - 1) / (first.weight / 2 - 1));
    }
    if (total_ - weight < last.weight / 2) {
        const double left = total_ - weight;
        return between(last.mean, largest_, 1 - (left - 1) / (last.weight / 2 - 1));
    }
    return interior(weight);
}

double Digests::interior(double weight) const {
    const auto next = std::upper_bound(reached_.begin() + 1, reached_.end(), weight);
    if (next == reached_.end()) return centroids_.back().mean;
    const auto index = static_cast<size_t>(next - reached_.begin());
    const Centroid &left = centroids_[index - 1], &right = centroids_[index];
    // A single value reaches half a rank to either side.
    const double below = left.weight == 1 ? 0.5 : 0, above = right.weight == 1 ? 0.5 : 0;
    const double from_left = weight - reached_[index - 1] - below;
    const double from_right = reached_[index] - weight - above;
    if (from_left < 0) return left.mean;
    if (from_right <= 0) return right.mean;
    return between(left.mean, right.mean, from_left / (from_left + from_right));
}

}  // namespace tilewright
