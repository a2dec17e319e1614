// What a writer asks of the kernel: records, keys and columns of bytes.
#pragma once

#include <nanobind/nanobind.h>

namespace tilewright {

// Add the functions to the module.
void add_writing(nanobind::module_& module);

}  // namespace tilewright
