// Quantiles of t-digests that lie side by side. No Python here.
#pragma once

#include "bytes.hpp"
#include "runs.hpp"

namespace tilewright {

// The centroids of some digests. Their bytes must outlive this.
class Digests {
   public:
    // Add the centroids of a serialized digest of Apache DataSketches; false for another form.
    bool add(Bytes part);

    bool is_empty() const { return centroids_.size() == 0; }

    // Find the value of a rank in [0, 1]; there is at least one centroid.
    double quantile(double rank) const;

   private:
    void widen(double smallest, double largest);
    double interior(double weight) const;

    SortedRuns centroids_;
    double smallest_ = 0;
    double largest_ = 0;
};

}  // namespace tilewright
