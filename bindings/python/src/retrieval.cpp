// The classes that compare images and texts.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "arrays.hpp"
#include "bind.hpp"
#include "blip/clip.hpp"
#include "blip/image_text_retrieval.hpp"
#include "blip/model.hpp"
#include "options.hpp"
#include "threads.hpp"

namespace blip::python {
namespace {

using TokenRows = std::vector<std::vector<TokenId>>;

// What BlipModel, BlipForImageTextRetrieval and CLIPModel have in common.
template <typename Model>
nb::class_<Model> bind_model(nb::module_& module, const char* name) {
  return nb::class_<Model>(module, name)
      .def_static(
          "from_pretrained",
          [](const std::string& model, const std::string& weight_type, const std::string& adapter) {
            const LoadOptions options = load_options(weight_type, adapter);
            const nb::gil_scoped_release released;
            return Model::from_pretrained(model, options);
          },
          nb::arg("model"), nb::arg("weight_type") = "stored", nb::arg("adapter") = "")
      .def(
          "encode_images",
          [](const Model& model, const FloatArray& pixel_values) {
            const ArrayView pixels(pixel_values);
            return without_lock(
                [&](Context& context) { return model.encode_images(pixels.view(), context); });
          },
          nb::arg("pixel_values"))
      .def(
          "get_image_features",
          [](const Model& model, const std::vector<EncodedImage>& images) {
            return array_of(without_lock(
                [&](Context& context) { return model.get_image_features(images, context); }));
          },
          nb::arg("images"));
}

}  // namespace

void bind_retrieval(nb::module_& module) {
  bind_model<BlipForImageTextRetrieval>(module, "BlipForImageTextRetrieval")
      .def(
          "get_text_features",
          [](const BlipForImageTextRetrieval& model, const TokenRows& texts) {
            return array_of(without_lock([&](Context& context) {
              return model.get_text_features(texts, TextStyle::hf, context);
            }));
          },
          nb::arg("texts"))
      .def(
          "itm_logits",
          [](const BlipForImageTextRetrieval& model, const std::vector<EncodedImage>& images,
             const TokenRows& texts) {
            return array_of(without_lock([&](Context& context) {
              return model.itm_logits(images, texts, TextStyle::hf, context);
            }));
          },
          nb::arg("images"), nb::arg("texts"));

  bind_model<BlipModel>(module, "BlipModel")
      .def(
          "get_text_features",
          [](const BlipModel& model, const TokenRows& texts) {
            return array_of(without_lock(
                [&](Context& context) { return model.get_text_features(texts, context); }));
          },
          nb::arg("texts"))
      .def_prop_ro("similarity_scale", &BlipModel::similarity_scale);

  bind_model<CLIPModel>(module, "CLIPModel")
      .def(
          "get_text_features",
          [](const CLIPModel& model, const TokenRows& texts) {
            return array_of(without_lock(
                [&](Context& context) { return model.get_text_features(texts, context); }));
          },
          nb::arg("texts"))
      .def_prop_ro("similarity_scale", &CLIPModel::similarity_scale);
}

}  // namespace blip::python
