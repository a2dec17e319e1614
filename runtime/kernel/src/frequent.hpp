// How often values came, added up over the summaries of tiles. No Python here.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "bytes.hpp"

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
    struct Entry {
        const char* text;
        uint32_t length;
        uint32_t hash;
        int64_t count;
    };

    bool count(const char* text, uint32_t length, int64_t count);
    void make_room(size_t more);

    std::vector<Entry> entries_;
    // The number of an entry after 1, in a table that is at most half full.
    std::vector<uint32_t> places_;
    int64_t error_ = 0;
};

// Read the error of a summary; false for another form.
bool error_of(Bytes part, int64_t* error);

}  // namespace tilewright
