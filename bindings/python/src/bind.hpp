// The parts of the extension module, one function and file each.
#pragma once

#include <nanobind/nanobind.h>

namespace blip::python {

void bind_errors(nanobind::module_& module);
void bind_images(nanobind::module_& module);
void bind_tokenizers(nanobind::module_& module);
void bind_generation(nanobind::module_& module);
void bind_retrieval(nanobind::module_& module);
void bind_classification(nanobind::module_& module);

}  // namespace blip::python
