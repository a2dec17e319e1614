// JSON objects as columns of text or of numbers. No Python here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bytes.hpp"

struct yyjson_val;

namespace tilewright {

// What the values of a member are declared as.
enum class Declared { kText, kWhole, kReal, kOther };

// A member of the objects that is read.
struct Member {
    std::string name;
    Declared declared;
};

// Which rows of a column have a value.
class Presence {
   public:
    void add(bool is_there);
    void clear();

    // A bit for each row, the lowest first.
    const std::vector<uint8_t>& marks() const { return marks_; }
    size_t nulls() const { return nulls_; }

   private:
    std::vector<uint8_t> marks_;
    size_t rows_ = 0, nulls_ = 0;
};

// Texts one after the other, as Arrow has them.
class TextColumn {
   public:
    void append(std::string_view text);
    void append_null();
    void clear();

    const std::vector<uint8_t>& content() const { return content_; }
    const std::vector<int32_t>& bounds() const { return bounds_; }
    const Presence& presence() const { return presence_; }

   private:
    std::vector<uint8_t> content_;
    std::vector<int32_t> bounds_{0};
    Presence presence_;
};

// The bits of whole numbers or of doubles, as Arrow has them.
class NumberColumn {
   public:
    void append(int64_t bits);
    void append_null();
    void clear();

    const std::vector<int64_t>& values() const { return values_; }
    const Presence& presence() const { return presence_; }

   private:
    std::vector<int64_t> values_;
    Presence presence_;
};

// The members of objects, read one object after the other.
//
// What is not plainly simple is left to DuckDB: texts that are no strict JSON, nested values, a
// member that comes twice, and numbers of text columns that a double does not hold as written. Read
// as numbers, members declared so have to be plain ones too: in range beyond doubt, and no texts.
class Objects {
   public:
    // `keeps_digits`: numbers of more than sixteen characters are not rounded to a double.
    Objects(std::vector<Member> members, bool keeps_digits);

    // Add the object that a text is; false if it is left out.
    bool add(Bytes text);

    // Begin anew, in the same memory, and read members declared as numbers as such, or as text.
    void begin(bool as_numbers);

    // Tell whether a member's values are in its column of numbers, not in that of text.
    bool is_number(size_t column) const { return as_numbers_ && is_declared_number(column); }

    const std::vector<TextColumn>& texts() const { return texts_; }
    const std::vector<NumberColumn>& numbers() const { return numbers_; }

   private:
    // A name that was met, and the column of its member, if that is read.
    struct Place {
        std::string name;
        size_t column;
    };
    // A value as text, a number that is rounded to one, the bits of one, and what is left to DuckDB.
    enum class Form { kMissing, kNull, kText, kRounded, kNumber, kLeft };
    // What an object has for a column.
    struct Found {
        std::string_view text;
        Form form = Form::kMissing;
        int64_t bits = 0;
    };

    bool is_declared_number(size_t column) const {
        const Declared declared = members_[column].declared;
        return declared == Declared::kWhole || declared == Declared::kReal;
    }

    bool take(yyjson_val* root);
    size_t column_of(size_t place, std::string_view name);
    Found found(size_t column, yyjson_val* value) const;
    Found number_of(size_t column, std::string_view number) const;
    Form form_of(size_t column, std::string_view number) const;
    void append(size_t column, const Found& found);

    std::vector<Member> members_;
    bool keeps_digits_;
    bool as_numbers_ = false;
    std::vector<TextColumn> texts_;
    std::vector<NumberColumn> numbers_;
    // The names of the last object, which the next one mostly has in the same order.
    std::vector<Place> places_;
    std::vector<Found> found_;
    std::vector<char> pool_;
};

}  // namespace tilewright
