// What every class of the library that reads images is to Python.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>

#include "arrays.hpp"
#include "options.hpp"
#include "threads.hpp"

namespace blip::python {

/// A class with from_pretrained and encode_images.
template <typename Model>
nb::class_<Model> bind_model(nb::module_& module, const char* name) {
  return nb::class_<Model>(module, name)
      .def_static(
          "from_pretrained",
          [](const std::string& model, const std::string& weight_type, const std::string& adapter,
             const nb::dict& hub) {
            const LoadOptions options = load_options(weight_type, adapter, hub);
            const nb::gil_scoped_release released;
            return Model::from_pretrained(model, options);
          },
          nb::arg("model"), nb::arg("weight_type") = "stored", nb::arg("adapter") = "",
          nb::arg("hub") = nb::dict())
      .def(
          "encode_images",
          [](const Model& model, const FloatArray& pixel_values) {
            const ArrayView pixels(pixel_values);
            return without_lock(
                [&](Context& context) { return model.encode_images(pixels.view(), context); });
          },
          nb::arg("pixel_values"));
}

}  // namespace blip::python
