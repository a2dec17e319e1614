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
    // Add summaries, as tilewright_runtime/states/kinds/frequent.py encodes them.
    //
    // Values that `top` of k leaves out in any case may be missing. False for another form, such as
    // the sketches of earlier versions.
    bool add(const std::vector<Bytes>& parts, size_t k);

    // List the values that certainly are frequent: those that came more often than any value
    // without a counter, and at least as often as the k-th of them. The most frequent comes first,
    // and equally frequent ones in the order of their bytes.
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

    // A summary, of which the values that were seen `least` times are added first.
    struct Part {
        Columns columns;
        int64_t least = 0;
        // The numbers of the entries that they were added to, in `numbers_`.
        size_t first = 0;
        size_t last = 0;

        // How often a value may have been seen that is not added yet.
        int64_t most_left() const { return least > 0 ? least - 1 : 0; }
    };

    static bool columns_of(Bytes part, Columns* columns);
    static Head head_of(const char* text, size_t length, size_t left);
    static uint32_t hash_of(const Head& head, const char* text, size_t length);
    // Find how often the most frequent values of a summary were seen, about `wanted` of them.
    static bool find_least(const Columns& columns, size_t wanted, int64_t* least, size_t* count);

    // Do some work with each text and count of a summary whose count is chosen.
    template <typename Chooses, typename Work>
    bool walk(const Columns& columns, Chooses chooses, Work work) const;
    bool add_most(Part& part, size_t wanted);
    bool add_rest(const Part& part);
    // Add the rest to entries that are there and may be among the k most frequent; `is_clear` tells
    // whether no others may be.
    bool add_known(const std::vector<Part>& parts, size_t k, bool* is_clear);
    bool add_known(const Part& part, const std::vector<uint8_t>& is_likely);

    // Find the place of a text, or a free one.
    Place& place_of(const Text& text);
    bool count(const Text& text, int64_t count);
    void make_room(size_t more);

    std::vector<Entry> entries_;
    std::vector<uint32_t> numbers_;
    // A table that is at most three quarters full.
    std::vector<Place> places_;
    int64_t error_ = 0;
};

// Read the error of a summary; false for another form.
bool error_of(Bytes part, int64_t* error);

}  // namespace tilewright
