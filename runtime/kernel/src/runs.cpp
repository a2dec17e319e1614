// Weighted values in ascending runs side by side, and the one at a rank.
#include "runs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bytes.hpp"

namespace tilewright {

namespace {

// Picks items evenly. Which ones only changes how long a search takes.
class Picks {
   public:
    size_t below(size_t limit) {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ % limit;
    }

   private:
    uint64_t state_ = 0x9E3779B97F4A7C15;
};

}  // namespace

double SortedRuns::Run::value(size_t index) const { return read<double>(at + index * stride); }

bool SortedRuns::add(const uint8_t* at, size_t count, size_t stride) {
    return add_runs(at, count, stride, 0);
}

bool SortedRuns::add(const uint8_t* at, size_t count, size_t stride, uint64_t weight) {
    if (weight == 0 || weight >= kMostWeight) return false;
    return add_runs(at, count, stride, weight);
}

bool SortedRuns::add_runs(const uint8_t* at, size_t count, size_t stride, uint64_t weight) {
    const size_t known = sums_.size();
    if (!weight) sums_.resize(known + count);
    uint64_t* const sums = sums_.data() + known;
    size_t begin = 0;
    uint64_t sum = 0, total = total_;
    double last = -std::numeric_limits<double>::infinity();
    const auto end_run = [&](size_t end) {
        if (begin < end) runs_.push_back({at + begin * stride, end - begin, stride, weight,
                                          known + begin});
        begin = end;
        sum = 0;
    };
    for (size_t i = 0; i < count; ++i) {
        const auto value = read<double>(at + i * stride);
        if (!(value >= last)) {
            if (std::isnan(value)) return false;
            end_run(i);
        }
        last = value;
        const uint64_t own = weight ? weight : read<uint64_t>(at + i * stride + sizeof(double));
        total += own;
        if ((own | total) >= kMostWeight) return false;
        sum += own;
        if (!weight) sums[i] = sum;
    }
    end_run(count);
    total_ = total;
    size_ += count;
    return true;
}

// The sums are those up to and with an item, so that a run needs no more of them than items.
uint64_t SortedRuns::before(const Run& run, size_t index) const {
    if (run.weight) return run.weight * index;
    return index ? sums_[run.sums + index - 1] : 0;
}

SortedRuns::Item SortedRuns::item(size_t run, size_t index) const {
    const Run& own = runs_[run];
    return {own.value(index), before(own, index + 1) - before(own, index)};
}

SortedRuns::Item SortedRuns::first() const {
    size_t least = 0;
    for (size_t i = 1; i < runs_.size(); ++i) {
        if (runs_[i].value(0) < runs_[least].value(0)) least = i;
    }
    return item(least, 0);
}

SortedRuns::Item SortedRuns::last() const {
    size_t most = 0;
    const auto value = [&](size_t run) { return runs_[run].value(runs_[run].count - 1); };
    for (size_t i = 1; i < runs_.size(); ++i) {
        if (value(i) >= value(most)) most = i;
    }
    return item(most, runs_[most].count - 1);
}

// Count the items of a run that come before a pivot: those below it, and equal ones of earlier
// runs. Which half comes next cannot be guessed, so it is not branched on.
size_t SortedRuns::cut(const Run& run, size_t low, size_t high, double pivot, bool takes_equal) {
    size_t length = high - low;
    while (length > 0) {
        const size_t half = length / 2;
        const double value = run.value(low + half);
        const bool comes_before = value < pivot || (takes_equal && value == pivot);
        low = comes_before ? low + half + 1 : low;
        length = comes_before ? length - half - 1 : half;
    }
    return low;
}

SortedRuns::Found SortedRuns::find(double target, double share) const {
    std::vector<Span> spans(runs_.size());
    std::vector<size_t> lows(runs_.size());
    for (size_t i = 0; i < runs_.size(); ++i) spans[i] = {i, 0, runs_[i].count, 0};
    Found found;
    Picks picks;
    uint64_t settled = 0;
    size_t left = size_;
    const auto pick = [&]() -> std::pair<size_t, size_t> {
        size_t skipped = picks.below(left);
        for (const Span& span : spans) {
            if (skipped < span.high - span.low) return {span.run, span.low + skipped};
            skipped -= span.high - span.low;
        }
        return {0, 0};  // not reached: there are `left` items in the spans
    };
    while (left > 0) {
        std::pair<size_t, size_t> three[] = {pick(), pick(), pick()};
        const auto value_at = [&](const auto& place) {
            return runs_[place.first].value(place.second);
        };
        std::sort(three, three + 3, [&](const auto& one, const auto& other) {
            return value_at(one) < value_at(other);
        });
        const auto [run, index] = three[1];
        const Item pivot = item(run, index);
        uint64_t before_pivot = settled;
        for (Span& span : spans) {
            const bool is_own = span.run == run;
            const Run& own = runs_[span.run];
            span.cut = is_own ? index : cut(own, span.low, span.high, pivot.value, span.run < run);
            before_pivot += before(own, span.cut);
        }
        const bool exceeds = static_cast<double>(before_pivot) +
                                 static_cast<double>(pivot.weight) * share >
                             target;
        if (exceeds) {
            found.has_item = true;
            found.item = pivot;
            found.before = before_pivot;
        }
        size_t kept = 0;
        left = 0;
        for (Span span : spans) {
            if (exceeds) {
                span.high = span.cut;
            } else {
                span.low = span.cut + (span.run == run);
            }
            lows[span.run] = span.low;
            if (span.low == span.high) {
                settled += before(runs_[span.run], span.low);
                continue;
            }
            left += span.high - span.low;
            spans[kept++] = span;
        }
        spans.resize(kept);
    }
    for (size_t i = 0; i < runs_.size(); ++i) {
        if (lows[i] == 0) continue;
        const Item one = item(i, lows[i] - 1);
        if (found.has_previous && one.value < found.previous.value) continue;
        found.has_previous = true;
        found.previous = one;
    }
    return found;
}

}  // namespace tilewright
