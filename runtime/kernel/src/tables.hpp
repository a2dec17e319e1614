// Tables of what records keep for each value of a bucket column. No Python here.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bytes.hpp"
#include "records.hpp"
#include "reduce.hpp"

namespace tilewright {

// The tables of some tiles, with the small records of equal values side by side.
//
// What is a table is said in tilewright_runtime/tiles/buckets/codec.py. Their bytes must outlive
// this.
class BucketTables {
   public:
    // The layout is that of small records, with the words of a header that they do not have.
    BucketTables(const Layout& layout, bool has_texts) : layout_(layout), has_texts_(has_texts) {}

    // Add the table of a tile; the tiles come oldest first. False if its lengths do not fit.
    bool add(Bytes part);

    // Lay the rows of equal values side by side, once all tables are there.
    void order();

    // The different values, ascending: texts by their bytes, or integers.
    size_t size() const { return order_.size(); }
    std::string_view value(size_t index) const { return values_[order_[index]]; }
    int64_t integer(size_t index) const;

    // The rows of a value, and their variable fields, one row after the other.
    Run run(size_t index) const { return runs_[index]; }
    Rows rows() const { return {words_.data(), layout_.words}; }
    Bytes field(size_t row, size_t field) const;

   private:
    // A row of a table, and where its variable fields begin.
    struct Entry {
        uint32_t value;
        const uint8_t* words;
        const uint8_t* fields;
    };

    bool add_values(const uint8_t* at, const uint8_t* end, size_t count, size_t first);
    bool add_fields(const uint8_t* at, const uint8_t* end, size_t first);
    size_t own_words() const { return layout_.words - kHeaderWords; }

    Layout layout_;
    bool has_texts_;
    std::unordered_map<std::string_view, uint32_t> numbers_;
    std::vector<std::string_view> values_;
    std::vector<Entry> entries_;
    std::vector<uint32_t> order_;
    std::vector<Run> runs_;
    std::vector<int64_t> words_;
    // Where the fields of each ordered row begin.
    std::vector<const uint8_t*> fields_;
};

}  // namespace tilewright
