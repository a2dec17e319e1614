// The values of features that are plain numbers.
#pragma once

#include <Python.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace tilewright {

// How a feature is made of merged numbers; `words` says which they are.
enum class Form {
    kCount,           // n
    kFloatSum,        // n, sum
    kIntegerSum,      // n, high, low
    kFloatAverage,    // n, sum
    kIntegerAverage,  // n, high, low, scale
    kInteger,         // n, value
    kFloat,           // n, value
    kVariance,        // n, m2
    kDeviation,       // n, m2
    kSkew,            // n, m2, m3
    kKurtosis,        // n, m2, m4
    kIntegerAt,       // time, value, the time of none
    kFloatAt,         // time, value, the time of none
};

struct Feature {
    PyObject* name;
    Form form;
    std::vector<int64_t> words;
};

// Find the form of a name; false for one that is not known.
bool form_of(const std::string& name, Form* form);

// How many numbers a form needs.
size_t arity(Form form);

// What Python has to make.
struct Left {};

// The value of a feature before it is an object; it may be none.
using Value = std::variant<std::monostate, int64_t, double, Left>;

// Make the value of a feature.
Value value_of(const Feature& feature, const int64_t* merged);

// Make an object of a value.
//
// Returns a new reference, or null, without an exception for what Python has to make.
PyObject* object_of(const Value& value);

}  // namespace tilewright
