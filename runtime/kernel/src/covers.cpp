// What a query time reads and merges, taken from Python once for all entities.
#include "covers.hpp"

namespace nb = nanobind;

namespace tilewright {

namespace {

// Read the n-th item of a tuple, an integer.
int64_t item(PyObject* tuple, Py_ssize_t index) {
    if (!PyTuple_Check(tuple) || PyTuple_GET_SIZE(tuple) <= index) {
        throw nb::type_error("expected a tuple of a size, a start and an end");
    }
    const int64_t value = PyLong_AsLongLong(PyTuple_GET_ITEM(tuple, index));
    if (value == -1 && PyErr_Occurred()) throw nb::python_error();
    return value;
}

Span span_of(PyObject* tuple) { return {item(tuple, 0), item(tuple, 1), item(tuple, 2)}; }

}  // namespace

Cover cover_of(PyObject* segments) {
    if (!PyList_Check(segments)) throw nb::type_error("expected a list of segments");
    Cover cover;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(segments); ++i) {
        cover.push_back(span_of(PyList_GET_ITEM(segments, i)));
    }
    return cover;
}

Ranges::Ranges(const nb::list& runs, const std::vector<nb::bytes>& levels) {
    if (runs.size() != levels.size()) throw nb::value_error("there are more or fewer levels");
    for (size_t i = 0; i < levels.size(); ++i) {
        runs_.push_back({span_of(runs[i].ptr()), {levels[i].c_str(), levels[i].size()}});
    }
}

Covers::Covers(const nb::list& covers) {
    for (const nb::handle cover : covers) covers_.push_back(cover_of(cover.ptr()));
}

}  // namespace tilewright
