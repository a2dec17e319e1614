// How often values came, added up over the summaries of tiles. No Python here.
#pragma once

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "records.hpp"

namespace tilewright {

// The summaries of some tiles, added up. Their bytes must outlive this.
class Frequencies {
   public:
    // Add the values of a summary, as tilewright_runtime/states/kinds/frequent.py encodes it.
    //
    // False for another form, such as the sketches of earlier versions.
    bool add(Bytes part);

    // Collect the values that certainly are frequent: those that came more often than any value
    // without a counter, and at least as often as the k-th of them.
    std::vector<std::pair<std::string_view, int64_t>> top(size_t k) const;

    // How far below the truth a count may be.
    int64_t error() const { return error_; }

   private:
    std::unordered_map<std::string_view, int64_t> seen_;
    int64_t error_ = 0;
};

}  // namespace tilewright
