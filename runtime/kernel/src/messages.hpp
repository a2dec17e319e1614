// What a reader of topics asks of the kernel: messages as columns.
#pragma once

#include <nanobind/nanobind.h>

namespace tilewright {

// Add the class to the module.
void add_messages(nanobind::module_& module);

}  // namespace tilewright
