// Image classifiers of any architecture.
#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "options.hpp"
#include "tasks/image_classifier.hpp"
#include "threads.hpp"

namespace blip::python {

void bind_classification(nb::module_& module) {
  nb::class_<ImageClassifier>(module, "ImageClassifier")
      .def_static(
          "from_pretrained",
          [](const std::string& model, const std::string& weight_type, const std::string& adapter,
             const nb::dict& hub) {
            const LoadOptions options = load_options(weight_type, adapter, hub);
            const nb::gil_scoped_release released;
            return std::const_pointer_cast<ImageClassifier>(open_image_classifier(model, options));
          },
          nb::arg("model"), nb::arg("weight_type") = "stored", nb::arg("adapter") = "",
          nb::arg("hub") = nb::dict())
      .def(
          "logits",
          [](const ImageClassifier& model, const FloatArray& pixel_values) {
            const ArrayView pixels(pixel_values);
            return array_of(without_lock(
                [&](Context& context) { return model.logits(pixels.view(), context); }));
          },
          nb::arg("pixel_values"))
      .def_prop_ro("scores",
                   [](const ImageClassifier& model) {
                     switch (model.scores()) {
                       case LabelScores::sigmoid:
                         return "sigmoid";
                       case LabelScores::none:
                         return "none";
                       case LabelScores::softmax:
                         break;
                     }
                     return "softmax";
                   })
      .def_prop_ro("labels", [](const ImageClassifier& model) {
        return std::vector<std::string>(model.labels().begin(), model.labels().end());
      });
}

}  // namespace blip::python
