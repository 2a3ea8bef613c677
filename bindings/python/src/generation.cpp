// The classes that write text: captions and answers.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/captions/streamed_text.hpp"
#include "arrays.hpp"
#include "bind.hpp"
#include "blip/conditional_generation.hpp"
#include "blip/question_answering.hpp"
#include "model_class.hpp"

namespace blip::python {
namespace {

using TokenRows = std::vector<std::vector<TokenId>>;

// Python's Ctrl-C, and its callable for tokens, while the decoder runs without the lock. `stop`: of
// another thread, or null.
GenerationCallbacks callbacks_of(const std::optional<nb::callable>& on_token,
                                 const std::stop_source* stop) {
  GenerationCallbacks callbacks;
  if (stop != nullptr) callbacks.stop = stop->get_token();
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

// A text in pieces (app::StreamedText), for Python's streamers.
struct TextStream {
  std::shared_ptr<const Tokenizer> tokenizer;
  app::StreamedText text;
};

std::vector<GeneratedSequence> generate(const BlipForConditionalGeneration& model,
                                        const std::vector<EncodedImage>& images,
                                        const TokenRows& prompts, const GenerationOptions& options,
                                        Context& context, const GenerationCallbacks& callbacks) {
  return model.generate_sequences(images, prompts, options, context, callbacks);
}

std::vector<GeneratedSequence> generate(const BlipForQuestionAnswering& model,
                                        const std::vector<EncodedImage>& images,
                                        const TokenRows& questions,
                                        const GenerationOptions& options, Context& context,
                                        const GenerationCallbacks& callbacks) {
  return model.generate_sequences(images, questions, options, TextStyle::hf, context, callbacks);
}

template <typename Model>
nb::class_<Model> bind_writer(nb::module_& module, const char* name) {
  return bind_model<Model>(module, name)
      .def(
          "generate",
          [](const Model& model, const std::vector<EncodedImage>& images, const TokenRows& texts,
             const nb::dict& keywords, const std::optional<nb::callable>& on_token,
             const std::stop_source* stop) {
            const GenerationOptions options = generation_options(keywords);
            const GenerationCallbacks callbacks = callbacks_of(on_token, stop);
            return sequences_of(without_lock([&](Context& context) {
              return generate(model, images, texts, options, context, callbacks);
            }));
          },
          nb::arg("images"), nb::arg("texts"), nb::arg("options"), nb::arg("on_token") = nb::none(),
          nb::arg("stop") = nb::none())
      .def_prop_ro("bos_token_id",
                   [](const Model& model) { return model.config().text_config.bos_token_id; })
      .def_prop_ro("pad_token_id",
                   [](const Model& model) { return model.config().text_config.pad_token_id; });
}

}  // namespace

void bind_generation(nb::module_& module) {
  nb::class_<EncodedImage>(module, "EncodedImage")
      .def_prop_ro("last_hidden_state",
                   [](const EncodedImage& image) { return array_of(image.last_hidden_state()); });

  nb::class_<std::stop_source>(module, "StopSource")
      .def(nb::init<>())
      .def("request_stop", [](std::stop_source& source) { source.request_stop(); })
      .def_prop_ro("stop_requested", &std::stop_source::stop_requested);

  nb::class_<TextStream>(module, "TextStream")
      .def(
          "__init__",
          [](TextStream* self, const std::shared_ptr<Tokenizer>& tokenizer) {
            new (self) TextStream{tokenizer, app::StreamedText(*tokenizer, {}, {})};
          },
          nb::arg("tokenizer"))
      .def("add", [](TextStream& stream, TokenId token) { return stream.text.add(token); })
      .def("rest", [](TextStream& stream, const std::string& finished) {
        return stream.text.rest(finished);
      });

  bind_writer<BlipForConditionalGeneration>(module, "BlipForConditionalGeneration")
      .def(
          "logits",
          [](const BlipForConditionalGeneration& model, const EncodedImage& image,
             const std::vector<TokenId>& input_ids) {
            return array_of(without_lock([&](Context& context) {
              return model.logits(image.last_hidden_state(), input_ids, context);
            }));
          },
          nb::arg("image"), nb::arg("input_ids"))
      .def_prop_ro("ignored_tensors", &BlipForConditionalGeneration::ignored_tensors);

  bind_writer<BlipForQuestionAnswering>(module, "BlipForQuestionAnswering")
      .def(
          "rank_answers",
          [](const BlipForQuestionAnswering& model, const std::vector<EncodedImage>& images,
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
          nb::arg("images"), nb::arg("questions"), nb::arg("answers"), nb::arg("k") = 128);
}

}  // namespace blip::python
