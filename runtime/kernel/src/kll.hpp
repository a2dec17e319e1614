// Quantiles of KLL sketches that lie side by side. No Python here.
#pragma once

#include <memory>
#include <vector>

#include "bytes.hpp"
#include "runs.hpp"

namespace tilewright {

// The values that some sketches retain. Their bytes must outlive this.
class KllSketches {
   public:
    // Add a serialized sketch of doubles of Apache DataSketches; false for another form.
    bool add(Bytes part);

    bool is_empty() const { return values_.size() == 0; }

    // Find the smallest value whose rank reaches one in [0, 1]; there is at least one value.
    double quantile(double rank) const;

   private:
    bool add_levels(const uint8_t* offsets, size_t levels, const uint8_t* items, size_t count);
    bool add_unordered(const uint8_t* items, size_t count);
    void widen(double smallest, double largest);

    SortedRuns values_;
    std::vector<std::unique_ptr<double[]>> ordered_;
    double smallest_ = 0;
    double largest_ = 0;
};

}  // namespace tilewright
