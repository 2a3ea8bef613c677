// The extension module blip_cpp._blip_cpp: the library's own classes, with arrays and lists. What
// people use is made of them in Python (blip_cpp/).
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <new>

#include "bind.hpp"
#include "blip/error.hpp"
#include "blip/version.hpp"
#include "checkpoint/model_directory.hpp"
#include "options.hpp"
#include "threads.hpp"

namespace blip::python {
namespace {

namespace nb = nanobind;

PyObject* exception_of(ErrorCode code, const nb::handle& cancelled) {
  switch (code) {
    case ErrorCode::not_found:
      return PyExc_FileNotFoundError;
    case ErrorCode::unreadable:
      return PyExc_OSError;
    case ErrorCode::unsupported:
      return PyExc_NotImplementedError;
    case ErrorCode::cancelled:
      return cancelled.ptr();
    case ErrorCode::network:
      return PyExc_ConnectionError;
    case ErrorCode::malformed:
    case ErrorCode::missing_tensor:
    case ErrorCode::shape_mismatch:
    case ErrorCode::limit_exceeded:
    case ErrorCode::invalid_argument:
      return PyExc_ValueError;
  }
  return PyExc_RuntimeError;
}

}  // namespace

void bind_errors(nb::module_& module) {
  nb::object cancelled =
      nb::steal(PyErr_NewException("blip_cpp.CancelledError", PyExc_RuntimeError, nullptr));
  module.attr("CancelledError") = cancelled;
  // The interpreter keeps the module, and the module the class.
  nb::register_exception_translator(
      [](const std::exception_ptr& thrown, void* payload) {
        try {
          std::rethrow_exception(thrown);
        } catch (const Error& error) {
          PyErr_SetString(exception_of(error.code(), nb::handle(static_cast<PyObject*>(payload))),
                          error.what());
        }
      },
      cancelled.ptr());
}

}  // namespace blip::python

NB_MODULE(_blip_cpp, module) {
  using namespace blip::python;
  module.def("version", &blip::version);
  module.def("set_num_threads", &set_num_threads, nb::arg("num_threads"));
  module.def("num_threads", &num_threads);
  module.def("bundled_models", &blip::bundled_models);
  module.def(
      "resolve_model",
      [](const std::string& name, const nb::dict& hub) {
        const blip::HubOptions options = hub_options(hub);
        const nb::gil_scoped_release released;
        return blip::resolve_model(name, {}, options).string();
      },
      nb::arg("name"), nb::arg("hub") = nb::dict());
  module.def("generation_option_names", &generation_option_names);
  bind_errors(module);
  bind_images(module);
  bind_tokenizers(module);
  bind_generation(module);
  bind_retrieval(module);
  bind_classification(module);
}
