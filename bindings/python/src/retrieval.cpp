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
#include "model_class.hpp"
#include "threads.hpp"

namespace blip::python {
namespace {

using TokenRows = std::vector<std::vector<TokenId>>;

// What BlipModel, BlipForImageTextRetrieval and CLIPModel have in common.
template <typename Model>
nb::class_<Model> bind_embedder(nb::module_& module, const char* name) {
  return bind_model<Model>(module, name)
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
  bind_embedder<BlipForImageTextRetrieval>(module, "BlipForImageTextRetrieval")
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

  bind_embedder<BlipModel>(module, "BlipModel")
      .def(
          "get_text_features",
          [](const BlipModel& model, const TokenRows& texts) {
            return array_of(without_lock(
                [&](Context& context) { return model.get_text_features(texts, context); }));
          },
          nb::arg("texts"))
      .def_prop_ro("similarity_scale", &BlipModel::similarity_scale);

  bind_embedder<CLIPModel>(module, "CLIPModel")
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
