// The values of features that are plain numbers.
#include "values.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace tilewright {

namespace {

// Integers up to here are doubles without rounding, so one division rounds once, as Python's does.
constexpr int64_t kExact = int64_t{1} << 53;

// As in tilewright_runtime/states/kinds/moments.py.
constexpr double kSmallestVariance = 1e-150, kLargestVariance = 1e150;

const std::unordered_map<std::string, Form> kForms = {
    {"count", Form::kCount},
    {"float_sum", Form::kFloatSum},
    {"integer_sum", Form::kIntegerSum},
    {"float_average", Form::kFloatAverage},
    {"integer_average", Form::kIntegerAverage},
    {"integer", Form::kInteger},
    {"float", Form::kFloat},
    {"variance", Form::kVariance},
    {"deviation", Form::kDeviation},
    {"skew", Form::kSkew},
    {"kurtosis", Form::kKurtosis},
    {"integer_at", Form::kIntegerAt},
    {"float_at", Form::kFloatAt},
};

double as_double(int64_t word) {
    double value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

// Join the halves of an integer sum; false if it does not fit 64 bits.
bool join(int64_t high, int64_t low, int64_t* sum) {
    int64_t shifted;
    return !__builtin_mul_overflow(high, int64_t{1} << 32, &shifted) &&
           !__builtin_add_overflow(shifted, low, sum);
}

bool is_exact(int64_t number) { return -kExact <= number && number <= kExact; }

// Divide as Python divides integers, unless that takes more than doubles.
Value average(int64_t high, int64_t low, int64_t n, int64_t scale) {
    int64_t sum, divisor;
    if (!join(high, low, &sum) || __builtin_mul_overflow(n, scale, &divisor)) {
        return Left{};
    }
    if (!is_exact(sum) || !is_exact(divisor) || divisor == 0) return Left{};
    return static_cast<double>(sum) / static_cast<double>(divisor);
}

double variance(double m2, int64_t n) {
    const double value = m2 / static_cast<double>(n);
    return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

// A central moment; NaN if it, or the square of the variance, is out of range.
double moment(double sum, int64_t n, double variance) {
    const double value = sum / static_cast<double>(n);
    const bool fits =
        kSmallestVariance < variance && variance < kLargestVariance && std::isfinite(value);
    return fits ? value : std::numeric_limits<double>::quiet_NaN();
}

Value shape(Form form, const Feature& feature, const int64_t* merged, double spread) {
    if (spread == 0) return {};
    const int64_t n = merged[feature.words[0]];
    const double value = moment(as_double(merged[feature.words[2]]), n, spread);
    if (form == Form::kSkew) return value / spread / std::sqrt(spread);
    return value / spread / spread - 3;
}

}  // namespace

bool form_of(const std::string& name, Form* form) {
    const auto entry = kForms.find(name);
    if (entry == kForms.end()) return false;
    *form = entry->second;
    return true;
}

size_t arity(Form form) {
    switch (form) {
        case Form::kCount:
            return 1;
        case Form::kFloatSum:
        case Form::kFloatAverage:
        case Form::kInteger:
        case Form::kFloat:
        case Form::kVariance:
        case Form::kDeviation:
            return 2;
        case Form::kIntegerAverage:
            return 4;
        default:
            return 3;
    }
}

Value value_of(const Feature& feature, const int64_t* merged) {
    const std::vector<int64_t>& words = feature.words;
    const auto number = [&](size_t index) { return merged[words[index]]; };
    if (feature.form == Form::kIntegerAt || feature.form == Form::kFloatAt) {
        if (number(0) == words[2]) return {};
        if (feature.form == Form::kIntegerAt) return number(1);
        return as_double(number(1));
    }
    const int64_t n = number(0);
    if (feature.form == Form::kCount) return n;
    if (n == 0) return {};
    int64_t sum;
    switch (feature.form) {
        case Form::kFloatSum:
        case Form::kFloat:
            return as_double(number(1));
        case Form::kFloatAverage:
            if (!is_exact(n)) return Left{};
            return as_double(number(1)) / static_cast<double>(n);
        case Form::kIntegerSum:
            if (!join(number(1), number(2), &sum)) return Left{};
            return sum;
        case Form::kIntegerAverage:
            return average(number(1), number(2), n, words[3]);
        case Form::kInteger:
            return number(1);
        default:
            break;
    }
    const double spread = variance(as_double(number(1)), n);
    switch (feature.form) {
        case Form::kVariance:
            return spread;
        case Form::kDeviation:
            return std::sqrt(spread);
        default:
            return shape(feature.form, feature, merged, spread);
    }
}

PyObject* object_of(const Value& value) {
    if (const auto* integer = std::get_if<int64_t>(&value)) return PyLong_FromLongLong(*integer);
    if (const auto* number = std::get_if<double>(&value)) return PyFloat_FromDouble(*number);
    return std::holds_alternative<Left>(value) ? nullptr : Py_NewRef(Py_None);
}

}  // namespace tilewright
