// Reductions of the numbers of tiles.
#include "reduce.hpp"

#include <cmath>
#include <cstring>
#include <limits>

namespace tilewright {

namespace {

constexpr size_t kBlock = 128;

double as_double(int64_t word) {
    double value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

int64_t as_word(double value) {
    int64_t word;
    std::memcpy(&word, &value, sizeof word);
    return word;
}

// Wraps around as numpy's integers do.
int64_t add(int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// NaN is the largest number: passed over here, kept there.
double smaller(double a, double b) { return a <= b || std::isnan(b) ? a : b; }
double larger(double a, double b) { return a >= b || std::isnan(a) ? a : b; }

// Add the rest of a run to its first value, as `reduceat` does.
double sum_run(const int64_t* column, size_t count, size_t stride) {
    const auto* values = reinterpret_cast<const double*>(column);
    if (count == 1) return *values;
    return *values + pairwise_sum(values + stride, count - 1, stride);
}

template <typename Fold>
int64_t fold_runs(Rows rows, const Runs& runs, size_t word, Fold fold) {
    int64_t result = rows.row(runs[0].begin)[word];
    for (const Run& run : runs) {
        for (size_t i = run.begin; i < run.end; ++i) result = fold(result, rows.row(i)[word]);
    }
    return result;
}

int64_t add_integers(Rows rows, const Runs& runs, size_t word) {
    int64_t sum = 0;
    for (const Run& run : runs) {
        for (size_t i = run.begin; i < run.end; ++i) sum = add(sum, rows.row(i)[word]);
    }
    return sum;
}

int64_t add_floats(Rows rows, const Runs& runs, size_t word) {
    std::vector<double> sums;
    sums.reserve(runs.size());
    for (const Run& run : runs) {
        sums.push_back(sum_run(rows.row(run.begin) + word, run.end - run.begin, rows.width));
    }
    if (sums.size() == 1) return as_word(sums[0]);
    return as_word(sums[0] + pairwise_sum(sums.data() + 1, sums.size() - 1, 1));
}

}  // namespace

double pairwise_sum(const double* values, size_t count, size_t stride) {
    if (count < 8) {
        double sum = -0.0;
        for (size_t i = 0; i < count; ++i) sum += values[i * stride];
        return sum;
    }
    if (count <= kBlock) {
        double lanes[8];
        for (size_t i = 0; i < 8; ++i) lanes[i] = values[i * stride];
        size_t i = 8;
        for (; i < count - count % 8; i += 8) {
            for (size_t k = 0; k < 8; ++k) lanes[k] += values[(i + k) * stride];
        }
        double sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
                     ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
        for (; i < count; ++i) sum += values[i * stride];
        return sum;
    }
    size_t half = count / 2;
    half -= half % 8;
    return pairwise_sum(values, half, stride) +
           pairwise_sum(values + half * stride, count - half, stride);
}

void reduce_slab(const Slab& slab, Rows rows, const Runs& runs, int64_t* out) {
    for (size_t word = slab.start; word < slab.stop; ++word) {
        switch (slab.merge) {
            case Merge::kAddInteger:
                out[word] = add_integers(rows, runs, word);
                break;
            case Merge::kAddFloat:
                out[word] = add_floats(rows, runs, word);
                break;
            case Merge::kMinInteger:
                out[word] = fold_runs(rows, runs, word,
                                      [](int64_t a, int64_t b) { return a <= b ? a : b; });
                break;
            case Merge::kMaxInteger:
                out[word] = fold_runs(rows, runs, word,
                                      [](int64_t a, int64_t b) { return a >= b ? a : b; });
                break;
            case Merge::kMinFloat:
                out[word] = fold_runs(rows, runs, word, [](int64_t a, int64_t b) {
                    return as_word(smaller(as_double(a), as_double(b)));
                });
                break;
            case Merge::kMaxFloat:
                out[word] = fold_runs(rows, runs, word, [](int64_t a, int64_t b) {
                    return as_word(larger(as_double(a), as_double(b)));
                });
                break;
        }
    }
}

void choose_endpoint(const Endpoint& endpoint, Rows rows, const Runs& runs, int64_t* out) {
    const auto choose = [&](size_t index) {
        const int64_t* row = rows.row(index);
        if (row[endpoint.time] == endpoint.no_time) return false;
        out[endpoint.time] = row[endpoint.time];
        out[endpoint.value] = row[endpoint.value];
        return true;
    };
    if (endpoint.is_last) {
        for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
            for (size_t i = run->end; i > run->begin; --i) {
                if (choose(i - 1)) return;
            }
        }
        return;
    }
    for (const Run& run : runs) {
        for (size_t i = run.begin; i < run.end; ++i) {
            if (choose(i)) return;
        }
    }
}

namespace {

// The terms of a sum over tiles, and its total.
class Terms {
   public:
    explicit Terms(size_t count) { terms_.reserve(count); }
    void push(double term) { terms_.push_back(term); }
    double operator[](size_t index) const { return terms_[index]; }
    double sum() const { return pairwise_sum(terms_.data(), terms_.size(), 1); }

   private:
    std::vector<double> terms_;
};

// Add two numbers and keep what rounding left: D. E. Knuth's TwoSum.
void store_mean(double first, double offset, int64_t* out) {
    const double mean = first + offset;
    const double part = mean - first;
    const double rest = (first - (mean - part)) + (offset - part);
    const bool is_finite = std::isfinite(mean);
    out[0] = as_word(is_finite ? mean : std::numeric_limits<double>::quiet_NaN());
    out[1] = as_word(is_finite ? rest : 0.0);
}

}  // namespace

// The formulas are those of `merged` in tilewright_runtime/states/kinds/moments.py, term by term.
void merge_moments(const Moments& moments, Rows rows, const Runs& runs, int64_t* out) {
    std::vector<const int64_t*> sets;
    for (const Run& run : runs) {
        for (size_t i = run.begin; i < run.end; ++i) sets.push_back(rows.row(i));
    }
    const size_t count = sets.size();
    const auto part = [&](size_t set, size_t field) {
        return as_double(sets[set][moments.start + field]);
    };
    size_t some = 0;
    for (size_t i = count; i > 0; --i) {
        if (sets[i - 1][moments.n] > 0) some = i - 1;
    }
    const double first = part(some, 0), first_rest = part(some, 1);
    Terms weight(count), shifted(count), weighted(count);
    for (size_t i = 0; i < count; ++i) {
        const bool is_full = sets[i][moments.n] > 0;
        weight.push(static_cast<double>(sets[i][moments.n]));
        shifted.push(is_full ? (part(i, 0) - first) + (part(i, 1) - first_rest) : 0.0);
        weighted.push(weight[i] * shifted[i]);
    }
    const double weights = weight.sum();
    const double total = weights > 1.0 ? weights : 1.0;
    const double offset = weighted.sum() / total;
    Terms second(count), third(count), fourth(count);
    for (size_t i = 0; i < count; ++i) {
        const double d = sets[i][moments.n] > 0 ? shifted[i] - offset : 0.0;
        const double square = d * d;
        const double m2 = part(i, 2);
        second.push(m2 + weight[i] * square);
        if (moments.powers < 4) continue;
        const double m3 = part(i, 3), m4 = part(i, 4);
        third.push((m3 + 3 * d * m2) + weight[i] * (square * d));
        fourth.push(((m4 + 4 * d * m3) + 6 * square * m2) + weight[i] * (square * square));
    }
    int64_t* own = out + moments.start;
    store_mean(first, first_rest + offset, own);
    own[2] = as_word(second.sum());
    if (moments.powers < 4) return;
    own[3] = as_word(third.sum());
    own[4] = as_word(fourth.sum());
}

}  // namespace tilewright
