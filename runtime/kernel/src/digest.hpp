// Quantiles of t-digests that lie side by side. No Python here.
#pragma once

#include <vector>

#include "records.hpp"

namespace tilewright {

// The centroids of some digests, in order of their means.
class Digests {
   public:
    // Add the centroids of a serialized digest of Apache DataSketches; false for another form.
    bool add(Bytes part);

    // Order the centroids, once all are there. Equal means keep the order of their digests.
    void order();

    bool is_empty() const { return centroids_.empty(); }

    // Find the value of a rank in [0, 1]; there is at least one centroid, and they are in order.
    double quantile(double rank) const;

   private:
    struct Centroid {
        double mean;
        double weight;
    };

    static void merge_runs(const Centroid* first, size_t firsts, size_t seconds, Centroid* out);

    bool push(double mean, double weight);
    void widen(double smallest, double largest);
    double interior(double weight) const;

    std::vector<Centroid> centroids_;
    // Where each ascending run begins.
    std::vector<size_t> runs_;
    // The weight before the middle of each centroid.
    std::vector<double> reached_;
    double total_ = 0;
    double smallest_ = 0;
    double largest_ = 0;
};

}  // namespace tilewright
