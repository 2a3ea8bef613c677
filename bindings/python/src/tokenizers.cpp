// Tokenizers.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "architectures/registry.hpp"
#include "bind.hpp"
#include "blip/tokenizer.hpp"
#include "checkpoint/model_directory.hpp"
#include "options.hpp"

namespace blip::python {

namespace nb = nanobind;

void bind_tokenizers(nb::module_& module) {
  nb::class_<SpecialTokens>(module, "SpecialTokens")
      .def_ro("bos", &SpecialTokens::bos)
      .def_ro("eos", &SpecialTokens::eos)
      .def_ro("unk", &SpecialTokens::unk)
      .def_ro("sep", &SpecialTokens::sep)
      .def_ro("pad", &SpecialTokens::pad)
      .def_ro("cls", &SpecialTokens::cls)
      .def_ro("mask", &SpecialTokens::mask);
  nb::class_<Tokenizer>(module, "Tokenizer")
      .def_static(
          "from_pretrained",
          [](const std::string& model, const nb::dict& hub) {
            const HubOptions options = hub_options(hub);
            const nb::gil_scoped_release released;
            return std::const_pointer_cast<Tokenizer>(
                open_tokenizer(resolve_model(model, {}, options)));
          },
          nb::arg("model"), nb::arg("hub") = nb::dict())
      .def(
          "encode",
          [](const Tokenizer& tokenizer, const std::string& text, bool add_special_tokens,
             std::size_t max_length) {
            EncodeOptions options;
            options.add_special_tokens = add_special_tokens;
            options.max_length = max_length;
            return tokenizer.encode(text, options);
          },
          nb::arg("text"), nb::arg("add_special_tokens") = true, nb::arg("max_length") = 0)
      .def(
          "decode",
          [](const Tokenizer& tokenizer, const std::vector<TokenId>& ids, bool skip_special_tokens,
             std::optional<bool> clean_up_tokenization_spaces) {
            return tokenizer.decode(ids,
                                    {.skip_special_tokens = skip_special_tokens,
                                     .clean_up_tokenization_spaces = clean_up_tokenization_spaces});
          },
          nb::arg("ids"), nb::arg("skip_special_tokens") = false,
          nb::arg("clean_up_tokenization_spaces") = nb::none())
      .def_prop_ro("vocab_size", &Tokenizer::vocab_size)
      .def_prop_ro("model_max_length", &Tokenizer::model_max_length)
      .def_prop_ro("special_tokens", &Tokenizer::special_tokens);
}

}  // namespace blip::python
