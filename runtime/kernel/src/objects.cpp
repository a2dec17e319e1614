// JSON objects as columns, parsed by yyjson as in DuckDB.
#include "objects.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "yyjson.h"

namespace tilewright {

namespace {

// Longer texts are parsed in memory of their own.
constexpr size_t kMostPooled = 1 << 14;
constexpr yyjson_read_flag kNumbersAsWritten = YYJSON_READ_NUMBER_AS_RAW;

// How many digits and points tell a number that is not rounded to a double; see json_objects.py.
constexpr size_t kLongDecimal = 17, kLongPart = 16, kLongNegative = 19, kLong = 20;
// What a number begins with that has an exponent once it is written.
constexpr std::string_view kTiny = "0.0000";
// Any number of so few characters is the shortest text of a double.
constexpr size_t kShortest = 15;
// A whole number of so many digits fits into 64 bits.
constexpr size_t kMostDigits = 18;
// Beyond these, texts become infinite or zero as doubles, in which parsers differ.
constexpr double kSmallest = 1e-300, kLargest = 1e300;

std::string_view text_of(yyjson_val* value) {
    return {unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
}

// A number without its sign, in parts.
struct Number {
    explicit Number(std::string_view written)
        : is_negative(written.starts_with('-')), digits(written.substr(is_negative)) {
        size_t point = digits.size();
        for (size_t i = 0; i < digits.size() && !has_exponent; ++i) {
            if (digits[i] == '.') point = i;
            has_exponent = digits[i] > '9';
        }
        whole = digits.substr(0, point);
        if (point < digits.size()) fraction = digits.substr(point + 1);
    }

    bool is_zero() const { return digits.find_first_not_of("0.") == std::string_view::npos; }

    bool is_long(bool keeps_digits) const {
        if (keeps_digits) return digits.size() >= kLongDecimal;
        return (!fraction.empty() && whole.size() >= kLongPart) ||
               (is_negative && whole.size() >= kLongNegative) || whole.size() >= kLong ||
               fraction.size() >= kLong;
    }

    bool is_negative, has_exponent = false;
    std::string_view digits, whole, fraction;
};

// A number that is not long, written as DuckDB writes the double that it is.
struct Rounded {
    explicit Rounded(std::string_view number) : text(number) {
        if (number.size() <= kShortest) {
            while (text.ends_with('0') && !text.ends_with(".0")) text.remove_suffix(1);
            return;
        }
        yyjson_val value;
        yyjson_read_number(number.data(), &value, 0, nullptr, nullptr);
        text = {written, static_cast<size_t>(yyjson_write_number(&value, written) - written)};
    }

    std::string_view text;
    char written[40];
};

// Read a whole number of few digits.
bool read_whole(const Number& number, int64_t* bits) {
    const bool is_plain = number.whole.size() == number.digits.size() && !number.has_exponent;
    if (!is_plain || number.digits.size() > kMostDigits) return false;
    int64_t value = 0;
    for (const char digit : number.digits) value = 10 * value + (digit - '0');
    *bits = number.is_negative ? -value : value;
    return true;
}

// Read the double that is nearest to a number, unless it is very large or small.
bool read_real(std::string_view number, bool is_zero, int64_t* bits) {
    yyjson_val value;
    if (!yyjson_read_number(number.data(), &value, 0, nullptr, nullptr)) return false;
    const double real = yyjson_get_num(&value);
    const double size = std::abs(real);
    if (!is_zero && !(kSmallest < size && size < kLargest)) return false;
    *bits = std::bit_cast<int64_t>(real);
    return true;
}

}  // namespace

void Presence::add(bool is_there) {
    if (rows_ % 8 == 0) marks_.push_back(0);
    marks_.back() |= static_cast<uint8_t>(is_there << rows_ % 8);
    nulls_ += !is_there;
    ++rows_;
}

void Presence::clear() {
    marks_.clear();
    rows_ = nulls_ = 0;
}

void TextColumn::append(std::string_view text) {
    content_.insert(content_.end(), text.begin(), text.end());
    bounds_.push_back(static_cast<int32_t>(content_.size()));
    presence_.add(true);
}

void TextColumn::append_null() {
    bounds_.push_back(static_cast<int32_t>(content_.size()));
    presence_.add(false);
}

void TextColumn::clear() {
    content_.clear();
    bounds_.resize(1);
    presence_.clear();
}

void NumberColumn::append(int64_t bits) {
    values_.push_back(bits);
    presence_.add(true);
}

void NumberColumn::append_null() {
    values_.push_back(0);
    presence_.add(false);
}

void NumberColumn::clear() {
    values_.clear();
    presence_.clear();
}

Objects::Objects(std::vector<Member> members, bool keeps_digits)
    : members_(std::move(members)),
      keeps_digits_(keeps_digits),
      texts_(members_.size()),
      numbers_(members_.size()),
      found_(members_.size()),
      pool_(yyjson_read_max_memory_usage(kMostPooled, kNumbersAsWritten)) {}

bool Objects::add(Bytes text) {
    yyjson_alc pool;
    yyjson_alc_pool_init(&pool, pool_.data(), pool_.size());
    // Without the flag of reading in place, yyjson copies the text and does not write to it.
    char* at = const_cast<char*>(reinterpret_cast<const char*>(text.at));
    yyjson_doc* document = yyjson_read_opts(at, text.size, kNumbersAsWritten,
                                            text.size <= kMostPooled ? &pool : nullptr, nullptr);
    if (document == nullptr) return false;
    const bool is_taken = take(yyjson_doc_get_root(document));
    yyjson_doc_free(document);
    return is_taken;
}

void Objects::begin(bool as_numbers) {
    as_numbers_ = as_numbers;
    for (TextColumn& column : texts_) column.clear();
    for (NumberColumn& column : numbers_) column.clear();
}

bool Objects::take(yyjson_val* root) {
    if (!yyjson_is_obj(root)) return false;
    std::fill(found_.begin(), found_.end(), Found{});
    size_t place, count;
    yyjson_val *name, *value;
    yyjson_obj_foreach(root, place, count, name, value) {
        const size_t column = column_of(place, text_of(name));
        if (column == members_.size()) continue;
        Found& known = found_[column];
        if (known.form != Form::kMissing) return false;
        known = found(column, value);
        if (known.form == Form::kLeft) return false;
    }
    for (size_t column = 0; column < members_.size(); ++column) append(column, found_[column]);
    return true;
}

// Append what an object has to the column of a member.
void Objects::append(size_t column, const Found& found) {
    if (found.form == Form::kNumber) {
        numbers_[column].append(found.bits);
    } else if (is_number(column)) {
        numbers_[column].append_null();
    } else if (found.form == Form::kText) {
        texts_[column].append(found.text);
    } else if (found.form == Form::kRounded) {
        texts_[column].append(Rounded(found.text).text);
    } else {
        texts_[column].append_null();
    }
}

// Find the column of a member, or the end of the columns.
size_t Objects::column_of(size_t place, std::string_view name) {
    if (place < places_.size() && places_[place].name == name) return places_[place].column;
    size_t column = 0;
    while (column < members_.size() && members_[column].name != name) ++column;
    if (place >= places_.size()) places_.resize(place + 1, {"", members_.size()});
    places_[place] = {std::string(name), column};
    return column;
}

Objects::Found Objects::found(size_t column, yyjson_val* value) const {
    const Form as_text = is_number(column) ? Form::kLeft : Form::kText;
    switch (yyjson_get_type(value)) {
        case YYJSON_TYPE_STR:
            return {text_of(value), as_text};
        case YYJSON_TYPE_RAW:
            if (is_number(column)) return number_of(column, text_of(value));
            return {text_of(value), form_of(column, text_of(value))};
        case YYJSON_TYPE_BOOL:
            return {yyjson_is_true(value) ? "true" : "false", as_text};
        case YYJSON_TYPE_NULL:
            return {{}, Form::kNull};
        default:
            return {{}, Form::kLeft};
    }
}

// Read a number of a member that is declared as one.
Objects::Found Objects::number_of(size_t column, std::string_view number) const {
    const Number parts(number);
    const bool is_zero = parts.is_zero();
    if (parts.is_negative && is_zero) return {{}, Form::kLeft};
    Found known{{}, Form::kNumber};
    const bool is_read = members_[column].declared == Declared::kWhole
                             ? read_whole(parts, &known.bits)
                             : read_real(number, is_zero, &known.bits);
    if (!is_read) known.form = Form::kLeft;
    return known;
}

// Tell how a number becomes text.
Objects::Form Objects::form_of(size_t column, std::string_view number) const {
    const Number parts(number);
    const Form as_written = members_[column].declared == Declared::kText ? Form::kLeft : Form::kText;
    if (parts.is_negative && parts.is_zero()) return Form::kLeft;
    if (parts.has_exponent || parts.digits.starts_with(kTiny)) return as_written;
    if (parts.fraction.empty()) return Form::kText;
    return parts.is_long(keeps_digits_) ? as_written : Form::kRounded;
}

}  // namespace tilewright
