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
    // Make room for the values of some summaries before they are added.
    void reserve(size_t count);

    // Add the values of a summary, as tilewright_runtime/states/kinds/frequent.py encodes it.
    //
    // False for another form, such as the sketches of earlier versions.
    bool add(Bytes part);

    // Add the values of a last summary, without those that `top` of k leaves out in any case.
    bool add_likely(Bytes part, size_t k);

    // Collect the values that certainly are frequent: those that came more often than any value
    // without a counter, and at least as often as the k-th of them.
    std::vector<std::pair<std::string_view, int64_t>> top(size_t k) const;

    // How far below the truth a count may be.
    int64_t error() const { return error_; }

   private:
    // The first bytes of a text, zeros behind short ones: most are compared by these alone.
    struct Head {
        uint64_t first;
        uint64_t second;
    };
    struct Text {
        Head head;
        const char* at;
        uint32_t length;
        uint32_t hash;

        bool operator==(const Text& other) const;
    };
    struct Entry {
        Text text;
        int64_t count;
    };
    // The number of an entry after 1, and the rest of its hash.
    struct Place {
        uint32_t number;
        uint32_t hash;
    };

    // The columns of a summary: how often each value was seen, the lengths of texts, and the texts.
    struct Columns {
        uint64_t count;
        int64_t error;
        const uint8_t* seen;
        const uint8_t* lengths;
        const char* texts;
        const char* end;
    };

    static bool columns_of(Bytes part, Columns* columns);
    static Head head_of(const char* text, size_t length, size_t left);
    static uint32_t hash_of(const Head& head, const char* text, size_t length);
    // Add the values that were seen at least so often.
    bool add_from(const Columns& columns, int64_t least);
    bool count(const Text& text, int64_t count);
    void make_room(size_t more);

    std::vector<Entry> entries_;
    // A table that is at most three quarters full.
    std::vector<Place> places_;
    int64_t error_ = 0;
};

// Read the error of a summary; false for another form.
bool error_of(Bytes part, int64_t* error);

// Read how many values a summary holds, if it is one.
size_t count_of(Bytes part);

}  // namespace tilewright
