// The classes that write text: captions and answers.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/captions/caption_prompt.hpp"
#include "app/captions/streamed_text.hpp"
#include "architectures/registry.hpp"
#include "arrays.hpp"
#include "bind.hpp"
#include "blip/conditional_generation.hpp"
#include "blip/question_answering.hpp"
#include "checkpoint/model_directory.hpp"
#include "options.hpp"
#include "threads.hpp"

namespace blip::python {
namespace {

using TokenRows = std::vector<std::vector<TokenId>>;

// Python's Ctrl-C, and its callable for tokens, while the decoder runs without the lock.
GenerationCallbacks callbacks_of(const std::optional<nb::callable>& on_token) {
  GenerationCallbacks callbacks;
  callbacks.on_progress = [](const GenerationProgress&) {
    const nb::gil_scoped_acquire locked;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
  if (on_token) {
    callbacks.on_token = [&on_token](const GeneratedToken& token) {
      const nb::gil_scoped_acquire locked;
      (*on_token)(token.image, token.sequence, token.token);
    };
  }
  return callbacks;
}

nb::list sequences_of(const std::vector<GeneratedSequence>& sequences) {
  nb::list result;
  for (const GeneratedSequence& sequence : sequences) {
    result.append(nb::make_tuple(sequence.ids, sequence.score, sequence.log_probability()));
  }
  return result;
}

// Names a text in pieces (app::StreamedText) for Python's streamers.
struct TextStream {
  std::shared_ptr<const Tokenizer> tokenizer;
  app::StreamedText text;
};

}  // namespace

void bind_generation(nb::module_& module) {
  nb::class_<EncodedImage>(module, "EncodedImage")
      .def_prop_ro("last_hidden_state",
                   [](const EncodedImage& image) { return array_of(image.last_hidden_state()); });

  nb::class_<TextStream>(module, "TextStream")
      .def(
          "__init__",
          [](TextStream* self, const std::string& model, const std::string& prompt) {
            std::shared_ptr<const Tokenizer> tokenizer = open_tokenizer(resolve_model(model));
            app::CaptionPrompt begin;
            if (!prompt.empty()) begin = app::caption_prompt(*tokenizer, prompt);
            const Tokenizer& reads = *tokenizer;
            new (self) TextStream{std::move(tokenizer), app::StreamedText(reads, begin, {})};
          },
          nb::arg("model"), nb::arg("prompt") = "")
      .def("add", [](TextStream& stream, TokenId token) { return stream.text.add(token); })
      .def("rest",
           [](TextStream& stream, const std::string& finished) { return stream.text.rest(finished); });

  using Captioning = BlipForConditionalGeneration;
  nb::class_<Captioning>(module, "BlipForConditionalGeneration")
      .def_static(
          "from_pretrained",
          [](const std::string& model, const std::string& weight_type, const std::string& adapter) {
            const LoadOptions options = load_options(weight_type, adapter);
            const nb::gil_scoped_release released;
            return Captioning::from_pretrained(model, options);
          },
          nb::arg("model"), nb::arg("weight_type") = "stored", nb::arg("adapter") = "")
      .def(
          "encode_images",
          [](const Captioning& model, const FloatArray& pixel_values) {
            const ArrayView pixels(pixel_values);
            return without_lock(
                [&](Context& context) { return model.encode_images(pixels.view(), context); });
          },
          nb::arg("pixel_values"))
      .def(
          "generate",
          [](const Captioning& model, const std::vector<EncodedImage>& images,
             const TokenRows& prompts, const nb::dict& keywords,
             const std::optional<nb::callable>& on_token) {
            const GenerationOptions options = generation_options(keywords);
            const GenerationCallbacks callbacks = callbacks_of(on_token);
            return sequences_of(without_lock([&](Context& context) {
              return model.generate_sequences(images, prompts, options, context, callbacks);
            }));
          },
          nb::arg("images"), nb::arg("prompts"), nb::arg("options"),
          nb::arg("on_token") = nb::none())
      .def(
          "logits",
          [](const Captioning& model, const EncodedImage& image,
             const std::vector<TokenId>& input_ids) {
            return array_of(without_lock([&](Context& context) {
              return model.logits(image.last_hidden_state(), input_ids, context);
            }));
          },
          nb::arg("image"), nb::arg("input_ids"))
      .def_prop_ro("ignored_tensors", &Captioning::ignored_tensors)
      .def_prop_ro("pad_token_id",
                   [](const Captioning& model) { return model.config().text_config.pad_token_id; });

  using Answering = BlipForQuestionAnswering;
  nb::class_<Answering>(module, "BlipForQuestionAnswering")
      .def_static(
          "from_pretrained",
          [](const std::string& model, const std::string& weight_type, const std::string& adapter) {
            const LoadOptions options = load_options(weight_type, adapter);
            const nb::gil_scoped_release released;
            return Answering::from_pretrained(model, options);
          },
          nb::arg("model"), nb::arg("weight_type") = "stored", nb::arg("adapter") = "")
      .def(
          "encode_images",
          [](const Answering& model, const FloatArray& pixel_values) {
            const ArrayView pixels(pixel_values);
            return without_lock(
                [&](Context& context) { return model.encode_images(pixels.view(), context); });
          },
          nb::arg("pixel_values"))
      .def(
          "generate",
          [](const Answering& model, const std::vector<EncodedImage>& images,
             const TokenRows& questions, const nb::dict& keywords,
             const std::optional<nb::callable>& on_token) {
            const GenerationOptions options = generation_options(keywords);
            const GenerationCallbacks callbacks = callbacks_of(on_token);
            return sequences_of(without_lock([&](Context& context) {
              return model.generate_sequences(images, questions, options, TextStyle::hf, context,
                                              callbacks);
            }));
          },
          nb::arg("images"), nb::arg("questions"), nb::arg("options"),
          nb::arg("on_token") = nb::none())
      .def(
          "rank_answers",
          [](const Answering& model, const std::vector<EncodedImage>& images,
             const TokenRows& questions, const TokenRows& answers, int k) {
            RankOptions options;
            options.k = k;
            const auto ranked = without_lock([&](Context& context) {
              return model.rank_answers(images, questions, answers, options, context);
            });
            nb::list result;
            for (const auto& of_question : ranked) {
              nb::list row;
              for (const RankedAnswer& answer : of_question) {
                row.append(nb::make_tuple(answer.answer, answer.score, answer.log_probability));
              }
              result.append(row);
            }
            return result;
          },
          nb::arg("images"), nb::arg("questions"), nb::arg("answers"), nb::arg("k") = 128)
      .def_prop_ro("pad_token_id",
                   [](const Answering& model) { return model.config().text_config.pad_token_id; });
}

}  // namespace blip::python
