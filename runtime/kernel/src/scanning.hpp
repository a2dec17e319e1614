// What a store asks of the kernel: records out of the bytes of its file.
#pragma once

#include <nanobind/nanobind.h>

namespace tilewright {

// Add the class to the module.
void add_scanning(nanobind::module_& module);

}  // namespace tilewright
