// The bytes of an object of Python.
#pragma once

#include <nanobind/nanobind.h>

#include "bytes.hpp"

namespace tilewright {

// The bytes of an object while this lives, such as those of a mapped file.
struct Buffer {
    explicit Buffer(nanobind::handle object) {
        if (PyObject_GetBuffer(object.ptr(), &view, PyBUF_SIMPLE)) throw nanobind::python_error();
    }
    ~Buffer() { PyBuffer_Release(&view); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    Bytes bytes() const {
        return {static_cast<const uint8_t*>(view.buf), static_cast<size_t>(view.len)};
    }

    Py_buffer view;
};

}  // namespace tilewright
