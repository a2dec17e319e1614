// JSON objects as columns of text. No Python here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.hpp"

struct yyjson_val;

namespace tilewright {

// A member of the objects that is read.
struct Member {
    std::string name;
    // Its column holds texts, for which numbers are written anew.
    bool is_text;
};

// Texts one after the other, as Arrow has them.
class TextColumn {
   public:
    void append(std::string_view text);
    void append_null();
    void clear();

    const std::vector<uint8_t>& content() const { return content_; }
    const std::vector<int32_t>& bounds() const { return bounds_; }
    // A bit for each text that is there, the lowest first.
    const std::vector<uint8_t>& marks() const { return marks_; }
    size_t nulls() const { return nulls_; }

   private:
    void end(bool is_there);

    std::vector<uint8_t> content_, marks_;
    std::vector<int32_t> bounds_{0};
    size_t nulls_ = 0;
};

// The members of objects, read one object after the other.
//
// What is not plainly simple is left to DuckDB: texts that are no strict JSON, nested values, a
// member that comes twice, and numbers of text columns that a double does not hold as written.
class Objects {
   public:
    // `keeps_digits`: numbers of more than sixteen characters are not rounded to a double.
    Objects(std::vector<Member> members, bool keeps_digits);

    // Add the object that a text is; false if it is left out.
    bool add(Bytes text);

    // Begin anew, in the same memory.
    void clear();

    const std::vector<TextColumn>& columns() const { return columns_; }

   private:
    // A name that was met, and the column of its member, if that is read.
    struct Place {
        std::string name;
        size_t column;
    };
    // A value as text, a number that is rounded to one, and what is left to DuckDB.
    enum class Form { kMissing, kNull, kText, kRounded, kLeft };
    // What an object has for a column.
    struct Found {
        std::string_view text;
        Form form = Form::kMissing;
    };

    bool take(yyjson_val* root);
    size_t column_of(size_t place, std::string_view name);
    Found found(size_t column, yyjson_val* value) const;
    Form form_of(size_t column, std::string_view number) const;

    std::vector<Member> members_;
    bool keeps_digits_;
    std::vector<TextColumn> columns_;
    // The names of the last object, which the next one mostly has in the same order.
    std::vector<Place> places_;
    std::vector<Found> found_;
    std::vector<char> pool_;
};

}  // namespace tilewright
