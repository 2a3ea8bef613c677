#include "blip/question_answering.hpp"

#include <algorithm>
#include <utility>

#include "architectures/blip/architectures.hpp"
#include "architectures/blip/vision_transformer.hpp"
#include "core/thread_context.hpp"
#include "generate/generate.hpp"
#include "model/text_decoder.hpp"
#include "model/text_encoder.hpp"
#include "model/text_gradients.hpp"
#include "model/vision_model.hpp"
#include "tasks/answer_ranking.hpp"
#include "tasks/decoding.hpp"
#include "tasks/grad_cam_maps.hpp"
#include "tasks/image_memory.hpp"
#include "tasks/model_files.hpp"
#include "tasks/session.hpp"
#include "tasks/text_rows.hpp"

namespace blip {

struct BlipForQuestionAnswering::Model {
  ModelFiles files;
  VisionModel vision;
  TextModel encoder;
  TextModel decoder;
  LanguageModelHead head;

  // What the encoder makes of each question about its image: → [tokens of all questions, H]
  [[nodiscard]] std::vector<float> encode(std::span<const EncodedImage> images,
                                          const TokenRows& questions,
                                          const std::shared_ptr<const void>& owner,
                                          Context& context) const {
    const auto caches = read_images(images, encoder, owner, context);
    const auto read = spread<const CrossAttentionCache*>(pointers_to(caches), questions.size());
    std::vector<float> states(
        static_cast<std::size_t>(count_tokens(questions) * encoder.config.hidden_size));
    encode_all_tokens(encoder, questions, read, states.data(), context);
    return states;
  }
};

namespace {

// A question for each pair, as the encoder reads it.
TokenRows questions_for_encoder(std::size_t images, std::span<const std::vector<TokenId>> questions,
                                TextStyle style, const BlipTextConfig& config) {
  const std::size_t pairs = count_pairs(images, questions.size(), "questions");
  return texts_for_encoder(spread(questions, pairs), style, true, config);
}

}  // namespace

BlipForQuestionAnswering::BlipForQuestionAnswering(std::shared_ptr<const Model> model)
    : model_(std::move(model)) {}

BlipForQuestionAnswering BlipForQuestionAnswering::from_pretrained(
    const std::filesystem::path& model, const LoadOptions& options) {
  ModelOpener opener(model, options, kBlipForQuestionAnswering);
  VisionModel vision(opener.loader(),
                     vision_transformer_of(opener.config().vision_config, "vision_model."));
  const BlipTextConfig& config = opener.config().text_config;
  TextModel encoder =
      load_text_model(opener.loader(), config, "text_encoder.", Int8Inputs::quantized);
  // The decoder reads the question's states, which are as wide as the text models, not the image's.
  BlipTextConfig decoder_config = config;
  decoder_config.encoder_hidden_size = config.hidden_size;
  TextModel decoder = load_text_model(opener.loader(), decoder_config, "text_decoder.bert.",
                                      Int8Inputs::as_they_are);
  LanguageModelHead head =
      load_language_model_head(opener.loader(), decoder, "text_decoder.cls.predictions.");
  return BlipForQuestionAnswering(std::make_shared<const Model>(
      Model{opener.finish(), std::move(vision), std::move(encoder), std::move(decoder), head}));
}

const BlipConfig& BlipForQuestionAnswering::config() const noexcept {
  return model_->files.config;
}

const std::vector<std::string>& BlipForQuestionAnswering::ignored_tensors() const noexcept {
  return model_->files.ignored_tensors;
}

std::vector<EncodedImage> BlipForQuestionAnswering::encode_images(TensorView pixel_values,
                                                                  Context& context) const {
  return blip::encode_images(model_->vision, pixel_values, context);
}

std::vector<std::vector<TokenId>> BlipForQuestionAnswering::generate(
    const BlipInputs& inputs, const GenerationOptions& options) const {
  return generate(inputs, options, thread_context());
}

std::vector<std::vector<TokenId>> BlipForQuestionAnswering::generate(
    const BlipInputs& inputs, const GenerationOptions& options, Context& context) const {
  return ids_of(generate_sequences(encode_images(inputs.pixel_values, context), inputs.input_ids,
                                   options, TextStyle::hf, context));
}

std::vector<GeneratedSequence> BlipForQuestionAnswering::generate_sequences(
    std::span<const EncodedImage> images, std::span<const std::vector<TokenId>> questions,
    const GenerationOptions& options, TextStyle style, Context& context,
    const GenerationCallbacks& callbacks) const {
  const BlipTextConfig& config = model_->decoder.config;
  const GenerationSettings settings = decoder_settings(options, config);
  const TokenRows rows = questions_for_encoder(images.size(), questions, style, config);
  if (rows.empty()) return {};
  const std::vector<float> states = model_->encode(images, rows, model_, context);
  const auto caches = model_->decoder.attend_to(states.data(), lengths_of(rows), context);
  TextDecoder decoder(model_->decoder, model_->head, pointers_to(caches), context);
  const DecodeStep step = [&](std::span<const DecodeRow> next) { return decoder.step(next); };
  const TokenRows starts(rows.size(), {config.bos_token_id});
  return blip::generate_sequences(step, starts, settings, callbacks);
}

BlipGenerationSession BlipForQuestionAnswering::start_session(TextStyle style) const {
  const auto prepare = [model = model_, style](const EncodedImage& image,
                                               const std::vector<TokenId>& text, Context& context) {
    const BlipTextConfig& config = model->decoder.config;
    const TokenRows rows = questions_for_encoder(1, std::span(&text, 1), style, config);
    const std::vector<float> states = model->encode(std::span(&image, 1), rows, model, context);
    auto caches = model->decoder.attend_to(states.data(), lengths_of(rows), context);
    return PreparedRequest{std::make_shared<const CrossAttentionCache>(std::move(caches.front())),
                           {config.bos_token_id}};
  };
  return start_decoding_session(model_, model_->decoder, model_->head, prepare);
}

std::vector<std::vector<RankedAnswer>> BlipForQuestionAnswering::rank_answers(
    std::span<const EncodedImage> images, std::span<const std::vector<TokenId>> questions,
    std::span<const std::vector<TokenId>> answers, const RankOptions& options,
    Context& context) const {
  const BlipTextConfig& config = model_->decoder.config;
  const AnswerList list(answers, options.k, config);
  const TokenRows rows = questions_for_encoder(images.size(), questions, options.style, config);
  if (rows.empty()) return {};
  const std::vector<float> states = model_->encode(images, rows, model_, context);
  const auto caches = model_->decoder.attend_to(states.data(), lengths_of(rows), context);
  std::vector<std::vector<RankedAnswer>> ranked;
  ranked.reserve(caches.size());
  for (const CrossAttentionCache& question : caches) {
    const CrossAttentionCache* read = &question;
    TextDecoder decoder(model_->decoder, model_->head, std::span(&read, 1), context);
    ranked.push_back(list.rank(decoder));
  }
  return ranked;
}

Tensor BlipForQuestionAnswering::question_states(const EncodedImage& image,
                                                 const std::vector<TokenId>& question,
                                                 TextStyle style, Context& context) const {
  const TokenRows rows =
      texts_for_encoder(std::span(&question, 1), style, true, model_->encoder.config);
  return {{static_cast<std::int64_t>(rows.front().size()), model_->encoder.config.hidden_size},
          model_->encode(std::span(&image, 1), rows, model_, context)};
}

GradCam BlipForQuestionAnswering::grad_cam(const EncodedImage& image,
                                           const std::vector<TokenId>& question,
                                           const std::vector<TokenId>& answer, TextStyle style,
                                           const GradCamOptions& options, Context& context) const {
  const TextModel& encoder = model_->encoder;
  const TextModel& decoder = model_->decoder;
  const TokenRows rows = texts_for_encoder(std::span(&question, 1), style, true, encoder.config);
  const std::size_t words = inner_tokens(rows.front()).size();
  const std::vector<ChosenToken> tokens = chosen_tokens(answer, 1, decoder.config);
  GradCamMaps maps(ids_of(tokens), image, options, encoder.config);
  if (tokens.empty()) return std::move(maps).finish(0);

  // The image → the question → the answer, and back.
  const auto caches = read_images(std::span(&image, 1), encoder, model_, context);
  const CrossAttentionCache& read = *caches.front();
  const TextActivations asked =
      record_text(encoder, rows.front(), read, TextAttention::whole_text, maps.layer(), context);
  const auto asked_caches =
      decoder.attend_to(asked.states.data(), std::span(&asked.tokens, 1), context);
  const auto fed = std::span(answer).first(static_cast<std::size_t>(tokens.back().after) + 1);
  const TextActivations answered =
      record_text(decoder, fed, asked_caches.front(), TextAttention::what_is_before, 0, context);
  double score = 0;
  const std::size_t together = losses_together(std::max(asked.tokens, answered.tokens));
  for (std::size_t first = 0; first < tokens.size(); first += together) {
    const auto some = std::span(tokens).subspan(first, std::min(together, tokens.size() - first));
    StateGradients of_answer =
        log_probability_gradients(model_->head, answered, some, score, context);
    StateGradients of_question = read_states_gradient(decoder, answered, asked_caches.front(),
                                                      std::move(of_answer), context);
    const std::vector<float> of_probabilities = image_attention_gradient(
        encoder, asked, read, maps.layer(), std::move(of_question), context);
    const GradCamRows attention = maps.rows_of(asked, of_probabilities, read);
    for (std::size_t i = 0; i < some.size(); ++i) {
      for (std::size_t word = 0; word < words; ++word) {
        attention.add(static_cast<std::int64_t>(i), static_cast<std::int64_t>(word) + 1,
                      1.0F / static_cast<float>(words), maps.map(first + i));
      }
    }
  }
  return std::move(maps).finish(score);
}

Tensor BlipForQuestionAnswering::logits(TensorView question_states,
                                        const std::vector<TokenId>& answer,
                                        Context& context) const {
  require_matrix(question_states, model_->decoder.config.hidden_size, "question_states");
  return teacher_forced_logits(model_->decoder, model_->head, question_states, answer, context);
}

}  // namespace blip
