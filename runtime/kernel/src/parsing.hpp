// What a reader asks of the kernel.
#pragma once

#include <nanobind/nanobind.h>

namespace tilewright {

// Add the classes to the module.
void add_parsing(nanobind::module_& module);

}  // namespace tilewright
